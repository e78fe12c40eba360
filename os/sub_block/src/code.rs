//! How large the parts of a class's code are: the OS hashes those that run, and no other.
//!
//! A class is cut into parts: functions and constants.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use blockifier::state::state_api::StateResult;
use cairo_lang_starknet_classes::NestedIntList;
use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use parking_lot::Mutex;
use starknet_api::core::ClassHash;
use starknet_types_core::felt::Felt;
use zkthreads_execution::ClassSource;

/// A class that runs or is given, and which parts of it run.
#[derive(Debug, Clone)]
pub(crate) struct ClassUse {
    pub(crate) code: Arc<ClassCode>,
    /// Indices of parts. None if it is given to a contract and does not run.
    pub(crate) visited: BTreeSet<usize>,
}

impl ClassUse {
    /// Where the parts begin that run, as offsets.
    pub(crate) fn starts(&self) -> BTreeSet<usize> {
        self.visited.iter().filter_map(|index| self.code.starts.get(*index)).copied().collect()
    }
}

/// A class's code: how large its parts are.
#[derive(Debug, Default)]
pub(crate) struct ClassCode {
    parts: Vec<Felts>,
    /// Where each part begins.
    starts: Vec<usize>,
    entry_points: usize,
}

/// Classes whose code is kept ready to be estimated: some 100 KB of each. Whoever sends a transaction chooses them.
const MOST_KEPT: usize = 256;

/// The code of classes that were asked for, for sub-blocks one after the other. Cheap to clone; all clones are one.
#[derive(Debug, Clone, Default)]
pub struct ClassCodes(Arc<Mutex<HashMap<ClassHash, Arc<ClassCode>>>>);

impl ClassCodes {
    /// The code of a class of `source`.
    pub(crate) fn of(&self, source: &impl ClassSource, class_hash: ClassHash) -> StateResult<Arc<ClassCode>> {
        if let Some(code) = self.0.lock().get(&class_hash) {
            return Ok(Arc::clone(code));
        }
        let code = Arc::new(ClassCode::new(source.casm(class_hash)?.as_ref()));
        let mut kept = self.0.lock();
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(class_hash, Arc::clone(&code));
        Ok(code)
    }
}

/// Felts as they are hashed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Felts {
    /// Eight in a row that are below 2^63.
    pub(crate) eights: u64,
    /// Others that are below 2^63.
    pub(crate) small: u64,
    /// All others.
    pub(crate) large: u64,
    /// Blocks of 16 words that they fill, a felt below 2^63 being two, any other eight.
    pub(crate) blocks: u64,
}

/// How much code there is to hash.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Felts of the parts that are hashed.
    pub(crate) felts: Felts,
    /// Parts that are hashed.
    pub(crate) hashed_parts: u64,
    /// All parts.
    pub(crate) parts: u64,
    /// All entry points.
    pub(crate) entry_points: u64,
}

impl ClassCode {
    /// The code of a class.
    pub(crate) fn new(casm: &CasmContractClass) -> Self {
        let felts: Vec<Felt> = casm.bytecode.iter().map(|felt| Felt::from(&felt.value)).collect();
        let (mut parts, mut starts, mut rest) = (Vec::new(), Vec::new(), felts.as_slice());
        leaves(&casm.get_bytecode_segment_lengths(), &mut |length| {
            let (part, behind) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            starts.push(felts.len().saturating_sub(rest.len()));
            parts.push(Felts::of(part));
            rest = behind;
        });
        let points = &casm.entry_points_by_type;
        let entry_points = [&points.external, &points.l1_handler, &points.constructor].into_iter();
        Self { parts, starts, entry_points: entry_points.map(Vec::len).sum() }
    }

    /// How much of the code is hashed if these parts run.
    pub(crate) fn extent<'a>(&self, visited: impl IntoIterator<Item = &'a usize>) -> Extent {
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let (parts, entry_points) = (count(self.parts.len()), count(self.entry_points));
        let mut extent = Extent { parts, entry_points, ..Extent::default() };
        // One part is the whole, which is hashed in any case.
        let whole = self.parts.len() == 1;
        let visited = visited.into_iter().filter(|_| !whole).filter_map(|index| self.parts.get(*index));
        for part in visited.chain(self.parts.iter().take(usize::from(whole))) {
            extent.felts = extent.felts.plus(*part);
            extent.hashed_parts = extent.hashed_parts.saturating_add(1);
        }
        extent
    }
}

/// Small felts that are hashed at once.
const EIGHT: usize = 8;
const BLOCK_WORDS: u64 = 16;

impl Felts {
    fn of(mut rest: &[Felt]) -> Self {
        let is_small = |felt: &Felt| u64::try_from(*felt).is_ok_and(|felt| felt < 1 << 63);
        let mut felts = Self::default();
        while let Some((first, others)) = rest.split_first() {
            rest = match rest.split_at_checked(EIGHT) {
                Some((eight, others)) if eight.iter().all(is_small) => {
                    felts.eights = felts.eights.saturating_add(1);
                    others
                }
                _ => {
                    let count = if is_small(first) { &mut felts.small } else { &mut felts.large };
                    *count = count.saturating_add(1);
                    others
                }
            };
        }
        let words = [(felts.eights, 16), (felts.small, 2), (felts.large, 8)];
        let words = words
            .into_iter()
            .fold(0_u64, |sum, (count, words)| count.saturating_mul(words).saturating_add(sum));
        Self { blocks: words.div_ceil(BLOCK_WORDS), ..felts }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            eights: self.eights.saturating_add(other.eights),
            small: self.small.saturating_add(other.small),
            large: self.large.saturating_add(other.large),
            blocks: self.blocks.saturating_add(other.blocks),
        }
    }
}

fn leaves(lengths: &NestedIntList, each: &mut impl FnMut(usize)) {
    match lengths {
        NestedIntList::Leaf(length) => each(*length),
        NestedIntList::Node(parts) => parts.iter().for_each(|part| leaves(part, each)),
    }
}
