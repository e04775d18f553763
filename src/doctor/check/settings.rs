//! The other settings of the go command that decide how modules are fetched.

use std::collections::BTreeSet;

use super::super::facts::Facts;
use super::super::finding::Finding;
use super::Mender;
use crate::client::{GoSettings, globs_of};

/// Below this much room in the module cache, in bytes, a larger build does not fit.
const LITTLE_ROOM: u64 = 1 << 30;
const NO_ROOM: u64 = 100 << 20;

pub(super) fn check(
    facts: &Facts,
    settings: &GoSettings,
    exported: &BTreeSet<String>,
    mender: &Mender<'_>,
) -> Vec<Finding> {
    let found = [
        modules(settings, mender),
        sumdb(settings, mender),
        no_sums_at_all(settings, mender),
        flags(settings, mender),
        vcs(settings, mender),
        insecure(settings, mender),
        toolchain(settings, mender),
        env_file(settings),
    ];
    let mut findings: Vec<Finding> = found.into_iter().flatten().collect();
    findings.extend(meaningless(exported));
    findings.extend(cache(facts));
    findings
}

fn modules(settings: &GoSettings, mender: &Mender<'_>) -> Option<Finding> {
    (settings.get("GO111MODULE") == "off").then(|| {
        Finding::error(
            "GO111MODULE",
            "GO111MODULE=off: the go command knows no modules and asks no proxy",
        )
        .mend(mender.unset("GO111MODULE"))
    })
}

fn sumdb(settings: &GoSettings, mender: &Mender<'_>) -> Option<Finding> {
    (settings.get("GOSUMDB") == "off").then(|| {
        Finding::warning(
            "GOSUMDB",
            "GOSUMDB=off: what is fetched for the first time is compared with nothing, and no newer go command is downloaded where a go.mod wants one; GONOSUMDB leaves out private modules alone",
        )
        .mend(mender.unset("GOSUMDB"))
    })
}

fn no_sums_at_all(settings: &GoSettings, mender: &Mender<'_>) -> Option<Finding> {
    globs_of(settings.get("GONOSUMDB"))
        .any(|glob| glob == "*")
        .then(|| {
            let (name, value) = if settings.get("GOPRIVATE") == settings.get("GONOSUMDB") {
                ("GOPRIVATE", settings.get("GOPRIVATE"))
            } else {
                ("GONOSUMDB", settings.get("GONOSUMDB"))
            };
            Finding::warning(
                name,
                format!("{name}={value} covers every module: what is fetched for the first time is compared with nothing; name your own modules instead"),
            )
            .mend(mender.unset(name))
        })
}

fn flags(settings: &GoSettings, mender: &Mender<'_>) -> Option<Finding> {
    let flags: Vec<&str> = settings.get("GOFLAGS").split_whitespace().collect();
    let (flag, finding) = flags.iter().find_map(|flag| {
        let finding = match flag.trim_start_matches('-') {
            "mod=vendor" => Finding::warning(
                "GOFLAGS",
                "GOFLAGS has -mod=vendor: builds read the directory vendor and no proxy",
            ),
            "insecure" | "insecure=true" => Finding::error(
                "GOFLAGS",
                "GOFLAGS has -insecure, which go 1.17 and later refuse",
            ),
            _ if !flag.starts_with('-') => Finding::error(
                "GOFLAGS",
                format!("GOFLAGS holds {flag:?}, which is no flag: flags are separated by blanks and written as -name=value"),
            ),
            _ => return None,
        };
        Some((*flag, finding))
    })?;
    let others: Vec<&str> = flags
        .iter()
        .copied()
        .filter(|other| *other != flag)
        .collect();
    Some(finding.mend(if others.is_empty() {
        mender.unset("GOFLAGS")
    } else {
        mender.set("GOFLAGS", &others.join(" "))
    }))
}

fn vcs(settings: &GoSettings, mender: &Mender<'_>) -> Option<Finding> {
    let value = settings.get("GOVCS");
    let is_wrong = value.split(',').any(|item| {
        !value.is_empty()
            && item
                .split_once(':')
                .is_none_or(|(pattern, list)| pattern.trim().is_empty() || list.trim().is_empty())
    });
    is_wrong.then(|| {
        Finding::error(
            "GOVCS",
            format!(
                "GOVCS={value:?} is no list of PATTERN:PROGRAMS, such as public:git,private:all"
            ),
        )
        .mend(mender.unset("GOVCS"))
    })
}

fn insecure(settings: &GoSettings, mender: &Mender<'_>) -> Option<Finding> {
    globs_of(settings.get("GOINSECURE"))
        .any(|glob| glob == "*")
        .then(|| {
            Finding::warning(
                "GOINSECURE",
                "GOINSECURE=* lets every module come over plain HTTP from whoever answers, where no proxy is asked",
            )
            .mend(mender.unset("GOINSECURE"))
        })
}

fn toolchain(settings: &GoSettings, mender: &Mender<'_>) -> Option<Finding> {
    let value = settings.get("GOTOOLCHAIN");
    let name = value.split('+').next().unwrap_or_default();
    let is_known = value.is_empty()
        || matches!(name, "auto" | "local" | "path")
        || name.starts_with("go1")
        || name.contains("-go1");
    (!is_known).then(|| {
        Finding::error(
            "GOTOOLCHAIN",
            format!("GOTOOLCHAIN={value:?} is none of auto, local, path or a version such as go1.26.0, which stops every go command"),
        )
        .mend(mender.unset("GOTOOLCHAIN"))
    })
}

fn env_file(settings: &GoSettings) -> Option<Finding> {
    (settings.get("GOENV") == "off").then(|| {
        Finding::warning(
            "GOENV",
            "GOENV=off: the go command reads no settings but variables, and `go env -w` does not work",
        )
        .mend("unset GOENV")
    })
}

/// Variables that people set and the go command does not know.
fn meaningless(exported: &BTreeSet<String>) -> Vec<Finding> {
    [
        ("GONOSUMCHECK", "GONOSUMDB"),
        ("GONOVERIFY", "GONOSUMDB"),
        ("GONOSUM", "GONOSUMDB"),
        ("GOPROXYS", "GOPROXY"),
        ("GOPROXIES", "GOPROXY"),
        ("GOPRIVATES", "GOPRIVATE"),
        ("GONOPROXIES", "GONOPROXY"),
    ]
    .into_iter()
    .filter(|(name, _)| exported.contains(*name))
    .map(|(name, meant)| {
        Finding::warning(
            name,
            format!("the go command knows no variable {name}; {meant} is the one that it reads"),
        )
        .mend(format!("unset {name}"))
    })
    .collect()
}

fn cache(facts: &Facts) -> Option<Finding> {
    let cache = facts.cache.as_ref()?;
    let path = cache.path.display();
    let gib = |bytes: u64| format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30));
    Some(match (cache.is_writable, cache.free) {
        (Some(false), _) => Finding::error(
            "GOMODCACHE",
            format!("the module cache {path} can not be written"),
        )
        .mend("go env -w GOMODCACHE=\"$HOME/go/pkg/mod\""),
        (_, Some(free)) if free < NO_ROOM => Finding::error(
            "GOMODCACHE",
            format!(
                "there is no room for modules in {path}: {} MiB are free",
                free >> 20
            ),
        )
        .mend("go clean -modcache"),
        (_, Some(free)) if free < LITTLE_ROOM => Finding::warning(
            "GOMODCACHE",
            format!(
                "there is little room for modules in {path}: {} MiB are free",
                free >> 20
            ),
        )
        .mend("go clean -modcache"),
        (_, Some(free)) => Finding::ok(
            "GOMODCACHE",
            format!("the module cache {path} has {} free", gib(free)),
        ),
        (_, None) => return None,
    })
}
