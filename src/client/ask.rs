//! Asks a server for something small.

use std::path::Path;
use std::time::{Duration, SystemTime};

use reqwest::header::{
    AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, LOCATION,
};
use reqwest::tls::TlsInfo;
use reqwest::{Client, Response};

use super::error::ClientError;
use super::server::{InvalidServerUrl, ServerUrl};
use crate::transport::{Authorities, Credentials, client_builder};

/// The longest answer that is kept, in bytes.
const LONGEST: usize = 256 << 10;

/// Asks one server, with a limit to the time of each answer. Redirects are not followed.
#[derive(Debug, Clone)]
pub struct Asker {
    client: Client,
    server: ServerUrl,
    /// Where that is, for errors.
    place: String,
    patience: Duration,
}

/// What a server answered.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The first 256 KiB of the body.
    pub body: String,
    /// The server's clock.
    pub date: Option<SystemTime>,
    /// Where it redirects to.
    pub location: Option<String>,
    /// What `Content-Type` says.
    pub content_type: Option<String>,
    /// The server's certificate, in DER, if it has one.
    pub certificate: Option<Vec<u8>>,
}

impl Asker {
    /// Makes one. Proxies are those of `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, and never between a machine and itself;
    /// `authorities` are trusted beside the platform's.
    ///
    /// # Errors
    ///
    /// If the client can not be made ready.
    pub fn new(
        server: &ServerUrl,
        authorities: &Authorities,
        patience: Duration,
    ) -> Result<Self, ClientError> {
        let mut builder = client_builder(authorities)
            .connect_timeout(patience)
            .tls_info(true)
            .redirect(reqwest::redirect::Policy::none());
        if server.is_loopback() {
            builder = builder.no_proxy();
        }
        let client = builder
            .build()
            .map_err(|error| ClientError::of(error, &server.to_string()))?;
        Ok(Self {
            client,
            server: server.clone(),
            place: server.to_string(),
            patience,
        })
    }

    /// Makes one that asks the server that listens on a Unix socket of this machine.
    ///
    /// # Errors
    ///
    /// If the client can not be made ready.
    pub fn on_socket(socket: &Path, patience: Duration) -> Result<Self, ClientError> {
        let place = format!("unix:{}", socket.display());
        let client = client_builder(&Authorities::default())
            .no_proxy()
            .unix_socket(socket.to_owned())
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| ClientError::of(error, &place))?;
        // What a request has to say for a host, though nobody looks for it.
        let server = "http://localhost"
            .parse()
            .map_err(|error: InvalidServerUrl| ClientError::Setup(error.to_string()))?;
        Ok(Self {
            client,
            server,
            place,
            patience,
        })
    }

    /// The server that is asked.
    #[must_use]
    pub fn server(&self) -> &ServerUrl {
        &self.server
    }

    /// Asks for what is at a path below the server's URL, such as `version`.
    ///
    /// # Errors
    ///
    /// If there was no answer, or not all of it in time.
    pub async fn get(
        &self,
        path: &str,
        credentials: Option<&Credentials>,
    ) -> Result<Reply, ClientError> {
        let mut request = self.client.get(self.server.at(path));
        if let Some(credentials) = credentials {
            let mut value = HeaderValue::try_from(credentials.header())
                .map_err(|_| ClientError::Setup("the token fits no header".to_owned()))?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        let answer = async { read(request.send().await?).await };
        match tokio::time::timeout(self.patience, answer).await {
            Ok(reply) => reply.map_err(|error| ClientError::of(error, &self.place)),
            Err(_) => Err(ClientError::Stalled {
                server: self.place.clone(),
                patience: self.patience,
            }),
        }
    }
}

async fn read(mut response: Response) -> Result<Reply, reqwest::Error> {
    let certificate = response
        .extensions()
        .get::<TlsInfo>()
        .and_then(|tls| tls.peer_certificate().map(<[u8]>::to_vec));
    let headers = response.headers();
    let reply = Reply {
        status: response.status().as_u16(),
        body: String::new(),
        date: text(headers, DATE).and_then(|date| httpdate::parse_http_date(&date).ok()),
        location: text(headers, LOCATION),
        content_type: text(headers, CONTENT_TYPE),
        certificate,
    };
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = LONGEST.saturating_sub(body.len());
        body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if chunk.len() > room {
            break;
        }
    }
    Ok(Reply {
        body: String::from_utf8_lossy(&body).into_owned(),
        ..reply
    })
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let value = headers.get(name)?;
    value.to_str().ok().map(str::to_owned)
}
