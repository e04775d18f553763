//! Who asks, and whether they may: from the `Authorization` header to an [`Access`], or a refusal.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use warp::http::HeaderMap;
use warp::http::header::AUTHORIZATION;

use super::App;
use super::client::Client;
use super::error::Refusal;
use crate::auth::{Access, Denied, Penalty, Right, Throttle, TokenStore, presented_token};
use crate::module::{ModulePath, Time};
use crate::trace;

/// The tokens that open the doors, and what is known of those who knock with wrong ones.
#[derive(Debug)]
pub struct Guard {
    /// `None`: nobody has a token, for there is no place to keep them.
    tokens: Option<Arc<TokenStore>>,
    throttle: Arc<Throttle>,
    read_auth: bool,
}

impl Guard {
    /// A guard that knows these tokens. With `read_auth`, reading needs one too.
    #[must_use]
    pub fn new(tokens: Option<TokenStore>, read_auth: bool) -> Self {
        Self {
            tokens: tokens.map(Arc::new),
            throttle: Arc::default(),
            read_auth,
        }
    }

    /// Whether a token is needed to read.
    pub(super) fn needs_token_to_read(&self) -> bool {
        self.read_auth
    }

    /// A guard that knows the same, but for `read_auth`. Those who knocked with wrong tokens stay known.
    #[must_use]
    pub fn with(&self, read_auth: bool) -> Self {
        Self {
            tokens: self.tokens.clone(),
            throttle: Arc::clone(&self.throttle),
            read_auth,
        }
    }

    /// The tokens, if there is a place for them.
    #[must_use]
    pub fn tokens(&self) -> Option<&TokenStore> {
        self.tokens.as_deref()
    }

    /// The token that came with a request.
    ///
    /// # Errors
    /// 401 without one or with one that does not exist; 429 after many of these from one address.
    async fn access(&self, headers: &HeaderMap, client: Option<Client>) -> Result<Access, Refusal> {
        let Some(header) = headers.get(AUTHORIZATION) else {
            return Err(Refusal::Unauthorized(
                "a token is needed; send it as Bearer, or as password".to_owned(),
            ));
        };
        let now = Time::from(SystemTime::now());
        let found = presented_token(header.as_bytes())
            .map_err(|error| error.to_string())
            .and_then(|token| {
                let tokens = self.tokens.as_ref().ok_or("this server has no tokens")?;
                Ok(tokens
                    .authenticate(&token, now)
                    .ok_or("there is no such token")?)
            });
        match found {
            Ok(access) => {
                trace::note_token(access.name().as_str());
                Ok(access)
            }
            Err(why) => Err(self.slowed(client, why).await),
        }
    }

    async fn slowed(&self, client: Option<Client>, why: String) -> Refusal {
        let address = client.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), Client::address);
        match self.throttle.failed(address, Instant::now()) {
            Penalty::None => Refusal::Unauthorized(why),
            Penalty::Delay(delay) => {
                tokio::time::sleep(delay).await;
                Refusal::Unauthorized(why)
            }
            Penalty::Refuse { retry_after } => {
                Refusal::TooManyFailures(Duration::from_secs(retry_after))
            }
        }
    }
}

impl App {
    /// The token of a request, whatever it may do.
    ///
    /// # Errors
    /// 401 or 429, with the reason.
    pub(super) async fn with_token(
        &self,
        headers: &HeaderMap,
        client: Option<Client>,
    ) -> Result<Access, Refusal> {
        let access = self.guard().access(headers, client).await?;
        access.check_time()?;
        Ok(access)
    }

    /// The token of a request that has this right on at least some module.
    ///
    /// # Errors
    /// 401, 403 or 429, with the reason.
    pub(super) async fn with_right(
        &self,
        right: Right,
        headers: &HeaderMap,
        client: Option<Client>,
    ) -> Result<Access, Refusal> {
        let access = self.guard().access(headers, client).await?;
        access.check_right(right)?;
        Ok(access)
    }

    /// The token of a request that has this right on a module.
    ///
    /// # Errors
    /// 401, 403 or 429, with the reason.
    pub(super) async fn with_right_on(
        &self,
        right: Right,
        module: &ModulePath,
        headers: &HeaderMap,
        client: Option<Client>,
    ) -> Result<Access, Refusal> {
        let access = self.guard().access(headers, client).await?;
        access.check(right, module)?;
        Ok(access)
    }

    /// Whether a module may be read: by everybody, or with a token.
    ///
    /// # Errors
    /// 401, 403 or 429, with the reason.
    pub(super) async fn may_read(
        &self,
        module: &ModulePath,
        headers: &HeaderMap,
        client: Option<Client>,
    ) -> Result<(), Refusal> {
        if self.guard().read_auth {
            self.with_right_on(Right::Read, module, headers, client)
                .await?;
        }
        Ok(())
    }
}

impl App {
    /// Whether what belongs to no module may be read: by everybody, or with a token that may read something.
    ///
    /// # Errors
    /// 401, 403 or 429, with the reason.
    pub(super) async fn may_read_anything(
        &self,
        headers: &HeaderMap,
        client: Option<Client>,
    ) -> Result<(), Refusal> {
        if self.guard().read_auth {
            self.with_right(Right::Read, headers, client).await?;
        }
        Ok(())
    }
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        match denied {
            // As good as no token: another may help.
            Denied::Expired { .. } => Self::Unauthorized(denied.to_string()),
            Denied::Right { .. } | Denied::Module { .. } => Self::Forbidden(denied.to_string()),
        }
    }
}
