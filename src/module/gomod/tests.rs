use super::*;
use proptest::prelude::*;

fn parse(text: &str) -> GoMod {
    GoMod::parse(text.as_bytes()).unwrap_or_else(|e| panic!("{text:?}: {e}"))
}

fn fault(text: &str) -> GoModFault {
    GoMod::parse(text.as_bytes()).unwrap_err().kind
}

#[test]
fn module_path_in_all_forms() {
    for text in [
        "module a.b/c",
        "module a.b/c\n",
        "module a.b/c\r\n",
        "\r\n\t module\ta.b/c // x\n",
        "module \"a.b/c\"\n",
        "module \"a.b\\x2fc\"\n",
        "module(\na.b/c\n)\n",
        "module (\r\n\r\n\t\"a.b/c\" // x\r\n) // y\r\n",
        "module a.b/c//x",
        "// x\n\ngo 1.21\nmodule a.b/c\n",
        "future (\n  x // y\n)\nfuture {x} [y], => z\nmodule a.b/c",
        "\"module\" x\nmodule a.b/c",
        "go (\n x y z\n)\nmodule a.b/c",
        "module x (\n)\nmodule a.b/c",
        "replace a \"b\\\n\"\nmodule a.b/c",
    ] {
        assert_eq!(parse(text).module_path(), Some("a.b/c"), "{text:?}");
    }
    for text in [
        "",
        "\n",
        "// module a.b/c\n",
        "go 1.21\n",
        "module()\n",
        "module (\n)\n",
    ] {
        assert_eq!(parse(text).module_path(), None, "{text:?}");
    }
}

#[test]
fn refuses_with_line_and_reason() {
    assert_eq!(
        GoMod::parse(b"module a.b/c\n\nmodule a.b/d\n"),
        Err(InvalidGoMod {
            line: 3,
            kind: GoModFault::Repeated("module")
        })
    );
    assert_eq!(fault("module a.b/c\0"), GoModFault::Character('\0'));
    assert_eq!(fault("\0\0\0"), GoModFault::Character('\0'));
    assert_eq!(
        fault("\u{FEFF}module a.b"),
        GoModFault::Character('\u{FEFF}')
    );
    assert_eq!(fault("module\u{A0}a.b"), GoModFault::Character('\u{A0}'));
    assert_eq!(fault("/* x */"), GoModFault::BlockComment);
    assert_eq!(fault("module a/*x"), GoModFault::BlockComment);
    assert_eq!(fault("module \"a"), GoModFault::OpenString);
    assert_eq!(fault("module \"a\n\""), GoModFault::OpenString);
    assert_eq!(fault("x `a"), GoModFault::OpenString);
    assert_eq!(fault("module ("), GoModFault::OpenBlock);
    assert_eq!(fault("x (\n) y"), GoModFault::AfterBlock);
    assert!(matches!(fault("module"), GoModFault::Arguments(..)));
    assert!(matches!(fault("module a b"), GoModFault::Arguments(..)));
    assert!(matches!(fault("module `a.b`"), GoModFault::Quoting(_)));
    assert!(matches!(fault("module 'a.b'"), GoModFault::Quoting(_)));
    assert!(matches!(fault("module \"\\q\""), GoModFault::Quoting(_)));
    assert!(matches!(
        fault("go 1.21\ngo 1.21"),
        GoModFault::Repeated("go")
    ));
    assert!(matches!(fault("require a.b"), GoModFault::Arguments(..)));
    assert!(matches!(
        fault("require a.b latest"),
        GoModFault::Version(_)
    ));
    assert!(matches!(
        fault("require a.b v2.0.0"),
        GoModFault::Misfit(..)
    ));
    assert!(matches!(
        fault("require (\na.b/v1 v1.0.0\n)"),
        GoModFault::Path(_)
    ));
    assert_eq!(
        fault(&" ".repeat(GoMod::MAX_LEN + 1)),
        GoModFault::TooLong(GoMod::MAX_LEN + 1)
    );
    assert!(matches!(fault("ignore a b"), GoModFault::Arguments(..)));
}

#[test]
fn go_versions() {
    for (word, version) in [
        ("1.21", "1.21"),
        ("1.21.3", "1.21.3"),
        ("1.22rc1", "1.22rc1"),
        ("1.22.0beta2", "1.22.0beta2"),
        ("v1.21", ""),
        ("v1.21.3", "1.21"),
        ("1.21.x", "1.21"),
        ("1.21x", "1.21"),
        ("1.21.03", "1.21"),
        ("10.0", "10.0"),
        ("1", ""),
        ("0.1", ""),
        ("1.02", ""),
        ("01.2", ""),
        ("1.", ""),
        ("\"1.21\"", ""),
        ("latest", ""),
    ] {
        let file = GoMod::parse(format!("go {word}\n").as_bytes());
        let found = file.as_ref().ok().and_then(GoMod::go_version);
        assert_eq!(found.unwrap_or_default(), version, "{word}");
    }
}

#[test]
fn retractions_and_their_reasons() {
    let file = parse(
        "\
module a.b/c

// one
// two
retract v1.0.0 // three

// block
retract (
	v1.1.0
	[ v1.2.0 , v1.3.0 ] // four

	v1.4.0
	// five

	// six
	\"v1.5\"
)
retract [v1.6.0,v1.7.0
retract [v1.6.0, v1.7.0) // unknown
retract
retract v1.8.0 extra
retract anything
",
    );
    let found: Vec<_> = file
        .retractions()
        .iter()
        .map(|r| (r.low.as_str(), r.high.as_str(), r.rationale.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("v1.0.0", "v1.0.0", "one\ntwo\nthree"),
            ("v1.1.0", "v1.1.0", "block"),
            ("v1.2.0", "v1.3.0", "four"),
            ("v1.4.0", "v1.4.0", ""),
            ("v1.5", "v1.5", "five\nsix"),
            ("v1.8.0", "v1.8.0", ""),
            ("anything", "anything", ""),
        ]
    );
}

#[test]
fn a_retraction_holds_both_ends() {
    let contains = |low: &str, high: &str, version: &str| {
        let retraction = Retraction {
            low: low.into(),
            high: high.into(),
            rationale: String::new(),
        };
        retraction.contains(&version.parse().unwrap())
    };
    assert!(contains("v1.0.0", "v1.0.0", "v1.0.0"));
    assert!(contains("v1", "v1.9", "v1.9.0"));
    assert!(!contains("v1.0.0", "v1.9.0", "v1.9.1"));
    assert!(!contains("v1.0.0", "v1.9.0", "v1.0.0-rc1"));
    assert!(!contains("anything", "anything", "v1.0.0"));
}

#[test]
fn deprecations() {
    for (text, message) in [
        ("// Deprecated: use x.\nmodule a.b", Some("use x.")),
        ("module a.b // Deprecated: use x.", Some("use x.")),
        (
            "// Deprecated: use x\n//   or y\nmodule a.b",
            Some("use x\nor y"),
        ),
        (
            "// Package.\n//\n// Deprecated: x\n//\n// more\nmodule a.b",
            Some("x"),
        ),
        ("// Package.\n// Deprecated: x\nmodule a.b", None),
        ("// Deprecated: x\n\nmodule a.b", None),
        ("// deprecated: x\nmodule a.b", None),
        ("// Deprecated:\nmodule a.b", None),
        ("//Deprecated:x\r\nmodule a.b\r\n", Some("x")),
        ("// Deprecated: x\nmodule (\n\ta.b\n)", Some("x")),
        ("module (\n\t// Deprecated: x\n\ta.b\n)", Some("x")),
        ("// Deprecated: x\nmodule (\n\ta.b // y\n)", None),
        ("module ( // Deprecated: x\n\ta.b\n)", None),
    ] {
        assert_eq!(parse(text).deprecation(), message, "{text:?}");
    }
}

#[test]
fn the_quick_reader() {
    for (text, path) in [
        ("module a.b/c", Some("a.b/c")),
        ("broken \"\n  module \"a.b/c\" // x\n", Some("a.b/c")),
        ("module `a.b/c`\r\n", Some("a.b/c")),
        ("module a.b/c d", Some("a.b/c d")),
        ("module (\n a.b\n)", Some("(")),
        ("modules a.b\nmodule a.b/c", Some("a.b/c")),
        ("module\nmodule a.b/c", Some("a.b/c")),
        ("module \"a.b\nmodule a.b/c", None),
        ("module \"\"", None),
        ("", None),
    ] {
        assert_eq!(module_line(text.as_bytes()).as_deref(), path, "{text:?}");
    }
}

#[test]
fn bytes_that_are_no_text() {
    let file = GoMod::parse(b"module a.b/\xff\xfe // \xe2\x82\n").unwrap();
    assert_eq!(file.module_path(), Some("a.b/\u{FFFD}\u{FFFD}"));
}

#[test]
fn synthesized_is_exact_and_reads_back() {
    let path: ModulePath = "example.com/Tool/v2".parse().unwrap();
    let text = synthesized_go_mod(&path);
    assert_eq!(text, "module example.com/Tool/v2\n");
    assert_eq!(parse(&text).module_path(), Some(path.as_str()));
}

proptest! {
    #[test]
    fn nothing_panics(
        text in "((module|go|require|retract|ignore|x)?[ \t]?(\\(|\\)|\\[|\\]|,|\"|`|\\\\|//|v1\\.0\\.0|a\\.b|\r|\n|\\PC|\0)){0,30}"
    ) {
        let _ = GoMod::parse(text.as_bytes());
        let _ = module_line(text.as_bytes());
    }

    #[test]
    fn nothing_panics_on_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = GoMod::parse(&bytes);
        let _ = module_line(&bytes);
    }
}
