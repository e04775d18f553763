//! Lists of names, against `CheckFiles` of x/mod: the same files taken, left out and refused.
//!
//! The lists are trees of git that are never checked out, so they can hold what no file system holds.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use athens::modzip::{CreateError, create_from_git};
use serde_json::json;

use super::oracle::{self, Answer};
use crate::support::repo::Repo;
use crate::support::tools::require_tool;
use crate::support::tree::version;

const MODULE: &str = "example.com/m@v1.2.3";

/// Files of a list by their names: the content, or `None` for a symbolic link.
type List = BTreeMap<String, Option<String>>;

/// Makes a commit of each list, on branches `0`, `1`, ….
fn commit_all(repo: &Repo, lists: &[List]) {
    let mut import = String::new();
    for (index, list) in lists.iter().enumerate() {
        let head = format!(
            "commit refs/heads/{index}\ncommitter A <a@example.com> 1700000000 +0000\ndata 0\n"
        );
        import.push_str(&head);
        for (name, content) in list {
            let mode = if content.is_some() {
                "100644"
            } else {
                "120000"
            };
            let content = content.as_deref().unwrap_or("target");
            let quoted = name
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n");
            writeln!(
                import,
                "M {mode} inline \"{quoted}\"\ndata {}\n{content}",
                content.len()
            )
            .unwrap();
        }
        import.push('\n');
    }
    repo.feed(&["fast-import", "--quiet"], import.as_bytes());
}

/// Makes a commit of one list without directories, however long it is, on the branch `0`.
fn commit_flat(repo: &Repo, list: &List) {
    let mut tree = String::new();
    let mut blobs = BTreeMap::new();
    for (name, content) in list {
        let content = content.as_deref().unwrap();
        let blob = blobs
            .entry(content)
            .or_insert_with(|| repo.blob(content.as_bytes()));
        write!(tree, "100644 blob {blob}\t{name}\0").unwrap();
    }
    let tree = repo.feed(&["mktree", "-z"], tree.as_bytes());
    let commit = repo.git(["commit-tree", "-m", "x", &tree]);
    repo.git(["branch", "0", &commit]);
}

/// What we say, in the words of x/mod: single files instead of whole directories.
fn ours(repo: &Path, index: usize, list: &List) -> Answer {
    let made = create_from_git(
        repo,
        &index.to_string(),
        "",
        &version(MODULE),
        std::io::sink(),
    );
    let mut answer = Answer::default();
    match made {
        Ok(created) => {
            answer.files = created.files;
            for omitted in created.omitted {
                let below = |name: &&String| {
                    **name == omitted.path
                        || (omitted.path.ends_with('/') && name.starts_with(&omitted.path))
                };
                answer.omitted.extend(list.keys().filter(below).cloned());
            }
            answer.omitted.sort();
        }
        Err(CreateError::Refused(refusals)) => {
            answer.invalid = refusals.0.into_iter().map(|one| one.path).collect();
            answer.invalid.sort();
        }
        Err(error) => panic!("{error}: {list:?}"),
    }
    answer
}

/// Compares what x/mod and we say of each list. How many are good, and how many are refused.
fn compare(lists: &[List], commit: fn(&Repo, &[List])) -> Option<(usize, usize)> {
    require_tool("git")?;
    let requests: Vec<_> = lists
        .iter()
        .map(|list| {
            let files: Vec<_> = list
                .iter()
                .map(|(name, content)| json!({"Name": name, "Content": content, "Link": content.is_none()}))
                .collect();
            json!({"Do": "files", "Files": files})
        })
        .collect();
    let answers = oracle::ask(&requests)?;
    let scratch = tempfile::tempdir().unwrap();
    let repo = Repo::new(scratch.path());
    commit(&repo, lists);
    let mut good = 0;
    for (index, (list, mut theirs)) in lists.iter().zip(answers).enumerate() {
        let ours = ours(repo.root(), index, list);
        if theirs.invalid.is_empty() {
            good += 1;
        } else {
            // Where something is refused, the rest is of no use.
            theirs.files.clear();
            theirs.omitted.clear();
        }
        assert_eq!(theirs, ours, "{list:?}");
    }
    Some((good, lists.len() - good))
}

/// Numbers by chance, the same every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

const GO_LINES: &[&str] = &[
    "",
    "go 1.21",
    "go 1.23.4",
    "go 1.24",
    "go 1.24.1",
    "go 1.25rc1",
    "go 1.24.1rc2",
    "go 2.0",
];
const DIRECTORIES: &[&str] = &[
    "vendor",
    "vendor",
    "a",
    "b",
    "nested",
    "deep",
    "vendored",
    ".git-x",
    "longer-name",
    "A",
];
const FILES: &[&str] = &[
    "x.go",
    "y.go",
    "modules.txt",
    "go.mod",
    "LICENSE",
    "license",
    ".hg_archival.txt",
    "README.md",
    "vendor",
    "a",
    "GO.mod",
];
const BAD: &[&str] = &[
    "aux", "a:b", "e\u{301}", "x.", "C\\d", "X.go", "ſ", "S", "GO.MOD",
];

/// A list with mostly good names, in nests of directories that matter to the rules.
fn by_chance(chance: &mut Chance) -> List {
    let mut list = List::new();
    let go_mod = format!("module example.com/m\n\n{}\n", chance.one_of(GO_LINES));
    list.insert("go.mod".to_owned(), Some(go_mod));
    let bad = chance.below(3) == 0;
    for _ in 0..3 + chance.below(25) {
        let mut name = String::new();
        for _ in 0..chance.below(5) {
            name.push_str(chance.one_of(DIRECTORIES));
            name.push('/');
        }
        let last = match bad && chance.below(4) == 0 {
            true => chance.one_of(BAD),
            false => chance.one_of(FILES),
        };
        name.push_str(last);
        // A tree of git has no file and directory of one name.
        let is_free = !list.contains_key(&name)
            && !list
                .keys()
                .any(|other| other.starts_with(&format!("{name}/")))
            && !name
                .match_indices('/')
                .any(|(at, _)| list.contains_key(&name[..at]));
        if is_free {
            let content = (chance.below(12) > 0).then(|| "x".to_owned());
            list.insert(name, content);
        }
    }
    list
}

#[test]
fn by_chance_are_judged_as_by_xmod() {
    let mut chance = Chance(4);
    let lists: Vec<_> = (0..250).map(|_| by_chance(&mut chance)).collect();
    if let Some((good, bad)) = compare(&lists, commit_all) {
        assert!(good > 50 && bad > 50, "{good} good, {bad} bad");
    }
}

/// Every letter is a file of one directory. Only those that differ in case collide.
#[test]
fn letters_fold_as_in_go() {
    let Some(letters) = oracle::ask(&[json!({"Do": "letters"})]) else {
        return;
    };
    let go_mod = Some("module example.com/m\n".to_owned());
    let mut list = List::from([("go.mod".to_owned(), go_mod)]);
    let ascii = ('A'..='z')
        .filter(char::is_ascii_alphabetic)
        .map(String::from);
    list.extend(
        ascii
            .chain(letters[0].files.iter().cloned())
            .map(|name| (name, Some(String::new()))),
    );
    assert!(list.len() > 130_000, "{}", list.len());
    compare(&[list], |repo, lists| commit_flat(repo, &lists[0]));
}
