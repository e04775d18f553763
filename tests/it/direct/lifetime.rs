//! How jobs end: by themselves, by time, since nobody waits any more, and with the server.

use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use super::*;

/// A host that takes connections and says nothing. Those it took; they stay open as long as they are held.
fn silent(lab: &Lab) -> Receiver<TcpStream> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            if sender.send(stream.unwrap()).is_err() {
                return;
            }
        }
    });
    lab.redirect("silent", &format!("http://{address}/"));
    receiver
}

/// The next connection, when it has come.
fn next(connections: &Receiver<TcpStream>) -> TcpStream {
    eventually("git connects", || connections.try_recv().ok())
}

#[tokio::test]
async fn a_silent_host_costs_the_time_of_one_job() {
    let Some(mut lab) = Lab::new() else { return };
    let connections = silent(&lab);
    lab.settings.timeout = Duration::from_secs(3);
    lab.settings.max_jobs = NonZeroUsize::MIN;
    let go = lab.go();
    // The one that waits for its turn does not wait for the whole time of the other one as well.
    let (first, second) = (module("silent"), module("silent-too"));
    let (first, second) = tokio::join!(list(&go, &first), list(&go, &second));
    for error in [first.unwrap_err(), second.unwrap_err()] {
        assert_eq!(error.kind(), FetchErrorKind::TimedOut, "{error}");
        assert!(error.why().contains("longer than 3 seconds"), "{error}");
    }
    drop(connections);
    lab.is_clean_in_the_end();
}

/// Whoever asks may go away: of all that was started, nothing stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_nobody_waits_for_ends() {
    let Some(lab) = Lab::new() else { return };
    let connections = silent(&lab);
    let go = lab.go();
    let of = version(&format!("{}@v1.0.0", module("silent")));

    let asking = tokio::spawn({
        let go = go.clone();
        async move { list(&go, &module("silent")).await }
    });
    let _open = next(&connections);
    assert!(!processes_of(lab.scratch()).is_empty());
    asking.abort();
    lab.is_clean_in_the_end();

    // Two for one version: it goes on as long as one of them waits.
    let ask = || {
        let (go, of) = (go.clone(), of.clone());
        tokio::spawn(async move { go.go_mod(&of).await })
    };
    let (first, second) = (ask(), ask());
    let _open = next(&connections);
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    assert!(!processes_of(lab.scratch()).is_empty());
    second.abort();
    lab.is_clean_in_the_end();

    // And whoever comes after that gets a job of its own.
    let third = ask();
    let open = next(&connections);
    drop(open);
    drop(connections);
    assert_eq!(
        third.await.unwrap().unwrap_err().kind(),
        FetchErrorKind::Failed
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_end_with_the_server() {
    let Some(lab) = Lab::new() else { return };
    let connections = silent(&lab);
    let go = lab.go();
    let asking = tokio::spawn({
        let go = go.clone();
        async move { list(&go, &module("silent")).await }
    });
    let _open = next(&connections);
    go.stop().await;
    // Not in the end, but now.
    assert!(std::fs::read_dir(lab.scratch()).unwrap().next().is_none());
    assert_eq!(processes_of(lab.scratch()), Vec::<String>::new());
    let error = asking.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), FetchErrorKind::Failed, "{error}");
    assert!(list(&go, &module("m")).await.is_err());
}

/// The runtime may end without a word.
#[test]
fn jobs_end_with_the_runtime() {
    let Some(lab) = Lab::new() else { return };
    let connections = silent(&lab);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let go = lab.go();
    let asker = go.clone();
    runtime.spawn(async move { list(&asker, &module("silent")).await });
    let _open = next(&connections);
    drop(runtime);
    until("all processes of jobs are gone", || {
        processes_of(lab.scratch()).is_empty()
    });
    // What could not be removed any more, the next start removes.
    drop(go);
    lab.go();
    assert!(std::fs::read_dir(lab.scratch()).unwrap().next().is_none());
}

/// What is kept for those who come next is not kept for ever: the oldest makes room.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn little_is_kept() {
    let Some(mut lab) = Lab::new() else { return };
    let log = lab.directory.path().join("log");
    lab.fake_go(&format!(
        r#"version=${{4##*@}}
echo "$version" >>'{}'
files="$GOMODCACHE/cache/download/${{4%@*}}/@v"
mkdir -p "$files"
printf '{{"Version":"%s"}}' "$version" >"$files/$version.info"
echo module m >"$files/$version.mod"
echo zip >"$files/$version.zip"
echo '{{}}'"#,
        log.display()
    ));
    let go = lab.go();
    let of = |number: u32| version(&format!("{}@v1.0.{number}", module("m")));
    for number in 0..40 {
        assert_eq!(zip(&go, &of(number)).await.unwrap(), b"zip\n");
        assert_eq!(&*go.go_mod(&of(number)).await.unwrap(), b"module m\n");
    }
    until("only so many directories are there", || {
        std::fs::read_dir(lab.scratch()).unwrap().count() == 32
    });
    // The last is there, the first is fetched anew.
    assert!(zip(&go, &of(39)).await.is_ok());
    assert!(zip(&go, &of(0)).await.is_ok());
    let log = std::fs::read_to_string(log).unwrap();
    let calls: Vec<_> = log.lines().collect();
    assert_eq!((calls.len(), calls[0], calls[40]), (41, "v1.0.0", "v1.0.0"));
    go.stop().await;
    lab.is_clean_in_the_end();
}
