//! Every endpoint, every kind of token, both ways to send one, with reading open and closed. What is to happen is said by a
//! model of a few lines; `docs/security.md` has its table.

use std::time::SystemTime;

use athens::auth::{Grant, Right, StateDirectory, TokensFile, parse_modules};
use athens::http::{Endpoint, Needs};
use athens::module::Time;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::publish::registry::Registry;
use crate::publish::zips::zip_saying;
use crate::support::http::Request;
use crate::support::tools::{repository, until};
use crate::support::tree::version;

/// Who knocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Caller {
    Nobody,
    Unknown,
    Expired,
    Revoked,
    OtherRights,
    OtherModules,
    Right,
}

impl Caller {
    const ALL: [Self; 7] = [
        Self::Nobody,
        Self::Unknown,
        Self::Expired,
        Self::Revoked,
        Self::OtherRights,
        Self::OtherModules,
        Self::Right,
    ];

    fn has_token(self) -> bool {
        matches!(self, Self::OtherRights | Self::OtherModules | Self::Right)
    }
}

/// What a door does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Door {
    Opens,
    Refuses(u16),
}

/// The model.
fn door(endpoint: &Endpoint, reads: bool, caller: Caller, read_auth: bool) -> Door {
    let (needs_right, on_module) = match endpoint.read {
        _ if !reads => (true, true),
        Some(Needs::Nothing) | None => return Door::Opens,
        Some(Needs::Reading | Needs::ReadingModule) if !read_auth => return Door::Opens,
        Some(Needs::Token) => (false, false),
        Some(Needs::Reading) => (true, false),
        Some(Needs::ReadingModule) => (true, true),
    };
    match caller {
        _ if !caller.has_token() => Door::Refuses(401),
        Caller::OtherRights if needs_right => Door::Refuses(403),
        Caller::OtherModules if on_module => Door::Refuses(403),
        _ => Door::Opens,
    }
}

/// A path of the form, and what is answered behind the door.
fn example(endpoint: &Endpoint) -> (&'static str, u16) {
    match endpoint.path {
        "/" => ("/", 200),
        "/healthz" => ("/healthz", 200),
        "/readyz" => ("/readyz", 200),
        "/version" => ("/version", 200),
        "/metrics" => ("/metrics", 200),
        "/whoami" => ("/whoami", 200),
        "/index" => ("/index", 200),
        "/catalog" => ("/catalog", 200),
        "/MODULE/@v/list" => ("/example.com/m/@v/list", 200),
        "/MODULE/@latest" => ("/example.com/m/@latest", 200),
        "/MODULE/@v/VERSION.info" => ("/example.com/m/@v/v1.0.0.info", 200),
        // Nobody is there who could be asked.
        "/MODULE/@v/REVISION.info" => ("/example.com/m/@v/main.info", 404),
        "/MODULE/@v/VERSION.mod" => ("/example.com/m/@v/v1.0.0.mod", 200),
        // Published again, too: it is the same.
        "/MODULE/@v/VERSION.zip" => ("/example.com/m/@v/v1.0.0.zip", 200),
        "/upload" => ("/upload", 200),
        // There is no such version: others are asked for again and again.
        "/MODULE/@v/VERSION" => ("/example.com/m/@v/v1.9.9", 404),
        "/MODULE/@v/refresh" => ("/example.com/m/@v/refresh", 200),
        // No checksum database is passed on here.
        "/sumdb/NAME/supported" => ("/sumdb/sum.example/supported", 404),
        "/sumdb/NAME/latest" => ("/sumdb/sum.example/latest", 404),
        "/sumdb/NAME/tile/…" => ("/sumdb/sum.example/tile/8/0/000", 404),
        "/sumdb/NAME/lookup/…" => ("/sumdb/sum.example/lookup/example.com/m@v1.0.0", 404),
        "/cached-only/…" => ("/cached-only/example.com/m/@v/list", 200),
        "/PATH?go-get=1" => ("/example.com/m?go-get=1", 200),
        other => panic!("{other} has no example here: give it one"),
    }
}

/// A server, and a token of each kind.
struct House {
    registry: Registry,
    zip: Vec<u8>,
    unknown: String,
    expired: String,
    revoked: String,
    /// Of each request, so that wrong tokens are counted apart.
    addresses: u32,
}

impl House {
    fn new(read_auth: bool) -> Self {
        let mut flags = vec![
            "--trust-proxy",
            "127.0.0.0/8",
            "--public-url",
            "http://goproxy.example",
        ];
        flags.extend(read_auth.then_some("--read-auth"));
        let registry = Registry::start(&flags);
        let version = version("example.com/m@v1.0.0");
        let zip = zip_saying(&version, "").0;
        registry.publish(&version, &zip);
        let unknown = athens::auth::PlainToken::generate().unwrap();
        let expired = expired(registry.state.path());
        let all = "read,publish,delete";
        let revoked = registry.state.create("revoked", all, "*");
        registry.state.token(&["revoke", "revoked"]);
        let mut house = Self {
            registry,
            zip,
            unknown: unknown.reveal().to_owned(),
            expired,
            revoked,
            addresses: 0,
        };
        until("the server has seen the revocation", || {
            let token = format!("Bearer {}", house.revoked);
            house.status("GET", "/whoami", Some(&token)) == 401
        });
        house
    }

    fn status(&mut self, method: &str, path: &str, authorization: Option<&str>) -> u16 {
        self.addresses += 1;
        let [_, high, middle, low] = self.addresses.to_be_bytes();
        let mut request = Request::new(method, path)
            .header("X-Forwarded-For", &format!("10.{high}.{middle}.{low}"));
        if let Some(authorization) = authorization {
            request = request.header("Authorization", authorization);
        }
        if method == "PUT" {
            request = request.body(&self.zip);
        }
        let url = self.registry.url();
        if method == "HEAD" {
            let head = request.head_only(&url);
            return head.split(' ').nth(1).unwrap().parse().unwrap();
        }
        let answer = request.send(&url);
        let challenge = answer.header("www-authenticate");
        assert_eq!(
            challenge.is_some(),
            answer.status == 401,
            "{method} {path}: {}",
            answer.head
        );
        answer.status
    }
}

/// A token whose time was over a second after it was made.
fn expired(state: &std::path::Path) -> String {
    let now = Time::from(SystemTime::now()).unix();
    let grant = Grant {
        name: "expired".parse().unwrap(),
        rights: "read,publish,delete".parse().unwrap(),
        modules: parse_modules("*").unwrap(),
        created: Time::from_unix(now - 60),
        expires: Some(Time::from_unix(now - 59)),
    };
    let file = TokensFile::new(StateDirectory::new(state.to_owned()));
    file.create(grant).unwrap().reveal().to_owned()
}

/// The methods of a row, with whether each reads.
fn methods(endpoint: &Endpoint) -> impl Iterator<Item = (&'static str, bool)> {
    let methods = endpoint.methods.split(", ");
    methods.map(|method| (method, ["GET", "HEAD"].contains(&method)))
}

fn knock_at_all(read_auth: bool) {
    let mut house = House::new(read_auth);
    // By right: `narrow` has it elsewhere, `right` has it here and nothing more.
    let tokens = Right::ALL.map(|right| {
        let state = &house.registry.state;
        let create = |kind: &str, rights: &str, modules: &str| {
            state.create(&format!("{kind}-{right}"), rights, modules)
        };
        let others: Vec<&str> = Right::ALL
            .into_iter()
            .filter(|other| *other != right)
            .map(Right::as_str)
            .collect();
        [
            create("other", &others.join(","), "*"),
            create(
                "narrow",
                right.as_str(),
                "example.com/other,example.com/m/*",
            ),
            create("right", right.as_str(), "example.com/m"),
        ]
    });
    let mut surprises = Vec::new();
    let mut asked = 0;
    for endpoint in &Endpoint::ALL {
        let (path, behind) = example(endpoint);
        for (method, reads) in methods(endpoint) {
            let right = match endpoint.write {
                Some(right) if !reads => right,
                _ => Right::Read,
            };
            let at = Right::ALL.iter().position(|one| *one == right).unwrap();
            let [other, narrow, fitting] = &tokens[at];
            for caller in Caller::ALL {
                let token = match caller {
                    Caller::Nobody => None,
                    Caller::Unknown => Some(&house.unknown),
                    Caller::Expired => Some(&house.expired),
                    Caller::Revoked => Some(&house.revoked),
                    Caller::OtherRights => Some(other),
                    Caller::OtherModules => Some(narrow),
                    Caller::Right => Some(fitting),
                };
                let ways = match token {
                    None => vec![None],
                    Some(token) => vec![
                        Some(format!("Bearer {token}")),
                        Some(format!("Basic {}", STANDARD.encode(format!("any:{token}")))),
                    ],
                };
                let want = match door(endpoint, reads, caller, read_auth) {
                    Door::Opens => behind,
                    Door::Refuses(status) => status,
                };
                for way in ways {
                    let got = house.status(method, path, way.as_deref());
                    asked += 1;
                    if got != want {
                        let scheme = way.as_deref().and_then(|way| way.split(' ').next());
                        surprises.push(format!(
                            "{method} {path}, {caller:?} {scheme:?}, --read-auth {read_auth}: {got}, not {want}"
                        ));
                    }
                }
            }
        }
        // Other methods, with every right: nothing is done, and nothing is behind a door.
        let token = format!("Bearer {}", house.registry.token);
        for method in [
            "GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE",
        ] {
            if endpoint.methods.split(", ").any(|one| one == method) {
                continue;
            }
            for authorization in [None, Some(token.as_str())] {
                let got = house.status(method, path, authorization);
                asked += 1;
                if got != without(endpoint, method) {
                    surprises.push(format!("{method} {path}, {authorization:?}: {got}"));
                }
            }
        }
    }
    println!("--read-auth {read_auth}: {asked} requests");
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}

/// The status for a method that a path does not have.
fn without(endpoint: &Endpoint, method: &str) -> u16 {
    let is_no_module = ["/sumdb/", "/cached-only/", "/PATH"]
        .iter()
        .any(|start| endpoint.path.starts_with(start));
    match method {
        // There is nothing of that name to be read; nothing can be written where no version can be.
        "GET" | "HEAD" => 404,
        "PUT" | "DELETE" if is_no_module => 404,
        _ => 405,
    }
}

#[test]
fn every_door_with_reading_open() {
    knock_at_all(false);
}

#[test]
fn every_door_with_reading_closed() {
    knock_at_all(true);
}

/// The table of the page, as the model has it.
fn table() -> String {
    let mut table = String::from(
        "| request | reading | none | unknown | expired | revoked | other rights | other modules | right |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for endpoint in &Endpoint::ALL {
        let mut kinds: Vec<(String, bool)> = Vec::new();
        if endpoint.read.is_some() {
            kinds.push((format!("GET, HEAD {}", endpoint.path), true));
        }
        if let Some((method, _)) = methods(endpoint).find(|(_, reads)| !reads) {
            kinds.push((format!("{method} {}", endpoint.path), false));
        }
        for (request, reads) in kinds {
            let row = |read_auth: bool| {
                Caller::ALL.map(|caller| match door(endpoint, reads, caller, read_auth) {
                    Door::Opens => "yes".to_owned(),
                    Door::Refuses(status) => status.to_string(),
                })
            };
            let (open, closed) = (row(false), row(true));
            let rows = match open == closed {
                true => vec![("open or not", open)],
                false => vec![("open", open), ("`--read-auth`", closed)],
            };
            for (reading, cells) in rows {
                let cells = cells.join(" | ");
                table.push_str(&format!("| `{request}` | {reading} | {cells} |\n"));
            }
        }
    }
    table
}

#[test]
fn the_table_of_the_page() {
    let table = table();
    println!("{table}");
    let page = std::fs::read_to_string(repository().join("docs/security.md")).unwrap();
    assert!(page.contains(&table), "docs/security.md lacks this table");
}
