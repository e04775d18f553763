use super::page::Page;
use super::{Missing, with_network};
use crate::support::tools::{copy_tree, repository};

pub(super) fn readme(page: &mut Page) -> Result<(), Missing> {
    page.pass_over(
        "cargo run --release",
        "it builds the program, and runs all tests",
    );
    let tour = page.take("cargo install --path .");
    let mut machine = with_network()?;
    // The directory of the checkout.
    copy_tree(
        &repository().join("storage-root"),
        &machine.home("storage-root"),
    );
    let said = machine.run(&tour);
    for part in ["example.com/hello v", "example.com/tour@v0.1.0"] {
        assert!(said.contains(part), "no {part} in {said}");
    }
    let kept = machine.home("storage-root/golang.org/x");
    assert!(kept.join("text/@v").is_dir() && kept.join("sync/@v").is_dir());
    Ok(())
}

pub(super) fn contributing(page: &mut Page) -> Result<(), Missing> {
    page.pass_over(
        "cargo run -- serve",
        "it runs all tests, and looks for hostile input for hours",
    );
    Ok(())
}

pub(super) fn performance(page: &mut Page) -> Result<(), Missing> {
    page.pass_over(
        "tests/bench/run",
        "it takes half an hour; `bench` runs it with --quick",
    );
    Ok(())
}
