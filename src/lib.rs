//! A Go module proxy and a registry for private modules, over one folder in the layout of the GOPROXY protocol.
//!
//! The rooms, and what each may import (a test holds it):
//!
//! - [`module`]: module paths, versions, go.mod files; pure.
//! - [`modzip`]: what a module zip must be.
//! - [`store`]: the folder; the only place that writes below it.
//! - [`catalog`]: which versions exist; lists, watcher, derived files.
//! - [`auth`]: tokens and what each may do, without HTTP; the only place that writes the state directory.
//! - [`sumdb`]: checksum databases: keys, notes, tiles, and a client that proves what it is told; without I/O.
//! - [`carry`]: modules carried in and out: module caches, checkouts, other roots and proxies, bundles.
//! - [`verify`]: everything that can be wrong with a folder, and mending it.
//! - [`warm`]: fetches what will be needed before anybody asks for it.
//! - [`housekeeping`]: keeps the folder within its bounds: what goes to make room, and whether there is room.
//! - [`proxy`]: the decisions, without HTTP.
//! - [`http`]: routes, replies, connections; the only place that names warp.
//! - [`client`]: the other end of the wire: sends a version to a server.
//! - [`doctor`]: what is wrong with the settings of a machine and its servers, and what mends it.
//! - [`upstream`]: where modules come from that are not here: proxies, folders, version control.
//! - [`metrics`]: what is counted, without HTTP.
//! - [`transport`]: what HTTP clients share: credentials, TLS, kinds of faults.
//! - [`trace`]: the request that work is done for: its id, its trace, what the log says of it.
//! - [`config`], [`cli`], [`commands`], [`logging`]: from the command line to a running server.

#![cfg_attr(
    test,
    expect(
        clippy::disallowed_methods,
        reason = "tests make the trees that they read"
    )
)]

pub mod auth;
pub mod carry;
pub mod catalog;
pub mod cli;
pub mod client;
pub mod commands;
pub mod config;
pub mod doctor;
pub mod housekeeping;
pub mod http;
pub mod logging;
pub mod metrics;
pub mod module;
pub mod modzip;
pub mod proxy;
pub mod store;
pub mod sumdb;
pub mod trace;
pub mod transport;
pub mod upstream;
pub mod verify;
pub mod warm;
