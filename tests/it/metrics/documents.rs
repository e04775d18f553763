//! The reference, the dashboard and the alert rules against what a server says.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::Site;
use crate::support::tools::repository;

/// The names of figures in a text.
fn names(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("athens_") || word.starts_with("process_"))
        .map(str::to_owned)
        .collect()
}

fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap()
}

#[test]
fn the_reference_has_what_a_server_says_and_nothing_else() {
    let page = read("docs/metrics.md");
    let rows = page.lines().filter_map(|line| {
        let (name, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
        let kinds = ["counter |", "gauge |", "histogram |"];
        let is_row = kinds.iter().any(|kind| rest.starts_with(kind));
        is_row.then(|| name.to_owned())
    });
    let documented: BTreeSet<String> = rows.collect();
    assert_eq!(documented, Site::start(&[]).scrape().families);
    assert!(documented.len() > 40, "{documented:?}");
}

#[test]
fn the_dashboard_asks_for_what_there_is() {
    let dashboard: Value = serde_json::from_str(&read("docs/grafana/athens.json")).unwrap();
    let mut asked = BTreeSet::new();
    let mut targets = 0;
    let mut ids = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        for target in panel["targets"].as_array().into_iter().flatten() {
            let expression = target["expr"].as_str().unwrap();
            let found = names(expression);
            assert!(!found.is_empty() || expression.contains("up{"), "{panel}");
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{panel}");
            asked.extend(found);
            targets += 1;
        }
    }
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    assert_eq!(variables[0]["type"], "datasource");
    for variable in variables {
        asked.extend(names(&variable["query"].to_string()));
    }
    assert!(targets > 30);
    let scrape = Site::start(&[]).scrape();
    for name in &asked {
        assert!(scrape.has(name), "the dashboard asks for {name}");
    }
    // Who adds a figure shows it.
    for family in &scrape.families {
        let is_shown = asked.iter().any(|name| name.starts_with(family.as_str()));
        let is_left_out = ["process_virtual_memory_bytes", "process_start_time_seconds"]
            .contains(&family.as_str())
            || family == "athens_tree_walks_total";
        assert!(
            is_shown || is_left_out,
            "the dashboard does not show {family}"
        );
    }
}

#[test]
fn the_alert_rules_are_about_what_there_is() {
    let path = "docs/prometheus/alerts.yaml";
    let rules = read(path);
    let scrape = Site::start(&[]).scrape();
    let asked = names(&rules);
    assert!(asked.len() > 10, "{asked:?}");
    for name in &asked {
        assert!(scrape.has(name), "{path} asks for {name}");
    }
    let page = read("docs/metrics.md");
    let alerts: Vec<&str> = rules.split("- alert: ").skip(1).collect();
    assert!(alerts.len() > 10);
    for alert in alerts {
        for key in [
            "\n        expr: ",
            "\n        labels: {severity: ",
            "\n          summary: ",
        ] {
            assert_eq!(alert.matches(key).count(), 1, "{key:?} in {alert}");
        }
    }
    assert!(page.contains("prometheus/alerts.yaml"));
    check_with_promtool(&repository().join(path));
}

/// Has Prometheus itself read the rules, where it is installed.
fn check_with_promtool(rules: &PathBuf) {
    let checked = Command::new("promtool")
        .arg("check")
        .arg("rules")
        .arg(rules)
        .output();
    match checked {
        Ok(output) => assert!(output.status.success(), "{output:?}"),
        // It is large, and the names are checked without it. Past the test harness, so that it is seen.
        Err(_) => {
            let _ = writeln!(
                std::io::stderr(),
                "promtool is not installed: the syntax of the alert rules was not checked"
            );
        }
    }
}
