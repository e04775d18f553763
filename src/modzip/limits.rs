//! Sizes that the go command enforces ("Module zip files" in the Go Modules Reference).

/// The largest module zip, and the largest sum of the sizes of the files in one, in bytes: 500 MiB.
pub const MAX_ZIP_SIZE: u64 = 500 << 20;

/// The largest go.mod file, in bytes: 16 MiB.
pub const MAX_GO_MOD_SIZE: u64 = 16 << 20;
