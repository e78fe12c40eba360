//! The tables of `docs/classes.md` that scenarios make.

use std::path::Path;

use anyhow::{Context, Result, ensure};

const PAGE: &str = "../docs/classes.md";
const END: &str = "<!-- end -->\n";

/// The page has these rows, sorted, in the table of this name, or, with `ZKTHREADS_REGENERATE` set, gets them.
pub(crate) fn is_in_the_page<const N: usize>(name: &str, columns: [&str; N], rows: &str) -> Result<()> {
    let mut rows: Vec<_> = rows.lines().map(|row| format!("{row}\n")).collect();
    rows.sort();
    let table = format!("| {} |\n|{}\n{}", columns.join(" | "), "---|".repeat(N), rows.concat());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = std::fs::read_to_string(&path)?;
    let begin = format!("<!-- made by a test: {name} -->\n");
    let (head, rest) = page.split_once(&begin).context("the page has the table")?;
    let (found, tail) = rest.split_once(END).context("the table ends")?;
    if std::env::var_os("ZKTHREADS_REGENERATE").is_some() {
        return Ok(std::fs::write(&path, format!("{head}{begin}{table}{END}{tail}"))?);
    }
    ensure!(
        found == table,
        "docs/classes.md is not up to date: ZKTHREADS_REGENERATE=1 makes it anew\n{table}"
    );
    Ok(())
}
