//! What is published: which module, which version, from where.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};

use super::RefusedHere;
use crate::cli::PublishArgs;
use crate::http::escape_control;
use crate::module::{Info, ModulePath, ModuleVersion, module_line};
use crate::modzip::create::git::{Description, describe, info_of_tag, version_from_tags};
use crate::modzip::{MAX_GO_MOD_SIZE, named_version};

/// How many changes of a work tree are told.
const MOST_CHANGES: usize = 10;

/// Where the files come from.
#[derive(Debug)]
pub(super) enum Source {
    /// A directory, as it is.
    Directory {
        dir: PathBuf,
        version: ModuleVersion,
    },
    /// A commit, through a tag.
    Git {
        dir: PathBuf,
        version: ModuleVersion,
        tag: String,
        commit: String,
        subdirectory: String,
        /// Commit time and origin.
        info: Box<Info>,
    },
    /// A zip.
    Zip {
        path: PathBuf,
        file: File,
        version: ModuleVersion,
    },
}

impl Source {
    /// Decides what the arguments mean.
    pub(super) fn choose(arguments: &PublishArgs) -> anyhow::Result<Self> {
        let path = &arguments.source;
        let metadata =
            std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
        if metadata.is_dir() {
            of_directory(path, arguments)
        } else if metadata.is_file() {
            of_zip(path, arguments)
        } else {
            bail!("{} is neither a directory nor a zip", path.display())
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory { dir, .. } => write!(f, "the directory {}", dir.display()),
            Self::Git { tag, commit, .. } => write!(f, "the git tag {tag}, commit {commit}"),
            Self::Zip { path, .. } => write!(f, "the zip {}", path.display()),
        }
    }
}

fn of_zip(path: &Path, arguments: &PublishArgs) -> anyhow::Result<Source> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let len = file.metadata()?.len();
    let named = named_version(&file, len)
        .map_err(|error| anyhow!(RefusedHere(format!("{}: {error}", path.display()))));
    let version = match (named, &arguments.module, &arguments.version) {
        (named, None, None) => named?,
        // Who says both gets all that is wrong with the zip, also if its first entry is.
        (_, Some(module), Some(version)) => ModuleVersion::new(module.clone(), version.clone())?,
        (named, module, version) => {
            let named = named?;
            if let Some(module) = module {
                expect(named.path().as_str(), module.as_str(), "--module", path)?;
            }
            if let Some(version) = version {
                expect(
                    named.version().as_str(),
                    version.as_str(),
                    "--version",
                    path,
                )?;
            }
            named
        }
    };
    Ok(Source::Zip {
        path: path.to_owned(),
        file,
        version,
    })
}

fn expect(found: &str, wanted: &str, flag: &str, path: &Path) -> anyhow::Result<()> {
    if found != wanted {
        bail!(
            "{} is of {found}, not of {wanted} as {flag} says",
            path.display()
        );
    }
    Ok(())
}

fn of_directory(dir: &Path, arguments: &PublishArgs) -> anyhow::Result<Source> {
    let module = module_of(dir, arguments.module.as_ref())?;
    let from_directory = |version: ModuleVersion| Source::Directory {
        dir: dir.to_owned(),
        version,
    };
    // With both, git has no say.
    if let (true, Some(version)) = (arguments.allow_dirty, &arguments.version) {
        return Ok(from_directory(ModuleVersion::new(module, version.clone())?));
    }
    let description = describe(dir)?;
    let Some(description) = description else {
        let Some(version) = &arguments.version else {
            bail!(
                "which version? {} is in no git repository whose tag could say it; give --version v1.0.0",
                dir.display()
            );
        };
        return Ok(from_directory(ModuleVersion::new(module, version.clone())?));
    };
    if description.is_dirty() && !arguments.allow_dirty {
        return Err(anyhow!(RefusedHere(dirty(&description))));
    }
    let tagged = version_from_tags(
        &description.subdirectory,
        &module,
        &matching(&description, arguments),
    );
    let (tag, version) = match (tagged, &arguments.version) {
        (Ok(tagged), _) => (tagged.tag, tagged.version),
        (Err(_), Some(version)) => {
            return Ok(from_directory(ModuleVersion::new(module, version.clone())?));
        }
        (Err(error), None) => bail!("which version? {error}; or give --version"),
    };
    match description.head.clone() {
        Some(head) if !description.is_dirty() => {
            let remote = description.remote.as_deref();
            let info = info_of_tag(&version, remote, &description.subdirectory, &tag, &head);
            Ok(Source::Git {
                dir: dir.to_owned(),
                tag,
                commit: head.id,
                subdirectory: description.subdirectory,
                info: Box::new(info?),
                version,
            })
        }
        _ => Ok(from_directory(version)),
    }
}

/// The tags that count: with `--version`, those that end in it.
fn matching(description: &Description, arguments: &PublishArgs) -> Vec<String> {
    let tags = description.tags.iter();
    match &arguments.version {
        None => tags.cloned().collect(),
        Some(version) => tags
            .filter(|tag| tag.rsplit('/').next() == Some(version.as_str()))
            .cloned()
            .collect(),
    }
}

/// The module in a directory: what its go.mod says; if there is none, what `--module` says.
fn module_of(dir: &Path, wanted: Option<&ModulePath>) -> anyhow::Result<ModulePath> {
    let path = dir.join("go.mod");
    let mut content = Vec::new();
    match File::open(&path) {
        Ok(file) => file.take(MAX_GO_MOD_SIZE).read_to_end(&mut content),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return wanted.cloned().ok_or_else(|| {
                anyhow!(
                    "there is no go.mod in {}: name the directory of the module, or the module with --module",
                    dir.display()
                )
            });
        }
        Err(error) => Err(error),
    }
    .with_context(|| format!("cannot read {}", path.display()))?;
    let named =
        module_line(&content).ok_or_else(|| anyhow!("{} names no module", path.display()))?;
    let module: ModulePath = named
        .parse()
        .with_context(|| format!("{} names a module that nobody can get", path.display()))?;
    match wanted {
        Some(wanted) if *wanted != module => {
            bail!(
                "{} says {module}, not {wanted} as --module says",
                path.display()
            )
        }
        _ => Ok(module),
    }
}

fn dirty(description: &Description) -> String {
    let changes = &description.changes;
    let mut text = "the work tree has changes that are in no commit:".to_owned();
    for change in changes.iter().take(MOST_CHANGES) {
        let kind = if change.is_untracked {
            "new"
        } else {
            "changed"
        };
        text.push_str(&format!(
            "\n  {kind}: {}",
            escape_control(&change.path, 200)
        ));
    }
    let more = changes.len().saturating_sub(MOST_CHANGES) + description.more_changes;
    if more > 0 {
        text.push_str(&format!("\n  and {more} more"));
    }
    text.push_str("\ncommit them, or publish the directory as it is with --allow-dirty");
    text
}
