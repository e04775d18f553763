//! `athens completions` and `athens man`, by the programs that read them.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::tempdir;

use crate::support::server::athens;
use crate::support::tools::require_tool;

fn out(command: &mut Command) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    assert_eq!(String::from_utf8_lossy(&stderr), "");
    String::from_utf8(stdout).unwrap()
}

/// What bash would offer after a tab at the end of a line.
fn offered(script: &Path, line: &[&str]) -> Vec<String> {
    let program = "source \"$1\"; shift; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); \
                   _athens athens \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD - 1]}\"; \
                   printf '%s\\n' \"${COMPREPLY[@]}\"";
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", program, "bash"])
        .arg(script)
        .args(line);
    out(&mut bash).lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_flags_and_values() {
    let folder = tempdir().unwrap();
    let script = folder.path().join("athens.bash");
    fs::write(&script, out(athens().args(["completions", "bash"]))).unwrap();
    assert_eq!(offered(&script, &["athens", "pub"]), ["publish"]);
    assert_eq!(
        offered(&script, &["athens", "token", "re"]),
        ["revoke"],
        "commands of commands"
    );
    assert_eq!(
        offered(&script, &["athens", "serve", "--max-u"]),
        ["--max-upstream-requests", "--max-uploads"]
    );
    assert_eq!(
        offered(&script, &["athens", "serve", "--watch", ""]),
        ["native", "poll", "off"]
    );
}

#[test]
fn there_is_a_script_for_each_shell() {
    for (shell, mark) in [
        ("bash", "complete -F _athens"),
        ("zsh", "#compdef athens"),
        ("fish", "complete -c athens"),
        ("elvish", "edit:completion"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let script = out(athens().args(["completions", shell]));
        assert!(script.contains(mark), "{shell}");
    }
    let output = athens().args(["completions", "tcsh"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("bash, elvish, fish"), "{said}");
}

#[test]
fn the_manual_is_whole_and_reads_well() {
    let Some(groff) = require_tool("groff") else {
        return;
    };
    let folder = tempdir().unwrap();
    let said = out(athens().args(["man", "--output"]).arg(folder.path()));
    let pages: Vec<_> = fs::read_dir(folder.path()).unwrap().flatten().collect();
    assert_eq!(
        said,
        format!(
            "wrote {} manual pages to {}\n",
            pages.len(),
            folder.path().display()
        )
    );
    for page in &pages {
        let name = page.file_name().into_string().unwrap();
        // Every warning of the formatter is one: out() refuses them.
        let text = out(Command::new(&groff)
            .args(["-man", "-Tascii", "-P-cbou", "-ww"])
            .arg(page.path()));
        let command = name.strip_suffix(".1").unwrap().replace('-', " ");
        let arguments: Vec<_> = command.split(' ').skip(1).collect();
        let help = out(athens().args(&arguments).arg("--help"));
        for flag in help.split_whitespace().filter(|word| is_flag(word)) {
            assert!(text.contains(flag), "{name} lacks {flag}");
        }
        for section in ["NAME", "SYNOPSIS", "EXIT STATUS"] {
            assert!(
                text.lines().any(|line| line == section),
                "{name}: {section}"
            );
        }
    }
    let of_program = out(athens().arg("man"));
    assert_eq!(
        of_program,
        fs::read_to_string(folder.path().join("athens.1")).unwrap()
    );
}

fn is_flag(word: &str) -> bool {
    word.strip_prefix("--")
        .is_some_and(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
}

#[test]
fn what_variables_hold_is_in_no_manual_and_no_script() {
    for arguments in [["man"].as_slice(), &["completions", "bash"]] {
        let plain = out(athens().args(arguments));
        let with = out(athens()
            .args(arguments)
            .env("ATHENS_UPSTREAM", "https://user:secret@mirror.example")
            .env("ATHENS_LISTEN", "127.0.0.1:4711"));
        assert_eq!(plain, with);
    }
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let output = athens()
        .args(["man", "--output", "no/such/dir"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.starts_with("athens: cannot write no/such/dir/athens.1; the directory must exist"),
        "{said}"
    );
}
