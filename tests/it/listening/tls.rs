use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use super::{curl, shown, text};
use crate::support::certificate::Certificate;
use crate::support::go;
use crate::support::server::{TestServer, athens};
use crate::support::small_disk::zip_of_size;
use crate::support::tools::{eventually, require_tool};
use crate::support::tree::{Tree, version};

const LARGE: usize = 40 << 20;

/// A server of a tree with a certificate; `None` where openssl is missing.
fn secured(tree: &Tree, flags: &[&str]) -> Option<(TestServer, Certificate)> {
    let certificate = Certificate::make()?;
    let (cert, key) = (certificate.path(), certificate.key_path());
    let flags = [
        &["--tls-cert", shown(&cert), "--tls-key", shown(&key)],
        flags,
    ]
    .concat();
    let server = TestServer::start(tree.root(), &flags);
    assert!(server.url().starts_with("https://127.0.0.1:"));
    Some((server, certificate))
}

#[test]
fn clients_speak_what_they_can() {
    let tree = Tree::new();
    tree.add("example.com/m@v1.0.0");
    let Some((server, certificate)) = secured(&tree, &[]) else {
        return;
    };
    let (url, authority) = (server.url(), certificate.authority());
    let ask = |arguments: &[&str]| {
        let list = format!("{url}/example.com/m/@v/list");
        let arguments = [
            &["--cacert", shown(&authority), "-w", "%{http_version}"],
            arguments,
            &[&list],
        ]
        .concat();
        curl(&arguments)
    };
    for (arguments, said) in [
        (&[][..], "v1.0.0\n2"),
        (&["--http1.1"], "v1.0.0\n1.1"),
        (&["--tls-max", "1.2"], "v1.0.0\n2"),
        (&["--http1.1", "-H", "Connection: close"], "v1.0.0\n1.1"),
    ] {
        let Some(output) = ask(arguments) else {
            return;
        };
        assert_eq!(text(&output), said, "{arguments:?}");
    }
    // Older than TLS 1.2 is nothing, and who speaks in the clear learns nothing.
    assert!(!ask(&["--tls-max", "1.1"]).unwrap().status.success());
    let address = url.strip_prefix("https://").unwrap().to_owned();
    let mut plain = TcpStream::connect(&address).unwrap();
    plain
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP/"), "{answer:?}");
    // The name that a client uses for us stays https.
    let home = curl(&["--cacert", shown(&authority), &format!("{url}/")]).unwrap();
    assert!(text(&home).contains("https://127.0.0.1:"), "{home:?}");
}

/// The library that speaks HTTP/2 would tell of each frame.
#[test]
fn a_log_of_everything_shows_neither_frames_nor_tokens() {
    let (tree, state) = (Tree::new(), tempfile::tempdir().unwrap());
    tree.add("example.com/m@v1.0.0");
    let flags = ["--read-auth", "--log-level", "trace", "--state"];
    let flags = [&flags[..], &[shown(state.path())]].concat();
    let Some((server, certificate)) = secured(&tree, &flags) else {
        return;
    };
    let token = fs::read_to_string(state.path().join("local-token")).unwrap();
    let token = token.trim_end();
    let (wrong, cookie) = ("wrong-token-hunter2", "cookie-hunter2");
    let url = format!("{}/example.com/m/@v/list", server.url());
    for (token, said) in [(token, "2 200"), (wrong, "2 401")] {
        let Some(output) = curl(&[
            "--http2",
            "--cacert",
            shown(&certificate.authority()),
            "-o",
            "/dev/null",
            "-w",
            "%{http_version} %{http_code}",
            "-H",
            &format!("Authorization: Bearer {token}"),
            "-H",
            &format!("Cookie: session={cookie}"),
            &url,
        ]) else {
            return;
        };
        assert_eq!(text(&output), said);
    }
    let log = server.stop_and_collect().stderr;
    assert!(log.contains("DEBUG") && log.contains("status=401"), "{log}");
    for what in ["frame=", "FramedRead", token, wrong, cookie] {
        let line = log.lines().find(|line| line.contains(what));
        assert_eq!(line, None, "{what}");
    }
}

#[test]
fn the_go_command_downloads_over_tls() {
    let tree = Tree::new();
    tree.add("example.com/m@v1.0.0");
    let (Some((server, certificate)), Some(go)) = (secured(&tree, &[]), go::installed()) else {
        return;
    };
    let cache = tempfile::tempdir().unwrap();
    let output = Command::new(go.program())
        .args(["mod", "download", "-json", "example.com/m@v1.0.0"])
        .current_dir("/")
        .env("GOPROXY", server.url())
        .env("GONOSUMDB", "*")
        .env("GOFLAGS", "-modcacherw")
        .env("GOTOOLCHAIN", "local")
        .env("GOMODCACHE", cache.path())
        .env("SSL_CERT_FILE", certificate.authority())
        .output()
        .unwrap();
    assert!(text(&output).contains("\"Sum\": \"h1:"));
}

#[test]
fn large_answers_go_side_by_side_over_one_connection() {
    let tree = Tree::new();
    let large = version("example.com/m@v1.0.0");
    let zip = zip_of_size(&large, LARGE);
    tree.write(&large, athens::store::ModuleFile::Zip, &zip);
    let Some((server, certificate)) = secured(&tree, &[]) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let url = format!("{}/example.com/m/@v/v1.0.0.zip", server.url());
    let authority = certificate.authority();
    let mut arguments = vec!["--parallel", "--cacert", shown(&authority)];
    let files: Vec<String> = (0..3)
        .map(|number| folder.path().join(number.to_string()).display().to_string())
        .collect();
    for file in &files {
        arguments.extend(["-o", file, &url]);
    }
    let Some(output) = curl(&arguments) else {
        return;
    };
    text(&output);
    for file in &files {
        assert!(fs::read(file).unwrap() == zip, "{file} differs");
    }
    let peak = server.peak_rss_kib();
    assert!(peak < 200 << 10, "{peak} KiB for 120 MiB");
}

/// What runs is finished, over HTTP/2 too, and the connection ends with it.
#[test]
fn a_running_answer_is_finished_when_the_server_stops() {
    let tree = Tree::new();
    let large = version("example.com/m@v1.0.0");
    let zip = zip_of_size(&large, LARGE);
    tree.write(&large, athens::store::ModuleFile::Zip, &zip);
    let Some((server, certificate)) = secured(&tree, &[]) else {
        return;
    };
    let Some(program) = require_tool("curl") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("zip");
    let mut child = Command::new(program)
        .args(["-sS", "--limit-rate", "30M", "--cacert"])
        .arg(certificate.authority())
        .arg("-o")
        .arg(&file)
        .arg(format!("{}/example.com/m/@v/v1.0.0.zip", server.url()))
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    eventually("the download has begun", || {
        fs::metadata(&file)
            .is_ok_and(|it| it.len() > 0)
            .then_some(())
    });
    let ended = server.stop_and_collect();
    assert!(ended.status.success(), "{ended:?}");
    assert!(child.wait().unwrap().success());
    assert!(fs::read(&file).unwrap() == zip, "cut short");
}

/// The certificate that a client is shown, by the authority that it trusts.
fn is_shown(server: &TestServer, certificate: &Certificate) -> bool {
    let authority = certificate.authority();
    curl(&[
        "--cacert",
        shown(&authority),
        &format!("{}/healthz", server.url()),
    ])
    .is_some_and(|output| output.status.success())
}

#[test]
fn a_new_certificate_is_taken_by_itself_and_with_sighup() {
    let (Some(old), Some(new)) = (Certificate::make(), Certificate::make()) else {
        return;
    };
    if require_tool("curl").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (
        folder.path().join("cert.pem"),
        folder.path().join("key.pem"),
    );
    let install = |from: &Certificate| {
        for (from, to) in [(from.path(), &cert), (from.key_path(), &key)] {
            let next = to.with_extension("next");
            fs::copy(from, &next).unwrap();
            fs::rename(&next, to).unwrap();
        }
    };
    install(&old);
    let tree = Tree::new();
    let server = TestServer::start(
        tree.root(),
        &["--tls-cert", shown(&cert), "--tls-key", shown(&key)],
    );
    assert!(is_shown(&server, &old) && !is_shown(&server, &new));

    install(&new);
    server.signal("HUP");
    eventually("the new one is shown", || {
        is_shown(&server, &new).then_some(())
    });

    // Half of a pair: what was there stays, and the log says so.
    fs::copy(old.path(), &cert).unwrap();
    server.signal("HUP");
    eventually("the log says so", || {
        server
            .stderr()
            .contains("the key is not that of the certificate")
            .then_some(())
    });
    assert!(is_shown(&server, &new));

    // Nobody says anything, and it is noticed.
    install(&old);
    eventually("the old one is shown again", || {
        is_shown(&server, &old).then_some(())
    });
}

#[test]
fn what_can_not_be_used_is_named() {
    let Some(certificate) = Certificate::make() else {
        return;
    };
    let Some(other) = Certificate::make() else {
        return;
    };
    let tree = Tree::new();
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    fs::write(&empty, "").unwrap();
    let (cert, key, foreign) = (certificate.path(), certificate.key_path(), other.key_path());
    for (flags, said) in [
        (
            vec!["--tls-cert", shown(&cert)],
            "`tls-cert` needs `tls-key`: give both, or neither",
        ),
        (
            vec!["--tls-key", shown(&key)],
            "`tls-key` needs `tls-cert`: give both, or neither",
        ),
        (
            vec!["--tls-cert", "/no/such.pem", "--tls-key", shown(&key)],
            "cannot read /no/such.pem of --tls-cert: No such file",
        ),
        (
            vec!["--tls-cert", shown(&empty), "--tls-key", shown(&key)],
            "empty.pem of --tls-cert: there is none in it; it must be PEM",
        ),
        (
            vec!["--tls-cert", shown(&cert), "--tls-key", shown(&cert)],
            "no key can be read from",
        ),
        (
            vec!["--tls-cert", shown(&cert), "--tls-key", shown(&foreign)],
            "the key is not that of the certificate; give the key that belongs to the certificate",
        ),
    ] {
        let output = athens()
            .args(["serve", "--listen", "127.0.0.1:0", "--root"])
            .arg(tree.root())
            .args(&flags)
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {error}");
        assert!(error.contains(said), "{flags:?}: {error}");
    }
}

/// Who opens a connection and says nothing does not keep it.
#[test]
fn a_handshake_has_a_time() {
    let tree = Tree::new();
    let Some((server, _certificate)) = secured(&tree, &["--header-timeout", "300ms"]) else {
        return;
    };
    let address = server.url().strip_prefix("https://").unwrap().to_owned();
    let mut silent = TcpStream::connect(&address).unwrap();
    let mut rest = Vec::new();
    // Ends when the server closes; for ever, and the test with it, if it does not.
    let _ = silent.read_to_end(&mut rest);
    assert!(rest.is_empty());
}
