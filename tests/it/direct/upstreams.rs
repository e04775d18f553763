//! The word `direct` in a list of upstreams.

use std::sync::Arc;

use athens::upstream::{Ask, Privacy, UpstreamSettings, Upstreams, ZipError};

use super::*;

#[tokio::test]
async fn what_no_proxy_has_comes_from_version_control() {
    let Some(lab) = Lab::new() else { return };
    let (repo, path) = lab.repository("m");
    repo.go_mod("go.mod", path.as_str(), "")
        .commit()
        .tag("v1.0.0");
    let folder = lab.directory.path().join("proxy");
    std::fs::create_dir(&folder).unwrap();
    let list = format!("file://{},direct", folder.display());
    let go = lab.go();
    let mut settings = UpstreamSettings::new(list.parse().unwrap());
    settings.direct = Some(Arc::new(go.clone()));
    let upstreams = Upstreams::new(settings).unwrap();

    let of = version(&format!("{path}@v1.0.0"));
    for privacy in [Privacy::Public, Privacy::Private] {
        let ask = Ask { via: None, privacy };
        let versions = upstreams.list(&path, &ask).await.unwrap();
        assert_eq!(versions, [of.version().clone()]);
        let latest = upstreams.latest(&path, &ask).await.unwrap();
        assert_eq!(latest.version(), "v1.0.0");
        let zip = upstreams.zip(&of, &ask, |mut body| async move {
            let mut zip = Vec::new();
            while let Some(chunk) = body.chunk().await? {
                zip.extend_from_slice(&chunk);
            }
            Ok::<_, ZipError<std::convert::Infallible>>(zip)
        });
        assert_eq!(zip.await.unwrap(), super::zip(&go, &of).await.unwrap());

        let other: ModulePath = "github.com/others/m".parse().unwrap();
        let error = upstreams.list(&other, &ask).await.unwrap_err();
        assert_eq!(error.kind(), FetchErrorKind::NotFound, "{error}");
    }
}
