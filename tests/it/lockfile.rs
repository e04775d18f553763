//! `Cargo.lock` against what advisories say, without their database: `tests/minimum-versions.txt`.

use crate::support::tools::repository;

fn numbers(version: &str) -> Vec<u64> {
    let release = version.split(['-', '+']).next().unwrap_or_default();
    release
        .split('.')
        .map(|number| number.parse().unwrap())
        .collect()
}

#[test]
fn no_locked_crate_has_a_known_problem() {
    let lock = std::fs::read_to_string(repository().join("Cargo.lock")).unwrap();
    let lock: toml::Table = lock.parse().unwrap();
    let packages = lock["package"].as_array().unwrap();
    let minimums =
        std::fs::read_to_string(repository().join("tests/minimum-versions.txt")).unwrap();

    let mut problems = Vec::new();
    for line in minimums
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let words: Vec<&str> = line.split_whitespace().collect();
        let &[name, minimum, advisory] = words.as_slice() else {
            panic!("three words in each line: {line:?}");
        };
        for package in packages
            .iter()
            .filter(|package| package["name"].as_str() == Some(name))
        {
            let version = package["version"].as_str().unwrap();
            if minimum == "-" || numbers(version) < numbers(minimum) {
                problems.push(format!("{name} {version}: {advisory}"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
