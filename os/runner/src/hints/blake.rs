//! Hints that write felts as words and cut words into blocks, for Blake2s.

use starknet_types_core::felt::Felt;
use starknet_types_core::hash::Blake2Felt252;

use super::HintResult;
use super::args::Args;

/// Words of a block.
const BLOCK_WORDS: usize = 16;
/// How many small felts the OS checks at once.
const GROUP: usize = 8;
/// Cells between where the OS keeps its place among the felts and `[ap]`.
const POSITION_CELLS: usize = 3;

/// The words of felts, and zeros up to a whole block.
pub(super) fn felt_words(args: &mut Args<'_>) -> HintResult {
    let data = args.pointer("data")?;
    let count = usize::try_from(args.integer("n")?).unwrap_or_default();
    let felts = (0..count).map(|index| args.integer_at((data + index)?)).collect::<Result<Vec<_>, _>>()?;
    let mut words = Blake2Felt252::encode_felts_to_u32s(&felts);
    words.resize(words.len().next_multiple_of(BLOCK_WORDS), 0);
    let words = args.allocate(words.into_iter().map(|word| Felt::from(word).into()))?;
    args.set("words", words)
}

/// The eight words of a large felt.
pub(super) fn large_words(args: &mut Args<'_>) -> HintResult {
    let large = args.integer("large")?;
    let target = args.pointer("words")?;
    let words = Blake2Felt252::encode_felts_to_u32s(&[large]);
    args.write(target, words.into_iter().map(|word| Felt::from(word).into()))
}

/// What comes next among the felts, as answers to questions of which a yes is the last: eight small felts? one? the
/// end? If all are no, it is a large felt.
pub(super) fn felt_shape(args: &mut Args<'_>) -> HintResult {
    let ap = args.vm.get_ap();
    let data = args.pointer_at((ap - POSITION_CELLS)?)?;
    let left = (args.pointer("data_end")? - data)?;
    let mut n_small = 0;
    while n_small < left.min(GROUP) && args.integer_at((data + n_small)?)? < Blake2Felt252::SMALL_THRESHOLD {
        n_small += 1;
    }
    let answers: &[u8] = match (left, n_small) {
        (_, GROUP) => &[1],
        (0, _) => &[0, 0, 1],
        (_, 0) => &[0, 0, 0],
        _ => &[0, 1],
    };
    args.write(ap, answers.iter().map(|answer| Felt::from(*answer).into()))
}

/// How many blocks come before the last, which is not empty.
pub(super) fn blake_blocks(args: &mut Args<'_>) -> HintResult {
    let words = usize::try_from(args.integer("n")?).unwrap_or_default();
    args.set("n_full", words.saturating_sub(1) / BLOCK_WORDS)
}
