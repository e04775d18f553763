//! What the go command says when a fetch fails, and what that means.

use super::*;

#[test]
fn fetches_that_fail() {
    for (said, expected) in [
        (
            "corp.example/lib@v1.0.0: verifying module: corp.example/lib@v1.0.0: reading https://g/sumdb/s/lookup/x: 404 Not Found\n\tserver response: not found",
            (
                "error",
                "no checksum database knows it",
                "go env -w GONOSUMDB='corp.example/*,corp.example/lib'",
            ),
        ),
        (
            "verifying module: checksum mismatch\nSECURITY ERROR",
            ("error", "do not use it before", ""),
        ),
        (
            "reading https://any:hunter2@g/x/@v/v1.0.0.info: 401 Unauthorized",
            (
                "error",
                "wants a token that it did not get",
                "athens login https://goproxy.corp.example",
            ),
        ),
        (
            "module lookup disabled by GOPROXY=off",
            ("error", "allows nothing to be fetched", "go env -u GOPROXY"),
        ),
        (
            "fatal: could not read Username for 'https://x': terminal prompts disabled",
            ("error", "past the proxies, without a password", ""),
        ),
        (
            "Get \"https://g\": tls: failed to verify certificate: x509: certificate signed by unknown authority",
            (
                "error",
                "an authority that this machine does not know",
                "export SSL_CERT_FILE=/path/to/authority.pem",
            ),
        ),
        (
            "dial tcp: connect: connection refused",
            ("error", "nobody listens", ""),
        ),
        (
            "reading https://g/x: 404 Not Found",
            ("error", "no proxy has it", ""),
        ),
        ("something new", ("error", "fails: something new", "")),
    ] {
        let mut facts = facts(&[], &[]);
        facts.trial = Some(TrialFacts {
            module: "corp.example/lib@v1.0.0".parse().unwrap(),
            outcome: Err(said.to_owned()),
        });
        expect(&facts, said, expected);
        assert!(!findings(&facts)[0].contains("hunter2"));
    }
    let mut facts = facts(
        &[("GOPRIVATE", "x.example"), ("GONOSUMDB", "corp.example")],
        &[],
    );
    facts.trial = Some(TrialFacts {
        module: "x.example/lib".parse().unwrap(),
        outcome: Ok("v1.0.0".to_owned()),
    });
    expect(
        &facts,
        "bypassed",
        (
            "warning",
            "GOPRIVATE covers x.example/lib",
            "go env -w GONOPROXY=none",
        ),
    );
}
