//! A Go module proxy and a registry for private modules, over one folder in the layout of the GOPROXY protocol.
//!
//! - [`module`]: module paths, versions, go.mod files; pure.

pub mod module;
