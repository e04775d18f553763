//! Sizes: those that the go command enforces ("Module zip files" in the Go Modules Reference), and ours.

/// The largest module zip, and the largest sum of the sizes of the files in one, in bytes: 500 MiB.
pub const MAX_ZIP_SIZE: u64 = 500 << 20;

/// The largest go.mod file, in bytes: 16 MiB.
pub const MAX_GO_MOD_SIZE: u64 = 16 << 20;

/// The largest LICENSE file at the root of a module, in bytes: 16 MiB.
pub const MAX_LICENSE_SIZE: u64 = 16 << 20;

/// The most entries that an archive may have: 262,144.
///
/// Ours: the go command has no such limit and keeps every name in memory. The largest modules that are known have some
/// ten thousand files.
pub const MAX_ENTRIES: usize = 1 << 18;

/// The most bytes that the names of all entries together may have: 32 MiB. Ours, for the same reason.
pub const MAX_NAMES_SIZE: usize = 32 << 20;

/// The most bytes that one element of a file name may have. No file system has longer ones, so nobody could unpack it.
pub(super) const MAX_ELEMENT_LEN: usize = 255;

/// The most bytes that the name of an entry may have. The kernel takes no longer path, even below `/`.
pub(super) const MAX_NAME_LEN: usize = 4094;

/// Compressed bytes that any archive may have read, however small it is. An honest archive never has more read than it
/// has; one whose entries share bytes may have them read again and again, up to twice its length or this.
pub(super) const MIN_READ_ALLOWANCE: u64 = 64 << 20;
