//! The headers of a bundle: POSIX ustar, with an extended header where a name is too long for that.
//!
//! There is exactly one header for each name and size, so a header is read by finding out both, making it anew and
//! comparing: what is not exactly what we write is refused, and nothing can hide in it.
//!
//! Source: POSIX, "pax Interchange Format" and "ustar Interchange Format".

/// The unit of the format, in bytes.
pub(super) const BLOCK: usize = 512;

/// Where the fields of a header are.
const NAME: std::ops::Range<usize> = 0..100;
const MODE: usize = 100;
const OWNER: usize = 108;
const GROUP: usize = 116;
const SIZE: std::ops::Range<usize> = 124..136;
const TIME: usize = 136;
const SUM: std::ops::Range<usize> = 148..156;
const KIND: usize = 156;
const MAGIC: usize = 257;
const DEVICES: [usize; 2] = [329, 337];
const PREFIX: std::ops::Range<usize> = 345..500;

/// The kinds of entries that there are.
const FILE: u8 = b'0';
const EXTENDED: u8 = b'x';

/// What stands as a name where the real one is in an extended header.
const LONG_NAME: &str = "long-name";

/// The header of a file, with an extended one before it if need be: one, three or more blocks.
pub(super) fn encode(name: &str, size: u64) -> Vec<u8> {
    if let Some((prefix, rest)) = split(name) {
        return block(prefix, rest, size, FILE).to_vec();
    }
    let record = path_record(name);
    let mut blocks = block("", LONG_NAME, record.len() as u64, EXTENDED).to_vec();
    blocks.extend_from_slice(record.as_bytes());
    blocks.resize(blocks.len() + padding(record.len() as u64), 0);
    blocks.extend_from_slice(&block("", LONG_NAME, size, FILE));
    blocks
}

/// How many bytes fill up the last block of a content of this length.
pub(super) fn padding(size: u64) -> usize {
    (BLOCK - (size % BLOCK as u64) as usize) % BLOCK
}

/// What a first block says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum First {
    /// The name and size of a file.
    File(String, u64),
    /// The length of the name's record, which follows, and with it of all blocks of the header.
    Extended(u64),
}

/// Reads the first block of a header, without judging what it is not made of; `None` if it is none of ours.
pub(super) fn parse(block: &[u8; BLOCK]) -> Option<First> {
    let text = |field: &[u8]| {
        let end = field.iter().position(|byte| *byte == 0);
        String::from_utf8(field[..end.unwrap_or(field.len())].to_vec()).ok()
    };
    let size = u64::from_str_radix(text(&block[SIZE])?.as_str(), 8).ok()?;
    match block[KIND] {
        EXTENDED => Some(First::Extended(size)),
        FILE => {
            let (prefix, rest) = (text(&block[PREFIX])?, text(&block[NAME])?);
            let name = match prefix.is_empty() {
                true => rest,
                false => format!("{prefix}/{rest}"),
            };
            Some(First::File(name, size))
        }
        _ => None,
    }
}

/// The name in the record of an extended header, and the size in the block after it.
pub(super) fn parse_extended(record: &[u8], block: &[u8; BLOCK]) -> Option<(String, u64)> {
    let record = std::str::from_utf8(record).ok()?;
    let (_, record) = record.split_once(' ')?;
    let name = record.strip_prefix("path=")?.strip_suffix('\n')?;
    match parse(block)? {
        First::File(_, size) => Some((name.to_owned(), size)),
        First::Extended(_) => None,
    }
}

/// A name as prefix and rest, if both fit.
fn split(name: &str) -> Option<(&str, &str)> {
    if name.len() <= NAME.len() {
        return Some(("", name));
    }
    name.match_indices('/')
        .map(|(at, _)| (&name[..at], &name[at + 1..]))
        .find(|(prefix, rest)| {
            rest.len() <= NAME.len() && !prefix.is_empty() && prefix.len() <= PREFIX.len()
        })
}

/// `<length> path=<name>\n`, where the length is that of the whole.
fn path_record(name: &str) -> String {
    let body = format!(" path={name}\n");
    let mut len = body.len();
    while len.to_string().len() + body.len() != len {
        len = len.to_string().len() + body.len();
    }
    format!("{len}{body}")
}

fn block(prefix: &str, name: &str, size: u64, kind: u8) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, text: &[u8]| block[at..at + text.len()].copy_from_slice(text);
    put(NAME.start, name.as_bytes());
    put(MODE, b"0000644\0");
    put(OWNER, b"0000000\0");
    put(GROUP, b"0000000\0");
    put(SIZE.start, format!("{size:011o}\0").as_bytes());
    put(TIME, b"00000000000\0");
    put(SUM.start, b"        ");
    put(KIND, &[kind]);
    put(MAGIC, b"ustar\x0000");
    for at in DEVICES {
        put(at, b"0000000\0");
    }
    put(PREFIX.start, prefix.as_bytes());
    let sum: u32 = block.iter().copied().map(u32::from).sum();
    block[SUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(bytes: &[u8]) -> First {
        parse(bytes[..BLOCK].try_into().unwrap()).unwrap()
    }

    #[test]
    fn names_of_every_length_come_back() {
        let mut with_prefix = 0;
        for len in 1..1200 {
            let element = ["abcdefgh/", "ä-"][len % 2];
            let mut name: String = element.chars().cycle().take(len).collect();
            name.push('x');
            let bytes = encode(&name, 77);
            assert_eq!(bytes.len() % BLOCK, 0);
            match first(&bytes) {
                First::File(read, size) => {
                    assert_eq!((read.as_str(), size), (name.as_str(), 77));
                    with_prefix += usize::from(name.len() > 100);
                }
                First::Extended(len) => {
                    let end = BLOCK + usize::try_from(len).unwrap();
                    let last = bytes[bytes.len() - BLOCK..].try_into().unwrap();
                    let read = parse_extended(&bytes[BLOCK..end], last).unwrap();
                    assert_eq!(read, (name, 77));
                }
            }
        }
        assert!(with_prefix > 50, "{with_prefix}");
    }

    #[test]
    fn other_readers_agree() {
        // By hand, from the format's table: name, size 8 in octal, kind, checksum over the block with blanks for itself.
        let bytes = encode("a.b/c", 8);
        assert_eq!(&bytes[..5], b"a.b/c");
        assert_eq!(&bytes[124..136], b"00000000010\0");
        assert_eq!(bytes[156], b'0');
        assert_eq!(&bytes[257..265], b"ustar\x0000");
        let mut summed = bytes.clone();
        summed[148..156].fill(b' ');
        let sum: u32 = summed.iter().copied().map(u32::from).sum();
        assert_eq!(&bytes[148..156], format!("{sum:06o}\0 ").as_bytes());
    }

    #[test]
    fn padding_fills_a_block() {
        for (size, want) in [(0, 0), (1, 511), (511, 1), (512, 0), (513, 511)] {
            assert_eq!(padding(size), want);
        }
    }

    #[test]
    fn what_is_no_header() {
        assert_eq!(parse(&[0; BLOCK]), None);
        assert_eq!(parse(&[0xff; BLOCK]), None);
        let mut link: [u8; BLOCK] = encode("a", 0).try_into().unwrap();
        link[KIND] = b'2';
        assert_eq!(parse(&link), None);
        let block = encode("a", 0).try_into().unwrap();
        assert_eq!(parse_extended(b"9 path=a", &block), None);
        assert_eq!(parse_extended(b"9 link=a\n", &block), None);
    }
}
