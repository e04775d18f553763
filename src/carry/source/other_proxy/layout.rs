//! How other proxies name things: from the names in a directory to the files of versions.

use std::collections::BTreeMap;

use crate::catalog::version_of;
use crate::module::{EscapedPath, ModulePath, ModuleVersion, Version};
use crate::store::ModuleFile;

/// How a proxy lays out its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::carry::source) enum Layout {
    /// `<module>/@v/<version>.{info,mod,zip}`. Most proxies write `!` and a small letter for a capital one, as the protocol
    /// does; the buckets of Athens have the plain names. A `!` stands in no plain name, so both can be read.
    Protocol,
    /// `<module>/<version>/{go.mod,source.zip,<version>.info}`, with plain names: the disk storage of Athens.
    AthensDisk,
}

/// The names of the files that there are of a version.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) info: Option<String>,
    pub(super) go_mod: Option<String>,
    pub(super) zip: Option<String>,
}

/// Names that are no part of the layout: the first one, and how many others there are.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stray {
    pub(super) name: String,
    why: String,
    others: usize,
}

/// What the files of one directory are.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sorted {
    pub(super) module: Option<ModulePath>,
    pub(super) versions: BTreeMap<Version, Names>,
    pub(super) stray: Option<Stray>,
}

impl Layout {
    /// Sorts the names of the files in the directory at `path`.
    pub(super) fn sort(self, path: &str, names: &[String]) -> Sorted {
        match self {
            Self::Protocol => protocol(path, names),
            Self::AthensDisk => athens_disk(path, names),
        }
    }
}

impl Stray {
    /// Why, as a clause after the path of the first one: one line for a directory, however many there are.
    pub(super) fn why(&self) -> String {
        match self.others {
            0 => self.why.clone(),
            others => format!("{} (and {others} more there)", self.why),
        }
    }
}

impl Sorted {
    fn add(&mut self, version: Version, file: ModuleFile, name: &str) {
        let names = self.versions.entry(version).or_default();
        let place = match file {
            ModuleFile::Info => &mut names.info,
            ModuleFile::Mod => &mut names.go_mod,
            ModuleFile::Zip => &mut names.zip,
        };
        *place = Some(name.to_owned());
    }

    fn pass(&mut self, name: &str, why: impl Into<String>) {
        match &mut self.stray {
            Some(stray) => stray.others += 1,
            none => {
                *none = Some(Stray {
                    name: name.to_owned(),
                    why: why.into(),
                    others: 0,
                });
            }
        }
    }
}

const FOREIGN: &str = "is no file of a version";

fn protocol(path: &str, names: &[String]) -> Sorted {
    let mut sorted = Sorted::default();
    let Some(module) = path.strip_suffix("/@v") else {
        let foreign = names.iter().filter(|name| *name != "@latest");
        foreign.for_each(|name| sorted.pass(name, FOREIGN));
        return sorted;
    };
    let module = match module_of(module) {
        Ok(module) => module,
        Err(why) => {
            for name in names {
                sorted.pass(name, format!("lies in no directory of a module: {why}"));
            }
            return sorted;
        }
    };
    for name in names.iter().filter(|name| !is_beside_versions(name)) {
        match ModuleFile::split(name) {
            Some((word, file)) => match version_in(&module, word) {
                Ok(version) => sorted.add(version, file, name),
                Err(why) => sorted.pass(name, why),
            },
            None => sorted.pass(name, FOREIGN),
        }
    }
    sorted.module = Some(module);
    sorted
}

/// What the protocol and the go command have in a directory of versions besides their files.
fn is_beside_versions(name: &str) -> bool {
    name == "list" || name.ends_with(".ziphash") || name.ends_with(".lock")
}

fn athens_disk(path: &str, names: &[String]) -> Sorted {
    let mut sorted = Sorted::default();
    let owner = disk_version(path);
    let last = path.rsplit_once('/').map_or(path, |(_, last)| last);
    for name in names {
        let file = match name.as_str() {
            "go.mod" => ModuleFile::Mod,
            "source.zip" => ModuleFile::Zip,
            name if name.strip_suffix(".info") == Some(last) => ModuleFile::Info,
            name => {
                sorted.pass(name, FOREIGN);
                continue;
            }
        };
        match &owner {
            Ok(version) => sorted.add(version.version().clone(), file, name),
            Err(why) => sorted.pass(name, format!("lies in no directory of a version: {why}")),
        }
    }
    sorted.module = owner.ok().map(|version| version.path().clone());
    sorted
}

/// The version whose directory this is.
fn disk_version(path: &str) -> Result<ModuleVersion, String> {
    let (module, version) = path.rsplit_once('/').ok_or("there is no module above it")?;
    let version: Version = version
        .parse()
        .map_err(|_| "its name is no canonical version")?;
    let module: ModulePath = module.parse().map_err(|error| format!("{error}"))?;
    ModuleVersion::new(module, version).map_err(|error| error.to_string())
}

/// The module path that a directory stands for, in either spelling.
fn module_of(path: &str) -> Result<ModulePath, String> {
    if path.contains('!') {
        let escaped: EscapedPath = path.parse().map_err(|error| format!("{error}"))?;
        return Ok(escaped.module_path().clone());
    }
    path.parse().map_err(|error| format!("{error}"))
}

/// The version that a file name stands for, in either spelling; why it is none is a clause after the path.
fn version_in(module: &ModulePath, word: &str) -> Result<Version, String> {
    if word.contains('!') {
        return version_of(module, word);
    }
    let version: Version = word
        .parse()
        .map_err(|_| "is not named by a canonical version")?;
    ModuleVersion::new(module.clone(), version.clone())
        .map_err(|error| format!("does not fit its module: {error}"))?;
    Ok(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sorts names; shows `module version: files`, then what is passed over.
    fn sorted(layout: Layout, path: &str, names: &[&str]) -> Vec<String> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let sorted = layout.sort(path, &names);
        let mut shown = Vec::new();
        if let Some(module) = &sorted.module {
            for (version, names) in &sorted.versions {
                let names: Vec<&str> = [&names.info, &names.go_mod, &names.zip]
                    .into_iter()
                    .flatten()
                    .map(String::as_str)
                    .collect();
                shown.push(format!("{module} {version}: {}", names.join(" ")));
            }
        }
        if let Some(stray) = &sorted.stray {
            shown.push(format!("{} {}", stray.name, stray.why()));
        }
        shown
    }

    #[test]
    fn the_disk_of_athens() {
        let disk = |path, names| sorted(Layout::AthensDisk, path, names);
        assert_eq!(
            disk(
                "github.com/BurntSushi/toml/v1.0.0-RC1",
                &["go.mod", "source.zip", "v1.0.0-RC1.info"]
            ),
            ["github.com/BurntSushi/toml v1.0.0-RC1: v1.0.0-RC1.info go.mod source.zip"]
        );
        assert_eq!(
            disk(
                "gopkg.in/yaml.v2/v2.4.0",
                &["source.zip", "v2.4.1.info", "x"]
            ),
            [
                "gopkg.in/yaml.v2 v2.4.0: source.zip",
                "v2.4.1.info is no file of a version (and 1 more there)"
            ]
        );
        assert_eq!(
            disk("example.com/m/v2.0.0+incompatible", &["go.mod"]),
            ["example.com/m v2.0.0+incompatible: go.mod"]
        );
        assert!(disk("example.com/m/v1.0.0", &[]).is_empty());
        for (path, why) in [
            ("example.com/m/v1", "no canonical version"),
            ("example.com/m/v2.0.0", "v2.0.0"),
            ("nohost/v1.0.0", "nohost"),
            ("example.com/a b/v1.0.0", "a b"),
            ("example.com/!m/v1.0.0", "!m"),
            ("v1.0.0", "no module above"),
            ("", "no module above"),
        ] {
            let shown = disk(path, &["source.zip"]);
            let is_passed = shown.len() == 1
                && shown[0].starts_with("source.zip lies in no directory of a version: ")
                && shown[0].contains(why);
            assert!(is_passed, "{path}: {shown:?}");
        }
    }

    #[test]
    fn the_protocol_in_both_spellings() {
        let protocol = |path, names| sorted(Layout::Protocol, path, names);
        for path in [
            "github.com/BurntSushi/toml/@v",
            "github.com/!burnt!sushi/toml/@v",
        ] {
            assert_eq!(
                protocol(
                    path,
                    &[
                        "list",
                        "v1.0.0-RC1.info",
                        "v1.0.0-!r!c1.zip",
                        "v1.0.0.mod",
                        "v1.0.0.ziphash",
                        "v1.0.0.lock",
                        "main.info",
                        "v1.0.0.zip.sha1",
                    ]
                ),
                [
                    "github.com/BurntSushi/toml v1.0.0-RC1: v1.0.0-RC1.info v1.0.0-!r!c1.zip",
                    "github.com/BurntSushi/toml v1.0.0: v1.0.0.mod",
                    "main.info is not named by a canonical version (and 1 more there)",
                ],
                "{path}"
            );
        }
        assert_eq!(
            protocol("example.com/m", &["@latest", "README"]),
            ["README is no file of a version"]
        );
        assert_eq!(
            protocol("example.com/m/@v", &["v2.0.0.zip"]).len(),
            1,
            "a major version that its path does not have"
        );
        let shown = protocol("nohost/@v", &["v1.0.0.zip", "v1.0.0.mod"]);
        assert!(
            shown[0].contains("in no directory of a module"),
            "{shown:?}"
        );
        assert!(shown[0].ends_with("(and 1 more there)"), "{shown:?}");
        let shown = protocol("example.com/!!m/@v", &["v1.0.0.zip"]);
        assert!(
            shown[0].contains("lone") || shown[0].contains("`!`"),
            "{shown:?}"
        );
    }
}
