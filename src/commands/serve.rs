//! `athens serve`: binds, says where, serves until told to stop.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, bail};
use tokio::runtime::{Builder, Runtime};
use tokio_util::task::AbortOnDropHandle;

use super::check_config;
use super::crawl::{self, Crawler};
use super::listen::{self, PassedSockets};
use super::reload::Live;
use super::service_manager;
use super::signals::{Hangups, Signals};
use super::{ExitStatus, Printer};
use crate::auth::{LocalToken, StateDirectory, TokenStore, ensure_local_token};
use crate::cli::ServeArgs;
use crate::config::{
    GoEnvironment, LoadedConfig, Said, ServeConfig, athens_proxy_variables_set, state_directory,
};
use crate::http::escape_control;
use crate::http::{App, Certificates, Guard, Listener, MetricsPlace, Server, ServerSettings};
use crate::logging::otlp::Exporter;
use crate::logging::{self, Log};
use crate::module::Time;
use crate::proxy::ModuleProxy;
use crate::trace::Tracer;

/// A reload may allow more uploads and fetches than there were at the start.
const MIN_BLOCKING_THREADS: usize = 256;
/// Whoever allows more uploads than that lets them wait for each other.
const MAX_BLOCKING_THREADS: usize = 4096;
/// How long the end of the server waits for a collector that takes the last spans.
const FLUSH_PATIENCE: Duration = Duration::from_secs(5);

/// Runs the server until SIGTERM or SIGINT.
pub(super) fn run(arguments: ServeArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    if arguments.check_config {
        return check_config::run(arguments, printer);
    }
    let passed = PassedSockets::at_start();
    let file = arguments.config.as_deref();
    let loaded = LoadedConfig::load(arguments.settings, file, GoEnvironment::ask)?;
    // Dropped last: what is logged on the way out is written.
    let log = logging::start(&loaded.config.log)?;
    warn_of_unread_variables();
    check_root(&loaded.config.proxy.root)?;
    raise_open_files_limit();
    let runtime = Builder::new_multi_thread()
        .enable_all()
        // A thread's queue has 256 places. What does not fit waits in the queue of all threads, and nearly for ever if that
        // is looked into as seldom as usual: with hundreds of busy connections that is the whole difference between the
        // slowest answers and the others.
        .global_queue_interval(4)
        .event_interval(256)
        .thread_name("athens")
        .max_blocking_threads(blocking_threads(&loaded.config))
        .build()
        .context("cannot start the threads of the server")?;
    let status = runtime.block_on(serve(loaded, passed, &log, printer));
    end_runtime(runtime, &status);
    status
}

/// How many threads may wait for the disk.
///
/// An upload, a fetched zip and a job of version control have one each for as long as they last; short reads and checks take
/// turns in the others. A disk does not answer sooner if more than some hundred ask at once, and each thread has its stack:
/// with the 512 of the runtime's own default, a slow disk would cost memory for nothing.
fn blocking_threads(config: &ServeConfig) -> usize {
    const READS: usize = 128;
    let fetches = config.proxy.upstreams.as_ref().map_or(0, |upstreams| {
        let number = upstreams.list.entries().len();
        number.saturating_mul(upstreams.max_concurrent)
    });
    let direct = config.proxy.direct.as_ref();
    [
        config.uploads.max_uploads,
        fetches,
        direct.map_or(0, |direct| direct.max_jobs.get()),
    ]
    .into_iter()
    .fold(READS, usize::saturating_add)
    .clamp(MIN_BLOCKING_THREADS, MAX_BLOCKING_THREADS)
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
    passed: PassedSockets,
    log: &Log,
    printer: &mut Printer,
) -> anyhow::Result<ExitStatus> {
    // Before anything can be interrupted, so that no signal is lost.
    let mut signals = Signals::new().context("cannot listen for signals")?;
    let mut hangups = Hangups::new().context("cannot listen for signals")?;
    let certificates = loaded
        .config
        .tls
        .clone()
        .map(Certificates::load)
        .transpose()?;
    let listeners = listen::listen(&loaded.config, passed)?;
    let metrics_listener = loaded
        .config
        .metrics_listen
        .map(|address| Listener::tcp(address, "--metrics-listen"))
        .transpose()?;
    let addresses = listen::addresses(&listeners);
    let urls = listen::urls(&listeners, certificates.is_some(), &loaded.config.base_path);
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
    let metrics_server = metrics_listener.map(|listener| start_metrics(listener, &app, config));
    let (exporter, tracer) = match &config.otlp {
        None => (None, Tracer::off()),
        Some(settings) => {
            let (exporter, tracer) = Exporter::start(settings)?;
            (Some(exporter), tracer)
        }
    };
    let settings = ServerSettings {
        limits: config.limits.clone(),
        certificates: certificates.clone(),
        trusted_proxies: config.trusted_proxies.clone(),
        tracer,
    };
    let server = Server::start(listeners, app.clone(), settings);
    let crawler = crawler(config)?;
    let _certificate_watch = certificates
        .as_ref()
        .map(|certificates| AbortOnDropHandle::new(certificates.watch()));

    let ready = ready_line(&config.proxy.root, &urls, &upstreams(config));
    printer.line(&ready)?;
    service_manager::ready(&ready);

    let servers = std::iter::once(&server).chain(&metrics_server).collect();
    let mut live = Live::new(loaded, addresses, certificates, app, servers, crawler, log);
    tokio::select! {
        biased;
        _ = signals.next() => {}
        () = service_manager::watchdog(&server) => {}
        // What is being read is not applied any more when the server is to stop.
        () = live.reload_on(&mut hangups) => {}
    }
    service_manager::stopping();
    let (shutdown_timeout, app) = live.end();
    tracing::info!(
        running = server.connections(),
        "stopping: no new connections, running answers have {shutdown_timeout:?} to finish",
    );
    let ending = async {
        let cut = server.stop(shutdown_timeout).await;
        if cut > 0 {
            tracing::warn!(
                cut,
                "stopped: some answers did not finish in time and were cut"
            );
        } else {
            tracing::info!("stopped");
        }
        if let Some(server) = metrics_server {
            // Nobody loses what he could not get again.
            server.stop(Duration::ZERO).await;
        }
        app.proxy().stop().await;
        if let Some(exporter) = exporter {
            exporter.stop(FLUSH_PATIENCE).await;
        }
    };
    tokio::select! {
        // Running answers may take longer than the service manager waits for a word.
        never = service_manager::watchdog_while_stopping() => match never {},
        () = ending => Ok(ExitStatus::Success),
        number = signals.next() => Ok(ExitStatus::Signal(number)),
    }
}

/// Serves the metrics on their own socket, and says where.
fn start_metrics(listener: Listener, app: &App, config: &ServeConfig) -> Server {
    if let Some(address) = listener.tcp_address() {
        tracing::info!("metrics at http://{address}/metrics");
    }
    Server::start_metrics(listener, app.clone(), config.limits.clone())
}

/// Who imports in the background, if anybody does. Ends when it is dropped.
pub(super) fn crawler(config: &ServeConfig) -> anyhow::Result<Option<Crawler>> {
    match config.crawl.as_slice() {
        [] => Ok(None),
        sources => crawl::start(sources, &config.proxy, config.crawl_interval).map(Some),
    }
}

/// Refuses an upstream that is this server itself. One that the go command is set to, because this server is its proxy, is
/// left out, with a warning if anybody is asked at all: nobody said that it should be.
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
    Ok((!config.proxy.offline).then(|| {
        format!(
            "go env GOPROXY names {own}, which is this server itself; it is not asked. Say whom to ask with --upstream"
        )
    }))
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
    if config.proxy.offline {
        return " offline".to_owned();
    }
    let Some(settings) = &config.proxy.upstreams else {
        return " without upstream".to_owned();
    };
    let said = match config.upstream_said {
        Said::Go => " (go env GOPROXY)",
        Said::Operator | Said::Nobody => "",
    };
    format!(" with upstream {}{said}", settings.list)
}

/// `athens 1.2.3 serving storage-root at http://127.0.0.1:3000`: scripts and people read it.
fn ready_line(root: &Path, urls: &[String], upstreams: &str) -> String {
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
        let urls = ["http://127.0.0.1:80/go", "unix:/run/athens.sock"].map(str::to_owned);
        assert_eq!(
            ready_line(Path::new("storage-root"), &urls, " offline"),
            format!(
                "athens {} serving storage-root offline at http://127.0.0.1:80/go and unix:/run/athens.sock",
                env!("CARGO_PKG_VERSION")
            )
        );
        let line = ready_line(Path::new("a\nb"), &urls, "");
        assert!(line.contains(r"serving a\nb at"), "{line}");
    }
}
