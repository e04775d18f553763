//! What is counted: figures for whoever watches the server, without HTTP.
//!
//! [`Table`] is the list of all of them, one line each: to add one, add a line there (its name, type, labels and help are
//! read from it), the same row in `docs/metrics.md`, and count where it happens. Counting is one or two atomic additions: the
//! children of a label lie in an array with a place for each value, so that nothing is looked up by its text, nothing
//! is allocated and nobody waits for a lock. For the same reason labels are bounded: an enumeration, or the upstreams of the
//! configuration.
//!
//! What is known elsewhere at any time (how many lists are kept, how much memory the process has) is not counted along but
//! set just before the figures are written: see [`Sampled`].

mod by_upstream;
mod checks;
mod family;
mod histogram;
mod label;
mod labels;
mod process;
mod running;
mod table;
mod value;
mod written;

use std::fmt;
use std::sync::Arc;

pub use by_upstream::{ByUpstream, UpstreamMeter, UpstreamRequest};
pub use histogram::{Bytes, Histogram, Scale, Seconds};
pub use label::{By, Label};
pub use labels::{
    AnswerSource, Bound, DatabaseOutcome, DatabaseQuestion, DeleteOutcome, FetchOutcome, Kind,
    Method, Occasion, PublishOutcome, Route, Status, UpstreamOutcome, Verification, WalkOutcome,
    ZipVerdict,
};
pub use running::Running;
pub use table::{
    Answers, Catalog, Checks, ChecksumDatabases, Direct, Fetches, Http, Process, Publishing, Table,
    Tree, UpstreamCounts,
};
pub use value::{BuildInfo, Counter, Gauge, RareCounter, Sampled, SampledSeconds, SampledTotal};
pub use written::TextFormat;

/// All figures of a server. Cheap to clone; clones count into the same.
#[derive(Clone, Default)]
pub struct Metrics(Arc<Table>);

/// Two that count into the same figures.
impl PartialEq for Metrics {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// Settings have one, and who prints them does not want hundreds of figures.
impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl std::ops::Deref for Metrics {
    type Target = Table;

    fn deref(&self) -> &Table {
        &self.0
    }
}
