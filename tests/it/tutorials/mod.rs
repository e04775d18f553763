//! Every block of commands of every page: run as it stands, or passed over for a reason that is said.
//!
//! A page has a function that takes its blocks in their order. A block that is new, or begins otherwise, fails its page's test.

/// docs/getting-started.md, with the module proxy and the checksum database of this machine's go command.
mod getting_started;
mod machine;
/// Pages about modules that come from somewhere and go somewhere.
mod modules;
mod names;
/// docs/operations.md.
mod operations;
mod page;
/// README.md.
mod readme;
/// Pages about running a server.
mod servers;
mod warnings;

use std::path::Path;
use std::process::Command;

use crate::support::certificate::Certificate;
use crate::support::corpus::corpus;
use crate::support::tools::{require_tool, skip};
use machine::Machine;
use page::Page;

/// The pages with blocks, and a test for each.
macro_rules! pages {
    ($($test:ident: $name:literal by $perform:path;)*) => {
        const PAGES: &[&str] = &[$($name),*];
        $(
            #[test]
            fn $test() {
                perform($name, $perform);
            }
        )*
    };
}

pages! {
    carrying: "docs/carrying.md" by modules::carrying;
    clients: "docs/clients.md" by servers::clients;
    contributing: "CONTRIBUTING.md" by readme::contributing;
    deployment: "docs/deployment.md" by servers::deployment;
    feeds: "docs/feeds.md" by servers::feeds;
    getting_started: "docs/getting-started.md" by getting_started::perform;
    housekeeping: "docs/housekeeping.md" by modules::housekeeping;
    http: "docs/http.md" by servers::http;
    listening: "docs/listening.md" by servers::listening;
    logging: "docs/logging.md" by servers::logging;
    operations: "docs/operations.md" by operations::perform;
    performance: "docs/performance.md" by readme::performance;
    publishing: "docs/publishing.md" by modules::publishing;
    readme: "README.md" by readme::readme;
    reload: "docs/reload.md" by servers::reload;
    static_servers: "docs/static-servers.md" by modules::static_servers;
    tokens: "docs/tokens.md" by servers::tokens;
    upstreams: "docs/upstreams.md" by modules::upstreams;
    verify: "docs/verify.md" by modules::verify;
}

/// The page whose blocks say themselves by which test they are run.
const BY_ITSELF: &str = "docs/moving.md";

/// Why a page could not be performed to its end; what is missing was said.
struct Missing;

fn perform(name: &str, by: fn(&mut Page) -> Result<(), Missing>) {
    let tools = ["bash", "curl", "git", "go", "jq"];
    if tools.iter().any(|tool| require_tool(tool).is_none()) {
        return;
    }
    let mut page = Page::open(name);
    if by(&mut page).is_ok() {
        page.end();
    }
}

#[test]
fn no_page_is_forgotten() {
    let pages = page::all();
    assert!(pages.len() > 20);
    let mut number = 0;
    for page in pages.iter().filter(|page| !page.is_done()) {
        let name = page.name();
        let is_known = name == BY_ITSELF || PAGES.contains(&name);
        assert!(
            is_known,
            "{name} has blocks of commands: give it a function in tests/it/tutorials"
        );
        number += 1;
    }
    assert_eq!(number, PAGES.len() + 1, "a page has no blocks any more");
}

/// A certificate for servers on this machine.
fn certificate() -> Result<Certificate, Missing> {
    Certificate::make().ok_or(Missing)
}

/// A machine whose go command is set as that of this machine: it reaches a module proxy and a checksum database.
fn with_network() -> Result<Machine, Missing> {
    let go = require_tool("go").ok_or(Missing)?;
    corpus().ok_or(Missing)?;
    let [proxy, database] = ["GOPROXY", "GOSUMDB"].map(|variable| go_env(&go, variable));
    if proxy == "off" || database == "off" {
        skip("go env GOPROXY or GOSUMDB says off");
        return Err(Missing);
    }
    Ok(Machine::new(&[("GOPROXY", &proxy), ("GOSUMDB", &database)]))
}

fn go_env(go: &Path, variable: &str) -> String {
    let output = Command::new(go)
        .args(["env", variable])
        .env("GOTOOLCHAIN", "local")
        .output();
    String::from_utf8(output.unwrap().stdout)
        .unwrap()
        .trim()
        .to_owned()
}
