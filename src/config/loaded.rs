//! The configuration as it was read, with all that it was read from: to be read again, compared and shown.

use std::path::{Path, PathBuf};

use clap::{Args as _, Command};
use serde::Serialize;

use super::keys::{Key, SettingValue};
use super::{
    Applies, ConfigError, GoEnvironment, ServeConfig, ServeSettings, file, netrc_file,
    state_directory,
};
use crate::sumdb::DatabaseSetting;
use crate::upstream::UpstreamList;

/// A configuration, and what it was made of.
#[derive(Clone, Debug)]
pub struct LoadedConfig {
    /// What was meant.
    pub config: ServeConfig,
    /// Flags and variables.
    typed: ServeSettings,
    /// The file and what it says.
    file: Option<(PathBuf, ServeSettings)>,
    /// All of it.
    settings: ServeSettings,
    /// What the go command said, if it was asked.
    go: Option<GoEnvironment>,
}

/// A configuration that was read again.
#[derive(Debug)]
pub struct Reread {
    /// It, but with the settings that only a restart applies as they were.
    pub loaded: LoadedConfig,
    /// The settings that are others now.
    pub changed: Vec<&'static str>,
    /// Those that are others in the file and wait for a restart.
    pub waiting: Vec<&'static str>,
}

impl LoadedConfig {
    /// Reads the file, and puts all together as [`ServeConfig::resolve`] does.
    ///
    /// # Errors
    ///
    /// As [`ServeConfig::resolve`].
    pub fn load(
        typed: ServeSettings,
        file: Option<&Path>,
        go: impl FnOnce() -> Option<GoEnvironment>,
    ) -> Result<Self, ConfigError> {
        let file = match file {
            Some(path) => Some((path.to_owned(), file::read(path)?)),
            None => None,
        };
        let settings = match &file {
            Some((_, said)) => typed.clone().or(said.clone()),
            None => typed.clone(),
        };
        Self::put_together(typed, file, settings, go)
    }

    fn put_together(
        typed: ServeSettings,
        file: Option<(PathBuf, ServeSettings)>,
        settings: ServeSettings,
        go: impl FnOnce() -> Option<GoEnvironment>,
    ) -> Result<Self, ConfigError> {
        let mut asked = None;
        let config = ServeConfig::of_settings(settings.clone(), || {
            asked = go();
            asked.clone()
        })?;
        Ok(Self {
            config,
            typed,
            file,
            settings,
            go: asked,
        })
    }

    /// The file, if one was named.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_ref().map(|(path, _)| path.as_path())
    }

    /// Reads the file again, with the flags and variables of before. Where the go command says nothing this time, what it
    /// said before holds: with less, names of private modules could leave.
    ///
    /// # Errors
    ///
    /// As [`ServeConfig::resolve`]; of settings that wait for a restart too.
    pub fn read_again(
        &self,
        go: impl FnOnce() -> Option<GoEnvironment>,
    ) -> Result<Reread, ConfigError> {
        let new = Self::load(self.typed.clone(), self.file(), || {
            go().or_else(|| self.go.clone())
        })?;
        let mut settings = new.settings.clone();
        let mut waiting = Vec::new();
        for key in Key::of_restart() {
            if !(key.is_same)(&self.settings, &settings) {
                waiting.push(key.name);
                (key.copy)(&self.settings, &mut settings);
            }
        }
        let loaded = if waiting.is_empty() {
            new
        } else {
            Self::put_together(new.typed, new.file, settings, || new.go)?
        };
        Ok(Reread {
            changed: self.changes_to(&loaded),
            waiting,
            loaded,
        })
    }

    /// The names of the settings that another configuration has otherwise.
    fn changes_to(&self, other: &Self) -> Vec<&'static str> {
        let is_other = |key: &&Key| {
            !(key.is_same)(&self.settings, &other.settings)
                || self.said_by_go(key.name) != other.said_by_go(key.name)
        };
        let changed = Key::ALL.iter().filter(is_other);
        changed.map(|key| key.name).collect()
    }

    /// What the go command says about a setting that nobody else says anything about: its variable and its value.
    fn said_by_go(&self, key: &str) -> Option<(&'static str, &str)> {
        let go = self.go.as_ref()?;
        let settings = &self.settings;
        let (variable, value, is_open) = match key {
            "upstream" => ("GOPROXY", &go.goproxy, settings.upstream.is_none()),
            "private" => ("GOPRIVATE", &go.goprivate, settings.private.is_none()),
            "sumdb" => ("GOSUMDB", &go.gosumdb, settings.sumdb.is_none()),
            _ => return None,
        };
        (is_open && !value.is_empty()).then_some((variable, value))
    }

    /// Every setting as it holds, without passwords. `flags` are the names of those that were given as flags.
    #[must_use]
    pub fn effective(&self, flags: &[String]) -> Vec<EffectiveSetting> {
        let command = ServeSettings::augment_args(Command::new("settings"));
        let is_flag = |key: &Key| flags.iter().any(|flag| flag == key.name);
        let effective = |key: &'static Key| {
            let default = || default_in_words(&command, key.name);
            let (value, from) = match (key.shown)(&self.settings) {
                Some(value) => {
                    let from = if (key.shown)(&self.typed).is_none() {
                        Provenance::File
                    } else if is_flag(key) {
                        Provenance::Flag
                    } else {
                        Provenance::Variable
                    };
                    (Some(value), from)
                }
                None => match self.said_by_go(key.name) {
                    Some((_, text)) => (said_by_go(key.name, text), Provenance::Go),
                    None => (
                        self.default_of(key.name).or_else(default),
                        Provenance::Default,
                    ),
                },
            };
            EffectiveSetting {
                key: key.name,
                value,
                from,
                applies: key.applies,
                variable: self.variable(&command, key.name, from),
            }
        };
        Key::ALL.iter().map(effective).collect()
    }

    /// Which variable says it, if one does.
    fn variable(&self, command: &Command, key: &str, from: Provenance) -> Option<String> {
        match from {
            Provenance::Variable => command
                .get_arguments()
                .find(|argument| argument.get_long() == Some(key))
                .and_then(|argument| Some(argument.get_env()?.to_str()?.to_owned())),
            Provenance::Go => Some(self.said_by_go(key)?.0.to_owned()),
            _ => None,
        }
    }

    /// A default that depends on the machine.
    fn default_of(&self, key: &str) -> Option<SettingValue> {
        let path = match key {
            "state" => state_directory(None).ok()?,
            "netrc" => netrc_file()?,
            _ => return None,
        };
        Some(SettingValue::One(path.display().to_string()))
    }
}

/// What the help says of a default; nothing where that is none.
fn default_in_words(command: &Command, key: &str) -> Option<SettingValue> {
    let is_named = |argument: &&clap::Arg| argument.get_long() == Some(key);
    let help = command.get_arguments().find(is_named)?.get_help()?;
    let help = help.to_string();
    let (_, default) = help.split_once("[default: ")?;
    let default = default.strip_suffix(']').unwrap_or(default);
    let words = default.split_whitespace().collect::<Vec<_>>().join(" ");
    (words != "none").then_some(SettingValue::One(words))
}

/// As it may be shown: there can be a password in a URL.
fn said_by_go(key: &str, text: &str) -> Option<SettingValue> {
    let mut settings = ServeSettings::default();
    match key {
        "upstream" => settings.upstream = text.parse::<UpstreamList>().ok(),
        "private" => settings.private = text.parse().ok(),
        _ => settings.sumdb = text.parse::<DatabaseSetting>().ok().map(|one| vec![one]),
    }
    let key = Key::ALL.iter().find(|known| known.name == key)?;
    (key.shown)(&settings)
}

/// Who said what a setting is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provenance {
    /// A flag.
    Flag,
    /// A variable.
    Variable,
    /// The configuration file.
    File,
    /// The go command of this machine.
    Go,
    /// Nobody.
    Default,
}

/// A setting as it holds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct EffectiveSetting {
    /// Its name.
    pub key: &'static str,
    /// Its value, without passwords; `None` for nothing.
    pub value: Option<SettingValue>,
    /// Who says so.
    pub from: Provenance,
    /// The variable, of athens or of the go command, that says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
    /// When a change of it has its effect.
    pub applies: Applies,
}

#[cfg(test)]
mod tests;
