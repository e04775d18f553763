//! Publishing costs no memory, however large the zip is.

use std::io::Write as _;

use athens::module::ModuleVersion;
use athens::store::ModuleFile;

use super::registry::{Registry, url_of};
use crate::support::http::{Request, read_answer};
use crate::support::tree::{go_mod, version};

const LIMIT_KIB: u64 = 64 << 10;
const PIECE: usize = 1 << 20;

/// A zip with a go.mod and one stored file of so many pieces, made while it is sent.
struct GrownZip {
    pieces: u64,
    local: Vec<u8>,
    end: Vec<u8>,
}

/// Numbers of two and of four bytes, one after the other, as zips have them.
fn words(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn longs(longs: &[u32]) -> Vec<u8> {
    longs.iter().flat_map(|long| long.to_le_bytes()).collect()
}

fn local(crc: u32, size: u32, name: &str) -> Vec<u8> {
    let name_len = u16::try_from(name.len()).unwrap();
    [
        longs(&[0x0403_4b50]),
        // Version, flags, method, time, date.
        words(&[20, 0, 0, 0, 0x21]),
        longs(&[crc, size, size]),
        words(&[name_len, 0]),
        name.as_bytes().to_vec(),
    ]
    .concat()
}

fn central(crc: u32, size: u32, name: &str, offset: u32) -> Vec<u8> {
    let name_len = u16::try_from(name.len()).unwrap();
    [
        longs(&[0x0201_4b50]),
        words(&[20, 20, 0, 0, 0, 0x21]),
        longs(&[crc, size, size]),
        // Lengths of name, extra and comment, disk, internal attributes.
        words(&[name_len, 0, 0, 0, 0]),
        longs(&[0, offset]),
        name.as_bytes().to_vec(),
    ]
    .concat()
}

fn piece() -> Vec<u8> {
    (0..PIECE)
        .map(|at| u8::try_from((at * at / 7) % 251).unwrap())
        .collect()
}

impl GrownZip {
    fn new(version: &ModuleVersion, pieces: u64) -> Self {
        let prefix = format!("{}@{}", version.path(), version.version());
        let (mod_name, data_name) = (format!("{prefix}/go.mod"), format!("{prefix}/data.bin"));
        let go_mod = go_mod(version).into_bytes();
        let mut crc = flate2::Crc::new();
        crc.update(&go_mod);
        let mod_crc = crc.sum();
        let mut one = flate2::Crc::new();
        one.update(&piece());
        let mut crc = flate2::Crc::new();
        (0..pieces).for_each(|_| crc.combine(&one));
        let size = u32::try_from(pieces * PIECE as u64).unwrap();
        let mod_size = u32::try_from(go_mod.len()).unwrap();

        let mut start = local(mod_crc, mod_size, &mod_name);
        start.extend(&go_mod);
        let data_at = u32::try_from(start.len()).unwrap();
        start.extend(local(crc.sum(), size, &data_name));
        let directory_at = u32::try_from(start.len()).unwrap() + size;
        let mut end = central(mod_crc, mod_size, &mod_name, 0);
        end.extend(central(crc.sum(), size, &data_name, data_at));
        let directory_size = u32::try_from(end.len()).unwrap();
        end.extend(longs(&[0x0605_4b50]));
        end.extend(words(&[0, 0, 2, 2]));
        end.extend(longs(&[directory_size, directory_at]));
        end.extend(words(&[0]));
        Self {
            pieces,
            local: start,
            end,
        }
    }

    fn len(&self) -> u64 {
        self.local.len() as u64 + self.pieces * PIECE as u64 + self.end.len() as u64
    }
}

fn publish(mebibytes: u64) {
    let registry = Registry::start(&[]);
    let version = version("example.com/large@v1.0.0");
    let zip = GrownZip::new(&version, mebibytes);
    let request = Request::new("PUT", &url_of(&version, ModuleFile::Zip))
        .header("Content-Length", &zip.len().to_string())
        .bearer(&registry.token);
    let mut stream = request.begin(&registry.url()).unwrap();
    stream.write_all(&zip.local).unwrap();
    let piece = piece();
    for _ in 0..zip.pieces {
        stream.write_all(&piece).unwrap();
    }
    stream.write_all(&zip.end).unwrap();
    // As long as summing up takes, without optimization too.
    stream.set_read_timeout(None).unwrap();
    let answer = read_answer(&mut stream).unwrap();
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert!(answer.text().contains(&format!("\"Size\":{}}}", zip.len())));
    let peak = registry.server.peak_rss_kib();
    println!("publishing {} bytes: {peak} KiB at most", zip.len());
    assert!(peak < LIMIT_KIB, "{peak} KiB");
    let stored = std::fs::metadata(registry.tree.path_of(&version, ModuleFile::Zip)).unwrap();
    assert_eq!(stored.len(), zip.len());
}

#[test]
fn a_large_zip_costs_no_memory() {
    // More than the limit, and not so much that summing up takes long without optimization.
    publish(96);
}

/// The most that is taken: `cargo test --release --test it -- --ignored the_largest_zip --nocapture`.
#[test]
#[ignore = "takes minutes without optimization"]
fn the_largest_zip_costs_no_memory() {
    publish(499);
}
