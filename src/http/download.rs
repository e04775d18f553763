//! The GOPROXY protocol: `@v/list`, `@latest`, and the `.info`, `.mod` and `.zip` of a version.

use warp::reply::Response;

use super::asked::Asked;
use super::error::Refusal;
use super::file_reply::{self, FileHeaders};
use super::measured::count_answer;
use super::prepared::{About, Keeping, Names};
use super::request::{NoRequest, ProxyRequest, Target};
use super::{App, with_common_headers};
use crate::metrics::Kind;
use crate::module::{ModulePath, ModuleVersion, Version, VersionQuery};
use crate::proxy::Caller;
use crate::store::{Content, ModuleFile, Object, StoreKey};
use crate::trace;

/// Replies with a file of a module, or says why not.
pub(super) async fn reply(asked: Asked) -> Response {
    let reply = answer(asked).await.unwrap_or_else(Refusal::into_response);
    with_common_headers(reply)
}

/// Answers a file of a module.
pub(super) async fn answer(asked: Asked) -> Result<Response, Refusal> {
    let keeping = Keeping::of(&asked);
    let request = ProxyRequest::parse(&asked.path)?;
    trace::note_module(request.module.as_str());
    if let Some(version) = request.target.version() {
        trace::note_version(version);
    }
    let Asked { app, headers, .. } = &asked;
    app.may_read(&request.module, headers, asked.client).await?;
    let (caller, kind) = (asked.caller()?, request.target.kind());
    let names = keeping.as_ref().map(|_| Names::of(&request));
    let found = fetch(app, request, &caller).await;
    let source = caller.found.source();
    count_answer(app.metrics(), kind, &found, source);
    let (object, file_headers) = found?;
    let content = object.content.clone();
    let reply = file_reply::reply(object, file_headers, &asked.method, headers)?;
    if let (Some(keeping), Some(names), Content::Memory(content)) = (keeping, names, content) {
        let about = About {
            route: asked.route(),
            kind,
            source,
            names,
        };
        keeping.keep(&asked, about, &reply, content);
    }
    Ok(reply)
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

impl Target {
    /// How it is called where answers are counted.
    fn kind(&self) -> Kind {
        match self {
            Self::List => Kind::List,
            Self::Latest => Kind::Latest,
            Self::Info(VersionQuery::Version(_)) => Kind::Info,
            Self::Info(VersionQuery::Revision(_)) => Kind::Query,
            Self::Mod(_) => Kind::Mod,
            Self::Zip(_) => Kind::Zip,
        }
    }
}

impl From<NoRequest> for Refusal {
    fn from(no_request: NoRequest) -> Self {
        match no_request {
            NoRequest::Bad(what) => Self::BadPath(what),
            NoRequest::Absent(sentence) => Self::NotFound(sentence),
        }
    }
}
