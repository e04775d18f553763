//! The small files of a version: its `.mod` and its `.info`.

use super::{Door, read_only};
use crate::carry::error::CarryError;
use crate::carry::outcome::{Outcome, Reason};
use crate::catalog::{Verdict, check_go_mod, check_info};
use crate::module::{ModuleVersion, synthesized_go_mod};
use crate::modzip::{MAX_GO_MOD_SIZE, ZipError, go_mod_sum, read_directory};
use crate::store::{FileContent, ModuleFile, Refusal, StoreError, StoreKey, Written};

/// What came of the small files, without what can not be used.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) go_mod: Option<Vec<u8>>,
    pub(super) info: Option<Vec<u8>>,
    /// The first thing that can not be used.
    fault: Option<Reason>,
}

impl Parts {
    pub(super) fn judge(
        version: &ModuleVersion,
        go_mod: Option<Vec<u8>>,
        info: Option<Vec<u8>>,
    ) -> Self {
        let mut parts = Self::default();
        if let Some(content) = go_mod {
            let verdict = if content.len() as u64 > MAX_GO_MOD_SIZE {
                Err(Refusal::TooLarge(MAX_GO_MOD_SIZE).to_string())
            } else {
                sound(check_go_mod(&content))
            };
            match verdict {
                Ok(()) => parts.go_mod = Some(content),
                Err(why) => parts.fault = Some(Reason::GoMod(why)),
            }
        }
        if let Some(content) = info {
            match sound(check_info(version, &content)) {
                Ok(()) => parts.info = Some(content),
                Err(why) => parts.fault = parts.fault.or(Some(Reason::Info(why))),
            }
        }
        parts
    }
}

/// Whether a go.mod can be served; else why not.
pub(super) fn usable_go_mod(content: &[u8]) -> Result<(), Reason> {
    sound(check_go_mod(content)).map_err(Reason::GoMod)
}

fn sound(verdict: Verdict) -> Result<(), String> {
    match verdict {
        Verdict::Sound(_) => Ok(()),
        Verdict::Unsound(why) => Err(why.to_string()),
    }
}

impl Door {
    /// Keeps what there is of a version without a zip.
    pub(super) fn keep_parts(
        &self,
        version: &ModuleVersion,
        parts: Parts,
    ) -> Result<Outcome, CarryError> {
        if let Some(go_mod) = &parts.go_mod {
            if let Some(conflict) = self.other_go_mod(version, go_mod)? {
                return Ok(conflict);
            }
            // Beside a zip without a .mod, only the go.mod that is in it may appear.
            let key = StoreKey::File(version, ModuleFile::Zip);
            if let Some(zip) = self.store.read_blocking(&key)?
                && !self.is_go_mod_of(&zip, version, go_mod)?
            {
                return Ok(Outcome::Refused(Reason::OtherGoMod));
            }
        }
        let is_empty = parts.go_mod.is_none() && parts.info.is_none();
        if let Some(fault) = parts.fault.filter(|_| is_empty) {
            return Ok(Outcome::Refused(fault));
        }
        let mut is_new = false;
        let files = [
            (ModuleFile::Mod, parts.go_mod),
            (ModuleFile::Info, parts.info),
        ];
        for (file, content) in files {
            let key = StoreKey::File(version, file);
            let Some(content) = content else { continue };
            if self.store.read_blocking(&key)?.is_some() {
                continue;
            }
            is_new = true;
            if !self.is_dry
                && self.store.staging().create_with_directory(&key, &content)? == Written::ReadOnly
            {
                return Err(read_only(&key));
            }
        }
        Ok(if is_new {
            Outcome::Incomplete
        } else {
            Outcome::AlreadyThere
        })
    }

    /// The conflict with another go.mod that is there already.
    pub(super) fn other_go_mod(
        &self,
        version: &ModuleVersion,
        go_mod: &[u8],
    ) -> Result<Option<Outcome>, CarryError> {
        let here = self.read(&StoreKey::File(version, ModuleFile::Mod))?;
        Ok(here
            .filter(|here| here != go_mod)
            .map(|here| Outcome::Conflict {
                is_go_mod: true,
                here: Some(go_mod_sum(&here)),
                there: go_mod_sum(go_mod),
            }))
    }

    /// Whether a `.mod` is the go.mod of the zip that is there.
    pub(super) fn is_go_mod_of(
        &self,
        zip: &FileContent,
        version: &ModuleVersion,
        content: &[u8],
    ) -> Result<bool, CarryError> {
        match read_directory(zip.file().as_ref(), zip.len(), version) {
            Ok(directory) => Ok(match directory.go_mod {
                Some(go_mod) => go_mod == content,
                None => synthesized_go_mod(version.path()).as_bytes() == content,
            }),
            Err(ZipError::Unsound(_)) => Ok(false),
            Err(ZipError::Io(error)) => {
                let path = StoreKey::File(version, ModuleFile::Zip).relative_path();
                Err(StoreError::io("read", path, error).into())
            }
        }
    }
}
