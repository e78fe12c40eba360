//! Names of the OS's functions, which the committed program leaves out: `os/program/compile` writes them to a file.

use std::collections::BTreeMap;
use std::path::Path;

use zkthreads_program::os_program;

/// Where the names are, relative to this crate: the program's hash, then a line for each function.
const FILE: &str = "../../target/thread_os.functions";

/// Prefixes that tell nothing.
const OBVIOUS: &[&str] = &[
    "thread_os.",
    "starkware.cairo.common.",
    "starkware.cairo.lang.compiler.lib.",
    "starkware.starknet.builtins.",
];

pub struct Names {
    by_start: BTreeMap<usize, String>,
}

impl Names {
    /// The names, if those of the program that runs are there.
    pub fn read() -> Option<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
        let text = std::fs::read_to_string(path).ok()?;
        let mut lines = text.lines();
        if lines.next()? != format!("{:#x}", os_program().hash().0) {
            return None;
        }
        let by_start = lines
            .map(|line| {
                let (start, name) = line.split_once(' ')?;
                let short = OBVIOUS.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
                Some((start.parse().ok()?, short.to_owned()))
            })
            .collect::<Option<_>>()?;
        Some(Self { by_start })
    }

    /// The function that the instruction at `offset` belongs to.
    pub fn at(&self, offset: usize) -> &str {
        self.by_start.range(..=offset).next_back().map_or("?", |(_, name)| name)
    }

    /// Where the function `name` begins.
    pub fn start(&self, name: &str) -> Option<usize> {
        self.by_start.iter().find(|(_, known)| *known == name).map(|(start, _)| *start)
    }
}
