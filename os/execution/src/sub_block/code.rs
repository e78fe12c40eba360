//! Which parts of a class's code can run, from where it is entered: the OS hashes no other part.
//!
//! A class is cut into parts: functions and constants. A function is entered at its first felt only, and only by a call
//! whose target is part of the code.

use std::collections::{BTreeMap, BTreeSet};

use cairo_lang_starknet_classes::NestedIntList;
use cairo_lang_starknet_classes::casm_contract_class::{CasmContractClass, CasmContractEntryPoint};
use std::sync::Arc;

use starknet_api::contract_class::EntryPointType;
use starknet_types_core::felt::Felt;

/// Where calls enter a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entrance {
    pub(super) kind: EntryPointType,
    pub(super) selector: Felt,
}

/// A class that runs or is given, and where it is entered.
#[derive(Debug, Clone)]
pub(super) struct ClassUse {
    pub(super) code: Arc<ClassCode>,
    /// Empty if it is given to a contract and does not run.
    pub(super) entrances: BTreeSet<Entrance>,
}

/// A class's code: how its parts call each other, and how large they are.
#[derive(Debug, Default)]
pub struct ClassCode {
    parts: Vec<Part>,
    /// The part that each entry point begins in.
    entrances: BTreeMap<Entrance, usize>,
}

#[derive(Debug, Default)]
struct Part {
    felts: Felts,
    calls: BTreeSet<usize>,
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

/// Bits of an instruction, from the 48th on: its operand is in the next felt, it jumps relatively, it is a call.
const OPERAND_FOLLOWS: u128 = 1 << 50;
const JUMPS_RELATIVELY: u128 = 1 << 56;
const IS_CALL: u128 = 1 << 60;

/// Instructions are below: 63 bits, and two that say which extension they are of.
const END_OF_INSTRUCTIONS: u128 = 1 << 65;

/// `ret`, with which constants begin.
const RET: u128 = 0x208b_7fff_7fff_7ffe;

impl ClassCode {
    /// The code of a class.
    #[must_use]
    pub fn new(casm: &CasmContractClass) -> Self {
        let felts: Vec<Felt> = casm.bytecode.iter().map(|felt| Felt::from(&felt.value)).collect();
        let mut starts = Vec::new();
        let mut end = 0_usize;
        leaves(&casm.get_bytecode_segment_lengths(), &mut |length| {
            starts.push(end);
            end = end.saturating_add(length);
        });
        let part_at = |offset: usize| starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let ends = starts.iter().skip(1).copied().chain([end]);
        let parts = starts.iter().zip(ends).map(|(start, end)| {
            let felts = felts.get(*start..end).unwrap_or_default();
            Part::new(felts, *start, part_at)
        });
        let parts = parts.collect();
        let by_type = &casm.entry_points_by_type;
        let entrances = [
            (EntryPointType::External, &by_type.external),
            (EntryPointType::L1Handler, &by_type.l1_handler),
            (EntryPointType::Constructor, &by_type.constructor),
        ];
        let entrance = |kind, point: &CasmContractEntryPoint| {
            (Entrance { kind, selector: Felt::from(&point.selector) }, part_at(point.offset))
        };
        let entrances = entrances
            .into_iter()
            .flat_map(|(kind, points)| points.iter().map(move |point| entrance(kind, point)));
        Self { entrances: entrances.collect(), parts }
    }

    /// How much of the code calls at `entrances` can reach.
    pub(super) fn extent<'a>(&self, entrances: impl IntoIterator<Item = &'a Entrance>) -> Extent {
        let mut open: Vec<usize> =
            entrances.into_iter().filter_map(|entrance| self.entrances.get(entrance)).copied().collect();
        if self.parts.len() == 1 {
            // The whole is hashed in any case.
            open.push(0);
        }
        let mut reached = BTreeSet::new();
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let mut extent = Extent {
            parts: count(self.parts.len()),
            entry_points: count(self.entrances.len()),
            ..Extent::default()
        };
        while let Some(index) = open.pop() {
            let Some(part) = self.parts.get(index) else { continue };
            if reached.insert(index) {
                extent.felts = extent.felts.plus(part.felts);
                extent.hashed_parts = extent.hashed_parts.saturating_add(1);
                open.extend(&part.calls);
            }
        }
        extent
    }
}

impl Part {
    fn new(felts: &[Felt], start: usize, part_at: impl Fn(usize) -> usize) -> Self {
        let mut part = Self { felts: Felts::of(felts), calls: BTreeSet::new() };
        let mut offset = 0_usize;
        while let Some(felt) = felts.get(offset) {
            // Where instructions end, constants begin.
            let Some(instruction) = u128::try_from(*felt).ok().filter(|felt| *felt < END_OF_INSTRUCTIONS)
            else {
                break;
            };
            if instruction == RET && offset == 0 {
                break;
            }
            let has_operand = instruction & OPERAND_FOLLOWS != 0;
            let jumps = OPERAND_FOLLOWS | JUMPS_RELATIVELY | IS_CALL;
            if instruction & jumps == jumps
                && let Some(distance) = felts.get(offset.saturating_add(1))
                && let Ok(target) =
                    usize::try_from([start.into(), offset.into(), *distance].iter().sum::<Felt>())
            {
                part.calls.insert(part_at(target));
            }
            offset = offset.saturating_add(if has_operand { 2 } else { 1 });
        }
        part
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
