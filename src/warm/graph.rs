//! The build list of a project: minimal version selection over the `go.mod` files of its module graph.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::error::WarmError;
use super::fetch::Warmer;
use crate::module::{GoMod, MainGoMod, ModuleVersion, ReplacedBy, Requirement, compare_semver};

/// More versions than this are in no graph that somebody builds; it takes some 100 MB of memory.
const MOST_VERSIONS: usize = 100_000;
/// From this Go on, the `go.mod` of a module names all that is needed to build it, so that what its requirements require
/// need not be looked at.
const PRUNING_SINCE: (u32, u32) = (1, 17);

/// A module that is built, with the directory in which its `go.mod` lies.
#[derive(Debug, Clone)]
pub struct Project {
    /// What relative replacements start from.
    pub directory: PathBuf,
    /// Its `go.mod`.
    pub main: MainGoMod,
}

/// What a project is built with.
#[derive(Debug, Default)]
pub struct BuildList {
    /// The selected versions, those that stand in the place of others among them; ascending.
    pub selected: Vec<ModuleVersion>,
    /// The versions whose `go.mod` was read to find that out, in no order.
    pub read: Vec<ModuleVersion>,
    /// What was left out, and why; in no order.
    pub passed: Vec<Passed>,
    /// What could not be read; the list is not complete then. In no order.
    pub failures: Vec<(String, WarmError)>,
}

/// A selected module that is not fetched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Passed {
    /// The module and version, as required.
    pub module: String,
    /// The directory that stands in its place, as written.
    pub directory: String,
}

/// A path and a version as a `go.mod` has them: a path need not be valid if it is replaced.
type Node = (String, String);

/// What a `go.mod` says, as far as the graph is concerned.
#[derive(Debug, Default)]
struct Summary {
    requirements: Vec<Requirement>,
    is_pruned: bool,
}

impl Summary {
    fn of(go_mod: &GoMod) -> Self {
        Self {
            requirements: go_mod.requirements().to_vec(),
            is_pruned: is_pruned(go_mod.go_version()),
        }
    }
}

impl Warmer {
    /// Finds out what a project is built with: reads the `go.mod` files that the go command would, fetching those that are
    /// not there, and selects the highest version of each module that is required.
    ///
    /// As in the go command, the requirements of a module with `go 1.17` or higher in its `go.mod` are taken as they are
    /// where the main module has that, too, and not followed further; `replace` and `exclude` lines of the main module
    /// count. Of a directory in the place of a module the `go.mod` is read, if there is one.
    ///
    /// Source: Go Modules Reference, "Minimal version selection" and "Module graph pruning".
    pub async fn build_list(&self, project: &Project) -> BuildList {
        let project = Arc::new(project.clone());
        let mut roots: Vec<Requirement> = project.main.requirements().cloned().collect();
        loop {
            let graph = self.graph(&project, &roots).await;
            // Where only the requirements of roots count, a root that something asks for in a higher version is
            // followed in that one instead, as the go command does when it brings the go.mod up to date.
            if !graph.raise(&mut roots) || !graph.failures.is_empty() {
                return graph.finish();
            }
        }
    }

    /// Reads all that belongs to the graph with these requirements of the main module.
    async fn graph(&self, project: &Arc<Project>, roots: &[Requirement]) -> Graph {
        let mut graph = Graph::new(Arc::clone(project), roots);
        let mut running = JoinSet::new();
        loop {
            while running.len() < self.jobs.get()
                && let Some(node) = graph.to_load.pop()
            {
                let (this, project) = (self.clone(), Arc::clone(project));
                running.spawn(async move {
                    let summary = this.summary(&project, &node).await;
                    (node, summary)
                });
            }
            match running.join_next().await {
                None => return graph,
                Some(Ok((node, summary))) => graph.loaded(node, summary),
                Some(Err(_)) => graph.fail("a go.mod", WarmError::Lost),
            }
        }
    }

    async fn summary(&self, project: &Project, node: &Node) -> Result<Summary, WarmError> {
        match project.get(node)? {
            Got::Module(version) => {
                let (bytes, _) = self.go_mod(&version).await?;
                let go_mod =
                    GoMod::parse(&bytes).map_err(|_| WarmError::NoModule(version.to_string()))?;
                Ok(Summary::of(&go_mod))
            }
            Got::Directory(directory) => {
                let path = project.directory.join(directory).join("go.mod");
                let read = tokio::task::spawn_blocking(move || read_directory(&path));
                read.await.unwrap_or(Err(WarmError::Lost))
            }
        }
    }
}

/// What the go command takes for a required version.
enum Got<'a> {
    Module(ModuleVersion),
    Directory(&'a str),
}

impl Project {
    fn get(&self, (path, word): &Node) -> Result<Got<'_>, WarmError> {
        match self.main.replacement(path, word) {
            Some(ReplacedBy::Module(by)) => Ok(Got::Module(by.clone())),
            Some(ReplacedBy::Directory(directory)) => Ok(Got::Directory(directory)),
            None => {
                let parsed = path.parse().ok().zip(word.parse().ok());
                let version =
                    parsed.and_then(|(path, version)| ModuleVersion::new(path, version).ok());
                version
                    .map(Got::Module)
                    .ok_or_else(|| WarmError::NoModule(format!("{path}@{word}")))
            }
        }
    }
}

fn read_directory(path: &std::path::Path) -> Result<Summary, WarmError> {
    use std::io::Read as _;
    let failed = |why: String| WarmError::Directory {
        path: path.display().to_string(),
        why,
    };
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        // Then it requires nothing.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Summary::default()),
        Err(error) => return Err(failed(error.to_string())),
    };
    let mut bytes = Vec::new();
    // One byte more, so that a file that is too long is seen as such.
    file.take(GoMod::MAX_LEN as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| failed(error.to_string()))?;
    let go_mod = GoMod::parse(&bytes).map_err(|error| failed(error.to_string()))?;
    Ok(Summary::of(&go_mod))
}

/// The graph as far as it is known.
struct Graph {
    project: Arc<Project>,
    /// Whether the requirements of the main module are all that is needed.
    is_pruned: bool,
    /// The highest version of each path that is required.
    highest: HashMap<String, String>,
    /// What is known of each version that was asked for; `None` while it is being read.
    summaries: HashMap<Node, Option<Arc<Summary>>>,
    /// Whose requirements are to be followed, and theirs, and so on.
    followed: HashSet<Node>,
    to_load: Vec<Node>,
    failures: Vec<(String, WarmError)>,
    is_too_large: bool,
}

impl Graph {
    fn new(project: Arc<Project>, roots: &[Requirement]) -> Self {
        let is_pruned = is_pruned(project.main.go_mod().go_version());
        let mut graph = Self {
            project,
            is_pruned,
            highest: HashMap::new(),
            summaries: HashMap::new(),
            followed: HashSet::new(),
            to_load: Vec::new(),
            failures: Vec::new(),
            is_too_large: false,
        };
        for required in roots {
            if graph.require(required) {
                graph.enter(node_of(required), !is_pruned);
            }
        }
        graph
    }

    /// Puts the selected versions in the place of lower ones; false if there is nothing to do.
    fn raise(&self, roots: &mut [Requirement]) -> bool {
        let mut is_raised = false;
        for root in roots.iter_mut().filter(|_| self.is_pruned) {
            if let Some(highest) = self.highest.get(&root.path)
                && compare_semver(&root.version, highest).is_lt()
            {
                highest.clone_into(&mut root.version);
                is_raised = true;
            }
        }
        is_raised
    }

    /// Notes that a version is required; false if that has no effect.
    fn require(&mut self, required: &Requirement) -> bool {
        let main = &self.project.main;
        let is_main = main.go_mod().module_path() == Some(required.path.as_str());
        if is_main || main.excludes(&required.path, &required.version) {
            return false;
        }
        let highest = self.highest.entry(required.path.clone()).or_default();
        if highest.is_empty() || compare_semver(highest, &required.version).is_lt() {
            required.version.clone_into(highest);
        }
        true
    }

    /// Has the `go.mod` of a version read, and with `follow` those of its requirements.
    fn enter(&mut self, node: Node, follow: bool) {
        if follow && !self.followed.insert(node.clone()) {
            return;
        }
        match self.summaries.get(&node) {
            Some(Some(summary)) if follow => {
                let summary = Arc::clone(summary);
                self.follow(&summary, true);
            }
            // Read, or being read: then it is followed when it is there.
            Some(_) => {}
            None if self.summaries.len() >= MOST_VERSIONS => self.is_too_large = true,
            None => {
                self.summaries.insert(node.clone(), None);
                self.to_load.push(node);
            }
        }
    }

    fn loaded(&mut self, node: Node, summary: Result<Summary, WarmError>) {
        let summary = match summary {
            Ok(summary) => Arc::new(summary),
            Err(error) => return self.fail(&format!("{}@{}", node.0, node.1), error),
        };
        self.summaries
            .insert(node.clone(), Some(Arc::clone(&summary)));
        let follow = self.followed.contains(&node) || !summary.is_pruned;
        self.follow(&summary, follow);
    }

    fn follow(&mut self, summary: &Summary, follow: bool) {
        for required in &summary.requirements {
            if self.require(required) && follow {
                self.enter(node_of(required), true);
            }
        }
    }

    fn fail(&mut self, what: &str, error: WarmError) {
        self.failures.push((what.to_owned(), error));
    }

    fn finish(mut self) -> BuildList {
        if self.is_too_large {
            self.fail("go.mod", WarmError::TooLarge(MOST_VERSIONS));
        }
        let mut list = BuildList::default();
        for node in self.highest.drain() {
            match self.project.get(&node) {
                Ok(Got::Module(version)) => list.selected.push(version),
                Ok(Got::Directory(directory)) => list.passed.push(Passed {
                    module: format!("{}@{}", node.0, node.1),
                    directory: directory.to_owned(),
                }),
                // Said when it was to be read; if it never was, nobody needs more than its name.
                Err(_) => {}
            }
        }
        list.selected.sort();
        // Two modules may have the same in their place.
        list.selected.dedup();
        list.read = self
            .summaries
            .iter()
            .filter(|(_, summary)| summary.is_some())
            .filter_map(|(node, _)| match self.project.get(node) {
                Ok(Got::Module(version)) => Some(version),
                _ => None,
            })
            .collect();
        list.failures = self.failures;
        list
    }
}

fn node_of(required: &Requirement) -> Node {
    (required.path.clone(), required.version.clone())
}

/// Whether a `go.mod` with this `go` line names all that its module needs. One without is of Go 1.16.
fn is_pruned(go: Option<&str>) -> bool {
    let numbers = go.and_then(|go| {
        let (major, rest) = go.split_once('.')?;
        let end = rest.find(|letter: char| !letter.is_ascii_digit());
        let minor = &rest[..end.unwrap_or(rest.len())];
        Some((major.parse().ok()?, minor.parse().ok()?))
    });
    numbers.is_some_and(|numbers: (u32, u32)| numbers >= PRUNING_SINCE)
}
