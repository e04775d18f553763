//! The HTTP library, set up as we want it.

use reqwest::{Client, ClientBuilder};

use super::authorities::Authorities;

/// A builder of clients: TLS by rustls with ring, the platform's roots and these authorities, our `User-Agent`, no
/// `Referer`, no retries of its own. Proxies are those of `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`.
///
/// Time limits and what to do about redirects are for the caller to say.
pub fn client_builder(authorities: &Authorities) -> ClientBuilder {
    // It fails if there is one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(concat!("athens/", env!("CARGO_PKG_VERSION")))
        // A URL may hold what is nobody else's business.
        .referer(false)
        .retry(reqwest::retry::never())
        .tls_certs_merge(authorities.certificates())
}
