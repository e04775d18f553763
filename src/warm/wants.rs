//! What is to be in the tree.

use std::collections::{BTreeMap, BTreeSet};

use crate::module::{GoSumLine, ModuleVersion, Sum};

/// What of a version is wanted: always its `.mod` and `.info`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Want {
    /// Whether its zip, too.
    pub zip: bool,
    /// The sums that the zip must have: one, or those of go.sum files that disagree.
    pub zip_sums: BTreeSet<Sum>,
    /// The sums that the `.mod` must have.
    pub go_mod_sums: BTreeSet<Sum>,
}

/// Versions, each once, and what of them is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wants(BTreeMap<ModuleVersion, Want>);

impl Wants {
    /// Adds a version with its zip.
    pub fn add_zip(&mut self, version: ModuleVersion) {
        self.0.entry(version).or_default().zip = true;
    }

    /// Adds a version without its zip, for module graphs.
    pub fn add_go_mod(&mut self, version: ModuleVersion) {
        self.0.entry(version).or_default();
    }

    /// Adds what a line of a go.sum names, which must have its sum.
    pub fn add_line(&mut self, line: &GoSumLine) {
        let want = self.0.entry(line.version.clone()).or_default();
        if line.is_go_mod {
            want.go_mod_sums.insert(line.sum);
        } else {
            want.zip = true;
            want.zip_sums.insert(line.sum);
        }
    }

    /// How many versions there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl IntoIterator for Wants {
    type Item = (ModuleVersion, Want);
    type IntoIter = std::collections::btree_map::IntoIter<ModuleVersion, Want>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::GoSum;

    #[test]
    fn lines_of_one_version_are_one_want() {
        let sum = "h1:ICeL3t2L30ljSPHHxDnR4fqVcBt/zR2zJAb9juavmQg=";
        let text = format!(
            "example.com/a v1.0.0 {sum}\nexample.com/a v1.0.0/go.mod {sum}\nexample.com/b v1.0.0/go.mod {sum}\n"
        );
        let mut wants = Wants::default();
        for line in GoSum::parse(text.as_bytes()).unwrap().lines() {
            wants.add_line(line);
        }
        wants.add_go_mod(
            "example.com/a"
                .parse()
                .map(|path| ModuleVersion::new(path, "v1.0.0".parse().unwrap()).unwrap())
                .unwrap(),
        );
        let shown: Vec<(String, bool, usize, usize)> = wants
            .into_iter()
            .map(|(version, want)| {
                let sums = (want.zip_sums.len(), want.go_mod_sums.len());
                (version.to_string(), want.zip, sums.0, sums.1)
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("example.com/a@v1.0.0".to_owned(), true, 1, 1),
                ("example.com/b@v1.0.0".to_owned(), false, 0, 1),
            ]
        );
    }
}
