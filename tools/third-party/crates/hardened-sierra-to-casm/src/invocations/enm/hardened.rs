//! Matches whose every target is written in the code.
//!
//! A match of three variants or more is a tree of comparisons. A hint says at each which half the variant is in; whether it
//! said right is seen at the leaf, which asserts the variant's selector. So a selector that is no variant's leads nowhere, and
//! neither does a hint that lies. Of three variants, whose selectors are 5, 3 and 1:
//! ```ignore
//!     %{ [ap] = 5 <= selector %}
//!     jmp rel first if [ap] != 0, ap++
//!     %{ [ap] = 3 <= selector %}
//!     jmp rel second if [ap] != 0, ap++
//!     selector = 1
//!     jmp rel <statement of the third variant>
//! second:
//!     selector = 3
//!     jmp rel <statement of the second variant>
//! first:
//!     selector = 5
//!     <falls through to the statement of the first variant>
//! ```

use std::iter;
use std::ops::Range;

use cairo_lang_casm::ap_change::ApplyApChange;
use cairo_lang_casm::hints::CoreHint;
use cairo_lang_casm::instructions::{AssertEqInstruction, Instruction, InstructionBody, JnzInstruction, JumpInstruction};
use cairo_lang_casm::operand::{BinOpOperand, CellRef, DerefOrImmediate, Operation, Register, ResOperand};
use cairo_lang_sierra::program::{BranchTarget, StatementIdx};
use cairo_lang_sierra_ap_change::wide_match::{depths, middle};
use num_bigint::BigInt;

use super::get_variant_selector;
use crate::invocations::{CompiledInvocation, CompiledInvocationBuilder, InvocationError};
use crate::references::ReferenceExpression;
use crate::relocations::{Relocation, RelocationEntry};

/// A match of three variants or more, behind `instructions` that found the selector.
pub(super) fn build_enum_match_long_ex(
    builder: CompiledInvocationBuilder<'_>,
    selector: CellRef,
    outputs: impl ExactSizeIterator<Item = impl ExactSizeIterator<Item = ReferenceExpression>>,
    instructions: Vec<Instruction>,
) -> Result<CompiledInvocation, InvocationError> {
    let branches = &builder.invocation.branches;
    let mut tree = Tree {
        selector,
        targets: branches
            .iter()
            .map(|branch| match branch.target {
                BranchTarget::Fallthrough => None,
                BranchTarget::Statement(target) => Some(target),
            })
            .collect(),
        instructions,
        relocations: Vec::new(),
    };
    // The first variant's code comes last, so it falls through, and no other may.
    if tree.targets.iter().enumerate().any(|(variant, target)| (variant == 0) != target.is_none()) {
        return Err(InvocationError::InvalidReferenceExpressionForArgument);
    }
    let depths = depths(branches.len());
    tree.emit(0..branches.len(), 0)?;
    let outputs = outputs
        .zip(depths)
        .map(|(outputs, depth)| outputs.map(|output| later(output, depth)).collect::<Result<Vec<_>, _>>())
        .collect::<Result<Vec<_>, _>>()?;
    let Tree { instructions, relocations, .. } = tree;
    Ok(builder.build(instructions, relocations, outputs.into_iter().map(Vec::into_iter)))
}

/// A match of no variants, which nothing can get to but a false value: a failing assertion. The published compiler emits
/// nothing, and control would run on into what comes next.
pub(super) fn build_impossible_match(builder: CompiledInvocationBuilder<'_>) -> CompiledInvocation {
    let cell = CellRef { register: Register::FP, offset: -1 };
    let one = DerefOrImmediate::Immediate(BigInt::from(1).into());
    let never = AssertEqInstruction {
        a: cell,
        b: ResOperand::BinOp(BinOpOperand { op: Operation::Add, a: cell, b: one }),
    };
    let never = Instruction::new(InstructionBody::AssertEq(never), false);
    builder.build(vec![never], Vec::new(), iter::empty::<iter::Empty<ReferenceExpression>>())
}

struct Tree {
    /// Where the selector is before the first comparison.
    selector: CellRef,
    /// Where each variant's branch goes; `None` of the first one, which falls through.
    targets: Vec<Option<StatementIdx>>,
    instructions: Vec<Instruction>,
    relocations: Vec<RelocationEntry>,
}

impl Tree {
    /// Emits what tells these variants from each other, after `depth` comparisons: the later ones first.
    fn emit(&mut self, variants: Range<usize>, depth: usize) -> Result<(), InvocationError> {
        if variants.len() == 1 {
            return self.leaf(variants.start, depth);
        }
        let middle = middle(variants.start, variants.end);
        // Selectors fall with the variants' indices.
        let least_of_first_half = self.selector_of(middle - 1)?;
        let condition = CellRef { register: Register::AP, offset: 0 };
        let hint = CoreHint::TestLessThanOrEqual {
            lhs: ResOperand::Immediate(BigInt::from(least_of_first_half).into()),
            rhs: ResOperand::Deref(later(self.selector, depth)?),
            dst: condition,
        };
        let comparison = self.instructions.len();
        let jump = |words: usize| InstructionBody::Jnz(JnzInstruction {
            jump_offset: DerefOrImmediate::Immediate(BigInt::from(words).into()),
            condition,
        });
        self.instructions.push(Instruction { body: jump(0), inc_ap: true, hints: vec![hint.into()] });
        self.emit(middle..variants.end, depth + 1)?;
        let words = self.instructions[comparison..].iter().map(|instruction| instruction.body.op_size()).sum();
        self.instructions[comparison].body = jump(words);
        self.emit(variants.start..middle, depth + 1)
    }

    fn leaf(&mut self, variant: usize, depth: usize) -> Result<(), InvocationError> {
        let is_it = AssertEqInstruction {
            a: later(self.selector, depth)?,
            b: ResOperand::Immediate(BigInt::from(self.selector_of(variant)?).into()),
        };
        self.instructions.push(Instruction::new(InstructionBody::AssertEq(is_it), false));
        if let Some(target) = self.targets[variant] {
            self.relocations.push(RelocationEntry {
                instruction_idx: self.instructions.len(),
                relocation: Relocation::RelativeStatementId(target),
            });
            let jump = JumpInstruction { target: DerefOrImmediate::Immediate(BigInt::from(0).into()), relative: true };
            self.instructions.push(Instruction::new(InstructionBody::Jump(jump), false));
        }
        Ok(())
    }

    fn selector_of(&self, variant: usize) -> Result<usize, InvocationError> {
        get_variant_selector(self.targets.len(), variant)
    }
}

/// How something is referred to when `ap` has advanced by so many cells.
fn later<T: ApplyApChange>(mut reference: T, cells: usize) -> Result<T, InvocationError> {
    if reference.apply_known_ap_change(cells) {
        Ok(reference)
    } else {
        Err(InvocationError::InvalidReferenceExpressionForArgument)
    }
}
