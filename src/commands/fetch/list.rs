//! A plain list of what is to be fetched.

use anyhow::{Context as _, bail};

use crate::module::{ModulePath, ModuleQuery, ModuleVersion, Version};

/// What a list names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct List {
    /// Versions, of which nobody has to be asked which ones they are.
    pub(super) versions: Vec<ModuleVersion>,
    pub(super) queries: Vec<ModuleQuery>,
}

/// Reads `MODULE`, `MODULE@VERSION` or `MODULE VERSION` a line, as `go list -m` and the catalogs of registries print them.
/// Blank lines, and what follows a `#`, are nothing.
///
/// # Errors
/// With the number of the first line that is none of these, or if it is longer than `longest`.
pub(super) fn parse(content: &[u8], longest: usize) -> anyhow::Result<List> {
    if content.len() > longest {
        bail!("the list is longer than {longest} bytes");
    }
    let text = std::str::from_utf8(content).context("the list is not UTF-8")?;
    let mut list = List::default();
    for (number, line) in (1..).zip(text.lines()) {
        let words = line.split('#').next().unwrap_or_default();
        let words: Vec<&str> = words.split_whitespace().take(3).collect();
        let query = match words.as_slice() {
            [] => continue,
            [query] => (*query).to_owned(),
            [path, version] if !path.contains('@') => format!("{path}@{version}"),
            _ => bail!("line {number}: expected MODULE[@VERSION], or MODULE VERSION"),
        };
        match version(&query) {
            Some(version) => list.versions.push(version),
            None => list.queries.push(
                query
                    .parse()
                    .with_context(|| format!("line {number}: {query:?}"))?,
            ),
        }
    }
    Ok(list)
}

fn version(query: &str) -> Option<ModuleVersion> {
    let (path, version) = query.split_once('@')?;
    let (path, version): (ModulePath, Version) = (path.parse().ok()?, version.parse().ok()?);
    ModuleVersion::new(path, version).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let text = "# all there is\n\nexample.com/M@v1.0.0\r\nexample.com/m v1.1.0 # newest\n  example.com/n\n\
                    example.com/m@main\nexample.com/m v1\n";
        let list = parse(text.as_bytes(), 1000).unwrap();
        let shown: Vec<String> = list.versions.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["example.com/M@v1.0.0", "example.com/m@v1.1.0"]);
        let shown: Vec<String> = list.queries.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "example.com/n@latest",
                "example.com/m@main",
                "example.com/m@v1"
            ]
        );
        assert_eq!(parse(b"", 0).unwrap(), List::default());
    }

    #[test]
    fn what_is_refused_says_where() {
        for (text, why) in [
            ("example.com/m\nnot a list at all", "line 2: expected"),
            ("example.com/m => ../m v1.0.0", "line 1: expected"),
            ("example.com/m@v1 v2", "line 1: expected"),
            ("../m", "line 1: \"../m\""),
            ("example.com/m@", "line 1: \"example.com/m@\""),
        ] {
            let error = parse(text.as_bytes(), 1000).unwrap_err();
            assert!(format!("{error:#}").contains(why), "{text}: {error:#}");
        }
        assert!(parse(b"\xff", 10).is_err());
        assert!(parse(b"example.com/m", 5).is_err());
    }
}
