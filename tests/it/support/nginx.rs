//! An nginx over a root: any static file server, as far as we are concerned.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::tools::{eventually, require_tool};

/// A running nginx. Dropping it ends it.
pub(crate) struct Nginx {
    child: Child,
    port: u16,
    dir: TempDir,
}

impl Nginx {
    /// Starts one on a free port, with all that it writes in a directory of its own; `None`, after
    /// [`super::tools::skip`], if it is not installed.
    pub(crate) fn start(root: &Path) -> Option<Self> {
        let program = require_tool("nginx")?;
        // Somebody else may take the port between our finding it free and nginx's binding it.
        (0..5)
            .find_map(|_| Self::try_start(&program, root))
            .or_else(|| panic!("nginx finds no port"))
    }

    /// `None` if it ended before it listened.
    fn try_start(program: &Path, root: &Path) -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let dir = TempDir::new().unwrap();
        std::fs::write(
            dir.path().join("nginx.conf"),
            configuration(dir.path(), root, port),
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
        let mut nginx = Self { child, port, dir };
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
        format!("http://127.0.0.1:{}", self.port)
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

fn configuration(dir: &Path, root: &Path, port: u16) -> String {
    let (dir, root) = (dir.display(), root.display());
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
        listen 127.0.0.1:{port};
        root {root};
        location ~ /\.athens {{ return 404; }}
    }}
}}
"#
    )
}
