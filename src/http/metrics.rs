//! `GET /metrics`: the figures, for a Prometheus or whoever reads its format.

use warp::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use warp::http::{HeaderMap, HeaderValue};
use warp::reply::Response;
use warp::{Filter, Rejection, Reply as _};

use super::App;
use super::client::Client;
use super::error::{NO_STORE, Refusal};
use crate::metrics::TextFormat;
use crate::store::StoreError;

/// Where the figures are to be had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MetricsPlace {
    /// Beside the modules, for those who may read some.
    WithModules,
    /// On listeners of their own, for everybody who reaches these.
    Apart,
}

/// `/metrics`, for who may read.
pub(super) fn route(
    app: App,
) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + Send + Sync + 'static {
    let is_here = app.metrics_place() == MetricsPlace::WithModules;
    warp::path!("metrics")
        .and_then(move || {
            std::future::ready(match is_here {
                true => Ok(()),
                false => Err(warp::reject::not_found()),
            })
        })
        .untuple_one()
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<Client>())
        .then(move |headers: HeaderMap, client| {
            let app = app.clone();
            async move {
                let answer = match app.may_read_anything(&headers, client).await {
                    Ok(()) => answer(&app, &headers).await,
                    Err(refusal) => Err(refusal),
                };
                answer.unwrap_or_else(Refusal::into_response)
            }
        })
}

/// `/metrics`, for everybody.
pub(super) fn open_route(
    app: App,
) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + Send + Sync + 'static {
    warp::path!("metrics")
        .and(warp::header::headers_cloned())
        .then(move |headers: HeaderMap| {
            let app = app.clone();
            async move {
                let answer = answer(&app, &headers).await;
                answer.unwrap_or_else(Refusal::into_response)
            }
        })
}

async fn answer(app: &App, headers: &HeaderMap) -> Result<Response, Refusal> {
    let format = match wants_open_metrics(headers) {
        true => TextFormat::OpenMetrics,
        false => TextFormat::Prometheus,
    };
    // One at a time: there is no use in more.
    let _turn = app.metrics_turn().await;
    let proxy = app.shared_proxy();
    let written = tokio::task::spawn_blocking(move || {
        proxy.sample();
        proxy.metrics().write(format)
    });
    let failed = |error: StoreError| Refusal::Failed(error.to_string());
    let written = written
        .await
        .map_err(|error| failed(StoreError::task_failed("write the metrics", error)))?;
    let text = written.map_err(|_| Refusal::Failed("the metrics can not be written".to_owned()))?;
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static(format.content_type()),
    );
    headers.insert(CACHE_CONTROL, NO_STORE);
    Ok(response)
}

/// Whether the client reads `OpenMetrics`; what every Prometheus reads is the other.
fn wants_open_metrics(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|accept| accept.to_str().ok())
        .any(|accept| accept.contains("application/openmetrics-text"))
}
