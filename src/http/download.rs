//! The GOPROXY protocol: `@v/list`, `@latest`, and the `.info`, `.mod` and `.zip` of a version.

use std::convert::Infallible;

use warp::Filter;
use warp::http::{HeaderMap, Method};
use warp::path::Tail;
use warp::reply::Response;

use super::App;
use super::error::Refusal;
use super::file_reply::{self, FileHeaders};
use super::guard::Client;
use super::request::{NoRequest, ProxyRequest, Target};
use crate::module::{ModulePath, ModuleVersion, Version, VersionQuery};
use crate::proxy::{Caller, StoredOnly};
use crate::store::{ModuleFile, Object, StoreKey};

/// Everything that no other route took: whatever it is, it gets a reply.
/// With `stored_only`, nothing is fetched for the requests that come this way.
pub(super) fn route(
    app: App,
    stored_only: Option<StoredOnly>,
) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + 'static {
    warp::path::tail()
        .and(warp::method())
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<Client>())
        .then(
            move |rest: Tail, method: Method, headers: HeaderMap, client| {
                let app = app.clone();
                async move {
                    answer(&app, &rest, &method, &headers, client, stored_only)
                        .await
                        .unwrap_or_else(Refusal::into_response)
                }
            },
        )
}

async fn answer(
    app: &App,
    rest: &Tail,
    method: &Method,
    headers: &HeaderMap,
    client: Option<Client>,
    stored_only: Option<StoredOnly>,
) -> Result<Response, Refusal> {
    // Warp took the one slash that starts the path; a second one is still there.
    let request = ProxyRequest::parse(&format!("/{}", rest.as_str()))?;
    app.may_read(&request.module, headers, client).await?;
    let mut caller = app.caller(headers)?;
    caller.stored_only = stored_only.or(caller.stored_only);
    let (object, file_headers) = fetch(app, request, &caller).await?;
    file_reply::reply(object, file_headers, method, headers)
}

async fn fetch(
    app: &App,
    request: ProxyRequest,
    caller: &Caller,
) -> Result<(Object, FileHeaders), Refusal> {
    let proxy = app.proxy();
    let ProxyRequest { module, target } = request;
    match target {
        Target::List => {
            let object = proxy.list(&module, caller).await?;
            Ok((object, FileHeaders::of(&StoreKey::List(&module))))
        }
        Target::Latest => {
            let object = proxy.latest(&module, caller).await?;
            Ok((object, FileHeaders::of(&StoreKey::Latest(&module))))
        }
        Target::Info(query) => {
            let object = proxy.info(&module, &query, caller).await?;
            Ok((object, info_headers(module, query)?))
        }
        Target::Mod(version) => file(app, module, version, ModuleFile::Mod, caller).await,
        Target::Zip(version) => file(app, module, version, ModuleFile::Zip, caller).await,
    }
}

async fn file(
    app: &App,
    module: ModulePath,
    version: Version,
    file: ModuleFile,
    caller: &Caller,
) -> Result<(Object, FileHeaders), Refusal> {
    let version = module_version(module, version)?;
    let object = app.proxy().file(&version, file, caller).await?;
    Ok((object, FileHeaders::of(&StoreKey::File(&version, file))))
}

/// A version's `.info` never changes; what a branch means does, like `@latest`.
fn info_headers(module: ModulePath, query: VersionQuery) -> Result<FileHeaders, Refusal> {
    match query {
        VersionQuery::Version(version) => {
            let version = module_version(module, version)?;
            Ok(FileHeaders::of(&StoreKey::File(&version, ModuleFile::Info)))
        }
        VersionQuery::Revision(_) => Ok(FileHeaders::of(&StoreKey::Latest(&module))),
    }
}

/// A version that does not fit the path (`v2.0.0` of `example.com/m`) cannot exist: absent, not bad.
fn module_version(module: ModulePath, version: Version) -> Result<ModuleVersion, Refusal> {
    ModuleVersion::new(module, version)
        .map_err(|error| Refusal::NotFound(format!("not found: {error}")))
}

impl From<NoRequest> for Refusal {
    fn from(no_request: NoRequest) -> Self {
        match no_request {
            NoRequest::Bad(what) => Self::BadPath(what),
            NoRequest::Absent(sentence) => Self::NotFound(sentence),
        }
    }
}
