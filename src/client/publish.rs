//! Sends a version to a server.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER,
};
use reqwest::{Body, Client, Response, Url};

use super::answer::Answer;
use super::body::FileBody;
use super::error::ClientError;
use super::server::ServerUrl;
use crate::module::{Info, ModuleVersion};
use crate::transport::{Authorities, Credentials, client_builder};

/// How often a zip is sent at most.
const TRIES: u32 = 3;
/// How long to wait before the second try; twice as long before the third.
const BACKOFF: Duration = Duration::from_millis(500);
/// The longest `Retry-After` that is waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a server may take nothing of the upload.
const UPLOAD_PATIENCE: Duration = Duration::from_secs(60);
/// How long a server may think about what it has: it reads all of a large zip again.
const ANSWER_PATIENCE: Duration = Duration::from_secs(600);
/// How often the progress is looked at.
const TICK: Duration = Duration::from_millis(100);
/// The longest answer that is read: a hundred findings.
const LONGEST_ANSWER: usize = 1 << 20;

/// What is sent.
#[derive(Debug)]
pub struct Publication<'a> {
    /// The version.
    pub version: &'a ModuleVersion,
    /// The zip.
    pub zip: Arc<File>,
    /// Its length.
    pub len: u64,
    /// The commit time and the origin, if they are known.
    pub info: Option<&'a Info>,
}

/// What happens on the way.
#[derive(Debug)]
pub enum Event {
    /// So many bytes were sent, in this try.
    Sent(u64),
    /// It did not work, and is tried again.
    Again {
        /// Why, as a sentence.
        why: String,
        /// After this time.
        wait: Duration,
    },
}

/// Sends a zip to a server and waits for the answer.
///
/// The zip is streamed: memory is a few chunks. A lost connection and 503 are tried again, three times in all, the latter
/// when `Retry-After` says; publishing the same twice does no harm. Redirects are not followed, for the token is meant for
/// one host. Proxies are those of `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, and never between a machine and itself.
/// `authorities` are trusted beside the platform's.
///
/// # Errors
///
/// If there was no answer. What the server refuses is an [`Answer`].
pub fn publish(
    server: &ServerUrl,
    authorities: &Authorities,
    credentials: Option<&Credentials>,
    publication: &Publication<'_>,
    mut events: impl FnMut(Event),
) -> Result<Answer, ClientError> {
    let setup = |error: String| ClientError::Setup(error);
    let client = client(server, authorities)?;
    let request = Request {
        client,
        server: server.to_string(),
        url: server.zip_url(publication.version),
        headers: headers(credentials, publication.info)?,
        publication,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| setup(error.to_string()))?;
    runtime.block_on(request.send_until_answered(&mut events))
}

fn client(server: &ServerUrl, authorities: &Authorities) -> Result<Client, ClientError> {
    let mut builder = client_builder(authorities)
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none());
    if server.is_loopback() {
        builder = builder.no_proxy();
    }
    builder
        .build()
        .map_err(|error| ClientError::of(error, &server.to_string()))
}

fn headers(
    credentials: Option<&Credentials>,
    info: Option<&Info>,
) -> Result<HeaderMap, ClientError> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    if let Some(credentials) = credentials {
        let mut value = HeaderValue::try_from(credentials.header())
            .map_err(|_| ClientError::Setup("the token fits no header".to_owned()))?;
        // So that nothing on the way shows it in a log.
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    // An origin with characters that no header takes is not worth a failure.
    if let Some(info) = info.and_then(|info| HeaderValue::try_from(info.to_json()).ok()) {
        headers.insert("module-info", info);
    }
    Ok(headers)
}

struct Request<'a> {
    client: Client,
    server: String,
    url: Url,
    headers: HeaderMap,
    publication: &'a Publication<'a>,
}

impl Request<'_> {
    async fn send_until_answered(
        &self,
        events: &mut impl FnMut(Event),
    ) -> Result<Answer, ClientError> {
        let mut wait = BACKOFF;
        for _ in 1..TRIES {
            let (why, wait_now) = match self.send(events).await {
                Ok(Attempt::Answer(answer)) => return Ok(answer),
                Ok(Attempt::Busy(answer, after)) => match after {
                    Some(after) if after > LONGEST_WAIT => return Ok(answer),
                    _ => ("the server is busy".to_owned(), after.unwrap_or(wait)),
                },
                Err(error) if error.is_passing() => (error.to_string(), wait),
                Err(error) => return Err(error),
            };
            events(Event::Again {
                why,
                wait: wait_now,
            });
            tokio::time::sleep(wait_now).await;
            wait *= 2;
        }
        match self.send(events).await? {
            Attempt::Answer(answer) | Attempt::Busy(answer, _) => Ok(answer),
        }
    }

    async fn send(&self, events: &mut impl FnMut(Event)) -> Result<Attempt, ClientError> {
        let sent = Arc::new(AtomicU64::new(0));
        let (zip, len) = (Arc::clone(&self.publication.zip), self.publication.len);
        let body = FileBody::new(zip, len, Arc::clone(&sent));
        let answer = async {
            let response = self
                .client
                .put(self.url.clone())
                .headers(self.headers.clone())
                .body(Body::wrap(body))
                .send()
                .await?;
            read(response).await
        };
        let mut answer = std::pin::pin!(answer);
        let mut tick = tokio::time::interval(TICK);
        let mut last = (0, Instant::now());
        loop {
            tokio::select! {
                answer = &mut answer => {
                    events(Event::Sent(sent.load(Ordering::Relaxed)));
                    return answer.map_err(|error| ClientError::of(error, &self.server));
                }
                _ = tick.tick() => {
                    let now = sent.load(Ordering::Relaxed);
                    events(Event::Sent(now));
                    if now != last.0 {
                        last = (now, Instant::now());
                    }
                    let patience = if now < len { UPLOAD_PATIENCE } else { ANSWER_PATIENCE };
                    if last.1.elapsed() > patience {
                        return Err(ClientError::Stalled { server: self.server.clone(), patience });
                    }
                }
            }
        }
    }
}

/// What came of one try.
enum Attempt {
    Answer(Answer),
    /// 503, and when to come again.
    Busy(Answer, Option<Duration>),
}

async fn read(mut response: Response) -> Result<Attempt, reqwest::Error> {
    let status = response.status().as_u16();
    let header = |name| {
        let value: Option<&HeaderValue> = response.headers().get(name);
        value
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let after = header(RETRY_AFTER).and_then(|after| after.parse().ok());
    let location = header(LOCATION);
    let is_json = header(CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/json"));
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = LONGEST_ANSWER.saturating_sub(body.len());
        body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if chunk.len() > room {
            break;
        }
    }
    let body = String::from_utf8_lossy(&body).into_owned();
    let answer = Answer::read(status, is_json, location.as_deref(), body);
    Ok(if status == 503 {
        Attempt::Busy(answer, after.map(Duration::from_secs))
    } else {
        Attempt::Answer(answer)
    })
}
