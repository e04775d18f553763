//! A module zip, and what should be said of it.

use athens::module::ModuleVersion;
use athens::modzip::Rule;

use crate::support::raw_zip::{Entry, RawZip};
use crate::support::tree::version;

/// A zip to judge.
pub(super) struct Case {
    /// What it is called in messages.
    pub(super) name: String,
    pub(super) version: ModuleVersion,
    pub(super) bytes: Vec<u8>,
    pub(super) expect: Expect,
    /// Whether versions of Go read it in different ways: 1.27 and later are not asked.
    pub(super) is_until_126: bool,
    /// The first version of the go command (its second number) that can use it, if it is accepted.
    pub(super) since: u32,
}

/// What should be said of a zip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expect {
    /// It is accepted.
    Good,
    /// The go command takes it, we do not let it be published because of these rules.
    Strict(Vec<Rule>),
    /// It is refused because of these rules.
    Bad(Vec<Rule>),
}

pub(super) fn strict(rules: impl Into<Vec<Rule>>) -> Expect {
    Expect::Strict(rules.into())
}

pub(super) fn bad(rules: impl Into<Vec<Rule>>) -> Expect {
    Expect::Bad(rules.into())
}

/// The module that a zip is made for: gives entries their names.
pub(super) struct Module {
    version: ModuleVersion,
}

impl Module {
    pub(super) fn new(text: &str) -> Self {
        Self {
            version: version(text),
        }
    }

    pub(super) fn version(&self) -> &ModuleVersion {
        &self.version
    }

    /// The whole name of a file.
    pub(super) fn name(&self, file: &str) -> Vec<u8> {
        format!("{}@{}/{file}", self.version.path(), self.version.version()).into()
    }

    pub(super) fn entry(&self, file: &str, content: &str) -> Entry {
        Entry::new(self.name(file), content.as_bytes())
    }

    /// An empty file; if the go command will read it, an empty package.
    pub(super) fn empty(&self, file: &str) -> Entry {
        let content = if file.ends_with(".go") {
            "package p\n"
        } else {
            ""
        };
        Entry::stored(self.name(file), content.as_bytes())
    }

    pub(super) fn go_mod(&self) -> Entry {
        let line = format!("module {}\n\ngo 1.13\n", self.version.path());
        self.entry("go.mod", &line)
    }

    /// A package at the root, so that the module can be built.
    pub(super) fn package(&self) -> Entry {
        self.entry(
            "m.go",
            "package m\n\n// Text that is worth deflating, deflating, deflating.\n",
        )
    }

    /// A good zip.
    pub(super) fn zip(&self) -> RawZip {
        self.with([])
    }

    /// A good zip with more entries.
    pub(super) fn with(&self, entries: impl IntoIterator<Item = Entry>) -> RawZip {
        let mut all = vec![self.go_mod(), self.package()];
        all.extend(entries);
        RawZip::new(all)
    }
}

/// Cases of one kind.
pub(super) struct Cases {
    kind: &'static str,
    list: Vec<Case>,
}

impl Cases {
    pub(super) fn new(kind: &'static str) -> Self {
        Self {
            kind,
            list: Vec::new(),
        }
    }

    /// Adds a case whose zip is made for a module of its own.
    pub(super) fn add(&mut self, name: &str, expect: Expect, zip: impl FnOnce(&Module) -> RawZip) {
        self.add_bytes(name, expect, |module| zip(module).bytes());
    }

    /// Adds a case that is no more than bytes.
    pub(super) fn add_bytes(
        &mut self,
        name: &str,
        expect: Expect,
        zip: impl FnOnce(&Module) -> Vec<u8>,
    ) {
        let module = format!("example.com/{}/{}@v1.0.0", self.kind, self.list.len());
        self.add_module(&module, name, expect, zip);
    }

    /// Adds a case for a certain module.
    pub(super) fn add_module(
        &mut self,
        module: &str,
        name: &str,
        expect: Expect,
        zip: impl FnOnce(&Module) -> Vec<u8>,
    ) {
        let module = Module::new(module);
        self.list.push(Case {
            name: format!("{}: {name}", self.kind),
            bytes: zip(&module),
            version: module.version,
            expect,
            is_until_126: false,
            since: 0,
        });
    }

    /// Says that versions of Go read the last one in different ways.
    pub(super) fn until_126(&mut self) {
        if let Some(last) = self.list.last_mut() {
            last.is_until_126 = true;
        }
    }

    /// Says that older versions of the go command do not take the last one.
    pub(super) fn since(&mut self, minor: u32) {
        if let Some(last) = self.list.last_mut() {
            last.since = minor;
        }
    }

    pub(super) fn into_list(self) -> Vec<Case> {
        self.list
    }
}
