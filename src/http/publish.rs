//! `PUT` and `DELETE` of a version: what is read with GET is written where it is read.
//!
//! `curl -T m.zip -H 'Authorization: Bearer …' URL/MODULE/@v/VERSION.zip` is a whole client.

use bytes::{Buf, Bytes};
use futures_core::Stream;
use serde::Serialize;
use tokio::sync::mpsc;
use warp::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use warp::http::{HeaderMap, HeaderValue, StatusCode};
use warp::path::Tail;
use warp::reply::Response;
use warp::{Filter, Rejection, Reply as _};

use super::App;
use super::client::Client;
use super::error::{NO_STORE, Refusal, text_reply};
use super::measured::{UploadTally, delete_outcome};
use super::methods;
use super::request::{ProxyRequest, Target};
use crate::auth::Right;
use crate::module::{Info, ModuleVersion};
use crate::proxy::{PublishError, Published, Upload};
use crate::trace::{self, Outcome};

/// The header with the commit time and origin of what is published: the JSON of an `.info`, all of it optional.
const MODULE_INFO: &str = "module-info";

/// Chunks of a body on their way to the disk.
const IN_FLIGHT: usize = 4;

/// `PUT /<module>/@v/<version>.zip`, `PUT /upload` and `DELETE /<module>/@v/<version>`.
pub(super) fn routes(
    app: App,
) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + Send + Sync + 'static {
    let with_app = warp::any().map(move || app.clone());
    let client = warp::ext::optional::<Client>();
    let put = warp::put()
        .and(warp::path::tail())
        .and(warp::header::headers_cloned())
        .and(client)
        .and(warp::body::stream())
        .and(with_app.clone())
        .then(
            |rest: Tail, headers: HeaderMap, client, body, app: App| async move {
                let mut tally = UploadTally::new(app.metrics());
                let answer = put(&app, &rest, &headers, client, body).await;
                tally.answered(answer.as_ref().map(Response::status));
                answer.unwrap_or_else(Refusal::into_response)
            },
        );
    let delete = warp::delete()
        .and(warp::path::tail())
        .and(warp::header::headers_cloned())
        .and(client)
        .and(with_app)
        .then(
            |rest: Tail, headers: HeaderMap, client, app: App| async move {
                let answer = delete(&app, &rest, &headers, client).await;
                app.metrics().publish.deletes[delete_outcome(&answer)].add_one();
                answer.unwrap_or_else(Refusal::into_response)
            },
        );
    put.or(delete).unify()
}

async fn put(
    app: &App,
    rest: &Tail,
    headers: &HeaderMap,
    client: Option<Client>,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
) -> Result<Response, Refusal> {
    let named = if rest.as_str() == "upload" {
        None
    } else {
        let version = version_at(rest.as_str());
        Some(version.map_err(|error| methods::refuse_here("PUT", rest.as_str(), error))?)
    };
    let access = match &named {
        Some(version) => {
            note(version);
            app.with_right_on(Right::Publish, version.path(), headers, client)
                .await?
        }
        None => app.with_right(Right::Publish, headers, client).await?,
    };
    let provenance = provenance(headers)?;
    if let Some(version) = &named {
        is_about(provenance.as_ref(), version)?;
    }
    let len = declared_length(app, headers)?;
    let _place = app.upload_place().await?;
    let _running = app.metrics().running(|table| &table.publish.running);
    let upload = receive(app, len, body).await?;
    let (version, upload) = match named {
        Some(version) => (version, upload),
        None => {
            let (version, upload) = blocking(move || Ok((upload.named_version()?, upload))).await?;
            note(&version);
            access.check(Right::Publish, version.path())?;
            is_about(provenance.as_ref(), &version)?;
            (version, upload)
        }
    };
    publish(
        app,
        version,
        upload,
        provenance,
        access.name().as_str(),
        headers,
    )
    .await
}

async fn publish(
    app: &App,
    version: ModuleVersion,
    upload: Upload,
    provenance: Option<Info>,
    token: &str,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let (proxy, token) = (app.shared_proxy(), token.to_owned());
    let published = blocking(move || proxy.publish(&version, upload, provenance, &token)).await;
    match published {
        Ok(published) => {
            trace::note_outcome(match published.created {
                true => Outcome::Published,
                false => Outcome::Unchanged,
            });
            Ok(published_reply(&published))
        }
        Err(PublishError::Invalid { version, report }) => Err(Refusal::Invalid {
            version,
            report,
            as_json: wants_json(headers),
        }),
        Err(error) => Err(error.into()),
    }
}

/// What was published, with the names that the go command gives these things.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PublishedJson {
    path: String,
    version: String,
    time: Option<String>,
    sum: String,
    go_mod_sum: String,
    size: u64,
}

fn published_reply(published: &Published) -> Response {
    let json = PublishedJson {
        path: published.version.path().to_string(),
        version: published.version.version().to_string(),
        time: published.time.map(|time| time.to_string()),
        sum: published.sum.to_string(),
        go_mod_sum: published.go_mod_sum.to_string(),
        size: published.size,
    };
    let status = if published.created {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    json_reply(status, &json)
}

/// What was deleted.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DeletedJson {
    path: String,
    version: String,
    sum: String,
}

async fn delete(
    app: &App,
    rest: &Tail,
    headers: &HeaderMap,
    client: Option<Client>,
) -> Result<Response, Refusal> {
    let version = version_at(&format!("{}.zip", rest.as_str()))
        .map_err(|error| methods::refuse_here("DELETE", rest.as_str(), error))?;
    note(&version);
    let access = app
        .with_right_on(Right::Delete, version.path(), headers, client)
        .await?;
    let (proxy, token, deleted) = (
        app.shared_proxy(),
        access.name().as_str().to_owned(),
        version.clone(),
    );
    let tombstone = blocking(move || proxy.delete(&deleted, &token)).await?;
    trace::note_outcome(Outcome::Deleted);
    if wants_json(headers) {
        let json = DeletedJson {
            path: version.path().to_string(),
            version: version.version().to_string(),
            sum: tombstone.sum.to_string(),
        };
        return Ok(json_reply(StatusCode::OK, &json));
    }
    Ok(text_reply(
        StatusCode::OK,
        format!(
            "{version} is deleted. Builds that use it fail from now on; next time rather retract it: publish a version \
             whose go.mod says `retract {}`.",
            version.version()
        ),
    ))
}

/// For the log.
fn note(version: &ModuleVersion) {
    trace::note_module(version.path().as_str());
    trace::note_version(version.version().as_str());
}

/// The version whose zip is at a path.
fn version_at(path: &str) -> Result<ModuleVersion, Refusal> {
    let ProxyRequest { module, target } = ProxyRequest::parse(&format!("/{path}"))?;
    let Target::Zip(version) = target else {
        return Err(methods::refuse(path));
    };
    ModuleVersion::new(module, version).map_err(|error| Refusal::Unprocessable(error.to_string()))
}

fn provenance(headers: &HeaderMap) -> Result<Option<Info>, Refusal> {
    let parse = |header: &HeaderValue| {
        Info::parse(header.as_bytes()).map_err(|error| {
            Refusal::Unprocessable(format!("the header Module-Info is not usable: {error}"))
        })
    };
    headers.get(MODULE_INFO).map(parse).transpose()
}

/// Refuses what a publisher says about another version than the one that is published.
fn is_about(provenance: Option<&Info>, version: &ModuleVersion) -> Result<(), Refusal> {
    match provenance.map(Info::version) {
        Some(said) if !said.is_empty() && said != version.version().as_str() => Err(
            Refusal::Unprocessable("the header Module-Info is about another version".to_owned()),
        ),
        _ => Ok(()),
    }
}

/// How long the client says that the body is; "too large" is said before it is on its way.
fn declared_length(app: &App, headers: &HeaderMap) -> Result<Option<u64>, Refusal> {
    let declared = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let limit = app.proxy().max_zip_size();
    match declared {
        Some(declared) if declared > limit => Err(PublishError::TooLarge { limit }.into()),
        declared => Ok(declared),
    }
}

/// Writes a body to the staging area as it comes. Memory is a few chunks; a thread that may wait for the disk is taken
/// for as long as the upload lasts, which is why there are only so many places for uploads.
async fn receive(
    app: &App,
    len: Option<u64>,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
) -> Result<Upload, Refusal> {
    let (sender, mut chunks) = mpsc::channel::<Bytes>(IN_FLIGHT);
    let proxy = app.shared_proxy();
    let writer = tokio::task::spawn_blocking(move || {
        let mut upload = proxy.begin_upload(len)?;
        while let Some(chunk) = chunks.blocking_recv() {
            upload.write(&chunk)?;
        }
        Ok::<Upload, PublishError>(upload)
    });
    let received = forward(app, body, sender).await;
    let written = writer
        .await
        .map_err(|error| Refusal::Failed(format!("the upload could not be kept: {error}")))?;
    // What the disk said comes first: it is why the channel closed.
    let upload = written?;
    received?;
    Ok(upload)
}

async fn forward(
    app: &App,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
    sender: mpsc::Sender<Bytes>,
) -> Result<(), Refusal> {
    let patience = app.upload_timeout();
    let mut body = std::pin::pin!(body);
    loop {
        let next = std::future::poll_fn(|cx| body.as_mut().poll_next(cx));
        match tokio::time::timeout(patience, next).await {
            Err(_) => return Err(Refusal::UploadTimeout(patience)),
            Ok(None) => return Ok(()),
            Ok(Some(Err(_))) => return Err(Refusal::BadMessage("the body ended before its end")),
            Ok(Some(Ok(mut chunk))) => {
                let bytes = chunk.copy_to_bytes(chunk.remaining());
                app.metrics().publish.received.add(bytes.len() as u64);
                if sender.send(bytes).await.is_err() {
                    // The writer has given up, and says why.
                    return Ok(());
                }
            }
        }
    }
}

/// Runs what waits for the disk where it may.
async fn blocking<T: Send + 'static>(
    job: impl FnOnce() -> Result<T, PublishError> + Send + 'static,
) -> Result<T, PublishError> {
    match tokio::task::spawn_blocking(trace::blocking_in_current(job)).await {
        Ok(done) => done,
        Err(error) => Err(PublishError::Store(crate::store::StoreError::task_failed(
            "publish", error,
        ))),
    }
}

/// Whether the client is a program that reads JSON.
pub(super) fn wants_json(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|accept| accept.to_str().ok())
        .any(|accept| accept.contains("application/json"))
}

/// A reply of one JSON object, in the order of its fields, that no cache keeps.
pub(super) fn json_reply(status: StatusCode, json: &impl Serialize) -> Response {
    // Structs of text and numbers: there is nothing in them that JSON can not say.
    let text = serde_json::to_string(json).unwrap_or_default();
    let mut response = format!("{text}\n").into_response();
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    response
}
