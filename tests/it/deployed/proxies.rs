use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::text_of;
use crate::support::certificate::Certificate;
use crate::support::go;
use crate::support::http::get;
use crate::support::publisher::Publisher;
use crate::support::server::TestServer;
use crate::support::small_disk::zip_of_size;
use crate::support::tools::{eventually, require_tool};
use crate::support::tree::version;

/// A reverse proxy, set up by its file in `deploy/`.
struct Front {
    child: Child,
    port: u16,
    /// What a client has to trust.
    authority: PathBuf,
}

impl Drop for Front {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Changes what an operator changes: each exactly once.
fn changed(text: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(text.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to)
    })
}

fn nginx(server: &TestServer, certificate: &Certificate, place: &Path) -> Option<Front> {
    let program = require_tool("nginx")?;
    let port = free_port();
    let site = changed(
        &text_of("deploy/nginx/athens.conf"),
        &[
            (
                "server 127.0.0.1:3000;",
                &format!("server {};", server.addr()),
            ),
            ("listen 443 ssl", &format!("listen 127.0.0.1:{port} ssl")),
            (
                "/etc/ssl/certs/goproxy.corp.example.pem",
                &certificate.path().display().to_string(),
            ),
            (
                "/etc/ssl/private/goproxy.corp.example.key",
                &certificate.key_path().display().to_string(),
            ),
        ],
    );
    fs::create_dir_all(place).unwrap();
    fs::write(place.join("athens.conf"), site).unwrap();
    let dir = place.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|of| format!("{of}_temp_path {dir}/{of}; "))
        .collect();
    let main = format!(
        "daemon off; master_process off; pid {dir}/pid; error_log {dir}/error.log; events {{}} \
         http {{ access_log off; {temporary} include {dir}/athens.conf; }}"
    );
    fs::write(place.join("nginx.conf"), main).unwrap();
    let child = Command::new(program)
        .arg("-p")
        .arg(place)
        .args(["-c", "nginx.conf", "-e", "error.log"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    Some(Front {
        child,
        port,
        authority: certificate.authority(),
    })
}

fn caddy(server: &TestServer, place: &Path) -> Option<Front> {
    let program = require_tool("caddy")?;
    let port = free_port();
    fs::create_dir_all(place).unwrap();
    let log = fs::File::create(place.join("log")).unwrap();
    let child = Command::new(program)
        .args(["run", "--adapter", "caddyfile", "--config"])
        .arg(super::deployed("caddy/Caddyfile"))
        .env_clear()
        .env("HOME", place)
        .env("XDG_DATA_HOME", place)
        .env("XDG_CONFIG_HOME", place)
        // Caddy makes certificates of an authority of its own for such a name.
        .env("ATHENS_HOST", "127.0.0.1")
        .env("ATHENS_HTTPS_PORT", port.to_string())
        .env("ATHENS_HTTP_PORT", free_port().to_string())
        .env("ATHENS_BACKEND", server.addr().to_string())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap();
    Some(Front {
        child,
        port,
        authority: place.join("caddy/pki/authorities/local/root.crt"),
    })
}

/// What curl gets: the status, and the body.
fn curl(front: &Front, arguments: &[&str], path: &str) -> Option<(u16, String)> {
    let output = Command::new("curl")
        .args(["-sS", "--path-as-is", "-w", "\n%{http_code}", "--cacert"])
        .arg(&front.authority)
        .args(arguments)
        .arg(format!("https://127.0.0.1:{}{path}", front.port))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (body, status) = text.rsplit_once('\n')?;
    let status = status.parse().ok()?;
    (status != 0).then(|| (status, body.to_owned()))
}

const MODULE: &str = "corp.example/Lib";

/// Everything that goes wrong behind proxies that are set up for pages and pictures.
fn behind(front: &Front, server: &TestServer, publisher: &Publisher) {
    eventually("the proxy answers", || curl(front, &[], "/healthz"));
    let url = format!("https://127.0.0.1:{}", front.port);
    let authority = front.authority.to_str().unwrap();

    // Larger than what proxies take or keep in memory by default, and not collected before it is passed on.
    let large = version("corp.example/Lib@v1.0.0");
    let zip = publisher.write("large.zip", zip_of_size(&large, 20 << 20));
    let zip = zip.to_str().unwrap();
    let ended = publisher.run(&[zip, "--server", &url, "--ca-file", authority]);
    assert_eq!(ended.code, Some(0), "{ended:?}");

    // Paths come through as they are written.
    for path in [
        "/corp.example/!lib/@v/list",
        "/corp.example/%21lib/@v/v1.0.0.info",
        "/corp.example/!lib/@v/v1.0.0.mod",
        "/corp.example/!lib/@latest",
        "//corp.example/!lib/@v/list",
        "/corp.example/!lib/../!lib/@v/list",
        "/corp.example/%2e%2e/@v/list",
        "/corp.example/nothing/@v/list",
        "/corp.example/!lib/@v/v9.9.9.info",
    ] {
        let direct = get(&server.url(), path);
        let (status, body) = curl(front, &[], path).unwrap();
        // What a proxy refuses or cleans up itself does not get through; what gets through is the same.
        if path.contains("..") || path.contains("%2e") {
            assert!(
                status >= 400 || status == direct.status || status == 200,
                "{path}"
            );
            continue;
        }
        assert_eq!((status, body), (direct.status, direct.text()), "{path}");
    }

    let zip = "/corp.example/!lib/@v/v1.0.0.zip";
    let (status, part) = curl(front, &["-r", "0-1"], zip).unwrap();
    assert_eq!((status, part.as_str()), (206, "PK"));
    let (status, head) = curl(front, &["-I"], zip).unwrap();
    let len = format!("content-length: {}", 20 << 20);
    assert_eq!(status, 200);
    assert!(
        head.to_lowercase().contains(&len[..20]) && head.to_lowercase().contains("etag:"),
        "{head}"
    );

    // The client is known, whatever it says of itself: the proxy adds what it sees to that.
    let header = "X-Forwarded-For: 192.0.2.7";
    curl(
        front,
        &["-H", header, "--interface", "127.0.0.9"],
        "/client",
    )
    .unwrap();
    eventually("the request is in the log", || {
        let log = server.stderr();
        let line = log.lines().find(|line| line.contains("path=/client "))?;
        // A proxy on this machine is trusted, and so is who comes by way of it from this machine.
        assert!(
            line.contains("client=127.0.0.9 ") || line.contains("client=192.0.2.7 "),
            "{line}"
        );
        Some(())
    });

    for inside in ["/metrics", "/readyz"] {
        assert_eq!(curl(front, &[], inside).unwrap().0, 404, "{inside}");
    }

    // Both speak HTTP/2 to whoever can.
    let version = Command::new("curl")
        .args([
            "-sS",
            "-o",
            "/dev/null",
            "-w",
            "%{http_version}",
            "--cacert",
        ])
        .arg(&front.authority)
        .arg(format!("{url}/healthz"))
        .output()
        .unwrap();
    assert_eq!(version.stdout, b"2");

    let Some(go) = go::installed() else {
        return;
    };
    let output = Command::new(go.program())
        .args(["mod", "download", "-json", &format!("{MODULE}@v1.0.0")])
        .current_dir("/")
        .env("GOPROXY", &url)
        .env("GONOSUMDB", "*")
        .env("GOFLAGS", "-modcacherw")
        .env("GOTOOLCHAIN", "local")
        .env(
            "GOMODCACHE",
            publisher.path(&format!("modcache{}", front.port)),
        )
        .env("SSL_CERT_FILE", &front.authority)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("\"Sum\": \"h1:"), "{said}");
}

fn server(publisher: &Publisher) -> TestServer {
    let state = publisher.path("state");
    let state = state.to_str().unwrap();
    TestServer::start(
        &publisher.path("root"),
        &["--state", state, "--trust-proxy", "127.0.0.1"],
    )
}

/// The token of the server's own user, for the proxies' address too.
fn keep_token(publisher: &Publisher) {
    let token = publisher.local_token();
    publisher.write(
        "home/.netrc",
        format!("machine 127.0.0.1 login me password {token}\n"),
    );
}

#[test]
fn nginx_passes_on_what_it_is_asked() {
    if require_tool("curl").is_none() {
        return;
    }
    let publisher = Publisher::new();
    let server = server(&publisher);
    keep_token(&publisher);
    let Some(certificate) = Certificate::make() else {
        return;
    };
    let Some(front) = nginx(&server, &certificate, &publisher.path("nginx")) else {
        return;
    };
    behind(&front, &server, &publisher);
}

#[test]
fn caddy_passes_on_what_it_is_asked() {
    if require_tool("curl").is_none() {
        return;
    }
    let publisher = Publisher::new();
    let server = server(&publisher);
    keep_token(&publisher);
    let Some(front) = caddy(&server, &publisher.path("caddy")) else {
        return;
    };
    behind(&front, &server, &publisher);
}
