//! The table of all figures: to add one, add a line.
//!
//! The comment of a line is its help text, the text after it its name. Names end in the unit (`_seconds`, `_bytes`), and those
//! of counters in `_total` after that.

use std::fmt;

use super::family::Family;
use super::{
    AnswerSource, Bound, BuildInfo, By, ByUpstream, Bytes, Counter, DatabaseOutcome,
    DatabaseQuestion, DeleteOutcome, FetchOutcome, Gauge, Histogram, Kind, Method, Occasion,
    PublishOutcome, RareCounter, Route, Sampled, SampledSeconds, SampledTotal, Seconds, Status,
    UpstreamOutcome, Verification, WalkOutcome, ZipVerdict,
};
use crate::modzip::Rule;

/// What a figure is called, and what it says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Description {
    /// As it is asked for in queries.
    pub(super) name: &'static str,
    /// A sentence.
    pub(super) help: &'static str,
}

/// What is done with each figure.
pub(super) type Visit<'a> = &'a mut dyn FnMut(Description, &dyn Family) -> fmt::Result;

macro_rules! table {
    ($(
        $(#[doc = $about:literal])+
        $group:ident: $Group:ident {
            $( #[doc = $help:literal] $field:ident: $Figure:ty = $name:literal; )+
        }
    )+) => {
        /// All figures.
        #[derive(Debug, Default)]
        pub struct Table {
            $( $(#[doc = $about])+ pub $group: $Group, )+
        }

        impl Table {
            /// Visits each figure, in the order of the table.
            pub(super) fn visit(&self, visit: Visit<'_>) -> fmt::Result {
                $( self.$group.visit(visit)?; )+
                Ok(())
            }
        }

        $(
            $(#[doc = $about])+
            #[derive(Debug, Default)]
            pub struct $Group {
                $( #[doc = $help] pub $field: $Figure, )+
            }

            impl $Group {
                fn visit(&self, visit: Visit<'_>) -> fmt::Result {
                    $(
                        let description = Description { name: $name, help: $help.trim_ascii() };
                        visit(description, &self.$field)?;
                    )+
                    Ok(())
                }
            }
        )+
    };
}

table! {
    /// Requests and connections.
    http: Http {
        /// Requests that were answered, or whose client left before.
        requests: By<Route, By<Method, By<Status, RareCounter>>> = "athens_http_requests_total";
        /// From the end of a request's head to the end of its answer.
        duration: By<Route, Histogram<Seconds>> = "athens_http_request_duration_seconds";
        /// Bytes of answers that were handed to the connection, without their heads.
        sent: By<Route, Histogram<Bytes>> = "athens_http_response_size_bytes";
        /// Answers that did not come to their end.
        aborted: By<Route, RareCounter> = "athens_http_responses_aborted_total";
        /// Requests that are being answered.
        in_flight: Gauge = "athens_http_requests_in_flight";
        /// Requests that were turned away at once, by the limit that they met.
        refused: By<Bound, Counter> = "athens_http_requests_limited_total";
        /// Connections that were accepted.
        accepted: Counter = "athens_http_connections_accepted_total";
        /// Connections that are being served.
        connections: Gauge = "athens_http_connections_open";
        /// Connections that were accepted and wait for a place, since max-connections are taken.
        waiting: Gauge = "athens_http_connections_waiting";
        /// Connections that waited longest for a request and were closed, so that new ones have their places.
        displaced: Counter = "athens_http_connections_displaced_total";
        /// Connections that were closed at once, since their client had max-connections-per-client.
        closed: Counter = "athens_http_connections_limited_total";
        /// Connections that could not be accepted, for want of file descriptors perhaps.
        not_accepted: Counter = "athens_http_accept_failures_total";
    }

    /// Where answers come from.
    answers: Answers {
        /// Answers to what was asked of a module, by where they come from.
        given: By<Kind, By<AnswerSource, Counter>> = "athens_answers_total";
    }

    /// Requests to each upstream, checksum databases and version control (direct) among them.
    upstream: UpstreamCounts {
        /// Requests to an upstream, each attempt by itself.
        requests: ByUpstream<By<UpstreamOutcome, Counter>> = "athens_upstream_requests_total";
        /// From the beginning of a request to the end of its answer.
        duration: ByUpstream<Histogram<Seconds>> = "athens_upstream_request_duration_seconds";
        /// Requests to an upstream that are under way.
        running: ByUpstream<Gauge> = "athens_upstream_requests_running";
        /// Bytes of answers that came from an upstream.
        received: ByUpstream<Counter> = "athens_upstream_received_bytes_total";
    }

    /// Fetching what the tree lacks.
    fetch: Fetches {
        /// Fetches that have ended; each asks one upstream or several.
        ended: By<Kind, By<FetchOutcome, Counter>> = "athens_fetches_total";
        /// From the beginning of a fetch to its end, when what was fetched is in the tree.
        duration: By<Kind, Histogram<Seconds>> = "athens_fetch_duration_seconds";
        /// Fetches that are under way.
        running: Gauge = "athens_fetches_running";
        /// Requests that joined a fetch that was under way already.
        joined: By<Kind, Counter> = "athens_fetches_joined_total";
    }

    /// Fetching from version control.
    direct: Direct {
        /// Jobs of the go command that have ended.
        ended: Counter = "athens_direct_jobs_total";
        /// How long jobs of the go command took, without the time that they waited.
        duration: Histogram<Seconds> = "athens_direct_job_duration_seconds";
        /// Jobs of the go command that are under way.
        running: Gauge = "athens_direct_jobs_running";
        /// Jobs that wait, since direct-jobs are under way.
        waiting: Gauge = "athens_direct_jobs_waiting";
    }

    /// Publishing and deleting.
    publish: Publishing {
        /// What became of uploads.
        uploads: By<PublishOutcome, Counter> = "athens_uploads_total";
        /// Uploads that are under way.
        running: Gauge = "athens_uploads_running";
        /// Bytes of uploads that came.
        received: Counter = "athens_upload_received_bytes_total";
        /// What became of requests to delete a version.
        deletes: By<DeleteOutcome, Counter> = "athens_deletes_total";
    }

    /// Checks of whole zips.
    checks: Checks {
        /// Checks of whole zips.
        verdicts: By<Occasion, By<ZipVerdict, Counter>> = "athens_zip_checks_total";
        /// How long checks of whole zips took.
        duration: By<Occasion, Histogram<Seconds>> = "athens_zip_check_duration_seconds";
        /// What was wrong with zips, by the rule that they broke.
        findings: By<Rule, Counter> = "athens_zip_findings_total";
    }

    /// Version lists that are kept, and how changes of the folder are noticed.
    catalog: Catalog {
        /// Module directories that were read for a list.
        read: Counter = "athens_directory_reads_total";
        /// Modules whose lists are kept in memory.
        lists: Sampled = "athens_lists_cached";
        /// Modules whose lists are kept in memory and not watched.
        polled: Sampled = "athens_lists_polled";
        /// Memory of the lists that are kept.
        weight: Sampled = "athens_list_cache_bytes";
        /// Lists that had to go for others.
        evicted: Counter = "athens_list_cache_evictions_total";
        /// Directories that are watched.
        watches: Sampled = "athens_watches";
        /// How often events of the file system were lost: every list is read again on demand then.
        lost: Counter = "athens_watch_events_lost_total";
    }

    /// The folder as a whole.
    tree: Tree {
        /// Modules with a version that can be served, as of the last walk.
        modules: Sampled = "athens_tree_modules";
        /// Versions that can be served, as of the last walk.
        versions: Sampled = "athens_tree_versions";
        /// Bytes of the zips in the tree, as of the last walk.
        zip_bytes: Sampled = "athens_tree_zip_bytes";
        /// Walks of the whole tree in the background.
        walks: By<WalkOutcome, Counter> = "athens_tree_walks_total";
        /// How long the last walk took, its rests included.
        walk_duration: SampledSeconds = "athens_tree_walk_duration_seconds";
        /// Size of the file system that the root is on.
        size: Sampled = "athens_filesystem_size_bytes";
        /// Space that may be used on the file system that the root is on.
        available: Sampled = "athens_filesystem_available_bytes";
    }

    /// Checksum databases.
    sumdb: ChecksumDatabases {
        /// What clients asked of checksum databases through this server.
        asked: By<DatabaseQuestion, By<DatabaseOutcome, Counter>> = "athens_sumdb_requests_total";
        /// What the checksum database said of what was fetched.
        verifications: By<Verification, Counter> = "athens_sumdb_verifications_total";
    }

    /// The process.
    process: Process {
        /// Which version of athens this is.
        build: BuildInfo = "athens_build_info";
        /// Time of processors that the process has used.
        cpu: SampledTotal = "process_cpu_seconds_total";
        /// Memory of the process that is in RAM.
        resident: Sampled = "process_resident_memory_bytes";
        /// Address space of the process.
        virtual_memory: Sampled = "process_virtual_memory_bytes";
        /// File descriptors that are open.
        open_fds: Sampled = "process_open_fds";
        /// File descriptors that may be open.
        max_fds: Sampled = "process_max_fds";
        /// Threads of the process.
        threads: Sampled = "process_threads";
        /// When the process was started, since the Unix epoch.
        started: SampledSeconds = "process_start_time_seconds";
    }
}
