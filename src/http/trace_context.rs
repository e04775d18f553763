//! `traceparent` and `tracestate`: the trace that a client says its request belongs to.

use warp::http::{HeaderMap, HeaderName};

use crate::trace::{TraceParent, TraceState};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The trace of a request, and what others say of it; nothing if the client does not say, or not well.
pub(super) fn of(headers: &HeaderMap) -> (Option<TraceParent>, Option<TraceState>) {
    let mut given = headers.get_all(TRACEPARENT).iter();
    let (Some(parent), None) = (given.next(), given.next()) else {
        return (None, None);
    };
    let Some(parent) = TraceParent::parse(parent.as_bytes()) else {
        return (None, None);
    };
    let states = headers.get_all(TRACESTATE).iter();
    let state = TraceState::parse(states.map(|state| state.as_bytes()));
    (Some(parent), state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use warp::http::HeaderValue;

    #[test]
    fn headers() {
        let good =
            HeaderValue::from_static("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        let mut headers = HeaderMap::new();
        assert_eq!(of(&headers), (None, None));
        headers.append(TRACESTATE, HeaderValue::from_static("a=1"));
        assert_eq!(of(&headers), (None, None));
        headers.append(TRACEPARENT, good.clone());
        headers.append(TRACESTATE, HeaderValue::from_static("b=2"));
        let (parent, state) = of(&headers);
        assert_eq!(parent.unwrap().to_string(), good.to_str().unwrap());
        assert_eq!(state.unwrap().as_str(), "a=1,b=2");
        headers.append(TRACEPARENT, good);
        assert_eq!(of(&headers), (None, None));
    }
}
