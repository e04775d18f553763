//! What became of a version at the door.

use std::fmt;

use crate::module::Sum;
use crate::modzip::Verdict;

/// What became of a version. Displayed, it is a clause after the version's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is there now, and was not before; of a dry run: it would be.
    Imported,
    /// The same content was there.
    AlreadyThere,
    /// There is no zip of it; its `.mod` or `.info` is there now, for whoever's module graph needs it.
    Incomplete,
    /// Something else is there under its name; it stays.
    Conflict {
        /// Whether it is the go.mod that differs, of a version whose zip is not there; else it is the zip.
        is_go_mod: bool,
        /// The sum of what is there; `None` if that is nothing that the go command could use.
        here: Option<Sum>,
        /// The sum of what came.
        there: Sum,
    },
    /// It was deleted here, and comes back only by being published again.
    Deleted,
    /// It is not what it should be.
    Refused(Reason),
}

/// Why a version is refused. Displayed, it is a clause after the version's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The zip is not what the go command takes.
    #[error("has a zip that the go command can not use{}", first(.0))]
    Zip(Box<Verdict>),
    /// The zip has another sum than the source says.
    #[error(
        "has a zip with the sum {found}, where {expected} is expected: it is torn or was changed; download it again"
    )]
    OtherSum {
        /// What the source says.
        expected: Sum,
        /// What the zip has.
        found: Sum,
    },
    /// The `.mod` is not the go.mod of the zip.
    #[error("has a .mod that is not the go.mod of its zip")]
    OtherGoMod,
    /// The `.mod` can not be used; the clause is in the variant.
    #[error("has a .mod that {0}")]
    GoMod(String),
    /// The `.info` can not be used; the clause is in the variant.
    #[error("has an .info that {0}")]
    Info(String),
    /// A file can not be used, whatever it holds; its ending and a clause are in the variant.
    #[error("has a {0} that {1}")]
    File(String, String),
    /// A part of a bundle is not what the bundle itself says of it.
    #[error("has a {0} that is damaged: it is not what the bundle says of it")]
    Damaged(&'static str),
    /// No zip can be made of a commit.
    #[error("can not be made from git: {0}")]
    Git(String),
}

fn first(verdict: &Verdict) -> String {
    let more = match (verdict.findings.len() as u64 + verdict.more_findings).saturating_sub(1) {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    match verdict.findings.first() {
        Some(finding) => format!(
            ": {}: {}{more}",
            finding.entry.as_deref().unwrap_or("the archive"),
            finding.sentence
        ),
        None => String::new(),
    }
}

impl Outcome {
    /// The name for programs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Imported => "imported",
            Self::AlreadyThere => "already-there",
            Self::Incomplete => "incomplete",
            Self::Conflict { .. } => "conflict",
            Self::Deleted => "deleted",
            Self::Refused(_) => "refused",
        }
    }

    /// Whether somebody should look at it.
    pub fn is_finding(&self) -> bool {
        matches!(
            self,
            Self::Conflict { .. } | Self::Deleted | Self::Refused(_)
        )
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Imported => f.write_str("is imported"),
            Self::AlreadyThere => f.write_str("is there already"),
            Self::Incomplete => f.write_str("has no zip; what there is of it is kept"),
            Self::Conflict {
                is_go_mod,
                here,
                there,
            } => {
                let what = if *is_go_mod { "go.mod" } else { "zip" };
                match here {
                    Some(here) => write!(
                        f,
                        "is in conflict: its {what} has the sum {there}, the one that is here has {here} and stays"
                    ),
                    None => write!(
                        f,
                        "is in conflict: its {what} has the sum {there}, and the one that is here can not be used; \
                         athens verify --fix moves that aside"
                    ),
                }
            }
            Self::Deleted => f.write_str("was deleted here; only publishing it brings it back"),
            Self::Refused(reason) => write!(f, "is refused: it {reason}"),
        }
    }
}
