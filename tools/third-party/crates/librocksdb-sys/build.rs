//! Compiles RocksDB, and writes its bindings, for the `librocksdb-sys` crate: our build script instead of the published
//! one, on Linux only. It does two things differently, both for the sake of the first build:
//!
//! * The published script compiles some 340 files one by one, and each parses the same headers again: most of an hour of
//!   CPU time. Here a few dozen files are one translation unit, a form that RocksDB supports (its Makefile's `unity.cc`).
//! * The published script reads `c.h` with bindgen, which needs libclang on the machine. That header is plain C of one
//!   shape, so [`bindings`] reads it.

mod bindings;

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Translation units that RocksDB is compiled as. More of them use more cores, and less memory each (1.7 GB now), but
/// parse the headers more often.
const UNITS: u64 = 8;

/// Among the sources that the crate lists, but RocksDB's build makes this one from a template. The crate has it made, in its
/// own folder.
const VERSION_FILE: &str = "util/build_version.cc";

fn main() {
    assert_eq!(env_var("CARGO_CFG_TARGET_OS"), "linux", "this build of RocksDB is for Linux only");
    let out = PathBuf::from(env_var("OUT_DIR"));

    let header = fs::read_to_string("rocksdb/include/rocksdb/c.h").expect("the crate has RocksDB's c.h");
    fs::write(out.join("bindings.rs"), bindings::of_header(&header)).expect("OUT_DIR can be written");

    let mut config = compiler();
    for (number, files) in units().into_iter().enumerate() {
        let mut unit = String::new();
        for file in files {
            writeln!(unit, "#include \"{}\"", file.display()).expect("a string can be written");
        }
        let path = out.join(format!("unit_{number:02}.cc"));
        fs::write(&path, unit).expect("OUT_DIR can be written");
        config.file(path);
    }
    config.file("build_version.cc");
    config.compile("librocksdb.a");

    for input in ["rocksdb", "build.rs", "bindings.rs", "build_version.cc", "rocksdb_lib_sources.txt"] {
        println!("cargo::rerun-if-changed={input}");
    }
}

/// The sources in the order of their list, in parts of about the same size.
fn units() -> Vec<Vec<PathBuf>> {
    let here = PathBuf::from(env_var("CARGO_MANIFEST_DIR")).join("rocksdb");
    let list = fs::read_to_string("rocksdb_lib_sources.txt").expect("the crate has the list of RocksDB's sources");
    let sources: Vec<(PathBuf, u64)> = list
        .split_whitespace()
        .filter(|file| *file != VERSION_FILE)
        .map(|file| here.join(file))
        .map(|file| (file.clone(), size(&file)))
        .collect();
    let total: u64 = sources.iter().map(|(_, size)| size).sum();

    let mut units = vec![Vec::new(); UNITS as usize];
    let mut before = 0;
    for (file, size) in sources {
        units[(before * UNITS / total) as usize].push(file);
        before += size;
    }
    units
}

fn size(file: &Path) -> u64 {
    fs::metadata(file).unwrap_or_else(|error| panic!("{}: {error}", file.display())).len()
}

/// The compiler with the macros that RocksDB's own build sets on Linux, and with the processor that Rust compiles for.
fn compiler() -> cc::Build {
    let mut config = cc::Build::new();
    config.cpp(true).std("c++20").warnings(false);
    for folder in ["rocksdb/include", "rocksdb", "."] {
        config.include(folder);
    }
    for (feature, links) in [("LZ4", "DEP_LZ4_INCLUDE"), ("ZSTD", "DEP_ZSTD_INCLUDE")] {
        if env::var_os(format!("CARGO_FEATURE_{feature}")).is_some() {
            config.define(feature, "1");
            config.include(env_var(links));
        }
    }
    for name in [
        "NDEBUG",
        "HAVE_ALIGNED_NEW",
        "HAVE_UINT128_EXTENSION",
        "OS_LINUX",
        "ROCKSDB_PLATFORM_POSIX",
        "ROCKSDB_LIB_IO_POSIX",
        "ROCKSDB_SCHED_GETCPU_PRESENT",
        "ROCKSDB_AUXV_GETAUXVAL_PRESENT",
        "ROCKSDB_FALLOCATE_PRESENT",
        "ROCKSDB_RANGESYNC_PRESENT",
    ] {
        config.define(name, None);
    }
    // Some headers use its types and rely on others to include it.
    config.flag("-include").flag("cstdint");
    if let Some(processor) = target_cpu() {
        let option = if env_var("CARGO_CFG_TARGET_ARCH") == "x86_64" { "march" } else { "mcpu" };
        config.flag(format!("-{option}={processor}"));
    }
    config
}

/// What `-C target-cpu` says in Rust's flags.
fn target_cpu() -> Option<String> {
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    flags.split('\x1f').filter_map(|flag| flag.trim_start_matches("-C").strip_prefix("target-cpu=")).next_back().map(str::to_owned)
}

fn env_var(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"))
}
