//! `check_instance` of `cairo/thread_os/ec_op.cairo`, called by itself.

use std::collections::BTreeMap;

use cairo_vm::types::builtin_name::BuiltinName;
use cairo_vm::types::layout_name::LayoutName;
use cairo_vm::types::relocatable::{MaybeRelocatable, Relocatable};
use cairo_vm::vm::runners::cairo_runner::{CairoArg, CairoRunner};
use proptest::prelude::*;
use starknet_api::block::{BlockNumber, BlockTimestamp};
use starknet_types_core::curve::ProjectivePoint;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::BaseBlock;

use crate::hints::OsHints;
use crate::input::OsInput;
use crate::lies::Lie;
use crate::program::cairo_program;

const GENERATOR_X: Felt =
    Felt::from_hex_unchecked("0x1ef15c18599971b7beced415a40f0c7deacfd9b0d1819e03d723d8bc943cfca");
const GENERATOR_Y: Felt =
    Felt::from_hex_unchecked("0x5668060aa49730b7be4801df46ec62de53ecd11abe43a32873000c36e8dc1f");

fn generator() -> ProjectivePoint {
    ProjectivePoint::from_affine(GENERATOR_X, GENERATOR_Y).expect("on the curve")
}

/// One instance of the builtin.
#[derive(Clone)]
struct Instance {
    p: ProjectivePoint,
    q: ProjectivePoint,
    m: Felt,
    r: ProjectivePoint,
}

impl Instance {
    fn new(p: ProjectivePoint, q: ProjectivePoint, m: Felt) -> Self {
        let r = &p + &(&q * m);
        Self { p, q, m, r }
    }

    fn cells(&self) -> [Felt; 7] {
        let point = |point: &ProjectivePoint| {
            let affine = point.to_affine().expect("not the identity");
            (affine.x(), affine.y())
        };
        let ((px, py), (qx, qy), (rx, ry)) = (point(&self.p), point(&self.q), point(&self.r));
        [px, py, qx, qy, self.m, rx, ry]
    }

    fn check(&self) -> Result<usize, String> {
        check(self.cells(), &[])
    }
}

/// Runs `check_instance`; returns its number of steps.
fn check(cells: [Felt; 7], lies: &[Lie]) -> Result<usize, String> {
    let input = OsInput {
        chain_id: Felt::ZERO,
        submitter: Default::default(),
        base_block: BaseBlock {
            number: BlockNumber(0),
            timestamp: BlockTimestamp(0),
            sequencer: Default::default(),
        },
        transactions: Vec::new(),
        classes: BTreeMap::new(),
        contracts: BTreeMap::new(),
    };
    let mut hints = OsHints::new(&input, None);
    hints.liar.lies = lies.to_vec();
    let program = cairo_program().expect("loads");
    let mut runner =
        CairoRunner::new(program, LayoutName::all_cairo_stwo, None, false, false, false).unwrap();
    runner.initialize_builtins(true).unwrap();
    runner.initialize_segments(None);
    let range_check = runner
        .vm
        .get_builtin_runners()
        .iter()
        .find(|builtin| builtin.name() == BuiltinName::range_check)
        .map(|builtin| Relocatable { segment_index: builtin.base() as isize, offset: 0 })
        .unwrap();
    let instance = runner.vm.add_memory_segment();
    let cells: Vec<MaybeRelocatable> = cells.into_iter().map(Into::into).collect();
    runner.vm.load_data(instance, &cells).unwrap();
    let entry = program.get_identifier("thread_os.ec_op.check_instance").and_then(|id| id.pc).unwrap();
    let args = [CairoArg::Single(range_check.into()), CairoArg::Single(instance.into())];
    runner
        .run_from_entrypoint(entry, &args.iter().collect::<Vec<_>>(), false, None, &mut hints)
        .map_err(|error| error.to_string())?;
    Ok(runner.vm.get_current_step())
}

/// Two raised to `power`, below the field's prime.
fn power_of_two(power: u32) -> Felt {
    Felt::TWO.pow(power)
}

fn scalar() -> impl Strategy<Value = Felt> {
    any::<[u8; 31]>().prop_map(|bytes| Felt::from_bytes_be_slice(&bytes))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn true_results_pass_and_others_do_not(a in scalar(), b in scalar(), m in scalar(), other in scalar()) {
        prop_assume!(a != Felt::ZERO && b != Felt::ZERO && m != other);
        let (p, q) = (&generator() * a, &generator() * b);
        let truth = Instance::new(p, q, m);
        prop_assert!(truth.check().is_ok());
        let falsehoods = [
            Instance { m: other, ..truth.clone() },
            Instance { r: -&truth.r, ..truth.clone() },
            Instance { r: truth.p.clone(), ..truth },
        ];
        prop_assert!(falsehoods.iter().all(|instance| instance.check().is_err()));
    }
}

#[test]
fn edge_scalars_pass() {
    let (p, q) = (&generator() * Felt::from(77), generator().double());
    let edges = [Felt::ZERO, Felt::ONE, Felt::TWO, power_of_two(250), power_of_two(251) - Felt::ONE];
    for m in edges {
        let steps =
            Instance::new(p.clone(), q.clone(), m).check().unwrap_or_else(|error| panic!("{m:#x}: {error}"));
        println!("{m:#x}: {steps} steps");
    }
}

#[test]
fn scalars_of_252_bits_are_refused() {
    let (p, q) = (&generator() * Felt::from(77), generator());
    for m in [power_of_two(251), -Felt::ONE, -Felt::TWO] {
        assert!(Instance::new(p.clone(), q.clone(), m).check().is_err(), "{m:#x}");
    }
}

/// The bits of `m + PRIME` add up to `m` in the field too, but name another multiple of the point.
#[test]
fn another_integer_for_the_same_scalar_is_refused() {
    let (p, q) = (&generator() * Felt::from(77), generator().double());
    let prime_times_q = &(&q * -Felt::ONE) + &q;
    for m in [Felt::from(12345), Felt::from(12344), power_of_two(250) + Felt::ONE] {
        let mut instance = Instance::new(p.clone(), q.clone(), m);
        instance.r = &instance.r + &prime_times_q;
        let flip = Lie { hint: "scalar_bit", execution: 0, cell: 0, bend: |bit| Felt::ONE - bit };
        assert!(check(instance.cells(), &[flip]).is_err(), "{m:#x}");
        assert!(check(instance.cells(), &[]).is_err(), "{m:#x}");
    }
}

/// Where the sum meets the doubled point the slope would be free.
#[test]
fn equal_points_are_refused() {
    let q = generator();
    for p in [q.clone(), -&q] {
        let r = &generator() * Felt::from(5);
        assert!(Instance { p, q: q.clone(), m: Felt::ONE, r }.check().is_err());
    }
    let r = &generator() * Felt::from(9);
    assert!(Instance { p: q.double(), q, m: Felt::TWO, r }.check().is_err());
}

#[test]
fn points_off_the_curve_are_refused() {
    let cells = Instance::new(generator().double(), generator(), Felt::from(6)).cells();
    for cell in [0, 1, 2, 3, 5, 6] {
        let mut wrong = cells;
        wrong[cell] += Felt::ONE;
        assert!(check(wrong, &[]).is_err(), "cell {cell}");
    }
    // With no bits nothing is added; the points are checked all the same.
    let mut wrong = cells;
    (wrong[4], wrong[5], wrong[6]) = (Felt::ZERO, wrong[0], wrong[1]);
    assert!(check(wrong, &[]).is_ok());
    wrong[3] += Felt::ONE;
    assert!(check(wrong, &[]).is_err());
}
