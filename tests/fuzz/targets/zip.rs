//! Any bytes as a module zip: no panic, bounded memory, and verdicts that agree with each other.

#![no_main]

use std::sync::LazyLock;

use athens::module::ModuleVersion;
use athens::modzip::{Strictness, check, go_mod_sum, named_version, read_directory, zip_sum};
use libfuzzer_sys::fuzz_target;

/// The version that the seeds are of.
static VERSION: LazyLock<ModuleVersion> = LazyLock::new(|| {
    let path = "example.com/m".parse().expect("a module path");
    ModuleVersion::new(path, "v1.0.0".parse().expect("a version")).expect("they fit")
});

fuzz_target!(|bytes: &[u8]| {
    let len = bytes.len() as u64;
    let of = |strictness| check(bytes, len, &VERSION, strictness).expect("memory can be read");
    let (fetched, published) = (of(Strictness::Fetched), of(Strictness::Published));

    // What may be published may be fetched, and is the same to everybody.
    assert!(fetched.is_sound() || !published.is_sound());
    assert_eq!(fetched.sum, published.sum);
    assert!(fetched.findings.len() <= 100 && published.findings.len() <= 100);
    if fetched.is_sound() {
        let sum = fetched.sum.expect("a sound zip has a sum");
        assert_eq!(zip_sum(bytes, len, &VERSION).expect("it is sound"), sum);
        read_directory(bytes, len, &VERSION).expect("it is sound");
    }
    // Without a file there is nothing that names a version.
    if published.is_sound() && published.files > 0 {
        assert_eq!(named_version(bytes, len).expect("it is sound"), *VERSION);
    }
    if let (Some(go_mod), Some(sum)) = (&fetched.go_mod, fetched.go_mod_sum) {
        assert_eq!(go_mod_sum(go_mod), sum);
    }
    // Whatever they say, they say it without a panic.
    let _ = zip_sum(bytes, len, &VERSION);
    let _ = read_directory(bytes, len, &VERSION);
    let _ = named_version(bytes, len);
});
