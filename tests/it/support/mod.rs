//! What several tests share.
pub(crate) mod http;
pub(crate) mod operator;
pub(crate) mod server;
pub(crate) mod tools;
pub(crate) mod tree;
