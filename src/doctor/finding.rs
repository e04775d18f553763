//! What a check says.

use serde::Serialize;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It is as it should be.
    Ok,
    /// It works, and is worth a look.
    Warning,
    /// It does not work.
    Error,
}

/// One check: a sentence, and the line that mends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at: `GOPROXY`, `netrc`, `certificate`.
    pub check: &'static str,
    /// How it is.
    #[serde(rename = "result")]
    pub outcome: Outcome,
    /// A plain sentence.
    pub sentence: String,
    /// A line for a shell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

impl Finding {
    pub(super) fn ok(check: &'static str, sentence: impl Into<String>) -> Self {
        Self::new(check, Outcome::Ok, sentence.into())
    }

    pub(super) fn warning(check: &'static str, sentence: impl Into<String>) -> Self {
        Self::new(check, Outcome::Warning, sentence.into())
    }

    pub(super) fn error(check: &'static str, sentence: impl Into<String>) -> Self {
        Self::new(check, Outcome::Error, sentence.into())
    }

    /// With the line that mends it.
    pub(super) fn mend(self, line: impl Into<String>) -> Self {
        Self {
            mend: Some(line.into()),
            ..self
        }
    }

    fn new(check: &'static str, outcome: Outcome, sentence: String) -> Self {
        Self {
            check,
            outcome,
            sentence,
            mend: None,
        }
    }
}
