//! The rules for module zips, and what is said when one is broken.

use std::fmt;
use std::io;

/// A rule that a module zip breaks.
///
/// The names ([`Rule::name`]) are stable: they are what programs get.
///
/// The rules up to [`Rule::TooMuchReading`] hold for every zip, because without them the go command does not take it:
/// together they are `zip.CheckZip`, `dirhash.HashZip` and `zip.Unzip` of `golang.org/x/mod`, and what `archive/zip`
/// demands below these. Three of them go further, to keep memory and time bounded: [`Rule::TooManyEntries`],
/// [`Rule::LongName`] (what no file system can hold) and [`Rule::TooMuchReading`].
///
/// The rules from [`Rule::DirectoryEntry`] on hold only for what is published here. The go command would take such
/// zips, or some of its versions would; each rule says why a registry does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Rule {
    /// The file is at most 500 MiB long.
    ArchiveSize,
    /// There is an end of central directory record in the last 65 KiB, and it is consistent.
    EndRecord,
    /// The central directory has as many entries as the end record says (modulo 65,536, as the go command counts).
    EntryCount,
    /// There are no more than 262,144 entries, and their names have no more than 32 MiB.
    TooManyEntries,
    /// Each name starts with `<path>@<version>/`.
    Prefix,
    /// Names are UTF-8.
    NotUtf8,
    /// Names are slash-separated paths without empty, `.` or `..` elements.
    UncleanName,
    /// Names have only the characters that the go command allows, and no names that Windows keeps for itself.
    FileName,
    /// No element of a name has more than 255 bytes, and no name more than 4,094: no file system can hold those.
    LongName,
    /// No two files or directories have names that differ only in case, by the tables of Unicode 15.0 (Go 1.21 to 1.26);
    /// in a zip that is published, also by those of later versions of Go.
    CaseCollision,
    /// Nothing is a file and a directory.
    FileAndDirectory,
    /// No file is there twice.
    Duplicate,
    /// There is no go.mod below the root of the module.
    GoModPlace,
    /// The go.mod at the root is spelled `go.mod`.
    GoModCase,
    /// The sizes of all files add up to no more than 500 MiB.
    TotalSize,
    /// go.mod is at most 16 MiB long.
    GoModSize,
    /// LICENSE at the root is at most 16 MiB long.
    LicenseSize,
    /// Each entry has a local header where its central header says.
    LocalHeader,
    /// An entry whose name ends in a slash has no content.
    DirectoryContent,
    /// Files are stored or deflated.
    Method,
    /// Deflated content can be inflated to its end.
    DamagedContent,
    /// Content has the length that its header says.
    ContentSize,
    /// Content has the checksum that its header says. A checksum of 0 that no data descriptor repeats is not compared
    /// in zips that were only fetched, as the go command does.
    Checksum,
    /// The data descriptor, where there is one, repeats the checksum; in a zip that is published, also the sizes.
    DataDescriptor,
    /// Entries do not have the same compressed bytes read over and over: at most twice the length of the archive.
    TooMuchReading,

    /// Published: there are no entries for directories. They become part of the sum, and `go mod verify` then says that
    /// the module was modified.
    DirectoryEntry,
    /// Published: nothing is marked as a symbolic link or another irregular file. The go command would unpack a link as
    /// a file that holds the name of its target.
    IrregularFile,
    /// Published: nothing is marked as encrypted. Such content is readable by the go command, which ignores the mark,
    /// and by nothing else.
    Encrypted,
    /// Published: entries do not overlap, nor do they overlap the central directory. Only archives made to deceive or
    /// to blow up do.
    Overlap,
    /// Published: the name in a local header is the one in the central directory. Tools that read the one would see
    /// other files than those that read the other.
    LocalName,
    /// Published: all versions of the go command read the archive in the same way.
    ClientsDiffer,
    /// Published: go.mod at the root is no directory, in any case of its letters. The go command lets it through and then
    /// fails to download the module, because it wants to read the file.
    GoModDirectory,
    /// Published: a go.mod can be read by the go command.
    GoModSyntax,
    /// Published: a go.mod names the module that is published. Nobody else compares the two, and a module whose go.mod
    /// names another cannot be required.
    GoModModule,
}

impl Rule {
    /// All rules, in the order of the enumeration.
    pub const ALL: &'static [Self] = &[
        Self::ArchiveSize,
        Self::EndRecord,
        Self::EntryCount,
        Self::TooManyEntries,
        Self::Prefix,
        Self::NotUtf8,
        Self::UncleanName,
        Self::FileName,
        Self::LongName,
        Self::CaseCollision,
        Self::FileAndDirectory,
        Self::Duplicate,
        Self::GoModPlace,
        Self::GoModCase,
        Self::TotalSize,
        Self::GoModSize,
        Self::LicenseSize,
        Self::LocalHeader,
        Self::DirectoryContent,
        Self::Method,
        Self::DamagedContent,
        Self::ContentSize,
        Self::Checksum,
        Self::DataDescriptor,
        Self::TooMuchReading,
        Self::DirectoryEntry,
        Self::IrregularFile,
        Self::Encrypted,
        Self::Overlap,
        Self::LocalName,
        Self::ClientsDiffer,
        Self::GoModDirectory,
        Self::GoModSyntax,
        Self::GoModModule,
    ];

    /// The name for programs, in small letters and dashes; never changes its meaning.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ArchiveSize => "archive-size",
            Self::EndRecord => "end-record",
            Self::EntryCount => "entry-count",
            Self::TooManyEntries => "too-many-entries",
            Self::Prefix => "prefix",
            Self::NotUtf8 => "not-utf8",
            Self::UncleanName => "unclean-name",
            Self::FileName => "file-name",
            Self::LongName => "long-name",
            Self::CaseCollision => "case-collision",
            Self::FileAndDirectory => "file-and-directory",
            Self::Duplicate => "duplicate",
            Self::GoModPlace => "go-mod-place",
            Self::GoModCase => "go-mod-case",
            Self::TotalSize => "total-size",
            Self::GoModSize => "go-mod-size",
            Self::LicenseSize => "license-size",
            Self::LocalHeader => "local-header",
            Self::DirectoryContent => "directory-content",
            Self::Method => "method",
            Self::DamagedContent => "damaged-content",
            Self::ContentSize => "content-size",
            Self::Checksum => "checksum",
            Self::DataDescriptor => "data-descriptor",
            Self::TooMuchReading => "too-much-reading",
            Self::DirectoryEntry => "directory-entry",
            Self::IrregularFile => "irregular-file",
            Self::Encrypted => "encrypted",
            Self::Overlap => "overlap",
            Self::LocalName => "local-name",
            Self::ClientsDiffer => "clients-differ",
            Self::GoModDirectory => "go-mod-directory",
            Self::GoModSyntax => "go-mod-syntax",
            Self::GoModModule => "go-mod-module",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A rule that is broken somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) rule: Rule,
    /// About "it": the archive, or the entry that the fault is found with.
    pub(super) sentence: String,
}

impl Fault {
    pub(super) fn new(rule: Rule, sentence: impl Into<String>) -> Self {
        Self {
            rule,
            sentence: sentence.into(),
        }
    }
}

/// Why something was not got from an archive.
#[derive(Debug)]
pub(super) enum Obstacle {
    /// It could not be read: says nothing about the archive.
    Io(io::Error),
    /// It is not as it should be.
    Fault(Fault),
}

impl From<io::Error> for Obstacle {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Fault> for Obstacle {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// The longest name that a sentence shows, in characters.
const SHOWN: usize = 200;

/// An entry's name as people and JSON can take it: what is not printable, and bytes that are no UTF-8, are escaped;
/// very long names are cut.
pub(super) fn shown(name: &[u8]) -> String {
    let mut text = String::new();
    let mut count = 0;
    for chunk in name.utf8_chunks() {
        for c in chunk.valid().chars() {
            if count >= SHOWN {
                return text + "…";
            }
            count += 1;
            match c {
                '"' | '\'' => text.push(c),
                _ => text.extend(c.escape_debug()),
            }
        }
        for byte in chunk.invalid() {
            if count >= SHOWN {
                return text + "…";
            }
            count += 1;
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_rules_are_in_their_order() {
        for (number, rule) in Rule::ALL.iter().enumerate() {
            assert_eq!(*rule as usize, number, "{rule}");
        }
        let last = Rule::GoModModule;
        assert_eq!(Rule::ALL.last(), Some(&last));
    }

    #[test]
    fn names_are_shown_without_tricks() {
        for (name, want) in [
            (&b"a/b c.go"[..], "a/b c.go"),
            (b"\xe4\xb8\x96'\"", "世'\""),
            (b"a\nb\x1b[31m\xff\\", "a\\nb\\u{1b}[31m\\xff\\\\"),
            ("\u{202e}og.exe".as_bytes(), "\\u{202e}og.exe"),
            (b"", ""),
        ] {
            assert_eq!(shown(name), want);
        }
        let long = shown(&[b'a'; 70_000]);
        assert_eq!(long.chars().count(), SHOWN + 1);
        assert!(shown(&[0xff; 70_000]).len() < 1000);
    }
}
