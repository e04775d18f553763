use super::*;

const PATH: &str = "a.b/m";

/// Messages as the go command 1.26 gives them.
const MESSAGES: &[(&str, FailureKind)] = &[
    // A repository that answered.
    (
        "a.b/m@nope: invalid version: unknown revision nope",
        NotFound,
    ),
    (
        "go: a.b/m@v1.9.0: invalid version: unknown revision sub/v1.9.0",
        NotFound,
    ),
    (
        "module a.b/m: no matching versions for query \"latest\"",
        NotFound,
    ),
    (
        "a.b/m@v9.9.9: invalid version: resolves to version v1.1.1-0.20261125010847-599a06d79e59 (v9.9.9 is not a tag)",
        NotFound,
    ),
    (
        "a.b/m@v0.0.0-20201125010847-599a06d79e59: invalid pseudo-version: does not match version-control timestamp (expected 20261125010847)",
        NotFound,
    ),
    (
        "a.b/m@v2.0.0: invalid version: missing a.b/m/go.mod and .../v2/go.mod at revision v2.0.0",
        NotFound,
    ),
    (
        "a.b/m@v0.0.0-20261125010847-2a3938e759c2: invalid version: missing a.b/m/sub/go.mod at revision 2a3938e759c2",
        NotFound,
    ),
    (
        "a.b/m@v1.0.0: invalid version: go.mod is missing module path at revision v1.0.0",
        NotFound,
    ),
    (
        "a.b/m@v1.0.0: invalid version: go.mod has post-v1 module path \"a.b/m/v2\" at revision v1.0.0",
        NotFound,
    ),
    (
        "a.b/m@v2.0.0: invalid version: a.b/m/v2/go.mod has non-.../v2 module path \"a.b/m\" at revision v2.0.0",
        NotFound,
    ),
    // Paths at which there is nothing for anybody.
    (
        "a.b/m@latest: invalid github.com import path \"github.com/t\"",
        NotFound,
    ),
    (
        "a.b/m@v1.0.0: invalid version control suffix in github.com/ path",
        NotFound,
    ),
    ("a.b/m@v1.0.0: no modules on example.net", NotFound),
    ("go: invalid module version \"-x\"", NotFound),
    (
        "a.b/m@latest: unrecognized import path \"a.b/m\": reading https://a.b/m?go-get=1: 404 Not Found",
        NotFound,
    ),
    (
        "a.b/m@latest: unrecognized import path \"a.b/m\": reading https://a.b/m?go-get=1: 410 Gone\n\tserver response: gone",
        NotFound,
    ),
    (
        "go: cannot match \"a.b/m@patch\": go.mod file not found in current directory or any parent directory; see 'go help modules'",
        NotFound,
    ),
    // Hosts that do not say which of the two it is, or ask who we are.
    (
        "a.b/m@v1.0.0: invalid version: git ls-remote -q --end-of-options https://a.b/m: exit status 128:\n\tfatal: could not read Username for 'https://a.b': terminal prompts disabled",
        Refused,
    ),
    (
        "a.b/m@v1.0.0: invalid version: git ls-remote -q https://a.b/m: exit status 128:\n\tfatal: Authentication failed for 'https://a.b/m/'",
        Refused,
    ),
    (
        "module a.b/m: git ls-remote -q https://a.b/m: exit status 128:\n\tfatal: repository 'https://a.b/m/' not found",
        Refused,
    ),
    (
        "module a.b/m: git ls-remote -q ssh://git@a.b/m: exit status 128:\n\tERROR: Repository not found.\n\tfatal: Could not read from remote repository.",
        Refused,
    ),
    (
        "module a.b/m: git ls-remote -q ssh://a.b/m: exit status 128:\n\tgit@a.b: Permission denied (publickey).",
        Refused,
    ),
    (
        "module a.b/m: git ls-remote -q https://a.b/m: exit status 128:\n\tfatal: unable to access 'https://a.b/m/': The requested URL returned error: 403",
        Refused,
    ),
    (
        "module a.b/m: git ls-remote -q git://a.b/m: exit status 128:\n\tfatal: transport 'git' not allowed",
        Refused,
    ),
    (
        "a.b/m@latest: unrecognized import path \"a.b/m\": reading https://a.b/m?go-get=1: 403 Forbidden",
        Refused,
    ),
    (
        "a.b/m@latest: GOVCS disallows using hg for public a.b/m; see 'go help vcs'",
        Refused,
    ),
    // What may be over in a minute, or never was about the module.
    (
        "module a.b/m: git ls-remote -q https://a.b/m: exit status 128:\n\tfatal: unable to access 'https://a.b/m/': Failed to connect to a.b port 443 after 0 ms: Couldn't connect to server",
        FailureKind::Failed,
    ),
    (
        "module a.b/m: git ls-remote -q https://a.b/m: exit status 128:\n\tfatal: unable to access 'https://a.b/m/': The requested URL returned error: 500",
        FailureKind::Failed,
    ),
    (
        "a.b/m@latest: unrecognized import path \"a.b/m\": https fetch: Get \"https://a.b/m?go-get=1\": dial tcp: lookup a.b on 10.0.0.1:53: no such host",
        FailureKind::Failed,
    ),
    (
        "a.b/m@latest: unrecognized import path \"a.b/m\": parse https://a.b/m?go-get=1: no go-import meta tags ()",
        FailureKind::Failed,
    ),
    (
        "a.b/m@latest: unrecognized import path \"a.b/m\": reading https://a.b/m?go-get=1: 502 Bad Gateway\n\tserver response: 404 Not Found",
        FailureKind::Failed,
    ),
    (
        "a.b/m@v1.0.0: invalid version: reading a.b/m/go.mod at revision v1.0.0: exit status 128",
        FailureKind::Failed,
    ),
    (
        "a.b/m@v1.2.0 requires go >= 1.99 (running go 1.26.8; GOTOOLCHAIN=local)",
        FailureKind::Failed,
    ),
    (
        "a.b/m@latest: unable to resolve git version: failed to execute git version: exit status 128",
        FailureKind::Failed,
    ),
    // No way to the repository was found, and nobody says why.
    (
        "a.b/m.git@latest: no secure protocol found for repository",
        FailureKind::Failed,
    ),
    ("", FailureKind::Failed),
    (
        "a.b/m@latest: unrecognized import path \"a.b/m\": https fetch: Get \"https://a.b/m?go-get=1\": dial tcp 10.0.0.2:443: i/o timeout",
        TimedOut,
    ),
    (
        "module a.b/m: git ls-remote -q ssh://a.b/m: exit status 128:\n\tssh: connect to host a.b port 22: Connection timed out",
        TimedOut,
    ),
    (
        "a.b/m@v1.0.0: invalid version: git fetch -f https://a.b/m: exit status 128:\n\terror: index-pack died of signal 25",
        TooLarge,
    ),
    (
        "a.b/m@v1.0.0: create zip: module source tree too large (max size is 524288000 bytes)",
        TooLarge,
    ),
    // Words that whoever asked has chosen do not make an absence.
    (
        "a.b/m@unknown revision x: git ls-remote -q https://a.b/m: exit status 128:\n\tfatal: the remote end hung up",
        FailureKind::Failed,
    ),
    (
        "module a.b/m: git ls-remote -q https://a.b/unknown revision: exit status 128:\n\tunknown revision no matching versions for query",
        FailureKind::Failed,
    ),
    (
        "a.b/mx@v1.0.0: invalid version: unknown revision v1.0.0",
        FailureKind::Failed,
    ),
];

#[test]
fn kinds() {
    let path = PATH.parse().unwrap();
    for (message, kind) in MESSAGES {
        let failure = verdict(message, &path, "shown");
        assert_eq!(failure.kind, *kind, "{message}");
        assert_eq!(&*failure.why, "shown");
    }
}
