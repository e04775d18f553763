//! What is found, and what can be done about it.

use std::fmt;

/// What a finding is about. The names ([`Kind::name`]) are stable: they are what programs get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A file or directory has a name that is not part of the layout.
    Name,
    /// A zip is not what the go command takes.
    Zip,
    /// A zip is sound and is not the one that the journal or the `.ziphash` knows.
    Sum,
    /// A `.ziphash` says something else than the zip, and it is the zip that is right.
    ZipHash,
    /// A `.mod` is torn, or not the go.mod of the zip beside it.
    Mod,
    /// An `.info` is torn, or about another version.
    Info,
    /// A `.mod` or `.info` is missing beside a sound zip.
    Missing,
    /// A `list` does not say which versions are there.
    List,
    /// An `@latest` is not the `.info` of the latest version.
    Latest,
    /// A deleted version has files.
    Returned,
    /// A tombstone can not be read, or is about another version.
    Tombstone,
    /// The journal has a line that is no event, or is out of order.
    Journal,
    /// A published version is gone, and nobody deleted it.
    Gone,
    /// A killed writer left a file in the staging area.
    Leftover,
}

impl Kind {
    /// The name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Zip => "zip",
            Self::Sum => "sum",
            Self::ZipHash => "ziphash",
            Self::Mod => "mod",
            Self::Info => "info",
            Self::Missing => "missing",
            Self::List => "list",
            Self::Latest => "latest",
            Self::Returned => "returned",
            Self::Tombstone => "tombstone",
            Self::Journal => "journal",
            Self::Gone => "gone",
            Self::Leftover => "leftover",
        }
    }
}

/// What can be done about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cure {
    /// Move all files of the version to quarantine.
    MoveVersion,
    /// Move the file to quarantine; what its zip can give is made anew.
    MoveFile,
    /// Make the file anew, and keep what it held in quarantine.
    Make,
    /// Note in the journal that it is known.
    Note,
    /// Only a person can tell what is right.
    ByHand(&'static str),
}

impl fmt::Display for Cure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MoveVersion => "move the version to quarantine",
            Self::MoveFile => "move it to quarantine",
            Self::Make => "make it anew",
            Self::Note => "note in the journal that it is known",
            Self::ByHand(advice) => advice,
        })
    }
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was to be done.
    NotAsked,
    /// It is mended: what was done.
    Mended(String),
    /// It is as it was: why.
    Left(String),
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The path below the root.
    pub path: String,
    /// What it is about.
    pub kind: Kind,
    /// What is wrong, as a clause that follows the path.
    pub problem: String,
    /// What can be done.
    pub cure: Cure,
    /// What was done.
    pub outcome: Outcome,
}

impl Finding {
    pub(super) fn new(
        path: impl Into<String>,
        kind: Kind,
        problem: impl Into<String>,
        cure: Cure,
    ) -> Self {
        Self {
            path: path.into(),
            kind,
            problem: problem.into(),
            cure,
            outcome: Outcome::NotAsked,
        }
    }

    pub(super) fn mended(&mut self, done: impl Into<String>) {
        self.outcome = Outcome::Mended(done.into());
    }

    /// Leaves what only a person can mend.
    pub(super) fn by_hand(&mut self) {
        if let Cure::ByHand(advice) = self.cure {
            self.left(advice);
        }
    }

    pub(super) fn left(&mut self, why: impl Into<String>) {
        self.outcome = Outcome::Left(why.into());
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A file name may hold anything, also what a terminal would obey.
        write!(f, "{} {}; ", self.path.escape_debug(), self.problem)?;
        match (&self.outcome, self.cure) {
            (Outcome::Mended(done), _) => write!(f, "{done}"),
            (Outcome::Left(why), _) => write!(f, "left as it is: {why}"),
            (Outcome::NotAsked, Cure::ByHand(advice)) => write!(f, "{advice}"),
            (Outcome::NotAsked, cure) => write!(f, "--fix would {cure}"),
        }
    }
}
