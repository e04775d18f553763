//! Files that get shorter while they are sent.

use std::fs::File;
use std::io::{Read as _, Write as _};

use super::wire::{connect, exchange, get};
use crate::support::http::get as ask;
use crate::support::server::TestServer;
use crate::support::small_disk::add_of_size;
use crate::support::tools::eventually;
use crate::support::tree::{Tree, version};
use athens::store::ModuleFile;

/// More than what lies between a server and a client that does not read.
const LEN: usize = 32 << 20;
const CUT: u64 = 1 << 20;

#[test]
fn a_zip_that_is_cut_short_ends_the_download_and_nothing_else() {
    let (tree, large) = (Tree::new(), version("example.com/large@v1.0.0"));
    add_of_size(&tree, &large, LEN);
    let server = TestServer::start(tree.root(), &[]);
    let path = "/example.com/large/@v/v1.0.0.zip";
    // It was checked, and can be had.
    assert!(ask(&server.url(), path).body.len() > LEN);

    let mut client = connect(server.addr());
    client.write_all(&get(path)).unwrap();
    let mut begun = [0; 1024];
    client.read_exact(&mut begun).unwrap();
    assert!(begun.starts_with(b"HTTP/1.1 200 "));
    let zip = tree.path_of(&large, ModuleFile::Zip);
    let file = File::options().write(true).open(zip).unwrap();
    file.set_len(CUT).unwrap();

    // What came is less than what was promised, and the connection is over: nobody takes it for the whole.
    let mut rest = Vec::new();
    let _ = client.read_to_end(&mut rest);
    assert!(rest.len() < LEN - 1024, "{} bytes", rest.len());
    eventually("it is said", || {
        let said = server.stderr();
        let line = said
            .lines()
            .find(|line| line.contains("the download was cut"))?;
        assert!(line.contains("it was longer when opened"), "{line}");
        Some(())
    });
    assert!(exchange(server.addr(), &get("/healthz")).ends_with(b"ok\n"));
    // What is there now is no zip.
    assert_eq!(ask(&server.url(), path).status, 404);
    let stderr = server.stop_and_collect().stderr;
    assert!(!stderr.contains("panicked"), "{stderr}");
}
