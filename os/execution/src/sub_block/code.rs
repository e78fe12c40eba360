//! How large the parts of a class's code are: the OS hashes those that run, and no other.
//!
//! A class is cut into parts: functions and constants.

use std::collections::BTreeSet;
use std::sync::Arc;

use cairo_lang_starknet_classes::NestedIntList;
use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use starknet_types_core::felt::Felt;

/// A class that runs or is given, and which parts of it run.
#[derive(Debug, Clone)]
pub(super) struct ClassUse {
    pub(super) code: Arc<ClassCode>,
    /// Indices of parts. None if it is given to a contract and does not run.
    pub(super) visited: BTreeSet<usize>,
}

/// A class's code: how large its parts are.
#[derive(Debug, Default)]
pub struct ClassCode {
    parts: Vec<Felts>,
    entry_points: usize,
}

/// Felts as they are hashed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Felts {
    /// Eight in a row that are below 2^63.
    pub(super) eights: u64,
    /// Others that are below 2^63.
    pub(super) small: u64,
    /// All others.
    pub(super) large: u64,
    /// Blocks of 16 words that they fill, a felt below 2^63 being two, any other eight.
    pub(super) blocks: u64,
}

/// How much code there is to hash.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Extent {
    /// Felts of the parts that are hashed.
    pub(super) felts: Felts,
    /// Parts that are hashed.
    pub(super) hashed_parts: u64,
    /// All parts.
    pub(super) parts: u64,
    /// All entry points.
    pub(super) entry_points: u64,
}

impl ClassCode {
    /// The code of a class.
    #[must_use]
    pub fn new(casm: &CasmContractClass) -> Self {
        let felts: Vec<Felt> = casm.bytecode.iter().map(|felt| Felt::from(&felt.value)).collect();
        let (mut parts, mut rest) = (Vec::new(), felts.as_slice());
        leaves(&casm.get_bytecode_segment_lengths(), &mut |length| {
            let (part, behind) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            parts.push(Felts::of(part));
            rest = behind;
        });
        let points = &casm.entry_points_by_type;
        let entry_points = [&points.external, &points.l1_handler, &points.constructor].into_iter();
        Self { parts, entry_points: entry_points.map(Vec::len).sum() }
    }

    /// How much of the code is hashed if these parts run.
    pub(super) fn extent<'a>(&self, visited: impl IntoIterator<Item = &'a usize>) -> Extent {
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
