//! What is touched, and what is not.

use proptest::prelude::*;

use super::*;

const MACHINE: &str = "goproxy.corp.example:8443";

fn token() -> PlainToken {
    PlainToken::generate().unwrap()
}

/// Edits a text in which `NEW` and `OLD` stand for tokens.
fn edited(text: &str, is_forced: bool) -> Result<String, NetrcRefusal> {
    let (new, old) = (token(), token());
    let text = text.replace("OLD", old.reveal());
    with_token(&text, MACHINE, &new, is_forced).map(|text| {
        text.replace(new.reveal(), "NEW")
            .replace(old.reveal(), "OLD")
    })
}

#[test]
fn a_token_comes_in() {
    let m = MACHINE;
    let line = format!("machine {m} login athens password NEW\n");
    for (before, after) in [
        (String::new(), line.clone()),
        (
            "machine a login b password c".to_owned(),
            format!("machine a login b password c\n{line}"),
        ),
        (
            "# mine\nmachine a login b password c\n".to_owned(),
            format!("# mine\nmachine a login b password c\n{line}"),
        ),
        (
            "default login x password y\n".to_owned(),
            format!("{line}default login x password y\n"),
        ),
        (
            "macdef init\nmachine m\n\n".to_owned(),
            format!("{line}macdef init\nmachine m\n\n"),
        ),
        (
            format!("machine {m} login me password OLD # CI\nmachine b password x\n"),
            format!("machine {m} login me password NEW # CI\nmachine b password x\n"),
        ),
        (
            format!("machine {m}\n\tlogin me\r\n\taccount z\n\tpassword OLD\n"),
            format!("machine {m}\n\tlogin me\r\n\taccount z\n\tpassword NEW\n"),
        ),
        (
            format!("machine {m}\n"),
            format!("machine {m} login athens password NEW\n"),
        ),
        (
            format!("machine {m} login me"),
            format!("machine {m} password NEW login me"),
        ),
        (
            format!("machine {m} password OLD"),
            format!("machine {m} login athens password NEW"),
        ),
        // Another port is another machine.
        (
            "machine goproxy.corp.example login a password b\n".to_owned(),
            format!("machine goproxy.corp.example login a password b\n{line}"),
        ),
    ] {
        assert_eq!(edited(&before, false).as_deref(), Ok(after.as_str()));
    }
}

#[test]
fn what_is_not_ours_is_asked_for() {
    let text = format!("machine {MACHINE} login me password hunter2\n");
    assert_eq!(edited(&text, false), Err(NetrcRefusal::OtherPassword));
    let forced = edited(&text, true).unwrap();
    assert_eq!(forced, format!("machine {MACHINE} login me password NEW\n"));
    assert_eq!(without_tokens(&text, MACHINE), (text.clone(), 0));
    assert!(has_other_password(&text, MACHINE));
    // The go command does not see a value on the line after its keyword.
    let odd = format!("machine {MACHINE} login\nme password OLD\n");
    assert_eq!(edited(&odd, false), Err(NetrcRefusal::Unreadable));
}

#[test]
fn a_token_goes_out() {
    let t = token();
    let t = t.reveal();
    let m = MACHINE;
    for (before, after, count) in [
        (String::new(), "", 0),
        (format!("machine {m} login a password {t}\n"), "", 1),
        (
            format!("# x\nmachine {m}\n  login a\n  password {t}\n\nmachine b password c\n"),
            "# x\n\nmachine b password c\n",
            1,
        ),
        (
            format!(
                "machine a login b password c machine {m} login a password {t} machine d password e"
            ),
            "machine a login b password c machine d password e",
            1,
        ),
        (
            format!("machine {m} login a password {t} # CI\n"),
            "# CI\n",
            1,
        ),
        (
            format!("machine {m} login a password {t}\nmachine {m} login b password {t}\n"),
            "",
            2,
        ),
        (
            format!("machine other login a password {t}\n"),
            &format!("machine other login a password {t}\n"),
            0,
        ),
        (
            format!("default login a password {t}\n"),
            &format!("default login a password {t}\n"),
            0,
        ),
    ] {
        let (text, removed) = without_tokens(&before, m);
        assert_eq!((text.as_str(), removed), (after, count), "{before:?}");
    }
}

/// Pieces of which files are made: entries of others in many forms, comments, macros, blank lines, nonsense.
fn piece() -> impl Strategy<Value = String> {
    let word = "[a-z0-9.:#!@-]{1,12}";
    prop_oneof![
        (word, word, word)
            .prop_map(|(m, l, p)| format!("machine {m}.example login {l} password {p}\n")),
        (word, word).prop_map(|(m, p)| format!("machine {m}.example\n\tpassword {p}\r\n")),
        (word, word).prop_map(|(l, p)| format!("default login {l} password {p}\n")),
        word.prop_map(|text| format!("# {text} machine {MACHINE} password x\n")),
        word.prop_map(|text| format!("macdef init\n{text} machine {MACHINE}\n\n")),
        Just("\n".to_owned()),
        Just("  \t\n".to_owned()),
        "[ -~äß\u{2003}]{0,20}\n",
    ]
}

proptest! {
    /// Whatever there is: what others have stays byte for byte, the go command sees the token, and it goes out again.
    #[test]
    fn others_are_not_touched(pieces in proptest::collection::vec(piece(), 0..12), cut in 0usize..3) {
        let mut text: String = pieces.concat();
        let end = text.char_indices().rev().nth(cut).map_or(text.len(), |(at, _)| at);
        text.truncate(end);
        let new = token();
        let with = with_token(&text, MACHINE, &new, false).unwrap();
        let line = format!("machine {MACHINE} login athens password {}\n", new.reveal());
        let others = with.replacen(&line, "", 1);
        prop_assert!(others == text || others == format!("{text}\n"), "{with:?}");
        let (without, removed) = without_tokens(&with, MACHINE);
        prop_assert_eq!(removed, 1);
        prop_assert_eq!(&without, &others);
        let newer = token();
        let again = with_token(&with, MACHINE, &newer, false).unwrap();
        prop_assert_eq!(again, with.replace(new.reveal(), newer.reveal()));
    }

    /// No text makes it panic, and taking out never adds anything.
    #[test]
    fn any_text(text in "(machine|login|password|default|macdef|account|#|[a-zä \t\r\n]){0,40}") {
        let (without, _) = without_tokens(&text, "a");
        prop_assert_eq!(&without, &text);
        let _ = with_token(&text, "a", &token(), true);
    }
}
