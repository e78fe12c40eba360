//! A prover that answers one hint of the Cairo library's, or of ours beside it, wrongly while it checks a point.

use std::any::Any;

use ark_ec::AffineRepr;
use ark_ec::short_weierstrass::Affine;
use cairo_vm::hint_processor::builtin_hint_processor::builtin_hint_processor_definition::HintProcessorData;
use cairo_vm::hint_processor::hint_processor_definition::HintProcessorLogic;
use cairo_vm::types::exec_scope::ExecutionScopes;
use cairo_vm::vm::errors::hint_errors::HintError;
use cairo_vm::vm::runners::cairo_runner::ResourceTracker;
use cairo_vm::vm::vm_core::VirtualMachine;
use num_bigint::BigInt;
use starknet_types_core::felt::Felt;

use super::points::{Curve, add, from_x, mul, multiple, new, zero_x};
use super::{Answered, empty_input};
use crate::faults::NoFaults;
use crate::hints::{Args, OsHints};

/// What a lie is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    /// A field element: a slope, a coordinate, an inverse, a reduced number.
    Value,
    /// Whether a number is zero.
    IsZero,
    /// Whether an x is that of a point.
    IsOnCurve,
    /// Four bits of a scalar.
    Nibble,
    /// Four bits of a scalar, and the four below them, so that their sum is right.
    TwoNibbles,
}

const SUBJECTS: [Subject; 5] =
    [Subject::Value, Subject::IsZero, Subject::IsOnCurve, Subject::Nibble, Subject::TwoNibbles];

/// Lies about a subject's `execution`th occurrence, from zero.
struct LiarAboutPoints<'a> {
    honest: OsHints<'a>,
    subject: Subject,
    execution: usize,
    occurrences: usize,
}

impl Subject {
    /// Whether the hint with this code is about the subject.
    fn is_of(self, code: &str) -> bool {
        match self {
            // `assert_165_bit` has a variable of that name of its own.
            Self::Value => code.contains("value = ") && !code.contains("as_int"),
            Self::IsZero => code.contains("(x == 0)"),
            Self::IsOnCurve => code.starts_with("ids.is_on_curve = "),
            Self::Nibble | Self::TwoNibbles => code.contains("nibbles.pop())"),
        }
    }

    /// Makes the next hint lie, if it reads the truth from `scopes`.
    fn bend_before(self, scopes: &mut ExecutionScopes) -> Result<(), HintError> {
        match self {
            Self::Value => {}
            Self::IsZero => {
                let x: BigInt = scopes.get("x")?;
                scopes.insert_value("x", BigInt::from(u8::from(x == BigInt::ZERO)));
            }
            Self::IsOnCurve => {
                let root: BigInt = scopes.get("y")?;
                let square: BigInt = scopes.get("y_square_int")?;
                let prime: BigInt = scopes.get("SECP_P").or_else(|_| scopes.get("SECP256R1_P"))?;
                let true_square = &root * &root % prime;
                let claimed = if square == true_square { true_square + 1 } else { true_square };
                scopes.insert_value("y_square_int", claimed);
            }
            Self::Nibble | Self::TwoNibbles => {
                let nibbles = scopes.get_mut_list_ref::<Felt>("nibbles")?;
                let last = nibbles.len() - 1;
                nibbles[last] -= Felt::ONE;
                if self == Self::TwoNibbles && last > 0 {
                    nibbles[last - 1] += Felt::from(16);
                }
            }
        }
        Ok(())
    }

    /// Bends what a hint left in `scopes` for the next.
    fn bend_after(self, scopes: &mut ExecutionScopes) -> Result<(), HintError> {
        if self == Self::Value {
            let value: BigInt = scopes.get("value")?;
            scopes.insert_value("value", value + 1);
        }
        Ok(())
    }
}

impl HintProcessorLogic for LiarAboutPoints<'_> {
    fn execute_hint(
        &mut self,
        vm: &mut VirtualMachine,
        scopes: &mut ExecutionScopes,
        hint: &Box<dyn Any>,
    ) -> Result<(), HintError> {
        let data = hint.downcast_ref::<HintProcessorData>().ok_or(HintError::WrongHintData)?;
        let mut lies = false;
        if self.subject.is_of(&data.code) {
            lies = self.occurrences == self.execution;
            self.occurrences += 1;
        }
        if lies {
            self.subject.bend_before(scopes)?;
        }
        if let Err(error) = self.honest.execute_hint(vm, scopes, hint) {
            // An honest prover stops where a number is not a multiple of the prime. Say that it is, whatever follows.
            if !data.code.contains("verify_zero: Invalid input") {
                return Err(error);
            }
            Args { vm, ids: &data.ids_data, ap_tracking: &data.ap_tracking, faults: &mut NoFaults }
                .set("q", 0)?;
        }
        if lies { self.subject.bend_after(scopes) } else { Ok(()) }
    }
}

impl ResourceTracker for LiarAboutPoints<'_> {}

/// Serves a syscall with a lie; returns the result and how often there was occasion for one.
fn lie(answered: &Answered, subject: Subject, execution: usize) -> (Result<(), String>, usize) {
    let input = empty_input();
    let honest = OsHints::new(&input, None);
    let mut liar = LiarAboutPoints { honest, subject, execution, occurrences: 0 };
    let result = answered.serve_with(&mut liar).map(|_| ());
    (result, liar.occurrences)
}

/// Asserts that no lie passes, where there are many, of a sample of them; returns how many were told.
fn refuses_lies(answered: &Answered) -> usize {
    let mut told = 0;
    for subject in SUBJECTS {
        let (honest, occurrences) = lie(answered, subject, usize::MAX);
        honest.expect("the truth passes");
        let stride = occurrences.div_ceil(24).max(1);
        for execution in (0..occurrences).step_by(stride) {
            let (result, _) = lie(answered, subject, execution);
            assert!(result.is_err(), "{}: {subject:?} {execution}", answered.name);
            told += 1;
        }
    }
    told
}

fn every_syscall_refuses_lies<C: Curve>() {
    let (p, q) = (multiple::<C>(&77_u8.into()), multiple::<C>(&9_u8.into()));
    let (x, y) = (p.x.into(), p.y.into());
    let zero = Affine::<C>::zero();
    let stray = (1_u8..).map(|x| from_x::<C>(&x.into(), true)).find(|it| it.gives_nothing()).expect("one");
    let mut told = 0;
    for answered in [
        new::<C>(&x, &y),
        new::<C>(&x, &(&y - 1_u8)),
        from_x::<C>(&x, true),
        from_x::<C>(&x, false),
        stray,
        add(&p, &q),
        add(&p, &p),
        add(&p, &-p),
        add(&p, &zero),
        mul(&p, &(num_bigint::BigUint::from(7_u8).pow(80))),
    ] {
        told += refuses_lies(&answered);
    }
    assert!(told > 50, "{told} lies");
}

#[test]
fn no_hint_about_secp256k1_can_lie() {
    every_syscall_refuses_lies::<ark_secp256k1::Config>();
}

#[test]
fn no_hint_about_secp256r1_can_lie() {
    every_syscall_refuses_lies::<ark_secp256r1::Config>();
    let stray = zero_x();
    for answered in [add(&stray, &stray), add(&stray, &multiple(&3_u8.into()))] {
        refuses_lies(&answered);
    }
}
