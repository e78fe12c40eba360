//! Hardened code: each class is compiled once more, for threads, into code that computes no jump.
//!
//! In the thread OS a contract runs *before* some of its values are checked: what hints took out of its dictionaries is
//! checked when they are squashed, and what the bitwise and modular builtins computed for it counts up to the pointers that
//! it returns. Until then a prover chooses these values, and they may lie outside of their Sierra type. The published compiler
//! trusts types: a `match` of three variants or more jumps to an offset computed from the variant, and one of no variants is no
//! code at all. With a value of the prover's choice control would go out of the contract, past every check still to come.
//!
//! In hardened code every target is written, so control can only come back to who called, where those checks stand
//! ([`control`] certifies it of each class). What a class computes is the same, and so is the gas that it counts. ADR 46.

mod control;
mod make_up;
pub(crate) mod stored;

use std::collections::BTreeSet;

use cairo_lang_sierra::extensions::gas::{CostTokenMap, CostTokenType};
use cairo_lang_sierra::program::{Program, Statement, StatementIdx};
use cairo_lang_sierra_to_casm::metadata::{MetadataComputationConfig, calc_metadata};
use cairo_lang_sierra_type_size::ProgramRegistryInfo;
use cairo_lang_starknet_classes::NestedIntList;
use cairo_lang_starknet_classes::casm_contract_class::{
    CasmContractClass, CasmContractEntryPoint, CasmContractEntryPoints, ENTRY_POINT_COST,
};
use cairo_lang_starknet_classes::compiler_version::VersionId;
use cairo_lang_starknet_classes::contract_class::{ContractEntryPoint, ContractEntryPoints};
use cairo_lang_utils::bigint::BigUintAsHex;
use hardened_sierra_ap_change::compute::calc_ap_changes;
use hardened_sierra_to_casm::compiler::{CairoProgram, CompilationError, SierraToCasmConfig};
use hardened_sierra_to_casm::metadata::Metadata;
use starknet_types_core::felt::Felt;

pub use self::make_up::HardenError;

use self::control::{ControlError, Layout};

/// The way of hardening: with another one, or another version of the compiler, a class may have other hardened code, so it
/// would be another number, in force from a height on.
pub const HARDENING: u32 = 1;

/// Longest hardened bytecode, felts. It is a hundredth longer than the published compiler's on average, and one of many wide
/// matches up to three times as long.
pub const MAX_HARDENED_FELTS: usize = 98_304;

/// Most variants of a `match`. Gas counts one step or two for it, hardened code takes one more for each doubling, up to eight of
/// 64; the widest that was seen in a real class has 36.
pub const MAX_VARIANTS: usize = 64;

/// From this version of Sierra on, the published compiler finds costs and moves of `ap` without solving equations.
const LINEAR_SOLVER: VersionId = VersionId { major: 1, minor: 4, patch: 0 };

/// Why a class has no hardened code, so that no thread may run it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unhardenable {
    /// A `match` of very many variants.
    #[error(
        "function {function} matches {variants} variants, more than {MAX_VARIANTS} (statement {statement})"
    )]
    TooWide {
        /// Index of the function in the Sierra program.
        function: usize,
        /// Index of the statement.
        statement: usize,
        /// How many variants.
        variants: usize,
    },
    /// Longer than [`MAX_HARDENED_FELTS`].
    #[error("the hardened code is longer than {MAX_HARDENED_FELTS} felts")]
    TooLong,
    /// The code cannot be laid out, for instance because an offset is too large.
    #[error("{}{reason}", .function.map(|function| format!("function {function}: ")).unwrap_or_default())]
    Compilation {
        /// Index of the function in the Sierra program, if it is that of one.
        function: Option<usize>,
        /// What the compiler says.
        reason: String,
    },
    /// Control could leave the code all the same.
    #[error("function {function}: {reason}")]
    Control {
        /// Index of the function in the Sierra program.
        function: usize,
        /// Where and how.
        reason: String,
    },
}

/// The hardened code of a class which the published compiler makes `casm` of.
///
/// # Errors
/// If it has none.
pub(crate) fn harden(
    program: &Program,
    sierra_version: VersionId,
    points: &ContractEntryPoints,
    casm: &CasmContractClass,
) -> Result<CasmContractClass, Unhardenable> {
    check_widths(program)?;
    let code = compile(program, sierra_version, points)?;
    let assembled = code.assemble();
    let word = |word: &num_bigint::BigInt| BigUintAsHex { value: Felt::from(word).to_biguint() };
    let words: Vec<_> = assembled.bytecode.iter().map(word).collect();
    let statements = &code.debug_info.sierra_statement_info;
    let start = |statement: StatementIdx| statements.get(statement.0).map(|info| info.start_offset);
    let end = statements.last().map_or(0, |info| info.end_offset);

    let constants = code.consts_info.segments.values();
    let constants = constants.filter_map(|segment| end.checked_add(segment.segment_offset));
    let functions = program.funcs.iter().filter_map(|function| start(function.entry_point));
    let mut starts: BTreeSet<usize> =
        functions.chain(constants).filter(|start| *start < words.len()).collect();
    starts.insert(0);
    control::check(&Layout { words: &words, code: end, starts: &starts }).map_err(|error| {
        Unhardenable::Control {
            function: function_at(program, |function| {
                start(function).is_some_and(|start| start <= word_of(error))
            }),
            reason: error.to_string(),
        }
    })?;

    let bytecode_segment_lengths = Some(parts(&starts, words.len()));
    let moved = |points: &[ContractEntryPoint], standard: &[CasmContractEntryPoint]| {
        let each = points.iter().zip(standard).map(|(point, standard)| {
            let function = program.funcs.get(point.function_idx)?;
            let offset =
                start(function.entry_point).filter(|start| *start < end && starts.contains(start))?;
            Some(CasmContractEntryPoint { offset, ..standard.clone() })
        });
        each.collect::<Option<Vec<_>>>().ok_or_else(|| Unhardenable::Compilation {
            function: None,
            reason: "an entry point is no function".to_owned(),
        })
    };
    let standard = &casm.entry_points_by_type;
    Ok(CasmContractClass {
        prime: casm.prime.clone(),
        compiler_version: casm.compiler_version.clone(),
        bytecode: words,
        bytecode_segment_lengths,
        hints: assembled.hints,
        pythonic_hints: None,
        entry_points_by_type: CasmContractEntryPoints {
            external: moved(&points.external, &standard.external)?,
            l1_handler: moved(&points.l1_handler, &standard.l1_handler)?,
            constructor: moved(&points.constructor, &standard.constructor)?,
        },
    })
}

/// Compiles with the published compiler's gas, so that code counts the same, and with moves of `ap` as hardened matches have
/// them.
fn compile(
    program: &Program,
    sierra_version: VersionId,
    points: &ContractEntryPoints,
) -> Result<CairoProgram, Unhardenable> {
    let failed = |error: &dyn std::fmt::Display| Unhardenable::Compilation {
        function: None,
        reason: error.to_string(),
    };
    let info = ProgramRegistryInfo::new(program).map_err(|error| failed(&error))?;
    let linear = sierra_version.supports(LINEAR_SOLVER);
    let entry_points = [&points.external, &points.l1_handler, &points.constructor].into_iter().flatten();
    let functions = entry_points.filter_map(|point| program.funcs.get(point.function_idx));
    let cost = || CostTokenMap::from_iter([(CostTokenType::Const, ENTRY_POINT_COST)]);
    let config = MetadataComputationConfig {
        function_set_costs: functions.map(|function| (function.id.clone(), cost())).collect(),
        linear_gas_solver: linear,
        linear_ap_change_solver: linear,
        skip_non_linear_solver_comparisons: false,
        compute_runtime_costs: false,
    };
    let gas_info = calc_metadata(program, &info, config).map_err(|error| failed(&error))?.gas_info;
    let used = |statement, token| {
        let used = gas_info.variable_values.get(&(statement, token)).copied().unwrap_or_default();
        usize::try_from(used).unwrap_or_default()
    };
    let ap_change_info = calc_ap_changes(program, &info, used).map_err(|error| failed(&error))?;
    let metadata = Metadata { ap_change_info, gas_info };
    let config = SierraToCasmConfig { gas_usage_check: false, max_bytecode_size: MAX_HARDENED_FELTS };
    hardened_sierra_to_casm::compiler::compile(program, &info, &metadata, config).map_err(|error| {
        match &*error {
            CompilationError::CodeSizeLimitExceeded => Unhardenable::TooLong,
            CompilationError::InvocationError { statement_idx, .. }
            | CompilationError::ReturnArgumentsNotOnStack { statement_idx }
            | CompilationError::ReferencesError { statement_idx, .. } => Unhardenable::Compilation {
                function: Some(function_at(program, |function| function <= *statement_idx)),
                reason: error.to_string(),
            },
            error => failed(error),
        }
    })
}

/// Refuses matches that are very wide.
fn check_widths(program: &Program) -> Result<(), Unhardenable> {
    for (statement, invocation) in program.statements.iter().enumerate() {
        let Statement::Invocation(invocation) = invocation else { continue };
        let variants = invocation.branches.len();
        // Nothing but a match has more than a handful of branches.
        if variants > MAX_VARIANTS {
            let function = function_at(program, |function| function.0 <= statement);
            return Err(Unhardenable::TooWide { function, statement, variants });
        }
    }
    Ok(())
}

/// The function that begins last of those that begin early enough.
fn function_at(program: &Program, early_enough: impl Fn(StatementIdx) -> bool) -> usize {
    let functions =
        program.funcs.iter().enumerate().filter(|(_, function)| early_enough(function.entry_point));
    functions.max_by_key(|(_, function)| function.entry_point.0).map_or(0, |(index, _)| index)
}

fn word_of(error: ControlError) -> usize {
    match error {
        ControlError::NoInstruction { at }
        | ControlError::Computed { at }
        | ControlError::Target { at, .. } => at,
        ControlError::RunsOn { at } => at.saturating_sub(1),
    }
}

/// The parts that are hashed apart: functions and segments of constants, as the published compiler cuts newer classes. That
/// the code can be cut like this, whatever its version, is among what [`control::check`] makes sure of: a part that is not
/// called is not reached either.
fn parts(starts: &BTreeSet<usize>, length: usize) -> NestedIntList {
    if length == 0 {
        return NestedIntList::Leaf(0);
    }
    let ends = starts.iter().skip(1).copied().chain([length]);
    let lengths = starts.iter().zip(ends).map(|(start, end)| end.saturating_sub(*start));
    NestedIntList::Node(lengths.map(NestedIntList::Leaf).collect())
}

#[cfg(test)]
#[path = "hardened_tests.rs"]
mod tests;
