//! Where control can go in a class's code: a check on what the compiler made, which trusts neither it nor the class.

use std::collections::BTreeSet;

use cairo_lang_utils::bigint::BigUintAsHex;
use starknet_types_core::felt::Felt;

/// Width of an instruction's three offsets; its flags follow.
const OFFSET_BITS: u32 = 48;

/// Width of an instruction: three offsets, fifteen flags, an opcode extension.
const INSTRUCTION_BITS: u64 = 66;
/// Without the extension.
const PLAIN_BITS: u64 = 63;

/// The last operand is the word after the instruction.
const IMMEDIATE: u64 = 1 << (OFFSET_BITS + 2);
/// What is other than: on to the next word, `ap` and `fp` as they are or `ap` one further. Jumps of three kinds, any other advance of
/// `ap`, a call, a return.
const MOVES: u64 = 0b0011_0111_1000_0000 << OFFSET_BITS;

/// `ret`, the one absolute jump of compiled Sierra: to where the call, which wrote the target, came from. Constants begin
/// with one, too.
const RET: u64 = 0x208b_7fff_7fff_7ffe;
/// `call rel …`.
const CALL: u64 = 0x1104_8001_8001_8000;
/// `jmp rel …`, also with [`NEXT`].
const JUMP: u64 = 0x0107_8001_7fff_7fff;
/// `jmp rel … if [fp or ap + …] != 0`, also with [`NEXT`]: but for the cell, which is in the first offset and a flag.
const BRANCH: u64 = 0x0206_8001_7fff_0000;
const BRANCH_CELL: u64 = (1 << OFFSET_BITS) | 0xffff;
/// `ap += …`.
const ADVANCE: u64 = 0x0407_8001_7fff_7fff;
/// `ap++` besides.
const NEXT: u64 = 1 << (OFFSET_BITS + 11);

/// `[fp - 1] = [fp - 1] + 1`, which no value fulfils.
const NEVER: u64 = 0x4027_8001_7fff_7fff;

/// How a class's words are divided.
pub(super) struct Layout<'a> {
    /// All words: code, then constants.
    pub(super) words: &'a [BigUintAsHex],
    /// How many words of code there are.
    pub(super) code: usize,
    /// Where each function begins, and where each segment of constants does, ascending.
    pub(super) starts: &'a BTreeSet<usize>,
}

/// Why control could go elsewhere than the code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum ControlError {
    /// A word of the code is no instruction.
    #[error("word {at} is no instruction")]
    NoInstruction {
        /// Its index.
        at: usize,
    },
    /// A jump, a call or an advance of `ap` whose width is computed.
    #[error("the instruction at word {at} goes where a value says")]
    Computed {
        /// The instruction's index.
        at: usize,
    },
    /// A call to the middle of another function, or a jump out of one, or to what is no instruction.
    #[error("the instruction at word {at} goes where no {what} begins")]
    Target {
        /// The instruction's index.
        at: usize,
        /// What would have to begin there.
        what: &'static str,
    },
    /// Behind a function's last instruction comes another function.
    #[error("control runs on from the function that ends at word {at} into the next one")]
    RunsOn {
        /// Where the function ends.
        at: usize,
    },
}

/// Whether, whatever values the code meets: control stays in a function until it calls the beginning of another one or
/// returns, and `ap` moves as far as the code says. (That functions read the cells that they should is the compiler's business:
/// wrong cells hold wrong values, which the checks to come are for.)
///
/// # Errors
/// The first instruction of which that cannot be said.
pub(super) fn check(layout: &Layout<'_>) -> Result<(), ControlError> {
    let instructions = instructions(layout)?;
    let begins: BTreeSet<usize> = instructions.iter().map(|instruction| instruction.at).collect();
    if let Some(start) = layout.starts.range(..layout.code).find(|start| !begins.contains(start)) {
        return Err(ControlError::NoInstruction { at: *start });
    }
    for (index, instruction) in instructions.iter().enumerate() {
        instruction.check(layout, &begins)?;
        let next = instructions.get(index.saturating_add(1)).map(|next| next.at);
        let ends_function = next.is_none_or(|next| layout.starts.contains(&next));
        if ends_function && !instruction.never_goes_on() {
            return Err(ControlError::RunsOn { at: next.unwrap_or(layout.code) });
        }
    }
    Ok(())
}

/// The code's instructions, one behind the other.
fn instructions(layout: &Layout<'_>) -> Result<Vec<Instruction>, ControlError> {
    let mut instructions = Vec::new();
    let mut at = 0;
    while at < layout.code {
        let instruction = Instruction::decode(layout.words, at).ok_or(ControlError::NoInstruction { at })?;
        at = at.saturating_add(instruction.size());
        instructions.push(instruction);
    }
    // An operand that is the first constant.
    if at == layout.code { Ok(instructions) } else { Err(ControlError::NoInstruction { at: layout.code }) }
}

/// An instruction of the code.
#[derive(Debug, Clone, Copy)]
struct Instruction {
    at: usize,
    /// Its encoding, without the opcode extension (which says how to compute, not where to go).
    word: u64,
    /// Whether it has an opcode extension.
    extended: bool,
    operand: Option<Felt>,
}

impl Instruction {
    /// `None` of a word that no instruction is encoded as, or one that lacks its operand.
    fn decode(words: &[BigUintAsHex], at: usize) -> Option<Self> {
        let value = &words.get(at)?.value;
        if value.bits() > INSTRUCTION_BITS {
            return None;
        }
        let word = value.iter_u64_digits().next().unwrap_or_default();
        let operand = match word & IMMEDIATE {
            0 => None,
            _ => Some(Felt::from(&words.get(at.checked_add(1)?)?.value)),
        };
        Some(Self { at, word, extended: value.bits() > PLAIN_BITS, operand })
    }

    fn size(&self) -> usize {
        if self.operand.is_some() { 2 } else { 1 }
    }

    /// Whether its word, but for what `but` holds, is this one.
    fn is(&self, word: u64, but: u64) -> bool {
        !self.extended && self.word & !but == word
    }

    /// Whether the instruction behind it is never reached from it: calls return there.
    fn never_goes_on(&self) -> bool {
        let never = self.is(NEVER, 0) && self.operand == Some(Felt::ONE);
        never || self.is(RET, 0) || self.is(JUMP, NEXT)
    }

    fn check(&self, layout: &Layout<'_>, begins: &BTreeSet<usize>) -> Result<(), ControlError> {
        let at = self.at;
        if self.word & MOVES == 0 || self.is(RET, 0) || self.is(ADVANCE, 0) {
            return Ok(());
        }
        let is_call = self.is(CALL, 0);
        if !is_call && !self.is(JUMP, NEXT) && !self.is(BRANCH, NEXT | BRANCH_CELL) {
            return Err(ControlError::Computed { at });
        }
        let target = self.operand.and_then(|operand| self.target(operand));
        // A function may call a part of itself, which has been entered by then.
        let is_inside =
            |target: usize| begins.contains(&target) && function(layout, target) == function(layout, at);
        match target {
            Some(target) if is_inside(target) || (is_call && may_be_called(layout, target)) => Ok(()),
            _ if is_call => Err(ControlError::Target { at, what: "function" }),
            _ => Err(ControlError::Target { at, what: "instruction of the same function" }),
        }
    }

    fn target(&self, operand: Felt) -> Option<usize> {
        usize::try_from([Felt::from(self.at), operand].iter().sum::<Felt>()).ok()
    }
}

/// Whether a function begins there, or a `ret` stands there that leads straight back: by such a call, code finds the address of
/// constants, and that of the costs of builtins, in front of which whoever loads a class puts one, behind its last word.
fn may_be_called(layout: &Layout<'_>, target: usize) -> bool {
    let is_ret = || Instruction::decode(layout.words, target).is_some_and(|word| word.is(RET, 0));
    target == layout.words.len() || (layout.starts.contains(&target) && (target < layout.code || is_ret()))
}

/// Where the function begins that a word belongs to.
fn function(layout: &Layout<'_>, at: usize) -> Option<usize> {
    layout.starts.range(..=at).next_back().copied()
}

#[cfg(test)]
#[path = "control_tests.rs"]
mod tests;
