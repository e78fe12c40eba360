//! The components of the trace: which must be there, which may, and that each one's claims fit together.

use cairo_air::claims::{CairoClaim, CairoInteractionClaim};
use cairo_air::components::memory_address_to_id::MEMORY_ADDRESS_TO_ID_SPLIT;
use stwo::core::fields::qm31::QM31;

use crate::error::{ComponentProblem, VerifyError};
use crate::params::{MAX_COUNTED_LOG_SIZE, MAX_LOG_SIZE, MIN_LOG_SIZE};

/// Whether proofs have a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Always.
    Required,
    /// If the run uses it.
    Optional,
    /// Never, with the accepted lookup tables.
    Unsupported,
}

/// What a proof claims about one component.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Component {
    name: &'static str,
    presence: Presence,
    max_log_size: u32,
    log_size: Option<u32>,
    /// Its share in the lookup argument.
    pub(crate) sum: Option<QM31>,
}

/// Writes [`components`] from a list of the component names. The claims are taken apart without `..`, so a
/// component that the list lacks does not compile.
macro_rules! component_list {
    (
        sized { $($sized:ident: $sized_presence:ident;)* }
        counted { $($counted:ident: $counted_presence:ident;)* }
        tables { $($table:ident: $table_presence:ident;)* }
    ) => {
        /// All components but `memory_id_to_big`, which has several sums.
        pub(crate) fn components(claim: &CairoClaim, sums: &CairoInteractionClaim) -> Vec<Component> {
            let CairoClaim {
                public_data: _, memory_id_to_big: _, $($sized,)* $($counted,)* $($table,)*
            } = claim;
            let mut list = vec![
                $(Component {
                    name: stringify!($sized),
                    presence: Presence::$sized_presence,
                    max_log_size: MAX_LOG_SIZE,
                    log_size: $sized.as_ref().map(|claim| claim.log_size),
                    sum: None,
                },)*
                $(Component {
                    name: stringify!($counted),
                    presence: Presence::$counted_presence,
                    max_log_size: MAX_COUNTED_LOG_SIZE,
                    log_size: $counted.as_ref().map(|claim| claim.log_size),
                    sum: None,
                },)*
                $(Component {
                    name: stringify!($table),
                    presence: Presence::$table_presence,
                    max_log_size: MAX_LOG_SIZE,
                    log_size: $table.as_ref().map(|_| cairo_air::components::$table::LOG_SIZE),
                    sum: None,
                },)*
            ];
            let CairoInteractionClaim { memory_id_to_big: _, $($sized,)* $($counted,)* $($table,)* } = sums;
            let sums = [
                $($sized.as_ref().map(|claim| claim.claimed_sum),)*
                $($counted.as_ref().map(|claim| claim.claimed_sum),)*
                $($table.as_ref().map(|claim| claim.claimed_sum),)*
            ];
            for (component, sum) in list.iter_mut().zip(sums) {
                component.sum = sum;
            }
            list
        }
    };
}

component_list! {
    sized {
        add_opcode: Optional;
        add_opcode_small: Optional;
        add_ap_opcode: Optional;
        assert_eq_opcode: Optional;
        assert_eq_opcode_imm: Optional;
        assert_eq_opcode_double_deref: Optional;
        call_opcode_abs: Optional;
        call_opcode_rel_imm: Optional;
        generic_opcode: Optional;
        jnz_opcode_non_taken: Optional;
        jnz_opcode_taken: Optional;
        jump_opcode_abs: Optional;
        jump_opcode_double_deref: Optional;
        jump_opcode_rel: Optional;
        jump_opcode_rel_imm: Optional;
        mul_opcode: Optional;
        mul_opcode_small: Optional;
        qm_31_add_mul_opcode: Optional;
        ret_opcode: Optional;
        verify_instruction: Required;
        blake_round: Optional;
        blake_g: Optional;
        triple_xor_32: Optional;
        partial_ec_mul_generic: Unsupported;
        partial_ec_mul_window_bits_18: Unsupported;
        partial_ec_mul_window_bits_9: Optional;
        poseidon_3_partial_rounds_chain: Optional;
        poseidon_full_round_chain: Optional;
        cube_252: Optional;
        range_check_252_width_27: Optional;
    }
    counted {
        add_mod_builtin: Optional;
        bitwise_builtin: Optional;
        mul_mod_builtin: Optional;
        pedersen_builtin: Unsupported;
        pedersen_builtin_narrow_windows: Optional;
        poseidon_builtin: Optional;
        range_check96_builtin: Optional;
        range_check_builtin: Required;
        ec_op_builtin: Unsupported;
        memory_address_to_id: Required;
        memory_id_to_small: Required;
        blake_compress_opcode: Optional;
        pedersen_aggregator_window_bits_18: Unsupported;
        pedersen_aggregator_window_bits_9: Optional;
        poseidon_aggregator: Optional;
    }
    tables {
        blake_round_sigma: Optional;
        verify_bitwise_xor_12: Optional;
        pedersen_points_table_window_bits_18: Unsupported;
        pedersen_points_table_window_bits_9: Optional;
        poseidon_round_keys: Optional;
        range_check_6: Required;
        range_check_8: Required;
        range_check_11: Required;
        range_check_12: Required;
        range_check_18: Required;
        range_check_20: Required;
        range_check_4_3: Required;
        range_check_4_4: Required;
        range_check_9_9: Required;
        range_check_7_2_5: Required;
        range_check_3_6_6_3: Required;
        range_check_4_4_4_4: Required;
        range_check_3_3_3_3_3: Required;
        verify_bitwise_xor_4: Required;
        verify_bitwise_xor_7: Required;
        verify_bitwise_xor_8: Required;
        verify_bitwise_xor_9: Required;
    }
}

/// Checks presence, sizes and sums of every component.
pub(crate) fn check(claim: &CairoClaim, sums: &CairoInteractionClaim) -> Result<(), VerifyError> {
    for component in components(claim, sums) {
        component.check()?;
    }
    check_memory(claim, sums)
}

impl Component {
    fn check(&self) -> Result<(), VerifyError> {
        let refuse = |problem| Err(VerifyError::Component { component: self.name, problem });
        match (self.presence, self.log_size, self.sum) {
            (Presence::Unsupported, Some(_), _) => refuse(ComponentProblem::Unsupported),
            (_, None, Some(_)) => refuse(ComponentProblem::PhantomSum),
            (Presence::Required, None, None) => refuse(ComponentProblem::Missing),
            (_, Some(_), None) => refuse(ComponentProblem::MissingSum),
            (_, Some(log_size), Some(_)) => check_log_size(self.name, log_size, self.max_log_size),
            (Presence::Optional | Presence::Unsupported, None, None) => Ok(()),
        }
    }
}

/// The table of large memory values comes in several parts, each with a sum of its own. The lookup argument uses
/// a total that the proof system neither computes nor binds to the transcript: it must be the parts' total, or
/// it could be chosen last to balance anything.
fn check_memory(claim: &CairoClaim, sums: &CairoInteractionClaim) -> Result<(), VerifyError> {
    const NAME: &str = "memory_id_to_big";
    let refuse = |problem| Err(VerifyError::Component { component: NAME, problem });
    let (Some(claim), Some(sums)) = (&claim.memory_id_to_big, &sums.memory_id_to_big) else {
        return refuse(ComponentProblem::Missing);
    };
    let (parts, part_sums) = (&claim.big_log_sizes, &sums.big_claimed_sums);
    if parts.is_empty() || parts.len() > MEMORY_ADDRESS_TO_ID_SPLIT || parts.len() != part_sums.len() {
        return refuse(ComponentProblem::Parts { parts: parts.len(), sums: part_sums.len() });
    }
    for log_size in parts {
        check_log_size(NAME, *log_size, MAX_COUNTED_LOG_SIZE)?;
    }
    if part_sums.iter().sum::<QM31>() == sums.claimed_sum { Ok(()) } else { Err(VerifyError::MemorySum) }
}

fn check_log_size(component: &'static str, log_size: u32, maximum: u32) -> Result<(), VerifyError> {
    if (MIN_LOG_SIZE..=maximum).contains(&log_size) {
        Ok(())
    } else {
        Err(VerifyError::Component {
            component,
            problem: ComponentProblem::LogSize { log_size, minimum: MIN_LOG_SIZE, maximum },
        })
    }
}
