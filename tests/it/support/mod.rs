//! What several tests share.
pub(crate) mod cases;
pub(crate) mod certificate;
pub(crate) mod corpus;
pub(crate) mod go;
pub(crate) mod http;
pub(crate) mod nginx;
pub(crate) mod operator;
pub(crate) mod oracle;
pub(crate) mod publisher;
pub(crate) mod random;
pub(crate) mod raw_zip;
pub(crate) mod repo;
pub(crate) mod server;
pub(crate) mod tools;
pub(crate) mod tree;
pub(crate) mod upstream;
pub(crate) mod workspace;
