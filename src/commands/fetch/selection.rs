//! What is to be fetched: what was named, and what files name.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::list;
use crate::cli::{FetchArgs, ToolchainPlatform};
use crate::config::environment;
use crate::module::{GoMod, GoSum, GoSumLine, MainGoMod, ModuleQuery, ModuleVersion, Toolchain};
use crate::warm::Project;

/// What is to be fetched.
#[derive(Debug, Default)]
pub(super) struct Selection {
    pub(super) queries: Vec<ModuleQuery>,
    pub(super) projects: Vec<Project>,
    pub(super) lines: Vec<GoSumLine>,
    pub(super) versions: Vec<ModuleVersion>,
    pub(super) toolchains: Vec<ModuleVersion>,
}

/// What a file is, by its name.
enum Kind {
    GoMod,
    GoSum,
    List,
}

/// The longest list that is read, in bytes: some hundred thousand versions.
const LONGEST_LIST: usize = 16 << 20;

impl Selection {
    /// Reads all files that were named.
    ///
    /// # Errors
    /// If one of them can not be read, or has a mistake.
    pub(super) fn read(arguments: &FetchArgs) -> anyhow::Result<Self> {
        let mut selection = Self {
            queries: arguments.modules.clone(),
            ..Self::default()
        };
        for path in &arguments.from {
            match kind(path)? {
                Kind::GoSum => selection.lines.extend(read_go_sum(path)?),
                Kind::GoMod => selection.add_project(path)?,
                Kind::List => selection.add_list(path)?,
            }
        }
        for platform in &arguments.toolchain {
            selection.add_toolchains(platform)?;
        }
        if !arguments.from.is_empty() && selection.is_empty() {
            bail!("the files name no module");
        }
        Ok(selection)
    }

    fn is_empty(&self) -> bool {
        let versions = self.queries.len() + self.versions.len() + self.lines.len();
        versions + self.projects.len() == 0
    }

    fn add_list(&mut self, path: &Path) -> anyhow::Result<()> {
        let content = if path == Path::new("-") {
            let mut content = Vec::new();
            let stdin = io::stdin().lock();
            stdin
                .take(LONGEST_LIST as u64 + 1)
                .read_to_end(&mut content)
                .context("cannot read standard input")?;
            content
        } else {
            read(path, LONGEST_LIST)?
        };
        let shown = || match path == Path::new("-") {
            true => "standard input".to_owned(),
            false => path.display().to_string(),
        };
        let list = list::parse(&content, LONGEST_LIST).with_context(shown)?;
        self.versions.extend(list.versions);
        self.queries.extend(list.queries);
        Ok(())
    }

    fn add_project(&mut self, path: &Path) -> anyhow::Result<()> {
        let bytes = read(path, GoMod::MAX_LEN)?;
        let main = MainGoMod::parse(&bytes).with_context(|| path.display().to_string())?;
        let beside = path.with_extension("sum");
        // A project that requires nothing has none.
        if beside.try_exists().unwrap_or(true) {
            self.lines.extend(read_go_sum(&beside)?);
        }
        let directory = path.parent().map(PathBuf::from).unwrap_or_default();
        self.projects.push(Project { directory, main });
        Ok(())
    }

    fn add_toolchains(&mut self, platform: &ToolchainPlatform) -> anyhow::Result<()> {
        let platform = match platform {
            ToolchainPlatform::This => environment::this_platform()
                .context("this platform has no Go toolchain: name one as in linux-amd64")?,
            ToolchainPlatform::Named(platform) => platform.clone(),
        };
        if self.projects.is_empty() {
            bail!("--toolchain needs a go.mod, which says which toolchain it is");
        }
        for project in &self.projects {
            let go = project.main.go_mod().go_version();
            // A go.mod of before Go 1.21 asks for none.
            let toolchain = Toolchain::for_lines(project.main.toolchain(), go);
            let module = toolchain.and_then(|toolchain| toolchain.module(&platform));
            self.toolchains.extend(module);
        }
        Ok(())
    }
}

fn kind(path: &Path) -> anyhow::Result<Kind> {
    if path == Path::new("-") {
        return Ok(Kind::List);
    }
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("mod") => Ok(Kind::GoMod),
        Some("sum") => Ok(Kind::GoSum),
        Some("txt") => Ok(Kind::List),
        _ => bail!(
            "{} is neither a go.mod nor a go.sum nor a list: its name must end in .mod, .sum or .txt",
            path.display()
        ),
    }
}

fn read_go_sum(path: &Path) -> anyhow::Result<Vec<GoSumLine>> {
    let bytes = read(path, GoSum::MAX_LEN)?;
    let parsed = GoSum::parse(&bytes).with_context(|| path.display().to_string())?;
    Ok(parsed.lines().to_vec())
}

/// The content of a file, and one byte more than it may have if it is too long.
fn read(path: &Path, longest: usize) -> anyhow::Result<Vec<u8>> {
    let mut content = Vec::new();
    let read = |content: &mut Vec<u8>| -> io::Result<usize> {
        File::open(path)?
            .take(longest as u64 + 1)
            .read_to_end(content)
    };
    read(&mut content).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(content)
}
