//! Machines and servers on which something is wrong.

use super::*;

/// A change of the facts, and what is said then.
type Broken = (fn(&mut Facts), (&'static str, &'static str, &'static str));

#[test]
fn broken_machines_and_servers() {
    let rows: &[Broken] = &[
        (
            |facts| {
                if let TokenFacts::Found(found) = &mut facts.servers[0].token {
                    found.way = TokenWay::Program;
                }
            },
            (
                "error",
                "GOAUTH does not name athens",
                "athens login https://goproxy.corp.example --goauth --write",
            ),
        ),
        (
            |facts| {
                if let GoFacts::Found { version, .. } = &mut facts.go {
                    *version = "go1.23.4".to_owned();
                }
                if let TokenFacts::Found(found) = &mut facts.servers[0].token {
                    found.way = TokenWay::Program;
                }
            },
            (
                "error",
                "go1.23.4 does not ask for the token",
                "athens login https://goproxy.corp.example",
            ),
        ),
        (
            |facts| facts.netrc.mode = Some(0o644),
            (
                "error",
                "others can read /home/me/.netrc (mode 0644)",
                "chmod 600 /home/me/.netrc",
            ),
        ),
        (
            |facts| facts.netrc.fault = Some("no".to_owned()),
            ("error", "can not be read: no", ""),
        ),
        (
            |facts| facts.netrc.seen.clear(),
            (
                "error",
                "does not see the entry of goproxy.corp.example",
                "athens login https://goproxy.corp.example",
            ),
        ),
        (
            |facts| {
                let other = BTreeSet::from(["goproxy.corp.example:8443".to_owned()]);
                facts.netrc.machines = other.clone();
                facts.netrc.seen = other;
            },
            (
                "warning",
                "an entry for goproxy.corp.example:8443, and none for goproxy.corp.example",
                "athens login https://goproxy.corp.example",
            ),
        ),
        (
            |facts| facts.servers[0].token = TokenFacts::None,
            (
                "error",
                "wants a token for reading, and there is none",
                "athens login https://goproxy.corp.example",
            ),
        ),
        (
            |facts| {
                facts.servers[0].token = found(Verdict::Refused(401, "no such token\n".to_owned()))
            },
            (
                "error",
                "refuses the token of /home/me/.netrc: no such token",
                "athens login https://goproxy.corp.example",
            ),
        ),
        (
            |facts| {
                let soon = Time::from_unix(1_800_000_000 + 86_400);
                facts.servers[0].token = found(Verdict::Known(identity(Some(soon))));
            },
            ("warning", "that is soon", ""),
        ),
        (
            |facts| {
                let mut identity = identity(None);
                identity.rights = "publish".parse().unwrap();
                facts.servers[0].token = found(Verdict::Known(identity));
            },
            ("error", "wants one that may read", ""),
        ),
        (
            |facts| facts.servers[0].ready = Some(reply(503, "the root is gone\n")),
            ("error", "is not ready: the root is gone", ""),
        ),
        (
            |facts| {
                let late = facts.servers[0].answered - Duration::from_secs(3600);
                facts.servers[0].version.as_mut().unwrap().date = Some(late);
            },
            ("error", "60 minutes apart", "timedatectl set-ntp true"),
        ),
        (
            |facts| facts.servers[0].sumdb = Some(("sum.example.org".to_owned(), Some(502), None)),
            (
                "error",
                "is not reached through https://goproxy.corp.example, which answers 502",
                "",
            ),
        ),
        (
            |facts| {
                facts.cache.as_mut().unwrap().free = Some(50 << 20);
            },
            ("error", "50 MiB are free", "go clean -modcache"),
        ),
        (
            |facts| facts.cache.as_mut().unwrap().is_writable = Some(false),
            (
                "error",
                "can not be written",
                "go env -w GOMODCACHE=\"$HOME/go/pkg/mod\"",
            ),
        ),
        (
            |facts| facts.go = GoFacts::Missing,
            (
                "error",
                "there is no go command in PATH",
                "export PATH=$PATH:/usr/local/go/bin",
            ),
        ),
        (
            |facts| facts.go = GoFacts::Silent("nonsense".to_owned()),
            ("error", "does not say how it is set: nonsense", "go env"),
        ),
    ];
    for (number, (break_it, expected)) in rows.iter().enumerate() {
        let mut facts = facts(&[], &[]);
        break_it(&mut facts);
        expect(&facts, &format!("row {number}"), *expected);
    }
}

#[test]
fn servers_that_are_not_reached() {
    let tls = |why: &str| ClientError::Tls {
        server: SERVER.to_owned(),
        why: why.to_owned(),
    };
    let connect = |is_refused| ClientError::Connect {
        server: SERVER.to_owned(),
        why: "no".to_owned(),
        is_refused,
    };
    for (error, network, expected) in [
        (
            tls("invalid peer certificate: UnknownIssuer"),
            "",
            (
                "error",
                "an authority that this machine does not know",
                "export SSL_CERT_FILE=/path/to/authority.pem",
            ),
        ),
        (
            tls("invalid peer certificate: certificate expired: verification time"),
            "",
            ("error", "has expired, or the clock here is wrong", ""),
        ),
        (
            tls("invalid peer certificate: certificate not valid for name \"x\""),
            "",
            ("error", "is for another name", ""),
        ),
        (
            tls("received corrupt message"),
            "",
            ("error", "does it speak TLS", ""),
        ),
        (connect(true), "", ("error", "cannot connect to", "")),
        (
            connect(false),
            "http://proxy.example:8080",
            (
                "error",
                "HTTPS_PROXY or HTTP_PROXY is set",
                "export NO_PROXY=\"$NO_PROXY,goproxy.corp.example\"",
            ),
        ),
    ] {
        let mut facts = facts(&[], &[]);
        facts.servers[0].version = Err(error);
        facts.network = vec![("HTTPS_PROXY".to_owned(), network.to_owned())];
        expect(&facts, expected.1, expected);
    }
}

#[test]
fn what_answers_and_is_no_server_of_athens() {
    for (status, location, expected) in [
        (404, None, ("error", "is no server of athens (404", "")),
        (502, None, ("error", "answers 502", "")),
        (
            301,
            Some("https://new.example/go/version"),
            (
                "warning",
                "sends clients on to",
                "go env -w GOPROXY=https://new.example/go",
            ),
        ),
    ] {
        // Nothing is known of its modules, so nothing is said of them.
        let mut facts = facts(&[], &[]);
        facts.servers[0].version = Ok(Reply {
            location: location.map(str::to_owned),
            ..reply(status, "")
        });
        facts.servers[0].token = TokenFacts::None;
        expect(&facts, expected.1, expected);
    }
}
