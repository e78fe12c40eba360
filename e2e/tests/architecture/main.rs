//! The rules of `ARCHITECTURE.md` that a machine can check.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

mod modules;

/// What each crate may depend on inside the workspace. A new arrow needs a decision in `docs/adr/`.
const ARROWS: &[(&str, &[&str])] = &[
    ("protocol", &[]),
    ("storage", &["protocol"]),
    ("verifier", &["protocol"]),
    ("fuzz", &["protocol", "verifier"]),
    ("program", &["protocol"]),
    ("runner", &["program", "protocol"]),
    ("execution", &["protocol", "storage", "verifier"]),
    ("sub-block", &["execution", "program", "protocol", "storage"]),
    ("prover", &["program", "protocol", "runner", "verifier"]),
    ("rpc-api", &["execution", "protocol", "storage"]),
    ("rpc", &["execution", "protocol", "rpc-api", "storage"]),
    ("workers", &["program", "protocol", "prover", "runner", "sub-block"]),
    ("client", &["execution", "protocol", "storage", "sub-block"]),
    (
        "batcher",
        &[
            "client",
            "execution",
            "program",
            "protocol",
            "prover",
            "rpc-api",
            "storage",
            "sub-block",
            "verifier",
            "workers",
        ],
    ),
    ("mempool", &["execution", "protocol", "rpc-api", "storage"]),
    ("producer", &["execution", "mempool", "protocol", "rpc-api", "storage"]),
    ("genesis", &["execution", "program", "storage"]),
    ("fork", &["client", "execution", "genesis", "rpc-api", "storage"]),
    ("devnet", &["execution", "fork", "genesis", "producer", "protocol", "rpc-api", "storage"]),
    (
        "node",
        &[
            "batcher",
            "client",
            "devnet",
            "execution",
            "fork",
            "genesis",
            "mempool",
            "producer",
            "program",
            "protocol",
            "prover",
            "rpc",
            "rpc-api",
            "storage",
            "verifier",
            "workers",
        ],
    ),
    (
        "e2e",
        &[
            "batcher",
            "client",
            "devnet",
            "execution",
            "genesis",
            "mempool",
            "node",
            "producer",
            "program",
            "protocol",
            "prover",
            "runner",
            "storage",
            "sub-block",
            "verifier",
            "workers",
        ],
    ),
];

const PREFIX: &str = "zkthreads-";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn packages() -> Result<Vec<Value>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut metadata: Value = serde_json::from_slice(&output.stdout)?;
    serde_json::from_value(metadata["packages"].take()).context("packages")
}

fn short(package: &Value) -> Option<&str> {
    package["name"].as_str()?.strip_prefix(PREFIX)
}

/// Another checkout with the same target directory may have built them: then they test its code, and look for its files.
#[test]
fn these_tests_were_built_of_this_checkout() -> Result<()> {
    let running = std::env::var("CARGO_MANIFEST_DIR")?;
    ensure!(running == env!("CARGO_MANIFEST_DIR"), "built in {}", env!("CARGO_MANIFEST_DIR"));
    Ok(())
}

#[test]
fn dependency_arrows_point_down() -> Result<()> {
    let packages = packages()?;
    let names: BTreeSet<_> = packages.iter().filter_map(short).collect();
    assert_eq!(names, ARROWS.iter().map(|(name, _)| *name).collect(), "every crate has its line in ARROWS");
    for package in &packages {
        let name = short(package).context("a foreign crate in the workspace")?;
        let allowed = ARROWS.iter().find(|(crate_name, _)| *crate_name == name).context("listed")?.1;
        for dependency in package["dependencies"].as_array().context("dependencies")? {
            let shipped = dependency["kind"].is_null();
            let below = dependency["name"].as_str().and_then(|name| name.strip_prefix(PREFIX));
            if let (true, Some(below)) = (shipped, below) {
                assert!(allowed.contains(&below), "{name} must not depend on {below}");
            }
        }
    }
    Ok(())
}

#[test]
fn every_crate_takes_the_workspace_lints() -> Result<()> {
    for package in packages()? {
        let manifest = std::fs::read_to_string(package["manifest_path"].as_str().context("path")?)?;
        assert!(manifest.contains("[lints]\nworkspace = true"), "{}", package["name"]);
    }
    Ok(())
}

/// The manifests turn cargo's own search off, so a file that no test binary names would be compiled by nobody.
#[test]
fn every_file_of_tests_is_compiled() -> Result<()> {
    for package in packages()? {
        let manifest = Path::new(package["manifest_path"].as_str().context("path")?);
        let directory = manifest.parent().context("a folder")?.join("tests");
        let targets = package["targets"].as_array().context("targets")?;
        let compiled =
            |path: &Path| targets.iter().any(|it| it["src_path"].as_str().map(Path::new) == Some(path));
        let main = std::fs::read_to_string(directory.join("main.rs")).unwrap_or_default();
        for entry in directory.read_dir().into_iter().flatten() {
            let path = entry?.path();
            let (file, module) =
                (path.extension().is_some_and(|it| it == "rs"), path.join("mod.rs").exists());
            let name = path.file_stem().context("a name")?.to_string_lossy();
            let named = compiled(&path) || main.contains(&format!("\nmod {name};\n"));
            // A folder may be shared by the files of a crate that has no such binary.
            let whole = main.is_empty() && module;
            ensure!(named || whole || !(file || module), "{} is in no test binary", path.display());
        }
    }
    Ok(())
}

/// Rust sources of a crate's library or binary, tests left out.
fn sources(directory: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            sources(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(())
}

#[test]
fn only_the_node_reads_the_environment() -> Result<()> {
    let below = [
        "os/protocol",
        "os/program",
        "os/runner",
        "os/sub_block",
        "os/execution",
        "storage",
        "prover/verifier",
        "prover/prover",
        "prover/batcher",
        "prover/client",
        "prover/workers",
        "rpc/api",
        "rpc/server",
        "node/mempool",
        "node/producer",
        "node/genesis",
        "node/fork",
        "node/devnet",
    ];
    for directory in below {
        let readers = modules::read_environment(&root().join(directory).join("src"))?;
        ensure!(readers.is_empty(), "{directory} reads the environment: {readers:?}");
    }
    // The check sees one who does.
    ensure!(!modules::read_environment(&root().join("node/zkthreads/src"))?.is_empty(), "nobody does");
    Ok(())
}

/// Whoever reads a file can read what it builds on first, and what that builds on.
#[test]
fn no_imports_go_round_in_a_circle() -> Result<()> {
    let mut circles = Vec::new();
    for package in packages()? {
        let manifest = Path::new(package["manifest_path"].as_str().context("path")?);
        let sources = manifest.parent().context("a folder")?.join("src");
        if sources.is_dir() {
            let name = short(&package).context("a name")?;
            circles.extend(modules::circles(&sources)?.into_iter().map(|line| format!("{name}: {line}")));
        }
    }
    ensure!(circles.is_empty(), "{circles:#?}");
    Ok(())
}

/// A name means one thing in the workspace, so that it can be searched for.
#[test]
fn public_types_have_names_of_their_own() -> Result<()> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages()? {
        let manifest = Path::new(package["manifest_path"].as_str().context("path")?);
        let name = short(&package).context("a name")?;
        let sources = manifest.parent().context("a folder")?.join("src");
        if sources.is_dir() && name != "e2e" {
            for public in modules::public_types(&sources)? {
                found.entry(public).or_default().push(name.to_owned());
            }
        }
    }
    found.retain(|_, crates| crates.len() > 1);
    ensure!(found.is_empty(), "{found:#?}");
    Ok(())
}

#[test]
fn what_strangers_reach_cannot_panic_by_lint() -> Result<()> {
    for lib in [
        "os/protocol/src/lib.rs",
        "os/execution/src/lib.rs",
        "os/sub_block/src/lib.rs",
        "prover/verifier/src/lib.rs",
    ] {
        let source = std::fs::read_to_string(root().join(lib))?;
        for lint in ["unwrap_used", "expect_used", "panic", "indexing_slicing", "arithmetic_side_effects"] {
            assert!(source.contains(&format!("clippy::{lint}")), "{lib} does not deny {lint}");
        }
    }
    Ok(())
}

/// The chain that a thread follows, and its journal. Its first block is there before the sequencer is.
#[test]
fn only_the_sequencer_of_a_thread_writes_to_databases() -> Result<()> {
    let writes = ["follow", "revert_to", "write", "commit", "import", "prune_to", "set_l1_accepted"];
    let calls = modules::database_calls(&root().join("prover/batcher/src"), &writes)?;
    let (sequencer, others): (Vec<_>, Vec<_>) =
        calls.iter().partition(|(module, _)| module.starts_with("thread::"));
    let expected = [("follow::begin".to_owned(), "storage.follow".to_owned())];
    ensure!(others.iter().copied().eq(&expected), "others than the sequencer write: {others:?}");
    for call in ["storage.follow", "storage.revert_to", "journal.write"] {
        ensure!(
            sequencer.iter().any(|(_, found)| found == call),
            "the sequencer does no {call}: {sequencer:?}"
        );
    }
    Ok(())
}

/// Crates that the binary is made of, ours among them: the budget of the first build (docs/testing.md). Whoever adds some
/// takes out as many. (Ours were cut into ten more, of the same code: ADR 47.)
const CRATES_OF_THE_FIRST_BUILD: usize = 547;

/// Each crate with the features that it is built with, for this platform.
fn features(selection: &[&str]) -> Result<BTreeSet<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--offline", "--prefix", "none", "--format", "{p} [{f}]"])
        .args(selection)
        .current_dir(root())
        .output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout)?;
    let crates = lines.lines().map(|line| line.trim_end_matches(" (*)").replace(" (proc-macro)", ""));
    Ok(crates.filter(|line| !line.is_empty()).collect())
}

#[test]
fn the_first_build_has_a_budget_and_tests_build_on_it() -> Result<()> {
    let binary = features(&["--package", "zkthreads-node", "--edges", "normal,build"])?;
    let everything = features(&["--workspace", "--edges", "normal,build,dev"])?;
    let twice: Vec<_> = binary.difference(&everything).collect();
    assert!(
        twice.is_empty(),
        "tests build these again, with other features: {twice:#?}; see node/zkthreads/Cargo.toml"
    );

    let crates: BTreeSet<_> = binary.iter().filter_map(|line| line.split(" [").next()).collect();
    assert!(crates.len() <= CRATES_OF_THE_FIRST_BUILD, "the binary is made of {} crates", crates.len());
    Ok(())
}
