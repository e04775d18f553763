//! The pages, and the blocks of commands in them.

use std::collections::VecDeque;
use std::fs;
use std::path::PathBuf;

use crate::support::tools::repository;

/// What a block may be: commands for a shell, commands after `$ ` with what they print, and what is not run anywhere.
const COMMANDS: &str = "sh";
const CONSOLE: &str = "console";
const OTHERS: [&str; 5] = ["", "json", "nginx", "toml", "yaml"];

/// A block of commands.
#[derive(Debug)]
struct Block {
    line: usize,
    commands: String,
}

/// A page, whose blocks are taken from the first to the last.
pub(super) struct Page {
    name: String,
    blocks: VecDeque<Block>,
}

/// All pages: those of docs/, and those at the top.
pub(super) fn all() -> Vec<Page> {
    let mut names = Vec::new();
    for (directory, prefix) in [("", ""), ("docs", "docs/")] {
        for entry in fs::read_dir(repository().join(directory)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".md") {
                names.push(format!("{prefix}{name}"));
            }
        }
    }
    names.sort();
    names.iter().map(|name| Page::open(name)).collect()
}

impl Page {
    pub(super) fn open(name: &str) -> Self {
        let path: PathBuf = repository().join(name);
        let text = fs::read_to_string(path).unwrap();
        let blocks = blocks(name, &text);
        Self {
            name: name.to_owned(),
            blocks,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn is_done(&self) -> bool {
        self.blocks.is_empty()
    }

    /// The next block, which must begin so.
    #[track_caller]
    pub(super) fn take(&mut self, begin: &str) -> String {
        let Some(block) = self.blocks.pop_front() else {
            panic!("{}: there is no block {begin:?} left", self.name);
        };
        let (name, line) = (&self.name, block.line);
        assert!(
            block.commands.starts_with(begin),
            "{name}:{line}: not {begin:?}: say in tests/it/tutorials what runs this block, or why nothing does:\n{}",
            block.commands
        );
        block.commands
    }

    /// Passes over the next block, which must begin so, for a reason.
    #[track_caller]
    pub(super) fn pass_over(&mut self, begin: &str, reason: &str) {
        self.take(begin);
        assert!(!reason.is_empty());
    }

    /// Fails if a block was not taken.
    #[track_caller]
    pub(super) fn end(self) {
        if let Some(block) = self.blocks.front() {
            panic!(
                "{}:{}: nothing runs this block, nor says why not:\n{}",
                self.name, block.line, block.commands
            );
        }
    }
}

fn blocks(name: &str, text: &str) -> VecDeque<Block> {
    let mut blocks = VecDeque::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let Some(language) = line.trim_start().strip_prefix("```") else {
            continue;
        };
        let content: Vec<&str> = lines
            .by_ref()
            .map(|(_, line)| line)
            .take_while(|line| line.trim_start() != "```")
            .collect();
        let commands: Vec<&str> = match language {
            COMMANDS => content,
            CONSOLE => {
                let commands = content.iter().filter_map(|line| line.strip_prefix("$ "));
                commands.collect()
            }
            _ => {
                assert!(OTHERS.contains(&language), "{name}:{}: {line}", at + 1);
                let shown = content.iter().any(|line| line.starts_with("$ "));
                assert!(!shown, "{name}:{}: this is {CONSOLE}", at + 1);
                continue;
            }
        };
        blocks.push_back(Block {
            line: at + 2,
            commands: commands.join("\n"),
        });
    }
    blocks
}

#[test]
fn blocks_are_found() {
    let text = "a\n```sh\none\ntwo\n```\nb\n  ```console\n$ three\nsaid\n  ```\n```json\n{}\n```\n";
    let found: Vec<(usize, String)> = blocks("a.md", text)
        .into_iter()
        .map(|block| (block.line, block.commands))
        .collect();
    assert_eq!(found, [(3, "one\ntwo".to_owned()), (8, "three".to_owned())]);
}

#[test]
#[should_panic(expected = "a.md:2: nothing runs this block")]
fn a_block_that_nothing_runs_is_named() {
    let mut page = Page {
        name: "a.md".to_owned(),
        blocks: blocks("a.md", "```sh\none\n```\n```sh\ntwo\n```\n"),
    };
    page.blocks.swap(0, 1);
    page.take("two");
    page.end();
}
