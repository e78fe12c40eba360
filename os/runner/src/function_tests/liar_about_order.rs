//! A prover that claims the wrong order of two numbers to `is_le_felt` of the Cairo library, and tries every proof of
//! it that there is.
//!
//! `assert_le_felt(a, b)` takes two of the three arcs 0 to a, a to b, b to -1: one below a third and one below half of
//! the field. Given which arc is left out, the two are the roots of a quadratic, so that a prover chooses that arc and
//! the order of the two only.

use std::any::Any;

use cairo_vm::hint_processor::builtin_hint_processor::builtin_hint_processor_definition::HintProcessorData;
use cairo_vm::hint_processor::builtin_hint_processor::hint_code::{
    ASSERT_LE_FELT, ASSERT_LE_FELT_EXCLUDED_0, ASSERT_LE_FELT_EXCLUDED_1, ASSERT_LE_FELT_EXCLUDED_2,
    ASSERT_LT_FELT, IS_LE_FELT,
};
use cairo_vm::hint_processor::hint_processor_definition::HintProcessorLogic;
use cairo_vm::types::exec_scope::ExecutionScopes;
use cairo_vm::vm::errors::hint_errors::HintError;
use cairo_vm::vm::runners::cairo_runner::ResourceTracker;
use cairo_vm::vm::vm_core::VirtualMachine;
use num_bigint::BigUint;
use starknet_types_core::felt::{Felt, NonZeroFelt};

use crate::faults::NoFaults;
use crate::hints::Args;

/// A claim about the order, and its proof: the arc that is left out and the order of the others.
#[derive(Debug, Clone, Copy)]
pub(super) struct LiarAboutOrder {
    claims_truth: bool,
    excluded: usize,
    swapped: bool,
}

impl LiarAboutOrder {
    /// All proofs of the true order, or of the wrong one.
    pub(super) fn all(claims_truth: bool) -> impl Iterator<Item = Self> {
        (0..3).flat_map(move |excluded| [false, true].map(|swapped| Self { claims_truth, excluded, swapped }))
    }

    /// The two arcs, each split by the library's divisor for it.
    fn arcs(self, a: Felt, b: Felt) -> [Felt; 4] {
        let mut arcs = vec![a, b - a, -Felt::ONE - b];
        arcs.remove(self.excluded);
        if self.swapped {
            arcs.swap(0, 1);
        }
        let prime = BigUint::from(2_u8).pow(251) + BigUint::from(17_u8) * BigUint::from(2_u8).pow(192) + 1_u8;
        let unit = BigUint::from(1_u8) << 128;
        let divisor = |parts: u8| {
            let whole = &unit * parts;
            NonZeroFelt::try_from(Felt::from((&prime + &whole - 1_u8) / whole)).unwrap()
        };
        let (short_high, short_low) = arcs[0].div_rem(&divisor(3));
        let (long_high, long_low) = arcs[1].div_rem(&divisor(2));
        [short_low, short_high, long_low, long_high]
    }
}

impl HintProcessorLogic for LiarAboutOrder {
    fn execute_hint(
        &mut self,
        vm: &mut VirtualMachine,
        _: &mut ExecutionScopes,
        hint: &Box<dyn Any>,
    ) -> Result<(), HintError> {
        let data = hint.downcast_ref::<HintProcessorData>().ok_or(HintError::WrongHintData)?;
        let mut args =
            Args { vm, ids: &data.ids_data, ap_tracking: &data.ap_tracking, faults: &mut NoFaults };
        let ap = args.vm.get_ap();
        let code = data.code.as_str();
        if code == IS_LE_FELT {
            let in_order = args.integer("a")? <= args.integer("b")?;
            args.write(ap, [Felt::from(u8::from(in_order != self.claims_truth)).into()])
        } else if code == ASSERT_LE_FELT {
            let arcs = self.arcs(args.integer("a")?, args.integer("b")?);
            let cells = args.pointer("range_check_ptr")?;
            args.write(cells, arcs.map(Into::into))
        } else if code == ASSERT_LE_FELT_EXCLUDED_0 {
            args.write(ap, [Felt::from(u8::from(self.excluded != 0)).into()])
        } else if code == ASSERT_LE_FELT_EXCLUDED_1 {
            args.write(ap, [Felt::from(u8::from(self.excluded != 1)).into()])
        } else {
            assert!([ASSERT_LT_FELT, ASSERT_LE_FELT_EXCLUDED_2].contains(&code), "{code}");
            Ok(())
        }
    }
}

impl ResourceTracker for LiarAboutOrder {}
