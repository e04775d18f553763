//! Files that a desktop, an editor or git itself leaves in a directory, and nobody means to publish.

/// Whether a file is litter by its name: the last element of its path.
///
/// The list is short on purpose, and holds no folders of settings (`.idea`, `.vscode`): many authors track those, the
/// go command then takes them, and a zip without them would have another sum.
///
/// - `.DS_Store` and `._*` of macOS, `Thumbs.db`, `ehthumbs.db` and `desktop.ini` of Windows
/// - `*~`, `#*#`, `.#*`, `.*.swp` and `.*.swo`: what Emacs, Vim and others save beside a file
/// - `.git`: not the folder, which is left out anyway, but the file that stands for it in a linked work tree
pub(super) fn is_litter(name: &[u8]) -> bool {
    const OF_WINDOWS: [&[u8]; 3] = [b"thumbs.db", b"ehthumbs.db", b"desktop.ini"];
    match name {
        b".DS_Store" | b".git" => true,
        [b'.', b'_' | b'#', _, ..] => true,
        [b'#', _, .., b'#'] => true,
        [_, .., b'~'] => true,
        [b'.', _, .., b'.', b's', b'w', b'p' | b'o'] => true,
        _ => OF_WINDOWS
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known)),
    }
}

#[cfg(test)]
mod tests {
    use super::is_litter;

    #[test]
    fn the_list() {
        for name in [
            ".DS_Store",
            ".git",
            "._m.go",
            "Thumbs.db",
            "Desktop.ini",
            "m.go~",
            ".m.go.swp",
            ".m.go.swo",
            "#m.go#",
            ".#m.go",
        ] {
            assert!(is_litter(name.as_bytes()), "{name}");
        }
        for name in [
            "",
            "m.go",
            "~",
            "#",
            "##",
            "._",
            ".#",
            ".swp",
            "m.swp",
            ".gitignore",
            ".idea",
            "DS_Store",
            "ds_store",
            "a#",
            ".golangci.yml",
            "_m.go",
        ] {
            assert!(!is_litter(name.as_bytes()), "{name}");
        }
    }
}
