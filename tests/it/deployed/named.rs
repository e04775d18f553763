use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use super::{deployed, repository, text_of};
use crate::support::server::athens;

/// All files that tell how to run the program.
fn files() -> Vec<(String, String)> {
    let mut found = vec!["Dockerfile".to_owned(), "compose.yaml".to_owned()];
    let mut directories = vec!["deploy".to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(repository().join(&directory)).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{directory}/{}", entry.file_name().into_string().unwrap());
            if entry.file_type().unwrap().is_dir() {
                directories.push(name);
            } else {
                found.push(name);
            }
        }
    }
    let read = |name: String| (name.clone(), text_of(&name));
    found.into_iter().map(read).collect()
}

fn help(arguments: &[&str]) -> String {
    let output = athens().args(arguments).arg("--help").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Words that begin so and go on with these characters.
fn words(text: &str, start: &str, goes_on: fn(char) -> bool) -> BTreeSet<String> {
    text.match_indices(start)
        .filter(|(at, _)| !text[..*at].ends_with(|before: char| goes_on(before) || before == '-'))
        .map(|(at, _)| {
            let rest = &text[at + start.len()..];
            let end = rest.find(|c| !goes_on(c)).unwrap_or(rest.len());
            format!("{start}{}", &rest[..end])
        })
        .collect()
}

#[test]
fn flags_and_variables_are_those_of_the_program() {
    let help = ["serve", "token create", "health"].map(|command| {
        let words: Vec<&str> = command.split(' ').collect();
        help(&words)
    });
    let help = help.concat();
    // Of the files themselves, of docker and of go.
    let others = [
        "ATHENS_HOST",
        "ATHENS_BACKEND",
        "ATHENS_HTTP_PORT",
        "ATHENS_HTTPS_PORT",
        "--target",
        "--detach",
        "--wait",
        "--profile",
        "--mount",
        "--from",
        "--chown",
        "--interval",
        "--timeout",
        "--start-period",
        "--release",
        "--locked",
        "--bin",
        "--no-install-recommends",
        "--yes",
        "--now",
        "--config",
        "--max-time",
    ];
    for (name, text) in files() {
        let flags = words(&text, "--", |c| c.is_ascii_lowercase() || c == '-');
        let variables = words(&text, "ATHENS_", |c| c.is_ascii_uppercase() || c == '_');
        for word in flags.iter().chain(&variables) {
            let is_known = help.contains(word.as_str()) || others.contains(&word.as_str());
            assert!(
                is_known || word == "--",
                "{name} names {word}, which the program does not know"
            );
        }
    }
}

#[test]
fn the_settings_of_the_manifests_are_taken() {
    let root = tempfile::tempdir().unwrap();
    let output = athens()
        .env_remove("ATHENS_UPSTREAM")
        .args(["serve", "--check-config", "--config"])
        .arg(deployed("kubernetes/athens.toml"))
        .arg("--root")
        .arg(root.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// What the pod security standard `restricted` asks of a pod, which the namespace demands.
#[test]
fn the_pod_is_restricted() {
    let pod = text_of("deploy/kubernetes/statefulset.yaml");
    for line in [
        "runAsNonRoot: true",
        "allowPrivilegeEscalation: false",
        "readOnlyRootFilesystem: true",
        "drop: [ALL]",
        "type: RuntimeDefault",
        "automountServiceAccountToken: false",
    ] {
        assert!(pod.lines().any(|it| it.trim() == line), "{line}");
    }
    for forbidden in ["hostPath", "hostNetwork", "hostPID", "privileged"] {
        assert!(!pod.contains(forbidden), "{forbidden}");
    }
    assert!(text_of("deploy/kubernetes/namespace.yaml").contains("enforce: restricted"));
    let dockerfile = text_of("Dockerfile");
    for user in dockerfile.lines().filter(|line| line.starts_with("USER ")) {
        assert_eq!(user, "USER 65532:65532");
    }
    assert!(pod.contains("runAsUser: 65532"));
}

#[test]
fn the_manifests_fit_together() {
    let Ok(output) = Command::new("kubectl")
        .arg("kustomize")
        .arg(deployed("kubernetes"))
        .output()
    else {
        // No package of Debian has it.
        println!("SKIPPED: kubectl is not installed");
        return;
    };
    assert!(output.status.success(), "{output:?}");
    let all = String::from_utf8(output.stdout).unwrap();
    for kind in [
        "Namespace",
        "ConfigMap",
        "Service",
        "StatefulSet",
        "NetworkPolicy",
    ] {
        assert!(all.contains(&format!("\nkind: {kind}\n")), "{kind}");
    }
    // The pod takes the settings under their generated name.
    let generated = all
        .lines()
        .find_map(|line| line.trim().strip_prefix("name: athens-"));
    let name = format!("name: athens-{}", generated.unwrap());
    assert_eq!(all.matches(&name).count(), 2, "{all}");
}

#[test]
fn what_the_dockerfile_copies_is_sent_to_the_builder() {
    let dockerfile = text_of("Dockerfile");
    let ignored = text_of(".dockerignore");
    let mut copied = 0;
    for line in dockerfile.lines() {
        let Some(rest) = line.strip_prefix("COPY ") else {
            continue;
        };
        if rest.starts_with("--from") {
            continue;
        }
        let mut words: Vec<&str> = rest.split_whitespace().collect();
        words.pop();
        for word in words {
            copied += 1;
            assert!(repository().join(word).exists(), "{word}");
            assert!(ignored.lines().any(|it| it == format!("!{word}")), "{word}");
        }
    }
    assert!(copied >= 4);
}
