//! JSON objects as Go's `encoding/json` fills a struct from them: names match in any case, a later member wins, members
//! of other names are only checked for syntax.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Go gives up on values nested deeper than this.
pub(super) const MAX_DEPTH: usize = 10_000;

/// The members of one object in their order, duplicates included.
pub(super) struct Members<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'a> Members<'a> {
    /// Each member's name, folded by [`fold`], and its value as JSON text. Names that no text can hold (a lone
    /// surrogate) are left out: none of them is one of ours.
    pub(super) fn iter(&self) -> impl Iterator<Item = (String, &'a str)> {
        self.0.iter().filter_map(|(name, value)| {
            let name: String = serde_json::from_str(name.get()).ok()?;
            Some((fold(&name), value.get()))
        })
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

/// Small letters for ASCII, and for the two letters beyond ASCII that Unicode folds to ASCII ones: the long s and the
/// Kelvin sign.
fn fold(name: &str) -> String {
    name.chars()
        .map(|c| match c {
            '\u{17F}' => 's',
            '\u{212A}' => 'k',
            c => c.to_ascii_lowercase(),
        })
        .collect()
}

/// How deep arrays and objects are nested in JSON text. Exact for valid JSON, harmless for any other text.
pub(super) fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_in_order_with_duplicates() {
        let json =
            r#" { "A" : 1 , "a": {"x":[ ]}, "\u0041":"s", "Ver\u017fion":null, "\ud800": 0 } "#;
        let members: Members<'_> = serde_json::from_str(json).unwrap();
        let members: Vec<_> = members.iter().collect();
        assert_eq!(
            members,
            [
                ("a".into(), "1"),
                ("a".into(), r#"{"x":[ ]}"#),
                ("a".into(), r#""s""#),
                ("version".into(), "null"),
            ]
        );
    }

    #[test]
    fn depths() {
        for (json, deep) in [
            ("1", 0),
            ("{}", 1),
            (r#"{"a":[[]],"b":"[[[\"[["}"#, 3),
            ("]]", 0),
        ] {
            assert_eq!(depth(json), deep, "{json}");
        }
    }
}
