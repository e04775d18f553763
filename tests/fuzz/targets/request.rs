//! Any text as the path of a request: no panic, and what is understood is understood the same when it is asked again in
//! its own spelling.

#![no_main]

use athens::http::{ProxyRequest, Target};
use athens::module::{ModuleVersion, Version, VersionQuery};
use athens::store::{ModuleFile, StoreKey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &str| {
    let Ok(request) = ProxyRequest::parse(raw) else {
        return;
    };
    let ProxyRequest { module, target } = &request;
    let file = |version: &Version, file| {
        // Only files of versions that the module can have lie in a folder.
        let version = ModuleVersion::new(module.clone(), version.clone()).ok()?;
        Some(StoreKey::File(&version, file).relative_path())
    };
    let path = match target {
        Target::List => Some(StoreKey::List(module).relative_path()),
        Target::Latest => Some(StoreKey::Latest(module).relative_path()),
        Target::Info(VersionQuery::Version(version)) => file(version, ModuleFile::Info),
        Target::Info(VersionQuery::Revision(_)) => None,
        Target::Mod(version) => file(version, ModuleFile::Mod),
        Target::Zip(version) => file(version, ModuleFile::Zip),
    };
    let Some(path) = path else { return };
    // It can lead nowhere but below the root, and into nothing that is not served.
    assert!(
        path.split('/')
            .all(|element| !element.starts_with('.') && !element.is_empty())
    );
    assert_eq!(
        ProxyRequest::parse(&format!("/{path}")),
        Ok(request.clone())
    );
});
