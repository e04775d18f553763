//! The cases of `testdata/go_client.txt`, which says what their lines mean.

use super::go::Client;
use super::tools::repository;
use super::workspace::{Outcome, Project};

/// Commands to run, and what has to come of them.
pub(crate) struct Case {
    /// What it is called in a table.
    pub(crate) name: String,
    /// The first and the last client to run it with, by the second number of their versions.
    clients: (u32, u32),
    project: Project,
    commands: Vec<Vec<String>>,
    /// What to expect.
    pub(crate) expect: Expect,
}

/// What has to come of a case.
pub(crate) enum Expect {
    /// Success that shows a text, and all is the same over `file://`.
    Same(String),
    /// Failure because there is no such thing.
    Absent,
    /// Success that shows a text, where the raw module cache fails.
    OnlyOurs(String),
}

/// All cases, in the order of the file.
///
/// # Panics
///
/// If a line cannot be understood.
pub(crate) fn cases() -> Vec<Case> {
    let file = repository().join("tests/it/testdata/go_client.txt");
    let text = std::fs::read_to_string(file).unwrap();
    let stanzas = text.split("\n\n").skip(1);
    stanzas.map(|stanza| parse(stanza.trim_end())).collect()
}

fn parse(stanza: &str) -> Case {
    let mut lines = stanza.lines();
    let mut case = Case {
        name: lines.next().unwrap().to_owned(),
        clients: (0, u32::MAX),
        project: Project::Requires(Vec::new()),
        commands: Vec::new(),
        expect: Expect::Absent,
    };
    for line in lines {
        if let Some(command) = line.strip_prefix("$ ") {
            case.commands
                .push(command.split(' ').map(str::to_owned).collect());
        } else if let Some(range) = line.strip_prefix("clients: ") {
            let (from, to) = range.split_once('-').unwrap();
            let minor = |version: &str| {
                version
                    .strip_prefix("1.")
                    .map(|minor| minor.parse().unwrap())
            };
            case.clients = (minor(from).unwrap_or(0), minor(to).unwrap_or(u32::MAX));
        } else if let Some(project) = line.strip_prefix("project: ") {
            case.project = match project {
                "program" => Project::Program,
                "program without go.sum" => Project::ProgramWithoutSums,
                modules => Project::Requires(modules.split(", ").map(str::to_owned).collect()),
            };
        } else if let Some(text) = line.strip_prefix("same:") {
            case.expect = Expect::Same(text.trim_start().to_owned());
        } else if let Some(text) = line.strip_prefix("only ours: ") {
            case.expect = Expect::OnlyOurs(text.to_owned());
        } else {
            assert_eq!(line, "absent", "in {}", case.name);
        }
    }
    assert!(!case.commands.is_empty(), "{} runs nothing", case.name);
    case
}

impl Case {
    /// Whether it is for this client.
    pub(crate) fn is_for(&self, client: &Client) -> bool {
        (self.clients.0..=self.clients.1).contains(&client.minor)
    }

    /// Runs it with a server or a directory as the only source of modules.
    pub(crate) fn run(&self, client: &Client, proxy: &str) -> Outcome {
        client.perform(proxy, &self.project, &self.commands)
    }
}

impl Outcome {
    /// Fails unless all commands succeeded, and the text occurs in their output, in go.mod or in go.sum.
    pub(crate) fn succeeded(&self, text: &str) -> Result<(), String> {
        match (self.all_succeeded(), self.shows(text)) {
            (true, true) => Ok(()),
            (true, false) => Err(format!("{text:?} is not in {self:#?}")),
            (false, _) => Err(format!("no success: {:#?}", self.said)),
        }
    }

    /// Fails if all commands succeeded.
    pub(crate) fn failed(&self) -> Result<(), String> {
        match self.all_succeeded() {
            false => Ok(()),
            true => Err(format!("a success: {self:#?}")),
        }
    }

    /// Fails unless a client took the answer for "there is none", not for a broken or forbidding server.
    pub(crate) fn was_absent(&self) -> Result<(), String> {
        self.failed()?;
        let text = format!("{:?}", self.said);
        // The last is for a path of which only the front is a module.
        let words = [
            "Not Found",
            "no such file or directory",
            "but does not contain package",
        ];
        match words.iter().any(|word| text.contains(word)) {
            true => Ok(()),
            false => Err(format!("no word of absence: {:#?}", self.said)),
        }
    }
}
