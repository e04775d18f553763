use std::path::Path;
use std::time::Duration;

use super::*;
use crate::proxy::{Policy, WatchMode};

fn settings(root: &Path, upstreams: &str) -> ProxySettings {
    ProxySettings {
        watch: WatchMode::Off,
        scan_interval: Duration::ZERO,
        upstreams: Some(UpstreamSettings::new(upstreams.parse().unwrap())),
        ..ProxySettings::of_folder(root.to_owned())
    }
}

fn fetching(proxy: &ModuleProxy) -> &Arc<Fetching> {
    proxy.fetching.as_ref().unwrap()
}

#[tokio::test]
async fn what_would_be_the_same_is_kept() {
    let root = tempfile::tempdir().unwrap();
    let old = ModuleProxy::open(&settings(root.path(), "https://a.example")).unwrap();
    let mut other = settings(root.path(), "https://a.example");
    other.max_zip_size = 7;
    other.policy = Policy {
        block: vec!["example.com/m".parse().unwrap()],
        ..Policy::default()
    };
    let new = old.with(&other).unwrap();
    assert!(Arc::ptr_eq(fetching(&old), fetching(&new)));
    assert!(Arc::ptr_eq(&old.sums, &new.sums));
    assert!(Arc::ptr_eq(&old.changing, &new.changing));
    assert_eq!((old.max_zip_size(), new.max_zip_size()), (500 << 20, 7));
    assert_eq!(old.pseudonym(), new.pseudonym());

    // Other times: the same connections.
    other.fetch.list_ttl = Duration::ZERO;
    let newer = new.with(&other).unwrap();
    assert!(!Arc::ptr_eq(fetching(&new), fetching(&newer)));
    assert!(fetching(&new).upstreams() == fetching(&newer).upstreams());
    assert!(Arc::ptr_eq(&new.sums, &newer.sums));
}

#[tokio::test]
async fn what_is_no_longer_used_is_gone() {
    let root = tempfile::tempdir().unwrap();
    let mut first = settings(root.path(), "https://a.example,direct");
    let scratch = root.path().join("jobs");
    let direct = DirectSettings::new("*".parse().unwrap(), scratch, Vec::new());
    first.direct = Some(direct);
    let old = ModuleProxy::open(&first).unwrap();
    let old_fetching = Arc::downgrade(fetching(&old));
    let old_sums = Arc::downgrade(&old.sums);
    let same = old.with(&first).unwrap();
    assert!(same.go == old.go && Arc::ptr_eq(fetching(&same), fetching(&old)));

    let new = same
        .with(&settings(root.path(), "https://b.example"))
        .unwrap();
    assert_eq!(new.jobs.lock().unwrap().len(), 1);
    assert!(new.go.is_none() && old_fetching.upgrade().is_some());
    drop((old, same));
    assert!(old_fetching.upgrade().is_none() && old_sums.upgrade().is_none());
    assert!(new.jobs.lock().unwrap().iter().all(JobsAtWork::are_over));

    // Their place in the list goes with the next ones.
    let newest = new.with(&first).unwrap();
    assert_eq!(newest.jobs.lock().unwrap().len(), 1);
    let offline = ProxySettings {
        offline: true,
        ..first
    };
    let offline = newest.with(&offline).unwrap();
    assert!(offline.fetching.is_none() && offline.stored_only == Some(StoredOnly::Offline));
}
