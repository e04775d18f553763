//! An nginx: any static file server over a root, or what ends TLS before a server, as far as we are concerned.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::tools::{eventually, require_tool};

/// A running nginx. Dropping it ends it.
pub(crate) struct Nginx {
    child: Child,
    scheme: &'static str,
    port: u16,
    dir: TempDir,
}

impl Nginx {
    /// Starts one over a root on a free port, with all that it writes in a directory of its own; `None`, after
    /// [`super::tools::skip`], if it is not installed.
    pub(crate) fn start(root: &Path) -> Option<Self> {
        let site = format!(
            "root {}; location ~ /\\.athens {{ return 404; }}",
            root.display()
        );
        Self::start_site("http", "", &site)
    }

    /// As [`start`](Self::start), one that speaks TLS, and answers over HTTP/2 only.
    pub(crate) fn start_http2(root: &Path, certificate: &Path, key: &Path) -> Option<Self> {
        let site = format!(
            "ssl_certificate {}; ssl_certificate_key {}; root {}; if ($server_protocol != HTTP/2.0) {{ return 400; }}",
            certificate.display(),
            key.display(),
            root.display(),
        );
        Self::start_site("https", "ssl http2", &site)
    }

    /// As [`start`](Self::start), one that speaks TLS and passes on what it is asked to the server at a URL.
    pub(crate) fn start_tls(server: &str, certificate: &Path, key: &Path) -> Option<Self> {
        let site = format!(
            "ssl_certificate {}; ssl_certificate_key {}; client_max_body_size 0; location / {{ proxy_pass {server}; }}",
            certificate.display(),
            key.display(),
        );
        Self::start_site("https", "ssl", &site)
    }

    fn start_site(scheme: &'static str, speaks: &str, site: &str) -> Option<Self> {
        let program = require_tool("nginx")?;
        // Somebody else may take the port between our finding it free and nginx's binding it.
        (0..5)
            .find_map(|_| Self::try_start(&program, scheme, speaks, site))
            .or_else(|| panic!("nginx finds no port"))
    }

    /// `None` if it ended before it listened.
    fn try_start(program: &Path, scheme: &'static str, speaks: &str, site: &str) -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let dir = TempDir::new().unwrap();
        let listen = format!("127.0.0.1:{port} {speaks}");
        std::fs::write(
            dir.path().join("nginx.conf"),
            configuration(dir.path(), &listen, site),
        )
        .unwrap();
        let child = Command::new(program)
            .arg("-p")
            .arg(dir.path())
            .args(["-c", "nginx.conf", "-e", "error.log"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut nginx = Self {
            child,
            scheme,
            port,
            dir,
        };
        eventually("nginx listens", || match nginx.child.try_wait().unwrap() {
            Some(_) => Some(false),
            None => TcpStream::connect(("127.0.0.1", port))
                .is_ok()
                .then_some(true),
        })
        .then_some(nginx)
    }

    /// Its base URL, without a trailing slash.
    pub(crate) fn url(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme, self.port)
    }

    /// Its error log.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("error.log")).unwrap_or_default()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // One process only, as configured. Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn configuration(dir: &Path, listen: &str, site: &str) -> String {
    let dir = dir.display();
    format!(
        r#"
daemon off;
master_process off;
pid {dir}/pid;
error_log {dir}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    default_type application/octet-stream;
    server {{
        listen {listen};
        {site}
    }}
}}
"#
    )
}
