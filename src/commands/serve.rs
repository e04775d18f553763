//! `athens serve`: binds, says where, serves until told to stop.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, bail};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use super::check_config;
use super::crawl::{self, Crawler};
use super::reload::Live;
use super::signals::{Hangups, Signals};
use super::{ExitStatus, Printer};
use crate::auth::{LocalToken, StateDirectory, TokenStore, ensure_local_token};
use crate::cli::ServeArgs;
use crate::config::{
    GoEnvironment, LoadedConfig, Said, ServeConfig, athens_proxy_variables_set, state_directory,
};
use crate::http::escape_control;
use crate::http::{App, BasePath, Guard, MetricsPlace, Server};
use crate::logging::{self, Log};
use crate::module::Time;
use crate::proxy::ModuleProxy;

/// Connections that wait to be accepted: enough for the burst of a build farm that starts.
const BACKLOG: u32 = 1024;

/// Runs the server until SIGTERM or SIGINT.
pub(super) fn run(arguments: ServeArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    if arguments.check_config {
        return check_config::run(arguments, printer);
    }
    let file = arguments.config.as_deref();
    let loaded = LoadedConfig::load(arguments.settings, file, GoEnvironment::ask)?;
    // Dropped last: what is logged on the way out is written.
    let log = logging::start(&loaded.config.log)?;
    warn_of_unread_variables();
    check_root(&loaded.config.proxy.root)?;
    raise_open_files_limit();
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .thread_name("athens")
        .build()
        .context("cannot start the threads of the server")?;
    let status = runtime.block_on(serve(loaded, &log, printer));
    end_runtime(runtime, &status);
    status
}

/// Whoever moved from the proxy of the same name may believe that its variables are read here. Names only: some hold
/// passwords.
fn warn_of_unread_variables() {
    let names = athens_proxy_variables_set();
    if !names.is_empty() {
        tracing::warn!(
            "variables of another proxy (gomods/athens) are set and not read here: {}; docs/moving.md says what stands in \
             their place",
            names.join(", ")
        );
    }
}

/// After a second signal, nothing is waited for.
fn end_runtime(runtime: Runtime, status: &anyhow::Result<ExitStatus>) {
    match status {
        Ok(ExitStatus::Signal(_)) => runtime.shutdown_background(),
        // Connections are closed by now; what may still run is background work and file reads.
        _ => runtime.shutdown_timeout(Duration::from_secs(5)),
    }
}

async fn serve(
    mut loaded: LoadedConfig,
    log: &Log,
    printer: &mut Printer,
) -> anyhow::Result<ExitStatus> {
    // Before anything can be interrupted, so that no signal is lost.
    let mut signals = Signals::new().context("cannot listen for signals")?;
    let mut hangups = Hangups::new().context("cannot listen for signals")?;
    let listeners = bind_all(&loaded.config.listen)?;
    let metrics_listener = loaded
        .config
        .metrics_listen
        .map(|address| bind(address, "--metrics-listen"))
        .transpose()?;
    let addresses = listeners
        .iter()
        .map(TcpListener::local_addr)
        .collect::<io::Result<Vec<_>>>()
        .context("cannot ask a socket for its address")?;
    if let Some(warning) = ask_others_only(&mut loaded.config, &addresses)? {
        tracing::warn!("{warning}");
    }
    let config = &loaded.config;
    config.proxy.metrics.starts();
    let proxy = ModuleProxy::open(&config.proxy)
        .with_context(|| format!("cannot serve {}", config.proxy.root.display()))?;
    let app = App::new(
        proxy,
        config.base_path.clone(),
        guard(config)?,
        config.uploads,
        config.public_url.clone(),
        match metrics_listener {
            None => MetricsPlace::WithModules,
            Some(_) => MetricsPlace::Apart,
        },
    );
    let metrics_server = match metrics_listener {
        None => None,
        Some(listener) => Some(start_metrics(listener, &app, config)?),
    };
    let server = Server::start(listeners, app.clone(), config.limits.clone());
    let crawler = crawler(config)?;

    printer.line(&ready_line(
        &config.proxy.root,
        &addresses,
        &config.base_path,
        &upstreams(config),
    ))?;

    let servers = std::iter::once(&server).chain(&metrics_server).collect();
    let mut live = Live::new(loaded, addresses, app, servers, crawler, log);
    tokio::select! {
        biased;
        _ = signals.next() => {}
        // What is being read is not applied any more when the server is to stop.
        () = live.reload_on(&mut hangups) => {}
    }
    let (shutdown_timeout, app) = live.end();
    tracing::info!(
        running = server.connections(),
        "stopping: no new connections, running answers have {shutdown_timeout:?} to finish",
    );
    tokio::select! {
        cut = server.stop(shutdown_timeout) => {
            if cut > 0 {
                tracing::warn!(cut, "stopped: some answers did not finish in time and were cut");
            } else {
                tracing::info!("stopped");
            }
            if let Some(server) = metrics_server {
                // Nobody loses what he could not get again.
                server.stop(Duration::ZERO).await;
            }
            app.proxy().stop().await;
            Ok(ExitStatus::Success)
        }
        number = signals.next() => Ok(ExitStatus::Signal(number)),
    }
}

/// Serves the metrics on their own socket, and says where.
fn start_metrics(listener: TcpListener, app: &App, config: &ServeConfig) -> anyhow::Result<Server> {
    let address = listener
        .local_addr()
        .context("cannot ask a socket for its address")?;
    tracing::info!("metrics at http://{address}/metrics");
    Ok(Server::start_metrics(
        listener,
        app.clone(),
        config.limits.clone(),
    ))
}

/// Who imports in the background, if anybody does. Ends when it is dropped.
pub(super) fn crawler(config: &ServeConfig) -> anyhow::Result<Option<Crawler>> {
    match config.crawl.as_slice() {
        [] => Ok(None),
        sources => crawl::start(sources, &config.proxy, config.crawl_interval).map(Some),
    }
}

/// Refuses an upstream that is this server itself. One that the go command is set to, because this server is its proxy, is
/// left out, with a warning: nobody said that it should be asked.
pub(super) fn ask_others_only(
    config: &mut ServeConfig,
    addresses: &[SocketAddr],
) -> anyhow::Result<Option<String>> {
    let Some(settings) = &mut config.proxy.upstreams else {
        return Ok(None);
    };
    let Some(own) = settings.list.leading_to(addresses) else {
        return Ok(None);
    };
    let own = own.to_string();
    if config.upstream_said != Said::Go {
        bail!(
            "the upstream {own} is this server itself: name another with --upstream, or off to serve what the folder has"
        );
    }
    settings.list = settings.list.clone().without_those_leading_to(addresses);
    if settings.list.is_off() && config.proxy.direct.is_none() {
        config.proxy.upstreams = None;
    }
    Ok(Some(format!(
        "go env GOPROXY names {own}, which is this server itself; it is not asked. Say whom to ask with --upstream"
    )))
}

/// The tokens that the server knows. On its first start it makes one for its own user.
///
/// Without a place for them everything can still be read; nobody can publish, and the log says so.
pub(super) fn guard(config: &ServeConfig) -> anyhow::Result<Guard> {
    match open_tokens(config) {
        Ok(tokens) => Ok(Guard::new(Some(tokens), config.read_auth)),
        Err(error) if config.read_auth || config.state.is_some() => Err(error),
        Err(error) => {
            tracing::warn!("nothing can be published or deleted: {error:#}");
            Ok(Guard::new(None, false))
        }
    }
}

fn open_tokens(config: &ServeConfig) -> anyhow::Result<TokenStore> {
    let directory = state(config)?;
    // Whole seconds, as people read it in `athens token list`.
    let now = Time::from_unix(Time::from(SystemTime::now()).unix());
    if ensure_local_token(&directory, now).map_err(whole)? == LocalToken::Made {
        tracing::info!(
            "made a token for this user in {}",
            directory.path().join("local-token").display()
        );
    }
    TokenStore::open(directory).map_err(whole)
}

/// The state directory, which may not be there yet.
pub(super) fn state(config: &ServeConfig) -> anyhow::Result<StateDirectory> {
    let directory = StateDirectory::new(state_directory(config.state.clone())?);
    directory.refuse_inside(&config.proxy.root).map_err(whole)?;
    Ok(directory)
}

/// An error that is a whole sentence with its cause in it.
pub(super) fn whole(error: impl std::error::Error) -> anyhow::Error {
    anyhow::anyhow!("{error}")
}

/// Whom the server asks, and who said so: ` with upstream https://… (go env GOPROXY)`. Never a password.
fn upstreams(config: &ServeConfig) -> String {
    let Some(settings) = &config.proxy.upstreams else {
        return " without upstream".to_owned();
    };
    if config.proxy.offline {
        return " offline".to_owned();
    }
    let said = match config.upstream_said {
        Said::Go => " (go env GOPROXY)",
        Said::Operator | Said::Nobody => "",
    };
    format!(" with upstream {}{said}", settings.list)
}

/// `athens 1.2.3 serving storage-root at http://127.0.0.1:3000`: scripts and people read it.
fn ready_line(
    root: &Path,
    addresses: &[SocketAddr],
    base_path: &BasePath,
    upstreams: &str,
) -> String {
    let urls: Vec<String> = addresses
        .iter()
        .map(|address| format!("http://{address}{base_path}"))
        .collect();
    format!(
        "athens {} serving {}{upstreams} at {}",
        env!("CARGO_PKG_VERSION"),
        // A folder's name may hold a line break; the line stays one line.
        escape_control(&root.display().to_string(), 4096),
        urls.join(" and ")
    )
}

pub(super) fn check_root(root: &Path) -> anyhow::Result<()> {
    let shown = root.display();
    match fs::metadata(root) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => bail!(
            "the root {shown} is not a directory; name the folder that holds the modules with --root"
        ),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            bail!(
                "the root {shown} does not exist; create it with `mkdir {shown}`, or name another folder with --root"
            )
        }
        Err(error) => bail!(
            "cannot open the root {shown}: {error}; check its permissions, or name another folder with --root"
        ),
    }
}

fn bind_all(addresses: &[SocketAddr]) -> anyhow::Result<Vec<TcpListener>> {
    addresses
        .iter()
        .map(|address| bind(*address, "--listen"))
        .collect()
}

fn bind(address: SocketAddr, flag: &str) -> anyhow::Result<TcpListener> {
    listen(address).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "cannot listen on {address}: the port is taken; stop the program that uses it, or choose another port with {flag} (port 0 takes a free one)"
        ),
        io::ErrorKind::AddrNotAvailable => anyhow::anyhow!(
            "cannot listen on {address}: this machine has no such address; choose another one with {flag}"
        ),
        io::ErrorKind::PermissionDenied => anyhow::anyhow!(
            "cannot listen on {address}: not allowed; ports below 1024 need a privilege, choose a higher one with {flag}"
        ),
        _ => anyhow::anyhow!("cannot listen on {address}: {error}; choose another address with {flag}"),
    })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => tokio::net::TcpSocket::new_v4(),
        SocketAddr::V6(_) => tokio::net::TcpSocket::new_v6(),
    }?;
    // A restart must not wait for the connections of the last run to leave TIME_WAIT. On Linux this does not let two
    // programs listen on one port.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// A connection is a file descriptor, and so is each file being sent: the usual soft limit of 1024 would be reached
/// long before `--max-connections`. The hard limit is the operator's and stays.
fn raise_open_files_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ready_line() {
        for (addresses, prefix, line) in [
            (&["127.0.0.1:3000"][..], "", "at http://127.0.0.1:3000"),
            (
                &["127.0.0.1:80", "[::1]:81"],
                "",
                "at http://127.0.0.1:80 and http://[::1]:81",
            ),
            (&["0.0.0.0:3000"], "/go", "at http://0.0.0.0:3000/go"),
        ] {
            let addresses: Vec<SocketAddr> = addresses
                .iter()
                .map(|address| address.parse().unwrap())
                .collect();
            let prefix: BasePath = prefix.parse().unwrap();
            assert_eq!(
                ready_line(Path::new("storage-root"), &addresses, &prefix, " offline"),
                format!(
                    "athens {} serving storage-root offline {line}",
                    env!("CARGO_PKG_VERSION")
                )
            );
        }
        let line = ready_line(Path::new("a\nb"), &[], &BasePath::default(), "");
        assert!(line.contains(r"serving a\nb at"), "{line}");
    }
}
