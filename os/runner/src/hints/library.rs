//! The Cairo library's hints: cairo-vm's, and two that cairo-vm knows in other versions of the library only.

use std::collections::HashMap;
use std::rc::Rc;

use cairo_vm::Felt252;
use cairo_vm::hint_processor::builtin_hint_processor::builtin_hint_processor_definition::{
    BuiltinHintProcessor, HintFunc,
};
use cairo_vm::hint_processor::builtin_hint_processor::hint_utils::{
    get_integer_from_var_name, get_ptr_from_var_name, insert_value_from_var_name,
};
use cairo_vm::hint_processor::hint_processor_definition::HintReference;
use cairo_vm::serde::deserialize_program::ApTracking;
use cairo_vm::types::exec_scope::ExecutionScopes;
use cairo_vm::types::relocatable::MaybeRelocatable;
use cairo_vm::vm::errors::hint_errors::HintError;
use cairo_vm::vm::vm_core::VirtualMachine;
use num_bigint::BigInt;
use num_traits::ToPrimitive;
use starknet_types_core::felt::Felt;

use super::digests::compress;
use super::{HintResult, broken};

/// In `try_get_point_from_x` of secp256k1.
const IS_ON_CURVE: &str = "ids.is_on_curve = (y * y) % SECP_P == y_square_int";

/// In `finalize_sha256`.
const FINALIZE_SHA256: &str = "\
# Add dummy pairs of input and output.
from starkware.cairo.common.cairo_sha256.sha256_utils import (
    IV,
    compute_message_schedule,
    sha2_compress_function,
)

number_of_missing_blocks = (-ids.n) % ids.BATCH_SIZE
assert 0 <= number_of_missing_blocks < 20
_sha256_input_chunk_size_felts = ids.SHA256_INPUT_CHUNK_SIZE_FELTS
assert 0 <= _sha256_input_chunk_size_felts < 100

message = [0] * _sha256_input_chunk_size_felts
w = compute_message_schedule(message)
output = sha2_compress_function(IV, w)
padding = (message + IV + output) * number_of_missing_blocks
segments.write_arg(ids.sha256_ptr_end, padding)";

/// Compressions that the Cairo library checks at once.
const SHA256_BATCH: u64 = 7;

type Variables = HashMap<String, HintReference>;
type Constants = HashMap<String, Felt252>;

/// Answers all hints of the Cairo library that the thread OS uses.
pub(super) fn processor() -> BuiltinHintProcessor {
    let mut library = BuiltinHintProcessor::new_empty();
    library.add_hint(IS_ON_CURVE.to_owned(), Rc::new(HintFunc(Box::new(is_on_curve))));
    library.add_hint(FINALIZE_SHA256.to_owned(), Rc::new(HintFunc(Box::new(finalize_sha256))));
    library
}

/// Whether the root that an earlier hint took of `y_square_int` is one.
fn is_on_curve(
    vm: &mut VirtualMachine,
    scopes: &mut ExecutionScopes,
    variables: &Variables,
    ap_tracking: &ApTracking,
    _: &Constants,
) -> HintResult {
    let prime: BigInt = scopes.get("SECP_P")?;
    let root: BigInt = scopes.get("y")?;
    let square: BigInt = scopes.get("y_square_int")?;
    let yes = Felt::from(&root * &root % prime == square);
    insert_value_from_var_name("is_on_curve", yes, vm, variables, ap_tracking)
}

/// Fills the last batch of compressions.
fn finalize_sha256(
    vm: &mut VirtualMachine,
    _: &mut ExecutionScopes,
    variables: &Variables,
    ap_tracking: &ApTracking,
    _: &Constants,
) -> HintResult {
    let n = get_integer_from_var_name("n", vm, variables, ap_tracking)?
        .to_u64()
        .ok_or_else(|| broken("more compressions than memory holds"))?;
    let end = get_ptr_from_var_name("sha256_ptr_end", vm, variables, ap_tracking)?;
    let missing = (SHA256_BATCH - n % SHA256_BATCH) % SHA256_BATCH;
    let (state, block) = ([0; 8], [0; 16]);
    let instance = block.into_iter().chain(state).chain(compress(state, block));
    let instance: Vec<MaybeRelocatable> = instance.map(|word| Felt::from(word).into()).collect();
    let padding: Vec<MaybeRelocatable> = (0..missing).flat_map(|_| instance.clone()).collect();
    vm.load_data(end, &padding).map(|_| ()).map_err(HintError::Memory)
}
