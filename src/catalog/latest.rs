//! Which version "latest" means.

use crate::module::Version;

/// The version that `@latest` answers with, out of those that can be served.
///
/// The highest release, else the highest pre-release, else the newest pseudo-version: the order of the version query
/// `latest` (Go Modules Reference, "Version queries"). `+incompatible` versions take part only if the highest
/// compatible one has no go.mod of its own (`has_go_mod`), as the go command has it.
pub(crate) fn latest(
    versions: &[Version],
    mut has_go_mod: impl FnMut(&Version) -> bool,
) -> Option<&Version> {
    let tagged = || versions.iter().filter(|version| !version.is_pseudo());
    let compatible = highest(tagged().filter(|version| !version.is_incompatible()));
    let all = highest(tagged());
    let tagged = match (compatible, all) {
        (Some(compatible), Some(all)) if all != compatible => Some(if has_go_mod(compatible) {
            compatible
        } else {
            all
        }),
        (_, all) => all,
    };
    tagged.or_else(|| {
        versions
            .iter()
            .max_by(|a, b| (a.pseudo_time(), *a).cmp(&(b.pseudo_time(), *b)))
    })
}

/// The highest release, else the highest pre-release.
fn highest<'a>(versions: impl Iterator<Item = &'a Version>) -> Option<&'a Version> {
    versions.max_by_key(|version| (!version.is_prerelease(), *version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_order_of_version_queries() {
        let cases: [(&[&str], bool, Option<&str>); 8] = [
            (&[], true, None),
            (&["v1.0.0", "v1.10.0", "v1.9.0"], true, Some("v1.10.0")),
            (&["v1.0.0", "v1.1.0-rc.1"], true, Some("v1.0.0")),
            (&["v1.1.0-rc.1", "v1.1.0-rc.2"], true, Some("v1.1.0-rc.2")),
            (&["v1.0.0", "v2.0.0+incompatible"], true, Some("v1.0.0")),
            (
                &["v1.0.0", "v2.0.0+incompatible"],
                false,
                Some("v2.0.0+incompatible"),
            ),
            (
                &[
                    "v0.0.0-20260102000000-aaaaaaaaaaaa",
                    "v0.0.0-20250102000000-bbbbbbbbbbbb",
                ],
                true,
                Some("v0.0.0-20260102000000-aaaaaaaaaaaa"),
            ),
            (
                &["v1.0.0-rc.1", "v1.0.1-0.20260102000000-aaaaaaaaaaaa"],
                true,
                Some("v1.0.0-rc.1"),
            ),
        ];
        for (versions, has_go_mod, want) in cases {
            let versions: Vec<Version> =
                versions.iter().map(|text| text.parse().unwrap()).collect();
            let got = latest(&versions, |_| has_go_mod).map(ToString::to_string);
            assert_eq!(got.as_deref(), want, "{versions:?}");
        }
    }
}
