//! Confinement: whether a class's code can only ever lead back to who called it.
//!
//! In the thread OS a contract runs *before* some of its values are checked: what hints took out of its dictionaries is
//! checked when they are squashed, and what the bitwise and modular builtins computed for it counts up to the pointers
//! that it returns. Until then a prover chooses these values, and they may lie outside their Sierra type. A `match` of
//! three variants or more jumps to an offset computed from the variant: with a value of the prover's choice, out of the
//! contract and past every check that was still to come.
//!
//! Two kinds of classes are immune. Where every jump has its target written in the code, the code returns, and what was
//! put off is checked. And where no variant depends on such a value, every jump leads where the code says ([`Values`]).
//! Other classes are not confined; no thread runs or deploys them. Neither is a class of either kind in which such a
//! value may be of an enum without variants: its `match` is no code, and control runs on into the next function.

#[cfg(test)]
mod sierra_text;
mod values;

use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use cairo_lang_utils::bigint::BigUintAsHex;

pub(crate) use self::values::Values;

/// Width of an instruction's three offsets; its flags follow.
const OFFSET_BITS: u32 = 48;

/// Width of an instruction: three offsets, fifteen flags, an opcode extension.
const INSTRUCTION_BITS: u64 = 66;

/// The last operand is the word after the instruction.
const IMMEDIATE: u64 = 1 << 2;
/// The last operand is added to, or multiplied by, another one.
const ARITHMETIC: u64 = 0b11 << 5;
const JUMP_ABSOLUTE: u64 = 1 << 7;
const JUMP_RELATIVE: u64 = 1 << 8;
const JUMP_CONDITIONAL: u64 = 1 << 9;
const ADVANCE_AP: u64 = 1 << 10;

/// `ret`, the one absolute jump of compiled Sierra: to where the call, which wrote the target, came from.
const RET: u64 = 0x208b_7fff_7fff_7ffe;

/// Whether a class of this code, whose Sierra has such `values`, is confined.
pub(crate) fn is_confined(values: Values, casm: &CasmContractClass) -> bool {
    match values {
        Values::Typed => true,
        Values::Late => jumps_are_fixed(&casm.bytecode),
        Values::Impossible => false,
    }
}

/// Whether all control flow of the code is written in it. Constants stand behind the code; those that look like an
/// instruction are taken for one, which errs on the safe side.
fn jumps_are_fixed(bytecode: &[BigUintAsHex]) -> bool {
    let mut words = bytecode.iter();
    while let Some(word) = words.next() {
        let Some(instruction) = Instruction::decode(word) else { continue };
        if !instruction.is_fixed() {
            return false;
        }
        if instruction.has_immediate() {
            words.next();
        }
    }
    true
}

/// An instruction's encoding, without its opcode extension (which says how to compute, not where to go).
#[derive(Debug, Clone, Copy)]
struct Instruction(u64);

impl Instruction {
    /// `None` of a word that no instruction is encoded as.
    fn decode(word: &BigUintAsHex) -> Option<Self> {
        if word.value.bits() > INSTRUCTION_BITS {
            return None;
        }
        let low = word.value.iter_u64_digits().next().unwrap_or_default();
        Some(Self(low))
    }

    fn has(self, flag: u64) -> bool {
        (self.0 >> OFFSET_BITS) & flag != 0
    }

    fn has_immediate(self) -> bool {
        self.has(IMMEDIATE)
    }

    /// Whether it leads where the code says: to the next instruction, back from a call, or as far as its immediate says.
    /// `ap` must move as far as the code says too, since what the code reads is relative to it.
    fn is_fixed(self) -> bool {
        if self.has(JUMP_ABSOLUTE) {
            return self.0 == RET;
        }
        let moves = self.has(JUMP_RELATIVE | JUMP_CONDITIONAL | ADVANCE_AP);
        !moves || (self.has_immediate() && !self.has(ARITHMETIC))
    }
}

#[cfg(test)]
#[path = "confinement_tests.rs"]
mod tests;
