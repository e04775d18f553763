//! Secrets are never told: not in the log at any level, not in answers, not to a collector, not in what is said of settings.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::path_of;
use crate::support::http::Request;
use crate::support::server::{TestServer, athens};
use crate::support::tools::until;
use crate::support::tree::{Tree, version, zip_of};
use crate::support::upstream::{Reply, Upstream};
use athens::store::ModuleFile;

/// What must be seen nowhere, in plain text, and as what `Basic` makes of it.
#[derive(Default)]
struct Secrets(Vec<String>);

impl Secrets {
    fn add(&mut self, secret: &str) -> String {
        self.0.push(secret.to_owned());
        secret.to_owned()
    }

    /// The value of a header that shows a name and a secret.
    fn basic(&mut self, name: &str, secret: &str) -> String {
        let encoded = STANDARD.encode(format!("{name}:{secret}"));
        self.0.push(secret.to_owned());
        self.0.push(encoded.clone());
        format!("Basic {encoded}")
    }

    #[track_caller]
    fn check(&self, what: &str, text: &str) {
        for secret in &self.0 {
            let line = text.lines().find(|line| line.contains(secret.as_str()));
            assert_eq!(line, None, "{what} shows {secret}");
        }
    }
}

const PUBLISHED: &str = "example.com/ours@v1.0.0";
const FETCHED: &str = "example.com/theirs@v1.0.0";
const PROXIED: &str = "example.com/proxied@v1.0.0";

/// Everything that brings a secret along, and then a look at all that came out.
fn drive(format: &str) {
    let mut secrets = Secrets::default();
    let (state, tree, home) = (
        tempfile::tempdir().unwrap(),
        Tree::new(),
        tempfile::tempdir().unwrap(),
    );
    let (first, second) = (Upstream::start(), Upstream::start());
    let (proxy, collector) = (Upstream::start(), Upstream::start());
    collector.on("/v1/traces", Reply::ok("{}"));
    second.on(
        &path_of(FETCHED, ModuleFile::Mod),
        Reply::ok("module example.com/theirs\n"),
    );
    second.on("/example.com/broken/@v/list", Reply::status(500, "broken"));
    let with_login = |url: &str, login: &str| url.replace("http://", &format!("http://{login}@"));
    let in_url = secrets.add("upstream-url-hunter2");
    secrets.basic("me", "upstream-url-hunter2");
    let in_netrc = secrets.add("netrc-hunter2");
    secrets.basic("me", "netrc-hunter2");
    let of_proxy = secrets.add("proxy-hunter2");
    secrets.basic("me", "proxy-hunter2");
    let of_collector = secrets.add("collector-url-hunter2");
    secrets.basic("me", "collector-url-hunter2");
    let in_header = secrets.add("collector-header-hunter2");
    let netrc = home.path().join("netrc");
    let port_of = |url: &str| url.rsplit(':').next().unwrap().to_owned();
    let text = format!("machine 127.0.0.1 login me password {in_netrc}\n");
    fs::write(&netrc, text).unwrap();
    let upstreams = format!(
        "{},{},http://mirror.example",
        with_login(&first.url(), &format!("me:{in_url}")),
        second.url()
    );
    let mut command = athens();
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--read-auth"])
        .args(["--sumdb", "off", "--private", "unused.example"])
        .args(["--direct", "unused.example", "--log-level", "trace"])
        .args(["--log-format", format, "--root"])
        .arg(tree.root())
        .arg("--state")
        .arg(state.path())
        .arg("--netrc")
        .arg(&netrc)
        .env("ATHENS_UPSTREAM", &upstreams)
        .env(
            "ATHENS_OTLP_ENDPOINT",
            with_login(&collector.url(), &format!("me:{of_collector}")),
        )
        .env("OTEL_EXPORTER_OTLP_HEADERS", format!("api-key={in_header}"))
        .env(
            "HTTP_PROXY",
            with_login(&proxy.url(), &format!("me:{of_proxy}")),
        )
        .env(
            "http_proxy",
            with_login(&proxy.url(), &format!("me:{of_proxy}")),
        )
        .env_remove("NO_PROXY")
        .env_remove("no_proxy");
    let server = TestServer::start_command(command);
    let token = fs::read_to_string(state.path().join("local-token")).unwrap();
    let token = secrets.add(token.trim_end());
    let bearer = format!("Bearer {token}");
    let basic = secrets.basic("anybody", &token);
    let wrong = format!("Bearer {}", secrets.add("wrong-token-hunter2"));
    let wrong_basic = secrets.basic("anybody", "wrong-password-hunter2");
    let odd = format!("Digest {}", secrets.add("digest-hunter2"));
    let cookie = format!("session={}", secrets.add("cookie-hunter2"));
    let in_target = secrets.add("target-hunter2");

    let mut answers = String::new();
    let zip = zip_of(&version(PUBLISHED));
    let zip_path = path_of(PUBLISHED, ModuleFile::Zip);
    let fetched = path_of(FETCHED, ModuleFile::Mod);
    let absolute = format!("http://me:{in_target}@{}{fetched}", server.addr());
    let get = |path: &str| Request::new("GET", path);
    let put = || Request::new("PUT", &zip_path).body(&zip);
    let mut statuses = Vec::new();
    for (request, authorization) in [
        (put(), &bearer),
        (put(), &wrong),
        (put(), &wrong_basic),
        (put(), &odd),
        (Request::new("PUT", &zip_path).body(b"no zip"), &basic),
        (get(&zip_path), &basic),
        (get(&fetched), &bearer),
        (get(&absolute), &bearer),
        (get(&path_of(PROXIED, ModuleFile::Mod)), &bearer),
        (get("/example.com/broken/@v/list"), &basic),
        (get("/a/../b"), &bearer),
        (get("/readyz"), &bearer),
        (get("/"), &bearer),
    ] {
        let answer = request
            .header("Authorization", authorization)
            .header("Cookie", &cookie)
            .send(&server.url());
        statuses.push(answer.status);
        answers.push_str(&answer.head);
        answers.push_str(&answer.text());
    }
    // They went where they should: else nothing is proved.
    assert_eq!(
        statuses,
        [
            201, 401, 401, 401, 422, 200, 200, 200, 404, 502, 400, 200, 200
        ]
    );
    let sent = |upstream: &Upstream, name: &str| {
        let requests = upstream.requests();
        requests.iter().find_map(|request| request.header(name))
    };
    let shown = |name: &str, secret: &str| {
        Some(format!(
            "Basic {}",
            STANDARD.encode(format!("{name}:{secret}"))
        ))
    };
    assert_eq!(sent(&first, "authorization"), shown("me", &in_url));
    assert_eq!(sent(&second, "authorization"), shown("me", &in_netrc));
    assert_eq!(sent(&proxy, "proxy-authorization"), shown("me", &of_proxy));
    until("spans are sent", || !collector.requests().is_empty());
    assert_eq!(
        sent(&collector, "authorization"),
        shown("me", &of_collector)
    );
    assert_eq!(sent(&collector, "api-key"), Some(in_header));

    let ready = server.ready_line().to_owned();
    let port = port_of(&server.url());
    let ended = server.stop_and_collect();
    for what in ["DEBUG", "hyper_util"] {
        assert!(
            ended.stderr.contains(what),
            "{what}: is this all of the log? {}",
            ended.stderr
        );
    }
    // Nor do libraries say all that they would.
    let traced = ended
        .stderr
        .lines()
        .find(|line| line.contains("TRACE") && line.contains("hyper_util"));
    assert_eq!(traced, None);
    assert!(ready.contains(&port), "{ready}");
    secrets.check("the ready line", &ready);
    secrets.check("standard output", &ended.stdout);
    secrets.check("the log", &ended.stderr);
    secrets.check("an answer", &answers);
    for request in collector.requests() {
        secrets.check("a span", &String::from_utf8_lossy(&request.body));
    }
}

#[test]
fn a_plain_log_has_none() {
    drive("plain");
}

#[test]
fn a_json_log_has_none() {
    drive("json");
}

/// Settings that are refused, and those that help text shows.
#[test]
fn what_is_said_of_settings_has_none() {
    let mut secrets = Secrets::default();
    let secret = secrets.add("settings-hunter2");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("athens.toml");
    let login = |scheme: &str, host: &str| format!("{scheme}://me:{secret}@{host}");
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        let output = athens()
            .arg("serve")
            .args(arguments)
            .args(["--root", "/does/not/exist"])
            .env_remove("ATHENS_UPSTREAM")
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(text).unwrap();
        assert!(!text.is_empty());
        secrets.check(&format!("{arguments:?} {variables:?}"), &text);
        text
    };
    let ftp = login("ftp", "a.example");
    let exposed = login("http", "a.example");
    let fine = login("https", "a.example");
    for arguments in [
        ["--upstream", &ftp],
        ["--upstream", &exposed],
        ["--otlp-endpoint", &ftp],
    ] {
        run(&arguments, &[]);
    }
    for variable in [
        ("ATHENS_UPSTREAM", ftp.as_str()),
        ("ATHENS_OTLP_ENDPOINT", &ftp),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &ftp),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &ftp),
    ] {
        run(&[], &[variable]);
    }
    let headers = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"),
        ("OTEL_EXPORTER_OTLP_HEADERS", &secret),
    ];
    let text = run(&[], &headers);
    assert!(text.contains("OTEL_EXPORTER_OTLP_HEADERS"), "{text}");
    let help = run(
        &["--help"],
        &[("ATHENS_UPSTREAM", &fine), ("ATHENS_OTLP_ENDPOINT", &fine)],
    );
    assert!(help.contains("--otlp-endpoint"), "{help}");
    for line in [
        format!("upstream = \"{ftp}\""),
        format!("otlp-endpoint = \"{ftp}\""),
        format!("upstream = \"{fine}\"\nupstraem = \"{fine}\""),
        format!("upstream = \"{fine}"),
        format!("upstream = [\"{fine}\"]"),
        format!("otlp-endpoint = [\"{fine}\"]"),
    ] {
        fs::write(&file, line).unwrap();
        run(&["--config", file.to_str().unwrap()], &[]);
    }
}
