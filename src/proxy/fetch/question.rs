//! What upstreams can be asked.

use crate::metrics::Kind;
use crate::module::{ModulePath, ModuleVersion, Revision, Version};
use crate::store::ModuleFile;

/// A question to the upstreams. Whoever asks the same at the same time waits for one answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::proxy) enum Question {
    /// Which versions a module has.
    List(ModulePath),
    /// Which version "latest" means.
    Latest(ModulePath),
    /// Which version a branch, tag or commit is.
    Revision(ModulePath, Revision),
    /// A file of a version, to be kept in the tree.
    File(ModuleVersion, ModuleFile),
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::proxy) enum Answer {
    /// The versions, ascending, pseudo-versions not among them.
    Versions(std::sync::Arc<[Version]>),
    /// The version; its `.info` is in the tree.
    Version(Version),
    /// The file is in the tree.
    Stored,
}

impl Question {
    /// The module that it is about.
    pub(in crate::proxy) fn module(&self) -> &ModulePath {
        match self {
            Self::List(module) | Self::Latest(module) | Self::Revision(module, _) => module,
            Self::File(version, _) => version.path(),
        }
    }

    /// How it is called where fetches are counted.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::List(_) => Kind::List,
            Self::Latest(_) => Kind::Latest,
            Self::Revision(..) => Kind::Query,
            Self::File(_, ModuleFile::Info) => Kind::Info,
            Self::File(_, ModuleFile::Mod) => Kind::Mod,
            Self::File(_, ModuleFile::Zip) => Kind::Zip,
        }
    }

    /// Whether the answer changes with time.
    pub(super) fn is_about_now(&self) -> bool {
        !matches!(self, Self::File(..))
    }
}
