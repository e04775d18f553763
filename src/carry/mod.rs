//! Carrying modules in and out: from module caches, checkouts, other roots and proxies, and bundles; and into bundles.
//!
//! Whatever the source, a version comes in through one [`door`](Door): checked whole, compared with what is expected of
//! it and with what is there, staged, and only then visible. A source ([`Source`]) only says what it has; it is not
//! believed. [`import`] runs several doors at once, [`export`](export()) writes a bundle, whose form is in `bundle`.

mod arrival;
mod bundle;
mod crew;
mod door;
mod error;
mod export;
mod group;
mod outcome;
mod provenance;
mod source;

pub use arrival::{Arrival, FileRange, TaggedCommit, ZipSource};
pub use bundle::BundleFault;
pub use crew::{ImportOptions, ImportStep, import};
pub use door::Door;
pub use error::CarryError;
pub use export::{ExportPlan, Exported, Missing, Selection, export, plan};
pub use outcome::{Outcome, Reason};
pub use provenance::Provenance;
pub use source::{Source, SourceKind};
