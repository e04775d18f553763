//! What stands behind the question mark, of those routes that take something there.

use percent_encoding::percent_decode;
use warp::Filter;

use super::error::Refusal;

/// The longest query that is read, in bytes: a catalog's token holds a module path.
const LONGEST: usize = 4096;

/// A query, decoded.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// The raw query of a request; empty if it has none.
    pub(super) fn raw() -> impl Filter<Extract = (String,), Error = std::convert::Infallible> + Copy
    {
        warp::query::raw().or(warp::any().map(String::new)).unify()
    }

    /// Decodes a query.
    ///
    /// A `+` stands for itself and not for a blank: times and versions have the one and never the other, and few who write
    /// them into a URL by hand know the difference.
    ///
    /// # Errors
    /// 400 if it is too long or can not be decoded.
    pub(super) fn parse(raw: &str) -> Result<Self, Refusal> {
        if raw.len() > LONGEST {
            return Err(Refusal::BadPath("the query is too long"));
        }
        let decode = |text: &str| {
            let decoded = percent_decode(text.as_bytes()).decode_utf8();
            decoded
                .map(|text| text.replace(' ', "+"))
                .map_err(|_| Refusal::BadPath("the query is not UTF-8"))
        };
        let pairs = raw.split('&').filter(|pair| !pair.is_empty());
        let decoded = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        });
        Ok(Self(decoded.collect::<Result<_, Refusal>>()?))
    }

    /// The value of a name; `None` if it is not there or empty. Other names are nobody's business.
    ///
    /// # Errors
    /// 400 if it is there more than once.
    pub(super) fn get(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut values = self.0.iter().filter(|(key, _)| key == name);
        let first = values.next();
        if values.next().is_some() {
            return Err(Refusal::BadQuery(format!("{name} is given more than once")));
        }
        Ok(first
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty()))
    }

    /// A number between 1 and `most`; `default` if it is not there.
    ///
    /// # Errors
    /// 400 if it is another one, or none.
    pub(super) fn number(&self, name: &str, default: usize, most: usize) -> Result<usize, Refusal> {
        let Some(text) = self.get(name)? else {
            return Ok(default);
        };
        text.parse()
            .ok()
            .filter(|number| (1..=most).contains(number))
            .ok_or_else(|| {
                Refusal::BadQuery(format!(
                    "{name} must be a number from 1 to {most}, and is {text:?}"
                ))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(result: Result<impl std::fmt::Debug, Refusal>) -> String {
        match result {
            Ok(value) => format!("{value:?}"),
            Err(Refusal::BadQuery(sentence)) => sentence,
            Err(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn queries() {
        let query = Query::parse("since=2026-01-02T03:04:05%2B01:00&a=b+c%20d&limit=7&e=&x&x=1");
        let query = query.unwrap();
        for (name, value) in [
            ("since", "Some(\"2026-01-02T03:04:05+01:00\")"),
            ("a", "Some(\"b+c+d\")"),
            ("e", "None"),
            ("none", "None"),
            ("x", "x is given more than once"),
        ] {
            assert_eq!(said(query.get(name)), value);
        }
        assert_eq!(said(query.number("limit", 1, 7)), "7");
        assert_eq!(said(query.number("none", 1, 7)), "1");
        assert_eq!(
            said(query.number("limit", 1, 6)),
            "limit must be a number from 1 to 6, and is \"7\""
        );
        assert_eq!(
            said(query.number("a", 1, 6)),
            "a must be a number from 1 to 6, and is \"b+c+d\""
        );
        assert!(Query::parse("a=%ff").is_err());
        assert!(Query::parse(&"a".repeat(5000)).is_err());
        assert!(Query::parse("").unwrap().0.is_empty());
    }
}
