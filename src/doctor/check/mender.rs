//! The line that mends a setting of the go command: the one that reaches it.

use std::collections::BTreeSet;

use crate::client::{GoSetting, GoSettings, quoted};

/// Knows which settings are variables, on which `go env -w` has no effect.
pub(super) struct Mender<'a> {
    exported: &'a BTreeSet<String>,
    has_no_file: bool,
}

impl<'a> Mender<'a> {
    pub(super) fn new(settings: &GoSettings, exported: &'a BTreeSet<String>) -> Self {
        Self {
            exported,
            has_no_file: settings.get("GOENV") == "off",
        }
    }

    /// Sets it to something else.
    pub(super) fn set(&self, name: &'static str, value: &str) -> String {
        if self.has_no_file || self.exported.contains(name) {
            format!("export {name}={}", quoted(value))
        } else {
            GoSetting::new(name, value).line()
        }
    }

    /// Leaves it at what it is by default.
    pub(super) fn unset(&self, name: &'static str) -> String {
        if self.exported.contains(name) {
            format!("unset {name}")
        } else {
            GoSetting::unset(name).line()
        }
    }

    /// A setting of `crate::client`'s.
    pub(super) fn line(&self, setting: &GoSetting) -> String {
        match &setting.value {
            Some(value) => self.set(setting.name, value),
            None => self.unset(setting.name),
        }
    }
}
