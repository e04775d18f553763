//! Module zips against the real `golang.org/x/mod`, and against real go commands.
//!
//! The zips are made byte by byte by the files below: each says what it is about, and each case which rules it breaks.
//! The Go program in `tests/zipcheck` says what x/mod thinks of it; that and what `modzip` says must be the same, sum
//! and all. What `modzip` lets be published is then served by athens, and downloaded, verified and built by go commands
//! old and new.

mod case;
mod clients;
mod content;
mod entries;
mod mutate;
mod names;
mod records;

use std::collections::{BTreeMap, BTreeSet};

use athens::module::check_file_path;
use athens::modzip::{Report, Rule, Strictness, check, read_directory, zip_sum};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::corpus::corpus;
use crate::support::oracle::{Request, ask};
use crate::support::raw_zip::RawZip;
use crate::support::tools::repository;
use crate::support::tree::version;

use case::{Case, Expect, Module};

/// All cases that were written by hand.
fn written() -> Vec<Case> {
    let mut list = names::cases();
    list.extend(records::cases());
    list.extend(content::cases());
    list.extend(entries::cases());
    list
}

fn report(case: &Case, strictness: Strictness) -> Report {
    check(
        &case.bytes[..],
        case.bytes.len() as u64,
        &case.version,
        strictness,
    )
    .unwrap()
}

fn rules(report: &Report) -> BTreeSet<Rule> {
    report.findings.iter().map(|finding| finding.rule).collect()
}

/// What x/mod says of a zip.
struct Verdict {
    /// Errors; empty for none.
    check: String,
    hash: String,
    unzip: String,
    sum: String,
}

impl Verdict {
    fn is_good(&self) -> bool {
        [&self.check, &self.hash, &self.unzip]
            .iter()
            .all(|error| error.is_empty())
    }
}

/// Asks x/mod about all of them, and which Go it was built with (its second number).
fn verdicts(cases: &[Case]) -> Option<(u32, Vec<Verdict>)> {
    let dir = TempDir::new().unwrap();
    let mut requests: Vec<Request> = vec![vec!["go".to_owned()]];
    for (number, case) in cases.iter().enumerate() {
        let file = dir.path().join(format!("{number}.zip"));
        std::fs::write(&file, &case.bytes).unwrap();
        requests.push(vec![
            "zip".to_owned(),
            file.display().to_string(),
            case.version.path().to_string(),
            case.version.version().to_string(),
        ]);
    }
    let answers = ask("zipcheck", &requests)?;
    let go = answers[0].as_str().unwrap();
    let minor = go.split('.').nth(1).and_then(|minor| minor.parse().ok());
    let text = |answer: &Value, key: &str| answer[key].as_str().unwrap().to_owned();
    let verdicts = answers[1..].iter().map(|answer| Verdict {
        check: text(answer, "Check"),
        hash: text(answer, "Hash"),
        unzip: text(answer, "Unzip"),
        sum: text(answer, "Sum"),
    });
    Some((minor.expect(go), verdicts.collect()))
}

/// Rules that `zip.CheckZip` has: it looks at names, sizes and records, and opens nothing.
fn is_checked_by_checkzip(rule: Rule) -> bool {
    match rule {
        Rule::ArchiveSize
        | Rule::EndRecord
        | Rule::EntryCount
        | Rule::Prefix
        | Rule::NotUtf8
        | Rule::UncleanName
        | Rule::FileName
        | Rule::CaseCollision
        | Rule::FileAndDirectory
        | Rule::Duplicate
        | Rule::GoModPlace
        | Rule::GoModCase
        | Rule::TotalSize
        | Rule::GoModSize
        | Rule::LicenseSize => true,
        Rule::LocalHeader
        | Rule::DirectoryContent
        | Rule::Method
        | Rule::DamagedContent
        | Rule::ContentSize
        | Rule::Checksum
        | Rule::DataDescriptor
        | Rule::LongName => false,
        _ => {
            panic!("{rule}: not a rule for zips that were fetched, or none that a case here breaks")
        }
    }
}

/// What is wrong with what we say of a zip, if x/mod says this.
fn difference(case: &Case, verdict: &Verdict) -> Option<String> {
    let fetched = report(case, Strictness::Fetched);
    let published = report(case, Strictness::Published);
    let len = case.bytes.len() as u64;
    let directory = read_directory(&case.bytes[..], len, &case.version);
    let sum = zip_sum(&case.bytes[..], len, &case.version);
    let ours = rules(&fetched);
    let said = format!(
        "{ours:?}, x/mod says {:?}, {:?}, {:?}",
        verdict.check, verdict.hash, verdict.unzip
    );
    if fetched.is_sound() != verdict.is_good() {
        return Some(said);
    }
    if ours.iter().any(|&rule| is_checked_by_checkzip(rule)) == verdict.check.is_empty() {
        return Some(format!("CheckZip: {said}"));
    }
    if !fetched.is_sound() {
        return published
            .is_sound()
            .then(|| "only Published accepts".to_owned());
    }
    let theirs = Some(verdict.sum.clone());
    if fetched.sum.map(|sum| sum.to_string()) != theirs {
        return Some(format!("sum {:?}, x/mod has {theirs:?}", fetched.sum));
    }
    if sum.as_ref().map(ToString::to_string).ok() != theirs {
        return Some(format!("zip_sum {sum:?}, x/mod has {theirs:?}"));
    }
    match directory {
        Ok(directory) if directory.go_mod == fetched.go_mod => None,
        other => Some(format!("read_directory: {other:?}")),
    }
}

#[test]
fn every_case_is_judged_as_written() {
    let cases = written();
    let mut wrong = Vec::new();
    for case in &cases {
        let fetched = rules(&report(case, Strictness::Fetched));
        let published = rules(&report(case, Strictness::Published));
        let (want_fetched, want_published) = match &case.expect {
            Expect::Good => (vec![], vec![]),
            Expect::Strict(rules) => (vec![], rules.clone()),
            Expect::Bad(rules) => (rules.clone(), rules.clone()),
        };
        let want_fetched: BTreeSet<_> = want_fetched.into_iter().collect();
        let want_published: BTreeSet<_> = want_published.into_iter().collect();
        // A zip that is bad anyway may break stricter rules too.
        let is_bad = !want_fetched.is_empty();
        if fetched != want_fetched
            || published != want_published && !(is_bad && published.is_superset(&want_published))
        {
            wrong.push(format!(
                "{}: expected {:?}, fetched {fetched:?}, published {published:?}",
                case.name, case.expect
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(cases.len() >= 300, "{}", cases.len());
}

#[test]
fn every_verdict_is_that_of_xmod() {
    let mut cases = written();
    let count = cases.len();
    cases.extend(mutate::cases());
    let Some((go, verdicts)) = verdicts(&cases) else {
        return;
    };
    let mut differences = Vec::new();
    let mut accepted = [0, 0];
    for (number, (case, verdict)) in cases.iter().zip(&verdicts).enumerate() {
        if case.is_until_126 && go > 26 {
            continue;
        }
        accepted[usize::from(number >= count)] += usize::from(verdict.is_good());
        if let Some(difference) = difference(case, verdict) {
            differences.push(format!("{} ({}): {difference}", case.name, case.version));
        }
    }
    assert!(
        differences.is_empty(),
        "{} of {} differ:\n{}",
        differences.len(),
        cases.len(),
        differences.join("\n")
    );
    println!(
        "zip_oracle: {count} written ({} accepted), {} mutated ({} accepted), all judged alike",
        accepted[0],
        cases.len() - count,
        accepted[1]
    );
    // Cases that are all good or all bad prove little.
    assert!(accepted[0] > 100 && accepted[0] < count - 100);
    assert!(accepted[1] > 100 && accepted[1] < cases.len() - count - 100);
}

/// Every pair of letters that Go calls the same but for case collides, and no other does.
#[test]
fn letters_are_folded_as_go_does() {
    let Some(answers) = ask(
        "zipcheck",
        &["fold", "unicode"].map(|op| vec![op.to_owned()]),
    ) else {
        return;
    };
    // What is published is also for those with other tables than ours.
    let strictness = match answers[1].as_str() {
        Some("15.0.0") => Strictness::Fetched,
        _ => Strictness::Published,
    };
    let letter = |value: &Value| {
        let code = value.as_u64().and_then(|code| u32::try_from(code).ok());
        char::from_u32(code.unwrap()).unwrap()
    };
    let folds: BTreeMap<char, char> = answers[0]
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| (letter(&pair[0]), letter(&pair[1])))
        .collect();
    // The characters that names may have, by what they are folded to.
    let mut groups: BTreeMap<char, Vec<char>> = BTreeMap::new();
    for letter in ('!'..=char::MAX).filter(|letter| check_file_path(&letter.to_string()).is_ok()) {
        let folded = folds.get(&letter).copied().unwrap_or(letter);
        groups.entry(folded).or_default().push(letter);
    }
    let pairs: usize = groups.values().map(|group| group.len() - 1).sum();
    assert!(
        pairs > 1000 && groups.len() > 100_000,
        "{pairs}, {}",
        groups.len()
    );
    let module = Module::new("example.com/fold@v1.0.0");
    let count = |files: Vec<String>| {
        let entries = files.iter().map(|file| module.empty(file)).collect();
        let bytes = RawZip::new(entries).bytes();
        let len = bytes.len() as u64;
        let report = check(&bytes[..], len, module.version(), strictness).unwrap();
        let rules = rules(&report);
        assert!(
            rules.iter().all(|rule| *rule == Rule::CaseCollision),
            "{rules:?}"
        );
        report.findings.len() as u64 + report.more_findings
    };
    // A directory for each group, so that it collides with no other.
    let together =
        groups
            .iter()
            .filter(|(_, group)| group.len() > 1)
            .flat_map(|(folded, group)| {
                let directory = u32::from(*folded);
                group
                    .iter()
                    .map(move |letter| format!("{directory}/{letter}"))
            });
    assert_eq!(count(together.collect()), pairs as u64);
    let one_of_each = groups.values().map(|group| group[0].to_string());
    assert_eq!(count(one_of_each.collect()), 0);
}

/// Real zips: good by both measures, with the sums that the go command wrote beside them.
#[test]
fn real_zips_are_good_and_have_the_sums_of_the_go_command() {
    let Some(corpus) = corpus() else { return };
    let dir = corpus.download_dir();
    let mut count = 0;
    let mut forks = Vec::new();
    for module in corpus.modules() {
        for name in module.whole() {
            let version = version(&format!("{}@{name}", module.path()));
            let stem = format!(
                "{}/@v/{}",
                module.escaped,
                version.version().escaped().as_str()
            );
            let file = std::fs::File::open(dir.join(format!("{stem}.zip"))).unwrap();
            let len = file.metadata().unwrap().len();
            let report = check(&file, len, &version, Strictness::Published).unwrap();
            match &report.findings[..] {
                [] => {}
                [finding] if finding.rule == Rule::GoModModule => forks.push(version.to_string()),
                other => panic!("{version}: {other:?}"),
            }
            let sum = std::fs::read_to_string(dir.join(format!("{stem}.ziphash"))).unwrap();
            assert_eq!(report.sum.unwrap().to_string(), sum, "{version}");
            count += 1;
        }
    }
    println!("zip_oracle: {count} real zips, go.mod of another module in {forks:?}");
    assert!(count > 50, "{count}");
}

/// Writes the cases where `cargo fuzz run modzip_check` finds them.
#[test]
#[ignore = "for fuzzing: CONTRIBUTING.md says when"]
fn write_seeds() {
    let dir = repository().join("fuzz/corpus/modzip_check");
    std::fs::create_dir_all(&dir).unwrap();
    let mut cases = written();
    cases.extend(mutate::cases());
    for (number, case) in cases.iter().enumerate() {
        let seed = [format!("{}\n", case.version).as_bytes(), &case.bytes].concat();
        // Large ones only slow it down.
        if seed.len() < 20_000 {
            std::fs::write(dir.join(format!("case-{number}")), seed).unwrap();
        }
    }
}
