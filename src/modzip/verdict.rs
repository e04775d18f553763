//! What is wrong with a zip, in the words that servers and clients use for it.

use serde::{Deserialize, Serialize};

use super::check::{Finding, Report};
use crate::module::ModuleVersion;

/// The findings of a [`Report`], as they are sent and printed: this is their JSON form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Verdict {
    /// The module.
    pub path: String,
    /// The version.
    pub version: String,
    /// What is wrong.
    pub findings: Vec<FindingText>,
    /// How many findings there are beyond those.
    pub more_findings: u64,
}

/// One [`Finding`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FindingText {
    /// The name of the entry, escaped; `None` if it is about the whole archive.
    pub entry: Option<String>,
    /// The name of the rule that is broken.
    pub rule: String,
    /// One plain sentence.
    pub sentence: String,
}

impl Verdict {
    /// What a report says about a version.
    pub fn new(version: &ModuleVersion, report: &Report) -> Self {
        Self {
            path: version.path().to_string(),
            version: version.version().to_string(),
            findings: report.findings.iter().map(FindingText::new).collect(),
            more_findings: report.more_findings,
        }
    }

    /// The first line: which version, how many findings.
    pub fn headline(&self) -> String {
        let Self { path, version, .. } = self;
        match self.findings.len() as u64 + self.more_findings {
            1 => format!("{path}@{version} is refused: one thing is wrong with the zip"),
            many => format!("{path}@{version} is refused: {many} things are wrong with the zip"),
        }
    }

    /// The other lines: one for each finding, and how many more there are.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let more = (self.more_findings > 0).then(|| format!("and {} more", self.more_findings));
        self.findings.iter().map(FindingText::line).chain(more)
    }
}

impl FindingText {
    fn new(finding: &Finding) -> Self {
        Self {
            entry: finding.entry.clone(),
            rule: finding.rule.name().to_owned(),
            sentence: finding.sentence.clone(),
        }
    }

    fn line(&self) -> String {
        let entry = self.entry.as_deref().unwrap_or("the archive");
        format!("- {entry}: {} [{}]", self.sentence, self.rule)
    }
}
