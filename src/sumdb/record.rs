//! Records: what a database says of a version.

use super::encoding::{decimal, has_control};
use super::hash::TreeHash;
use crate::module::{ModuleVersion, Sum};
use bytes::Bytes;

/// The longest answer to a lookup that is read, in bytes. A record has two lines.
pub const LONGEST_LOOKUP: usize = 1 << 20;

/// The text of a record: lines of go.sum. UTF-8 without control characters, each line ends in a newline, none is empty.
///
/// That it is a record of the database only its hash can tell.
///
/// Source: `golang.org/x/mod/sumdb/tlog`, `isValidRecordText`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record(Box<str>);

/// The sums that a record has for a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sums {
    /// That of its zip.
    pub zip: Option<Sum>,
    /// That of its go.mod file.
    pub go_mod: Option<Sum>,
}

impl Record {
    /// Reads the text of a record.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let lines = text.strip_suffix('\n')?;
        let valid = !has_control(text) && lines.split('\n').all(|line| !line.is_empty());
        valid.then(|| Self(text.into()))
    }

    /// The lines.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What its hash in the tree has to be.
    pub fn hash(&self) -> TreeHash {
        TreeHash::of_record(self.0.as_bytes())
    }

    /// The sums of a version. Of several lines for one file the first counts, as for the go command; sums of other kinds than `h1:`
    /// are left out.
    ///
    /// Source: `cmd/go/internal/modfetch`, `checkSumDB`.
    pub fn sums(&self, version: &ModuleVersion) -> Sums {
        let (path, version) = (version.path(), version.version());
        Sums {
            zip: self.sum(&format!("{path} {version} ")),
            go_mod: self.sum(&format!("{path} {version}/go.mod ")),
        }
    }

    fn sum(&self, start: &str) -> Option<Sum> {
        let sums = self.0.lines().filter_map(|line| line.strip_prefix(start));
        sums.into_iter()
            .find(|sum| sum.starts_with("h1:"))
            .and_then(|sum| sum.parse().ok())
    }
}

/// An answer to a lookup, taken apart and not verified: the number of a record, the record, and the note of a tree that has it.
///
/// It is `<id>\n<record>\n<note>`: what stands between record and note, or in the note, is no part of the record.
///
/// Source: `golang.org/x/mod/sumdb/tlog`, `ParseRecord`. Unlike there, the number has one spelling, the record does not start
/// with an empty line, and more than [`LONGEST_LOOKUP`] bytes are refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// The number of the record.
    pub id: u64,
    /// The record.
    pub record: Record,
    /// The note.
    pub note: Bytes,
}

/// Bytes that are no answer to a lookup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidLookup {
    /// More than [`LONGEST_LOOKUP`] bytes.
    #[error("the answer has more than {LONGEST_LOOKUP} bytes")]
    TooLong,
    /// The number of the record.
    #[error("the answer does not start with the number of a record")]
    Id,
    /// The record.
    #[error(
        "the answer should have a record of UTF-8 lines without control characters, and a blank line behind it"
    )]
    Record,
}

impl Lookup {
    /// Takes an answer apart.
    ///
    /// # Errors
    ///
    /// When it is too long or does not have that form. The note is only looked at by
    /// [`TreeHead::verified`](super::TreeHead::verified).
    pub fn parse(answer: &Bytes) -> Result<Self, InvalidLookup> {
        if answer.len() > LONGEST_LOOKUP {
            return Err(InvalidLookup::TooLong);
        }
        let end = answer.iter().position(|b| *b == b'\n');
        let end = end.ok_or(InvalidLookup::Id)?;
        let id = std::str::from_utf8(&answer[..end]).ok().and_then(decimal);
        let id = id.ok_or(InvalidLookup::Id)?;

        let rest = &answer[end + 1..];
        let blank = rest.windows(2).position(|pair| pair == b"\n\n");
        let blank = blank.ok_or(InvalidLookup::Record)?;
        let record = std::str::from_utf8(&rest[..=blank])
            .ok()
            .and_then(Record::parse)
            .ok_or(InvalidLookup::Record)?;
        Ok(Self {
            id,
            record,
            note: answer.slice(end + 1 + blank + 2..),
        })
    }

    /// The answer, put together again.
    pub fn to_bytes(&self) -> Bytes {
        format_lookup(self.id, &self.record, &self.note)
    }
}

/// An answer to a lookup with any note of a tree that has the record.
pub(super) fn format_lookup(id: u64, record: &Record, note: &[u8]) -> Bytes {
    let start = format!("{id}\n{}\n", record.as_str());
    Bytes::from([start.as_bytes(), note].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sumdb::testing::record;

    fn parse(answer: &str) -> Result<Lookup, InvalidLookup> {
        Lookup::parse(&Bytes::copy_from_slice(answer.as_bytes()))
    }

    fn version(path: &str, version: &str) -> ModuleVersion {
        ModuleVersion::new(path.parse().unwrap(), version.parse().unwrap()).unwrap()
    }

    #[test]
    fn there_and_back() {
        let answer = format!("7\n{}\na note\n\nof its own\n", record(7));
        let lookup = parse(&answer).unwrap();
        assert_eq!(lookup.id, 7);
        assert_eq!(lookup.record.as_str(), record(7));
        assert_eq!(lookup.note, "a note\n\nof its own\n");
        assert_eq!(lookup.to_bytes(), answer);
    }

    #[test]
    fn refuses() {
        for (answer, error) in [
            ("", InvalidLookup::Id),
            ("7", InvalidLookup::Id),
            ("\nx\n\n", InvalidLookup::Id),
            ("-7\nx\n\n", InvalidLookup::Id),
            ("+7\nx\n\n", InvalidLookup::Id),
            ("07\nx\n\n", InvalidLookup::Id),
            ("9223372036854775808\nx\n\n", InvalidLookup::Id),
            ("7\n", InvalidLookup::Record),
            ("7\nx\n", InvalidLookup::Record),
            ("7\n\nx\n\n", InvalidLookup::Record),
            ("7\n\n\n", InvalidLookup::Record),
            ("7\n\n", InvalidLookup::Record),
            ("7\nx\r\n\n", InvalidLookup::Record),
            ("7\nx\ty\n\n", InvalidLookup::Record),
            ("7\nx\0\n\n", InvalidLookup::Record),
        ] {
            assert_eq!(parse(answer), Err(error), "{answer:?}");
        }
        let broken = Lookup::parse(&Bytes::from_static(b"7\n\xff\n\n"));
        assert_eq!(broken, Err(InvalidLookup::Record));
        let long = format!("7\n{}\n\n", "x".repeat(LONGEST_LOOKUP));
        assert_eq!(parse(&long), Err(InvalidLookup::TooLong));
    }

    #[test]
    fn sums_are_those_of_the_version() {
        let text = record(7) + &record(8).replace("v1.0.0", "v1.0.0-x");
        let both = Record::parse(&text).unwrap();
        let sums = both.sums(&version("example.com/m7", "v1.0.0"));
        assert!(sums.zip.is_some() && sums.go_mod.is_some() && sums.zip != sums.go_mod);
        assert!(text.contains(&format!("m7 v1.0.0 {}\n", sums.zip.unwrap())));
        assert!(text.contains(&format!("m7 v1.0.0/go.mod {}\n", sums.go_mod.unwrap())));
        let none = Sums {
            zip: None,
            go_mod: None,
        };
        for other in [
            "example.com/m",
            "ample.com/m7",
            "example.com/m7/x",
            "example.com/m8",
        ] {
            assert_eq!(both.sums(&version(other, "v1.0.0")), none, "{other}");
        }
    }

    #[test]
    fn the_first_of_several_sums_counts() {
        let [seven, eight] = [7, 8].map(|id| record(id).replace(&format!("m{id}"), "m"));
        let both = |text: String| {
            let sums = Record::parse(&text).unwrap();
            sums.sums(&version("example.com/m", "v1.0.0"))
        };
        assert_eq!(both(seven.clone() + &eight), both(seven.clone()));
        let other_kind = "example.com/m v1.0.0 h2:x\n".to_owned();
        assert_eq!(both(other_kind + &seven), both(seven));
    }
}
