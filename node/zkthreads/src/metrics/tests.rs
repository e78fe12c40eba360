use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Names in the files that report anything, of everything that the binary is built from.
fn reported() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    for shipped in [
        "node/devnet/src",
        "node/fork/src",
        "node/genesis/src",
        "node/zkthreads/src",
        "node/mempool/src",
        "node/producer/src",
        "rpc/api/src",
        "rpc/server/src",
        "os/execution/src",
        "os/sub_block/src",
        "storage/src",
        "prover/verifier/src",
    ] {
        sources(&root.join(shipped), &mut files);
    }
    let ours = |file: &PathBuf| file.ends_with("catalogue.rs") || file.ends_with("tests.rs");
    let mut names = BTreeSet::new();
    for file in files.iter().filter(|file| !ours(file)) {
        let text = fs::read_to_string(file).unwrap();
        if ["counter!(", "gauge!(", "histogram!("].iter().any(|call| text.contains(call)) {
            let literals = text.split('"').skip(1).step_by(2);
            names.extend(literals.filter(|name| name.starts_with("zkthreads_")).map(str::to_owned));
        }
    }
    names
}

#[test]
fn what_is_reported_is_what_the_catalogue_says() {
    let catalogue: BTreeSet<String> = METRICS.iter().map(|metric| metric.name.to_owned()).collect();
    assert_eq!(catalogue.len(), METRICS.len(), "a name is there once");
    assert_eq!(reported(), catalogue);
}

#[test]
fn names_follow_prometheus_customs() {
    for Metric { name, kind, text, .. } in METRICS {
        assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
        assert!(!text.is_empty() && !text.ends_with('.'), "{name}");
    }
}
