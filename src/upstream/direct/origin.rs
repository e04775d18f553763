//! Where a version comes from, as the go command writes it down.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::sentence::without_user;

#[derive(Deserialize)]
struct InfoOrigin<'a> {
    #[serde(borrow, rename = "Origin")]
    origin: Option<Origin<'a>>,
}

#[derive(Deserialize)]
struct Origin<'a> {
    #[serde(borrow, rename = "URL")]
    url: Option<&'a RawValue>,
}

/// An `.info` that the go command wrote, with the name and the password taken out of the URL in its `Origin`. Everything
/// else stays as it is, byte for byte; so does what is no `.info`.
///
/// SECURITY: the meta tag of a host may hold a login, and the `.info` is served to everybody who may read the module.
pub(super) fn without_login(info: String) -> String {
    let Ok(InfoOrigin {
        origin: Some(Origin { url: Some(url) }),
    }) = serde_json::from_str(&info)
    else {
        return info;
    };
    let Ok(text) = serde_json::from_str::<String>(url.get()) else {
        return info;
    };
    let clean = without_user(&text);
    if clean == text {
        return info;
    }
    info.replacen(url.get(), &serde_json::Value::from(clean).to_string(), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_logins_are_taken_out() {
        let info = |url: &str| {
            format!(
                r#"{{"Version":"v1.0.0","Time":"2026-01-02T03:04:05Z","Origin":{{"VCS":"git", "URL":{url},"Hash":"3f2e","X":1}}}}"#
            )
        };
        for (url, clean) in [
            (r#""https://a.b/m""#, r#""https://a.b/m""#),
            (r#""https:\/\/a.b\u002fm""#, r#""https:\/\/a.b\u002fm""#),
            (r#""https://me:s3cret@a.b/m""#, r#""https://a.b/m""#),
            (r#""https:\/\/me:s3cret\u0040a.b/m""#, r#""https://a.b/m""#),
            ("null", "null"),
            ("5", "5"),
        ] {
            assert_eq!(without_login(info(url)), info(clean));
        }
        for other in [r#"{"Version":"v1.0.0"}"#, "", "[]", r#"{"Origin":null}"#] {
            assert_eq!(without_login(other.to_owned()), other);
        }
    }
}
