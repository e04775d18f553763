//! The servers: whether they answer, and what they say.

use std::time::{Duration, SystemTime};

use futures_util::future::{join, join_all};

use super::super::facts::{FoundToken, ServerFacts, TokenFacts, TokenWay};
use super::super::proxy_list::{Entry, entries};
use crate::client::{
    Asker, Authorities, ClientError, Credentials, GoSettings, Places, ServerUrl, find_credentials,
    identify,
};

/// How many servers are asked at the most.
const MOST: usize = 8;

/// The server that was named, and those of `GOPROXY`; each once.
pub(super) fn to_ask(meant: Option<&ServerUrl>, settings: Option<&GoSettings>) -> Vec<ServerUrl> {
    let list = settings.map_or("", |settings| settings.get("GOPROXY"));
    let listed = entries(list)
        .into_iter()
        .filter_map(|listed| match listed.entry {
            Entry::Server(url) => Some(url),
            _ => None,
        });
    let mut servers: Vec<ServerUrl> = Vec::new();
    for server in meant.cloned().into_iter().chain(listed) {
        let known = servers
            .iter()
            .position(|known| known.to_string() == server.to_string());
        match known {
            // The one with a password is the one that the go command uses.
            Some(at) if servers[at].credentials().is_none() => servers[at] = server,
            Some(_) => {}
            None if servers.len() < MOST => servers.push(server),
            None => {}
        }
    }
    servers
}

/// Asks them all, at the same time.
pub(super) fn ask_all(
    servers: &[ServerUrl],
    authorities: &Authorities,
    places: &Places,
    settings: Option<&GoSettings>,
    patience: Duration,
) -> Result<Vec<ServerFacts>, ClientError> {
    let sumdb = settings.and_then(|settings| sumdb_name(settings.get("GOSUMDB")));
    let mut questions = Vec::new();
    for server in servers {
        let asker = Asker::new(server, authorities, patience)?;
        questions.push(ask(asker, places, sumdb.as_deref()));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| ClientError::Setup(error.to_string()))?;
    Ok(runtime.block_on(join_all(questions)))
}

async fn ask(asker: Asker, places: &Places, sumdb: Option<&str>) -> ServerFacts {
    let url = asker.server().clone();
    let version = asker.get("version", None).await;
    let mut facts = ServerFacts {
        url,
        version,
        answered: SystemTime::now(),
        ready: None,
        sumdb: None,
        token: TokenFacts::None,
    };
    if facts.athens_version().is_none() {
        return facts;
    }
    let credentials = match find_credentials(&facts.url, places) {
        Ok(found) => found,
        Err(error) => {
            facts.token = TokenFacts::Unusable(error.to_string());
            None
        }
    };
    // SECURITY: nobody asked for the token to be shown to everybody on the way.
    let to_show = credentials
        .as_ref()
        .filter(|_| !facts.url.is_exposed())
        .map(|found| &found.credentials);
    let (ready, (sums, verdict)) = join(
        asker.get("readyz", None),
        join(
            ask_sumdb(&asker, sumdb, to_show),
            ask_token(&asker, to_show),
        ),
    )
    .await;
    facts.ready = ready.ok();
    facts.sumdb = sums;
    let way = way(&facts.url, places);
    if let Some(found) = credentials {
        facts.token = TokenFacts::Found(Box::new(FoundToken {
            source: found.source,
            way,
            verdict,
        }));
    }
    facts
}

/// In which place the token of a server is found first.
fn way(server: &ServerUrl, places: &Places) -> TokenWay {
    let netrc = Places {
        netrc: places.netrc.clone(),
        ..Places::default()
    };
    if server.credentials().is_some() {
        TokenWay::Url
    } else if matches!(find_credentials(server, &netrc), Ok(Some(_))) {
        TokenWay::Netrc
    } else {
        TokenWay::Program
    }
}

async fn ask_token(
    asker: &Asker,
    credentials: Option<&Credentials>,
) -> Option<Result<crate::client::Verdict, ClientError>> {
    Some(identify(asker, credentials?).await)
}

/// Whether the server passes on a checksum database: without a token, and with it if it is wanted.
async fn ask_sumdb(
    asker: &Asker,
    name: Option<&str>,
    credentials: Option<&Credentials>,
) -> Option<(String, Option<u16>, Option<u16>)> {
    let name = name?;
    let path = format!("sumdb/{name}/supported");
    let status =
        |reply: Result<crate::client::Reply, ClientError>| reply.ok().map(|reply| reply.status);
    let bare = status(asker.get(&path, None).await);
    let with_token = match credentials {
        Some(_) if bare == Some(401) => status(asker.get(&path, credentials).await),
        _ => None,
    };
    Some((name.to_owned(), bare, with_token))
}

/// The name of the checksum database; `None` if there is none, or if it has a URL of its own.
fn sumdb_name(setting: &str) -> Option<String> {
    let mut words = setting.split_whitespace();
    let name = words.next()?.split('+').next()?;
    let is_host = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    (words.next().is_none() && name != "off" && is_host && name.contains('.'))
        .then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_checksum_databases() {
        for (setting, name) in [
            ("sum.example.org", Some("sum.example.org")),
            ("sum.example.org+abcd1234+AbCd/+=", Some("sum.example.org")),
            ("sum.example.org https://sum.example.net", None),
            ("off", None),
            ("", None),
            ("a/../b.c", None),
        ] {
            assert_eq!(sumdb_name(setting).as_deref(), name, "{setting}");
        }
    }
}
