//! The labels and all of their values.

use super::label::{Label, labels};
use crate::modzip::Rule;

labels! {
    /// What a request asks for, by its path.
    Route as "route" {
        Info = "info",
        Query = "query",
        Mod = "mod",
        Zip = "zip",
        List = "list",
        Latest = "latest",
        SumdbSupported = "sumdb_supported",
        SumdbLatest = "sumdb_latest",
        SumdbLookup = "sumdb_lookup",
        SumdbTile = "sumdb_tile",
        Publish = "publish",
        Delete = "delete",
        Refresh = "refresh",
        Index = "index",
        Catalog = "catalog",
        Whoami = "whoami",
        Health = "health",
        Metrics = "metrics",
        Home = "home",
        Other = "other",
    }

    /// What a request does: GET and HEAD read; PUT, POST and DELETE write.
    Method as "method" {
        Read = "read",
        Write = "write",
        Other = "other",
    }

    /// The status of an answer, of those that this server gives.
    Status as "status" {
        Ok = "200",
        Created = "201",
        PartialContent = "206",
        NotModified = "304",
        BadRequest = "400",
        Unauthorized = "401",
        Forbidden = "403",
        NotFound = "404",
        MethodNotAllowed = "405",
        RequestTimeout = "408",
        Conflict = "409",
        Gone = "410",
        PreconditionFailed = "412",
        PayloadTooLarge = "413",
        RangeNotSatisfiable = "416",
        UnprocessableEntity = "422",
        TooManyRequests = "429",
        InternalServerError = "500",
        BadGateway = "502",
        ServiceUnavailable = "503",
        GatewayTimeout = "504",
        InsufficientStorage = "507",
        LoopDetected = "508",
        Other = "other",
        NoAnswer = "none",
    }

    /// What of a module is asked for.
    Kind as "kind" {
        Info = "info",
        Query = "query",
        Mod = "mod",
        Zip = "zip",
        List = "list",
        Latest = "latest",
    }

    /// Where an answer comes from, or why there is none.
    AnswerSource as "source" {
        Tree = "tree",
        Remembered = "remembered",
        Stale = "stale",
        Fetched = "fetched",
        Absent = "absent",
        Refused = "refused",
        Failed = "failed",
    }

    /// How a request to an upstream ended.
    UpstreamOutcome as "outcome" {
        Ok = "ok",
        Absent = "absent",
        Refused = "refused",
        Failed = "failed",
        Timeout = "timeout",
        TooLarge = "too_large",
        Abandoned = "abandoned",
    }

    /// How a fetch ended.
    FetchOutcome as "outcome" {
        Ok = "ok",
        Absent = "absent",
        Refused = "refused",
        Failed = "failed",
        Timeout = "timeout",
        Invalid = "invalid",
        Unverified = "unverified",
    }

    /// What became of an upload.
    PublishOutcome as "outcome" {
        Created = "created",
        Unchanged = "unchanged",
        Conflict = "conflict",
        Invalid = "invalid",
        TooLarge = "too_large",
        Refused = "refused",
        Busy = "busy",
        Interrupted = "interrupted",
        Malformed = "malformed",
        Failed = "failed",
    }

    /// What became of a DELETE.
    DeleteOutcome as "outcome" {
        Deleted = "deleted",
        Absent = "absent",
        Refused = "refused",
        Malformed = "malformed",
        Failed = "failed",
    }

    /// Why a zip is checked whole.
    Occasion as "occasion" {
        Published = "published",
        Fetched = "fetched",
        Dropped = "dropped",
    }

    /// What came of a check.
    ZipVerdict as "verdict" {
        Sound = "sound",
        Unsound = "unsound",
    }

    /// At which limit a request was turned away.
    Bound as "limit" {
        MaxRequests = "max_requests",
        MaxRequestsPerClient = "max_requests_per_client",
        RateLimit = "rate_limit",
    }

    /// How a walk of the tree ended.
    WalkOutcome as "outcome" {
        Ok = "ok",
        Failed = "failed",
    }

    /// What clients ask of a checksum database through us.
    DatabaseQuestion as "question" {
        Supported = "supported",
        Latest = "latest",
        Lookup = "lookup",
        Tile = "tile",
    }

    /// How that ended.
    DatabaseOutcome as "outcome" {
        Ok = "ok",
        Absent = "absent",
        Failed = "failed",
        Timeout = "timeout",
    }

    /// What a checksum database says of something that was fetched.
    Verification as "outcome" {
        Verified = "verified",
        Mismatch = "mismatch",
        Unknown = "unknown",
        Inconsistent = "inconsistent",
        Failed = "failed",
    }
}

/// The rules that zips are checked by.
impl Label for Rule {
    const NAME: &'static str = "rule";
    const VALUES: &'static [&'static str] = &rule_names();

    fn index(self) -> usize {
        self as usize
    }
}

const fn rule_names() -> [&'static str; Rule::ALL.len()] {
    let mut names = [""; Rule::ALL.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = Rule::ALL[at].name();
        at += 1;
    }
    names
}

impl Status {
    /// The label for a status code; `None` if the client left before there was one.
    #[must_use]
    pub fn of(code: Option<u16>) -> Self {
        match code {
            None => Self::NoAnswer,
            Some(200) => Self::Ok,
            Some(201) => Self::Created,
            Some(206) => Self::PartialContent,
            Some(304) => Self::NotModified,
            Some(400) => Self::BadRequest,
            Some(401) => Self::Unauthorized,
            Some(403) => Self::Forbidden,
            Some(404) => Self::NotFound,
            Some(405) => Self::MethodNotAllowed,
            Some(408) => Self::RequestTimeout,
            Some(409) => Self::Conflict,
            Some(410) => Self::Gone,
            Some(412) => Self::PreconditionFailed,
            Some(413) => Self::PayloadTooLarge,
            Some(416) => Self::RangeNotSatisfiable,
            Some(422) => Self::UnprocessableEntity,
            Some(429) => Self::TooManyRequests,
            Some(500) => Self::InternalServerError,
            Some(502) => Self::BadGateway,
            Some(503) => Self::ServiceUnavailable,
            Some(504) => Self::GatewayTimeout,
            Some(507) => Self::InsufficientStorage,
            Some(508) => Self::LoopDetected,
            Some(_) => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_labelled_with_its_code() {
        for code in 100..600 {
            let text = Status::VALUES[Status::of(Some(code)).index()];
            assert!(
                text == "other" || text == code.to_string(),
                "{code}: {text}"
            );
        }
        let labelled = (100..600).filter(|code| Status::of(Some(*code)) != Status::Other);
        assert_eq!(labelled.count(), Status::VALUES.len() - 2);
    }
}
