//! Version control at the end of a list.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::sync::{Arc, Mutex};

use athens::module::{Info, ModulePath, ModuleVersion, Version, VersionQuery};
use athens::upstream::{
    Ask, Direct, DirectFuture, FetchError, Privacy, UpstreamSettings, UpstreamSetupError,
    Upstreams, ZipBody,
};
use bytes::Bytes;

use super::{Client, FAILED, NOT_FOUND, kind, receive, settings, zip_kind};
use crate::support::tree::version;
use crate::support::upstream::{Reply, Upstream};

/// Version control that has everything below `example.com` but `example.com/absent` and what is broken, and writes down what
/// it is asked.
#[derive(Debug, Default)]
struct Scripted {
    asked: Mutex<Vec<String>>,
}

impl Scripted {
    fn answer<'a, T: Send + 'a>(
        &'a self,
        path: &ModulePath,
        asked: String,
        answer: T,
    ) -> DirectFuture<'a, T> {
        self.asked.lock().unwrap().push(asked);
        let kind = match path.as_str() {
            "example.com/absent" => NOT_FOUND,
            "example.com/broken" => FAILED,
            _ => return Box::pin(std::future::ready(Ok(answer))),
        };
        let error = FetchError::new(kind, "direct", path, "as told");
        Box::pin(std::future::ready(Err(error)))
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl Direct for Scripted {
    fn allows(&self, path: &ModulePath) -> bool {
        path.as_str().starts_with("example.com/")
    }

    fn list<'a>(&'a self, path: &'a ModulePath) -> DirectFuture<'a, Vec<Version>> {
        let versions = ["v1.1.0", "v1.0.0", "v1.0.0"].map(|version| version.parse().unwrap());
        self.answer(path, format!("list {path}"), versions.to_vec())
    }

    fn query<'a>(
        &'a self,
        path: &'a ModulePath,
        query: &'a VersionQuery,
    ) -> DirectFuture<'a, Info> {
        let info = Info::new(&"v1.1.0".parse().unwrap(), None);
        self.answer(path, format!("query {path}@{query}"), info)
    }

    fn go_mod<'a>(&'a self, version: &'a ModuleVersion) -> DirectFuture<'a, Bytes> {
        self.answer(
            version.path(),
            format!("mod {version}"),
            Bytes::from_static(b"module m"),
        )
    }

    fn zip<'a>(&'a self, version: &'a ModuleVersion) -> DirectFuture<'a, ZipBody> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"zip").unwrap();
        file.rewind().unwrap();
        let body = ZipBody::from_file(file, 3, Box::new(()));
        self.answer(version.path(), format!("zip {version}"), body)
    }
}

fn with_direct(list: &str) -> (Client, Arc<Scripted>) {
    let direct = Arc::new(Scripted::default());
    let client = Client::new(UpstreamSettings {
        direct: Some(direct.clone()),
        ..settings(list)
    });
    (client, direct)
}

#[test]
fn after_proxies_that_do_not_have_it() {
    let upstream = Upstream::start();
    let (client, direct) = with_direct(&format!("{},direct", upstream.url()));
    assert_eq!(client.list("example.com/m").unwrap(), "v1.0.0 v1.1.0");
    assert_eq!(
        client.latest("example.com/m").unwrap(),
        r#"{"Version":"v1.1.0"}"#
    );
    assert_eq!(
        client.query("example.com/m@main").unwrap(),
        r#"{"Version":"v1.1.0"}"#
    );
    assert_eq!(client.go_mod("example.com/m@v1.0.0").unwrap(), "module m");
    assert_eq!(client.zip("example.com/m@v1.0.0").unwrap(), b"zip");
    assert_eq!(
        direct.asked(),
        [
            "list example.com/m",
            "query example.com/m@latest",
            "query example.com/m@main",
            "mod example.com/m@v1.0.0",
            "zip example.com/m@v1.0.0",
        ]
    );
    assert_eq!(kind(client.list("example.com/absent")), NOT_FOUND);
    assert_eq!(kind(client.list("example.com/broken")), FAILED);
    assert_eq!(zip_kind(client.zip("example.com/broken@v1.0.0")), FAILED);
    direct.asked();
    // What it does not allow, it is not asked for.
    assert_eq!(kind(client.list("other.example/m")), NOT_FOUND);
    assert_eq!(direct.asked(), [""; 0]);
}

#[test]
fn not_after_proxies_that_fail() {
    let upstream = Upstream::start();
    upstream
        .on("/example.com/m/@v/list", Reply::status(500, ""))
        .on("/example.com/absent/@v/list", Reply::status(500, ""));
    let (client, direct) = with_direct(&format!("{},direct", upstream.url()));
    assert_eq!(kind(client.list("example.com/m")), FAILED);
    assert_eq!(direct.asked(), [""; 0]);
    let (client, direct) = with_direct(&format!("{}|direct", upstream.url()));
    assert!(client.list("example.com/m").is_ok());
    assert_eq!(direct.asked(), ["list example.com/m"]);
    // The verdict of the origin counts more than a failure on the way.
    assert_eq!(kind(client.list("example.com/absent")), NOT_FOUND);
}

#[test]
fn not_for_packages_of_a_module_that_a_proxy_knows() {
    let upstream = Upstream::start();
    upstream.on("/example.com/a/m/@v/list", Reply::ok(""));
    let (client, direct) = with_direct(&format!("{},direct", upstream.url()));
    for _ in 0..2 {
        assert_eq!(kind(client.list("example.com/a/m/pkg")), NOT_FOUND);
        assert_eq!(kind(client.latest("example.com/a/m/pkg/x")), NOT_FOUND);
        assert_eq!(kind(client.query("example.com/a/m/pkg@v1.0.0")), NOT_FOUND);
    }
    assert_eq!(direct.asked(), [""; 0]);
    // What is learnt is kept for a while.
    for prefix in ["example.com", "example.com/a", "example.com/a/m"] {
        assert_eq!(upstream.count(&format!("/{prefix}/@v/list")), 1, "{prefix}");
    }
    // Files are asked by those who know that it is a module.
    assert!(client.go_mod("example.com/a/m/pkg@v1.0.0").is_ok());
    assert!(client.zip("example.com/a/m/pkg@v1.0.0").is_ok());
    assert!(client.list("example.com/a/other").is_ok());
    assert_eq!(direct.asked().len(), 3);
}

#[test]
fn a_prefix_that_cannot_be_asked_for_decides_nothing() {
    let upstream = Upstream::start();
    upstream.on("/example.com/a/@v/list", Reply::status(500, ""));
    let (client, direct) = with_direct(&format!("{},direct", upstream.url()));
    for _ in 0..2 {
        assert!(client.list("example.com/a/m").is_ok());
    }
    assert_eq!(direct.asked().len(), 2);
    assert_eq!(upstream.count("/example.com/a/@v/list"), 2);
    assert_eq!(upstream.count("/example.com/@v/list"), 1);
}

#[test]
fn private_modules_are_named_to_no_proxy() {
    let upstream = Upstream::start();
    let ask = Ask {
        privacy: Privacy::Private,
        via: None,
    };
    let (path, other) = (
        "example.com/m/pkg".parse().unwrap(),
        "other.example/m".parse().unwrap(),
    );
    let (version, main) = (version("example.com/m@v1.0.0"), "main".parse().unwrap());
    for list in [
        upstream.url(),
        format!("{}|direct", upstream.url()),
        format!("{},off", upstream.url()),
        "off".to_owned(),
    ] {
        let (client, direct) = with_direct(&list);
        client.runtime.block_on(async {
            let upstreams = &client.upstreams;
            assert!(upstreams.list(&path, &ask).await.is_ok());
            assert!(upstreams.latest(&path, &ask).await.is_ok());
            assert!(upstreams.query(&path, &main, &ask).await.is_ok());
            assert!(upstreams.go_mod(&version, &ask).await.is_ok());
            assert!(upstreams.zip(&version, &ask, receive).await.is_ok());
            assert_eq!(kind(upstreams.list(&other, &ask).await), NOT_FOUND);
        });
        assert_eq!(direct.asked().len(), 5, "{list}");
    }
    // Nor is anybody else asked where there is no version control.
    let client = Client::of_list(&upstream.url());
    client.runtime.block_on(async {
        assert_eq!(kind(client.upstreams.list(&path, &ask).await), NOT_FOUND);
        assert_eq!(
            zip_kind(client.upstreams.zip(&version, &ask, receive).await),
            NOT_FOUND
        );
    });
    assert_eq!(upstream.requests().len(), 0);
}

#[test]
fn a_list_with_direct_needs_somebody_for_it() {
    let error = Upstreams::new(settings("direct")).unwrap_err();
    assert!(matches!(error, UpstreamSetupError::NoDirect), "{error}");
}

#[test]
fn a_file_that_shrinks_is_a_failure() {
    #[derive(Debug)]
    struct Short;
    impl Direct for Short {
        fn allows(&self, _: &ModulePath) -> bool {
            true
        }
        fn list<'a>(&'a self, _: &'a ModulePath) -> DirectFuture<'a, Vec<Version>> {
            Box::pin(std::future::ready(Ok(Vec::new())))
        }
        fn query<'a>(&'a self, _: &'a ModulePath, _: &'a VersionQuery) -> DirectFuture<'a, Info> {
            let info = Info::new(&"v1.0.0".parse().unwrap(), None);
            Box::pin(std::future::ready(Ok(info)))
        }
        fn go_mod<'a>(&'a self, _: &'a ModuleVersion) -> DirectFuture<'a, Bytes> {
            Box::pin(std::future::ready(Ok(Bytes::new())))
        }
        fn zip<'a>(&'a self, _: &'a ModuleVersion) -> DirectFuture<'a, ZipBody> {
            let file: File = tempfile::tempfile().unwrap();
            Box::pin(std::future::ready(Ok(ZipBody::from_file(
                file,
                1,
                Box::new(()),
            ))))
        }
    }
    let client = Client::new(UpstreamSettings {
        direct: Some(Arc::new(Short)),
        ..settings("direct")
    });
    assert_eq!(zip_kind(client.zip("example.com/m@v1.0.0")), FAILED);
    assert_eq!(client.list("example.com/m").unwrap(), "");
}
