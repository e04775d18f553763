//! Tests of athens from the outside: one binary, a file per capability.
#![expect(
    clippy::disallowed_methods,
    reason = "tests make the trees that they serve"
)]
#![expect(
    clippy::print_stdout,
    reason = "figures and tables for whoever runs them with --nocapture"
)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

/// The rooms of the house: who may import whom.
mod architecture;
/// The benchmark, in small.
mod bench;
/// `athens list` and `athens reindex`.
mod commands;
/// Module zips made here are those of the go command.
mod create;
/// The files that tell how to run the program.
mod deployed;
/// Modules straight from version control.
mod direct;
/// The reference pages against the program.
mod docs;
/// `athens doctor`, on machines and servers of all kinds.
mod doctor_cli;
/// `athens export`, and what becomes of its bundles.
mod export;
/// What holds after faults of the system.
mod faults;
/// `/index`, `/catalog` and `athens log`, and the journal over its files.
mod feeds;
/// `athens fetch`: what it brings, and what it says of what it can not bring.
mod fetch;
/// Real go commands, old and new, with the server as their only GOPROXY.
mod go_client;
/// Whether a server says that it is ready.
mod health;
/// Requests that nobody means well with.
mod hostile;
/// What goes to make room, and what is refused for want of it.
mod housekeeping;
/// `athens import`, from everything that it takes.
mod import;
/// Where a server listens, and how connections are protected.
mod listening;
/// Cargo.lock against known advisories.
mod lockfile;
/// What is told of requests: ids, the access log, spans; and what never is.
mod logging;
/// `athens login` and `logout`, and the go command that uses what they keep.
mod login_cli;
/// What many large downloads cost.
mod memory;
/// What is counted, and what is written about it.
mod metrics;
/// Moving here from other proxies.
mod moving;
/// More requests and connections than a server takes.
mod overload;
/// Publishing and deleting over HTTP.
mod publish;
/// `athens publish`, against the real server and with the real go.
mod publish_cli;
/// Roots that cannot be written, or are not to be.
mod read_only;
/// SIGHUP, and `athens serve --check-config`.
mod reload;
/// The module that ships in storage-root.
mod sample;
/// A tree of 100,000 modules; run by tests/scale/run.
mod scale;
/// Every door, whoever knocks; and what docs/security.md says.
mod security;
/// The command line of `athens serve`: ready line, refusals, addresses.
mod serve_cli;
/// Flags, environment and file.
mod serve_config;
/// How a server ends.
mod serve_signals;
/// Completions and manual pages.
mod shell;
/// The same folder by nginx and by file://.
mod static_server;
/// Real projects through the server, with a network and without.
mod stories;
/// Checksum databases against golang.org/x/mod/sumdb.
mod sumdb;
mod support;
/// The server that fetches through upstreams what it lacks.
mod through;
/// `athens token`, as scripts and people use it.
mod tokens;
/// What lies in the folder and what is answered for it.
mod tree_rules;
/// Every block of commands of every page.
mod tutorials;
/// Upstreams that do as they are told, misbehaving included.
mod upstream;
/// `athens verify`: what it finds, mends and leaves.
mod verify;
/// Versions that come and go while the server is busy.
mod watching;
/// The domain types against golang.org/x/mod.
mod xmod;
/// Module zips against golang.org/x/mod, and against real go commands.
mod zip_oracle;
