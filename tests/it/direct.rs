//! Modules straight from version control: the installed go command and git, with repositories made for the tests.

/// What jobs are told by their environment.
mod environment;
/// Repositories that mean no good.
mod hostile;
/// How jobs end.
mod lifetime;
/// What repositories give, against `athens publish` and the go command itself.
mod origins;
/// What is said when there is nothing.
mod refusals;
/// The word `direct` in a list of upstreams.
mod upstreams;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use athens::module::{Info, ModulePath, ModuleVersion, Version};
use athens::modzip::zip_sum;
use athens::upstream::direct::{DirectSettings, GoCommand};
use athens::upstream::{Direct, FetchError, FetchErrorKind};
use tempfile::TempDir;

use crate::support::repo::Repo;
use crate::support::tools::{eventually, require_tool, until};
use crate::support::tree::version;

/// The start of every module path: a host of which the go command knows by itself where repositories are. Git is told that
/// they are elsewhere, and the go command cannot go there by itself.
const HOST: &str = "github.com/athens-test";

/// Repositories, and a place for jobs.
struct Lab {
    directory: TempDir,
    settings: DirectSettings,
}

impl Lab {
    /// With no repository yet; `None`, loudly, where go or git is missing.
    fn new() -> Option<Self> {
        let tools = [require_tool("go")?, require_tool("git")?];
        let directory = tempfile::tempdir().unwrap();
        let scratch = directory.path().join("jobs");
        let search = tools
            .iter()
            .map(|tool| tool.parent().unwrap().to_owned())
            .collect();
        let mut settings = DirectSettings::new(HOST.parse().unwrap(), scratch, search);
        settings.git_protocols = "https:ssh:file:http".to_owned();
        settings.git_config = Some(directory.path().join("gitconfig"));
        settings.max_jobs = NonZeroUsize::new(2).unwrap();
        // Nobody out there is asked, whatever goes wrong.
        settings.variables = vec![("HTTPS_PROXY".into(), "http://127.0.0.1:9".into())];
        let lab = Self {
            directory,
            settings,
        };
        let repositories = format!("file://{}/repositories/", lab.directory.path().display());
        lab.redirect("", &repositories);
        Some(lab)
    }

    /// Tells git that repositories whose names start so are elsewhere.
    fn redirect(&self, start: &str, to: &str) {
        let file = self.settings.git_config.as_ref().unwrap();
        let mut config = std::fs::read_to_string(file).unwrap_or_default();
        config.push_str(&format!(
            "[url \"{to}\"]\n\tinsteadOf = https://{HOST}/{start}\n"
        ));
        std::fs::write(file, config).unwrap();
    }

    /// A new repository, and the module path of its root.
    fn repository(&self, name: &str) -> (Repo, ModulePath) {
        let root = self.directory.path().join(format!("repositories/{name}"));
        (Repo::new(&root), module(name))
    }

    fn scratch(&self) -> &Path {
        &self.settings.scratch
    }

    /// The go command, with the settings as they are now.
    fn go(&self) -> GoCommand {
        GoCommand::new(self.settings.clone()).unwrap()
    }

    /// Puts a script in the place of the go command. Asked for its version, it names a new one.
    fn fake_go(&mut self, script: &str) {
        self.settings.go = self.script(
            "go",
            &format!(
                "[ \"$1\" = version ] && echo go version go1.99.0 linux/amd64 && exit\n{script}"
            ),
        );
    }

    /// A program.
    fn script(&self, name: &str, script: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = self.directory.path().join("bin");
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// Waits until there is no process and no directory of any job; jobs remove theirs in the background.
    fn is_clean_in_the_end(&self) {
        until("all processes of jobs are gone", || {
            processes_of(self.scratch()).is_empty()
        });
        until("all directories of jobs are gone", || {
            std::fs::read_dir(self.scratch()).unwrap().next().is_none()
        });
    }
}

/// The module at the root of a repository.
fn module(name: &str) -> ModulePath {
    format!("{HOST}/{name}").parse().unwrap()
}

/// The processes whose environment names a directory.
fn processes_of(directory: &Path) -> Vec<String> {
    let directory = directory.to_str().unwrap().as_bytes();
    let mut found = Vec::new();
    for process in std::fs::read_dir("/proc").unwrap().flatten() {
        let environment = std::fs::read(process.path().join("environ")).unwrap_or_default();
        if environment
            .windows(directory.len())
            .any(|part| part == directory)
        {
            let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
            found.push(String::from_utf8_lossy(&line).replace('\0', " "));
        }
    }
    found
}

/// What a source has of a version: the `.info`, the go.mod, and the bytes of the zip.
struct Files {
    info: Info,
    go_mod: Vec<u8>,
    zip: Vec<u8>,
}

impl Files {
    /// The `h1:` of the zip.
    fn sum(&self, of: &ModuleVersion) -> String {
        let len = self.zip.len() as u64;
        zip_sum(self.zip.as_slice(), len, of).unwrap().to_string()
    }
}

async fn zip(go: &GoCommand, version: &ModuleVersion) -> Result<Vec<u8>, FetchError> {
    let mut body = go.zip(version).await?;
    let mut zip = Vec::new();
    while let Some(chunk) = body.chunk().await? {
        zip.extend_from_slice(&chunk);
    }
    assert_eq!(Some(zip.len() as u64), body.content_length());
    Ok(zip)
}

async fn files(go: &GoCommand, of: &ModuleVersion) -> Result<Files, FetchError> {
    Ok(Files {
        info: query(go, of.path(), of.version().as_str()).await?,
        go_mod: go.go_mod(of).await?.to_vec(),
        zip: zip(go, of).await?,
    })
}

async fn query(go: &GoCommand, path: &ModulePath, word: &str) -> Result<Info, FetchError> {
    go.query(path, &word.parse().unwrap()).await
}

async fn list(go: &GoCommand, path: &ModulePath) -> Result<Vec<String>, FetchError> {
    let versions = go.list(path).await?;
    Ok(versions.iter().map(Version::to_string).collect())
}
