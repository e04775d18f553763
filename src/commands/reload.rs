//! SIGHUP: what is configured is read again, and takes the place of what was, all of it or nothing.
//!
//! [`prepare`] makes everything ready that can fail or takes time, off the async threads; what was, is served meanwhile.
//! [`Live::apply`] puts it in its place: it can not fail and waits for nothing.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio_util::task::AbortOnDropHandle;

use super::crawl::Crawler;
use super::serve::{ask_others_only, crawler, guard};
use super::service_manager;
use super::signals::Hangups;
use crate::config::{GoEnvironment, LoadedConfig, Reread};
use crate::http::{App, Certificates, Server};
use crate::logging::Log;
use crate::proxy::ModuleProxy;

/// What holds in a running server, and how it is brought to hold.
pub(super) struct Live<'a> {
    loaded: LoadedConfig,
    addresses: Vec<SocketAddr>,
    certificates: Option<Certificates>,
    app: App,
    /// Of modules, and perhaps one of metrics.
    servers: Vec<&'a Server>,
    crawler: Option<Crawler>,
    log: &'a Log,
    /// What the last warning about settings that wait for a restart named.
    waiting: Vec<&'static str>,
    _direct_watch: AbortOnDropHandle<()>,
}

impl<'a> Live<'a> {
    /// What a server has started with.
    pub(super) fn new(
        loaded: LoadedConfig,
        addresses: Vec<SocketAddr>,
        certificates: Option<Certificates>,
        app: App,
        servers: Vec<&'a Server>,
        crawler: Option<Crawler>,
        log: &'a Log,
    ) -> Self {
        Self {
            _direct_watch: watch_direct(app.shared_proxy()),
            loaded,
            addresses,
            certificates,
            app,
            servers,
            crawler,
            log,
            waiting: Vec::new(),
        }
    }

    /// Reads the configuration again after each SIGHUP, one after the other, for ever.
    pub(super) async fn reload_on(&mut self, hangups: &mut Hangups) {
        loop {
            hangups.next().await;
            self.reload().await;
        }
    }

    /// Ends what runs beside the server. How long answers may take to finish, and what is served.
    pub(super) fn end(self) -> (Duration, App) {
        (self.loaded.config.shutdown_timeout, self.app)
    }

    async fn reload(&mut self) {
        service_manager::reloading();
        self.read_again().await;
        service_manager::reloaded();
    }

    async fn read_again(&mut self) {
        let certificates = self.certificates.clone();
        let (loaded, app) = (self.loaded.clone(), self.app.clone());
        let addresses = self.addresses.clone();
        let prepared = tokio::task::spawn_blocking(move || {
            // Whatever is wrong with the rest: a token that was revoked is not to wait for it.
            read_tokens(&app);
            let prepared = prepare(&loaded, &app, &addresses)?;
            // Last, for it holds at once: what can fail has not.
            if let Some(certificates) = certificates {
                certificates.reload()?;
            }
            Ok(prepared)
        });
        let prepared = prepared
            .await
            .context("the task that reads it ended early")
            .and_then(|prepared| prepared);
        match prepared {
            Ok(prepared) => self.apply(prepared),
            Err(error) => tracing::error!(
                "the configuration can not be used, all settings stay as they were: {error:#}"
            ),
        }
    }

    /// From the next request on, all that was prepared holds.
    fn apply(&mut self, prepared: Prepared) {
        let Prepared {
            reread,
            app,
            crawler,
            warning,
            asks_otherwise,
        } = prepared;
        let Reread {
            loaded,
            changed,
            waiting,
        } = reread;
        for server in &self.servers {
            server.replace(app.clone());
        }
        self.app = app;
        if let Some(crawler) = crawler {
            self.crawler = crawler;
        }
        self.loaded = loaded;
        let filter = &self.loaded.config.log.filter;
        // Said where it is heard, whichever way the level changed.
        let is_heard = tracing::enabled!(tracing::Level::INFO);
        if !is_heard {
            self.log.set_filter(filter);
        }
        tracing::info!("{}", in_words(&self.loaded, &changed, asks_otherwise));
        if is_heard && changed.contains(&"log-level") {
            self.log.set_filter(filter);
        }
        if let Some(warning) = warning {
            tracing::warn!("{warning}");
        }
        if !waiting.is_empty() && waiting != self.waiting {
            tracing::warn!(
                "changed, and applied by a restart only: {}",
                waiting.join(", ")
            );
        }
        self.waiting = waiting;
        if !changed.is_empty() {
            self._direct_watch = watch_direct(self.app.shared_proxy());
        }
    }
}

/// Says in the log if nothing can be fetched from version control, and why.
fn watch_direct(proxy: Arc<ModuleProxy>) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(async move {
        if let Some(fault) = proxy.direct_fault().await {
            tracing::warn!("nothing can be fetched from version control: {fault}");
        }
    }))
}

/// A configuration that can be used at once.
struct Prepared {
    reread: Reread,
    app: App,
    /// Who imports from now on, if that is somebody else.
    crawler: Option<Option<Crawler>>,
    warning: Option<String>,
    /// Whether upstreams are asked in another way, such as with another login.
    asks_otherwise: bool,
}

/// Reads all of the configuration, and makes what it says. Waits for the disk, and perhaps for the go command.
fn prepare(loaded: &LoadedConfig, app: &App, addresses: &[SocketAddr]) -> anyhow::Result<Prepared> {
    let mut reread = loaded.read_again(GoEnvironment::ask)?;
    let has_changed = |key: &str| reread.changed.contains(&key);
    let config = &mut reread.loaded.config;
    let warning = ask_others_only(config, addresses)?
        .filter(|_| has_changed("upstream") || has_changed("offline"));
    let proxy = app.proxy().with(&config.proxy)?;
    let guard = match app.guard().tokens() {
        Some(_) => app.guard().with(config.read_auth),
        // Perhaps there is a place for them now.
        None => guard(config)?,
    };
    let crawler = if has_changed("crawl") || has_changed("crawl-interval") {
        Some(crawler(config)?)
    } else {
        None
    };
    let asks_otherwise = proxy.asks_apart_from(app.proxy());
    let app = app.with(proxy, guard, config.uploads, config.public_url.clone());
    Ok(Prepared {
        reread,
        app,
        crawler,
        warning,
        asks_otherwise,
    })
}

fn read_tokens(app: &App) {
    let Some(tokens) = app.guard().tokens() else {
        return;
    };
    if let Err(error) = tokens.read_again() {
        tracing::error!("{error}; the tokens that were known before stay good");
    }
}

/// What was read, and which settings are others now: their names, since values may be secret.
fn in_words(loaded: &LoadedConfig, changed: &[&str], asks_otherwise: bool) -> String {
    let what = match loaded.file() {
        Some(file) => format!("reloaded {}", file.display()),
        None => "reloaded without a configuration file".to_owned(),
    };
    match changed {
        [] if asks_otherwise => {
            format!("{what}: no setting has changed, the .netrc or the CA file has")
        }
        [] => format!(
            "{what}: no setting has changed; tokens, logins and certificates were read again"
        ),
        changed => format!("{what}: changed {}", changed.join(", ")),
    }
}
