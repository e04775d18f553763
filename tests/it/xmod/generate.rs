//! Rows by rule and by chance. The seeds are fixed: a difference today is a difference tomorrow.

use super::Request;
use super::table::{self, for_content, for_word, pieces};
use crate::support::random::Random;
use athens::module::{ModulePath, ModuleVersion, Version};
use std::str::FromStr;

/// All generated rows.
pub(super) fn requests() -> Vec<Request> {
    let words = chance_words();
    let paths: Vec<ModulePath> = valid(&words);
    let versions: Vec<Version> = valid(&words);
    let mut requests = Vec::new();
    requests.extend(templates().iter().flat_map(|w| for_word(w)));
    requests.extend(words.iter().flat_map(|w| for_word(w)));
    requests.extend(comparisons(&versions));
    requests.extend(sortings(&paths, &versions));
    requests.extend(pairs(&paths, &versions));
    requests.extend(matches(&paths));
    requests.extend(infos());
    requests.extend(go_mods());
    requests
}

/// Every ASCII character and some beyond.
fn characters() -> Vec<char> {
    let beyond = pieces("beyond").concat();
    ('\0'..='\x7F').chain(beyond.chars()).collect()
}

fn fill(template: &str, c: char) -> String {
    template.replace("{}", c.encode_utf8(&mut [0; 4]))
}

fn templates() -> Vec<String> {
    let characters = characters();
    pieces("templates")
        .iter()
        .flat_map(|template| characters.iter().map(|&c| fill(template, c)))
        .collect()
}

/// The words of the table, and by chance: words of pieces, and those of the table with small changes.
fn chance_words() -> Vec<String> {
    let mut random = Random::new(1);
    let (path, version) = (pieces("path"), pieces("version"));
    let characters = characters();
    let table = table::words();
    let mut words = table.clone();
    for _ in 0..4000 {
        words.push(random.join(&path, 7));
        words.push(format!("a.b/{}", random.join(&path, 5)));
        words.push(random.join(&version, 7));
        words.push(format!("v1.2.{}", random.join(&version, 5)));
        let word = random.pick(&table).clone();
        words.push(random.mutate(&word, &characters));
    }
    words
}

/// Those of the words that parse, each once.
fn valid<T: FromStr + Ord>(words: &[String]) -> Vec<T> {
    let mut valid: Vec<T> = words.iter().filter_map(|w| w.parse().ok()).collect();
    valid.sort();
    valid.dedup();
    valid
}

fn comparisons(versions: &[Version]) -> Vec<Request> {
    let mut random = Random::new(2);
    let row = |a: &str, b: &str| vec!["compare".to_owned(), a.to_owned(), b.to_owned()];
    let table = table::words();
    let texts: Vec<_> = table.iter().filter(|w| w.starts_with('v')).collect();
    let all_pairs = texts.iter().flat_map(|a| texts.iter().map(|b| row(a, b)));
    let mut requests: Vec<Request> = all_pairs.collect();
    for _ in 0..10_000 {
        let (a, b) = (random.pick(versions), random.pick(versions));
        requests.push(row(a.as_str(), b.as_str()));
    }
    requests
}

fn sortings(paths: &[ModulePath], versions: &[Version]) -> Vec<Request> {
    let mut random = Random::new(3);
    let few_paths = &paths[..40];
    let mut requests = Vec::new();
    for _ in 0..50 {
        let mut list: Vec<String> = versions.iter().map(Version::to_string).collect();
        random.shuffle(&mut list);
        list.truncate(400);
        list.insert(0, "sort".to_owned());
        requests.push(list);

        // x/mod leaves the order of versions open that differ only in their build, so no two such are in one list.
        let mut list: Vec<ModuleVersion> = (0..1000)
            .map(|_| {
                (
                    random.pick(few_paths).clone(),
                    random.pick(versions).clone(),
                )
            })
            .filter(|(_, version)| !version.is_incompatible())
            .filter_map(|(path, version)| ModuleVersion::new(path, version).ok())
            .collect();
        list.sort();
        list.dedup();
        random.shuffle(&mut list);
        let mut row = vec!["sort-modules".to_owned()];
        for module in list {
            row.extend([module.path().to_string(), module.version().to_string()]);
        }
        requests.push(row);
    }
    requests
}

fn pairs(paths: &[ModulePath], versions: &[Version]) -> Vec<Request> {
    let mut random = Random::new(4);
    let row = |path: &str, version: &str| vec!["check".into(), path.into(), version.into()];
    let has_suffix = |path: &&ModulePath| !path.split_major().1.is_empty();
    let suffixed: Vec<&ModulePath> = paths.iter().filter(has_suffix).collect();
    let mut requests = Vec::new();
    for _ in 0..4000 {
        let version = random.pick(versions).as_str();
        requests.push(row(random.pick(paths).as_str(), version));
        requests.push(row(random.pick(&suffixed).as_str(), version));
        // A version whose major number is right for the path more often than not.
        let path = *random.pick(&suffixed);
        let major = path.split_major().1.trim_start_matches(['/', '.', 'v']);
        let majors = [major.trim_end_matches("-unstable"), "0", "1"];
        let tails = [
            ".0.0",
            ".0.0-x",
            ".1.2+incompatible",
            ".0.0-20191109021931-abc",
        ];
        let version = format!("v{}{}", random.pick(&majors), random.pick(&tails));
        if version.parse::<Version>().is_ok() {
            requests.push(row(path.as_str(), &version));
        }
    }
    requests
}

fn matches(paths: &[ModulePath]) -> Vec<Request> {
    let mut random = Random::new(5);
    let row = |patterns: &str, path: &ModulePath| {
        vec!["match".to_owned(), patterns.to_owned(), path.to_string()]
    };
    let short: Vec<&ModulePath> = paths.iter().filter(|p| p.as_str().len() < 12).collect();
    let pieces = pieces("pattern");
    let mut requests = Vec::new();
    for patterns in table::patterns() {
        for path in paths
            .iter()
            .step_by(paths.len() / 60)
            .chain(short.iter().copied().take(40))
        {
            requests.push(row(patterns, path));
        }
    }
    for _ in 0..8000 {
        let path = *random.pick(&short);
        requests.push(row(&random.join(&pieces, 6), path));
        // A path in which some characters became wild.
        let path = *random.pick(&short);
        let wild: String = path
            .as_str()
            .chars()
            .map(|c| match random.below(9) {
                0 => "*".to_owned(),
                1 if c != '/' => "?".to_owned(),
                2 if c.is_ascii_alphanumeric() => format!("[a-{c}]"),
                3 => format!("\\{c}"),
                _ => c.to_string(),
            })
            .collect();
        requests.push(row(&wild, path));
    }
    requests
}

fn infos() -> Vec<Request> {
    let mut random = Random::new(6);
    let characters = characters();
    let table = table::infos();
    let [any, names, values] = ["info", "info-name", "info-value"].map(pieces);
    let times = ["time-date", "time-middle", "time-clock", "time-end"].map(pieces);
    let mut documents = Vec::new();
    for _ in 0..5000 {
        documents.push(random.join(&any, 9));
        let document = *random.pick(&table);
        documents.push(random.mutate(document, &characters));
        let members: Vec<String> = (0..=random.below(3))
            .map(|_| format!("{}:{}", random.pick(&names), random.pick(&values)))
            .collect();
        documents.push(format!("{{{}}}", members.join(",")));
        let time: String = times
            .iter()
            .map(|part| random.pick(part).as_str())
            .collect();
        documents.push(format!("{{\"Time\":\"{time}\"}}"));
    }
    for c in characters {
        for template in [
            "<{}>",
            ">{}<",
            "<\"x\":{}>",
            "<\"Version\":\"a{}b\">",
            "<\"Version\":\"\\{}\">",
        ] {
            // The angles keep the braces of JSON apart from the place to fill.
            documents.push(fill(template, c).replace('<', "{").replace('>', "}"));
        }
    }
    for depth in [9_998, 9_999, 10_000, 10_001] {
        documents.push(format!(
            "{{\"x\":{}{}}}",
            "[".repeat(depth),
            "]".repeat(depth)
        ));
    }
    let broken = [
        &b"{\"Version\":\"\xff\"}"[..],
        b"{\"\xc3\x28\":1}",
        b"\xff\xfe{\0}\0",
    ];
    let documents = documents.iter().map(String::as_bytes).chain(broken);
    documents.map(|json| for_content("info", json)).collect()
}

fn go_mods() -> Vec<Request> {
    let mut random = Random::new(7);
    let characters = characters();
    let table = table::go_mods();
    let [any, lines] = ["mod", "mod-lines"].map(pieces);
    let mut files: Vec<Vec<u8>> = vec![vec![0; 64]];
    for _ in 0..6000 {
        files.push(random.join(&any, 12).into_bytes());
        files.push(random.join(&lines, 12).into_bytes());
        let file = random.pick(&table).clone();
        files.push(random.mutate(&file, &characters).into_bytes());
        // One byte overwritten: often no UTF-8 any more.
        let mut torn = random.pick(&table).clone().into_bytes();
        if !torn.is_empty() {
            let at = random.below(torn.len());
            torn[at] = u8::try_from(random.below(256)).unwrap_or_default();
        }
        files.push(torn);
    }
    files
        .iter()
        .flat_map(|file| ["mod", "mod-line"].map(|op| for_content(op, file)))
        .collect()
}
