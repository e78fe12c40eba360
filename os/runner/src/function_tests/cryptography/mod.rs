//! The cryptographic syscalls: what hints answer, what `cairo/thread_os/cryptography.cairo` accepts.

mod digests;
mod gas;
mod liar_about_points;
mod points;

use cairo_vm::hint_processor::hint_processor_definition::HintProcessor;
use cairo_vm::types::builtin_name::BuiltinName;
use cairo_vm::types::relocatable::{MaybeRelocatable, Relocatable};
use cairo_vm::vm::vm_core::VirtualMachine;
use starknet_types_core::felt::Felt;

use super::{Call, empty_input};
use crate::hints::{OsHints, answer_alone};
use crate::syscall_costs::{SYSCALL_BASE_GAS, Syscall};

/// Enough gas for any syscall here.
const MUCH_GAS: u64 = 1_000_000_000;

const FINALIZE_KECCAK: &str = "keccak.finalize_keccak_segment";
const FINALIZE_SHA256: &str = "sha256.finalize_sha256_segment";

/// A cell of a syscall.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Cell {
    Felt(Felt),
    /// A pointer to felts in a segment of their own.
    Array(Vec<Felt>),
    /// A pointer behind the array of the cell before.
    End,
}

/// A syscall with its answer.
#[derive(Debug, Clone)]
struct Answered {
    name: &'static str,
    gas: u64,
    request: Vec<Cell>,
    /// Gas left, failure flag, response or bounds of the error data.
    answer: Vec<Cell>,
}

/// What the thread OS did with a syscall.
struct Served {
    steps: usize,
    range_checks: usize,
    keccak: Vec<Felt>,
    sha256: Vec<Felt>,
}

/// Gas that a syscall takes, besides what is paid before it.
fn cost(name: &str) -> u64 {
    Syscall::by_name(name).expect(name).gas - SYSCALL_BASE_GAS
}

impl Answered {
    /// Has hints answer a request.
    fn honestly(name: &'static str, gas: u64, request: Vec<Cell>) -> Self {
        let mut vm = VirtualMachine::new(false, false);
        let syscall = vm.add_memory_segment();
        let answer = lay_out(&mut vm, syscall, &head(name, gas));
        let answer = lay_out(&mut vm, answer, &request);
        let end = answer_alone(&mut vm, syscall).expect("answered");
        let cells = vm.get_continuous_range(answer, (end - answer).unwrap()).unwrap();
        let answer = cells
            .into_iter()
            .map(|cell| match cell {
                MaybeRelocatable::Int(felt) => Cell::Felt(felt),
                MaybeRelocatable::RelocatableValue(pointer) if pointer.offset > 0 => Cell::End,
                MaybeRelocatable::RelocatableValue(pointer) => Cell::Array(read(&vm, pointer)),
            })
            .collect();
        Self { name, gas, request, answer }
    }

    fn gas_left(&self) -> Felt {
        felt(&self.answer[0])
    }

    /// The error, if the answer is a failure.
    fn error(&self) -> Option<String> {
        if felt(&self.answer[1]) == Felt::ZERO {
            return None;
        }
        let [Cell::Array(data), Cell::End] = &self.answer[2..] else { panic!("no error data: {self:?}") };
        let [error] = data[..] else { panic!("one felt of error data: {self:?}") };
        let bytes = error.to_bytes_be();
        Some(String::from_utf8_lossy(&bytes).trim_start_matches('\0').to_owned())
    }

    /// The response.
    fn response(&self) -> &[Cell] {
        assert_eq!(self.error(), None);
        &self.answer[2..]
    }

    /// Whether a point was asked for that does not exist.
    fn gives_nothing(&self) -> bool {
        self.response()[0] == Cell::Felt(Felt::ONE)
    }

    /// Has the thread OS check the answer, with honest hints.
    fn serve(&self) -> Result<Served, String> {
        self.serve_with(&mut OsHints::new(&empty_input(), None))
    }

    /// Has the thread OS check the answer.
    fn serve_with(&self, hints: &mut dyn HintProcessor) -> Result<Served, String> {
        let mut call = Call::new();
        let [keccak, sha256] = [(); 2].map(|()| call.runner.vm.add_memory_segment());
        let bitwise = builtin(&call, BuiltinName::bitwise);
        let unused = Felt::ZERO;
        let builtins: [MaybeRelocatable; 8] = [
            unused.into(),
            bitwise.into(),
            unused.into(),
            unused.into(),
            unused.into(),
            unused.into(),
            keccak.into(),
            sha256.into(),
        ];
        let builtins = call.allocate(&builtins);
        let syscall = call.runner.vm.add_memory_segment();
        let cells = [head(self.name, self.gas), self.request.clone(), self.answer.clone()].concat();
        let end = lay_out(&mut call.runner.vm, syscall, &cells);
        let returned = call
            .with_builtin(BuiltinName::range_check)
            .with(builtins)
            .with(syscall)
            .run_with("cryptography.serve_cryptography", hints)?;
        assert_eq!(returned.last(), end.into(), "where the next syscall is");
        let vm = &returned.runner.vm;
        let [range_check_end, ..] = &vm.get_return_values(3).unwrap()[..] else { panic!("three cells") };
        Ok(Served {
            steps: returned.steps,
            range_checks: range_check_end.get_relocatable().unwrap().offset,
            keccak: read(vm, keccak),
            sha256: read(vm, sha256),
        })
    }

    /// Asserts that the OS accepts the answer, and no other that differs from it in a number.
    fn check(&self) -> Served {
        let served = self.serve().unwrap_or_else(|error| panic!("{self:?}: {error}"));
        assert!(served.finalize().is_ok(), "{self:?}");
        for lie in self.lies() {
            assert!(lie.is_refused(), "{:?} instead of {:?}", lie.answer, self.answer);
        }
        served
    }

    /// Whether no run of the OS can pass with this answer, all hints but the contract's being honest.
    fn is_refused(&self) -> bool {
        self.serve().and_then(|served| served.finalize()).is_err()
    }

    /// The answer with each of its numbers altered in some ways.
    fn lies(&self) -> Vec<Self> {
        let alter = |felt: Felt| {
            [felt + Felt::ONE, felt - Felt::ONE, felt + Felt::TWO.pow(86_u32), felt + Felt::TWO.pow(128_u32)]
        };
        let mut lies = Vec::new();
        let mut tell = |index: usize, cell: Cell| {
            let mut lie = self.clone();
            lie.answer[index] = cell;
            lies.push(lie);
        };
        for (index, cell) in self.answer.iter().enumerate() {
            match cell {
                Cell::Felt(truth) => alter(*truth).into_iter().for_each(|lie| tell(index, Cell::Felt(lie))),
                Cell::Array(truth) => {
                    for position in 0..truth.len() {
                        for lie in alter(truth[position]) {
                            let mut data = truth.clone();
                            data[position] = lie;
                            tell(index, Cell::Array(data));
                        }
                    }
                }
                Cell::End => tell(index, Cell::Felt(Felt::ZERO)),
            }
        }
        lies
    }
}

impl Served {
    /// Checks the OS's own segments, as the end of every run does.
    fn finalize(&self) -> Result<(), String> {
        finalize(FINALIZE_KECCAK, &self.keccak)?;
        finalize(FINALIZE_SHA256, &self.sha256)?;
        Ok(())
    }
}

/// Selector and gas.
fn head(name: &str, gas: u64) -> Vec<Cell> {
    vec![Cell::Felt(Felt::from_bytes_be_slice(name.as_bytes())), Cell::Felt(gas.into())]
}

fn felt(cell: &Cell) -> Felt {
    match cell {
        Cell::Felt(felt) => *felt,
        other => panic!("{other:?} is no number"),
    }
}

/// Lays cells out from `start` on; returns their end.
fn lay_out(vm: &mut VirtualMachine, start: Relocatable, cells: &[Cell]) -> Relocatable {
    let mut array_end = start;
    let cells: Vec<MaybeRelocatable> = cells
        .iter()
        .map(|cell| match cell {
            Cell::Felt(felt) => (*felt).into(),
            Cell::Array(data) => {
                let data: Vec<MaybeRelocatable> = data.iter().map(|felt| (*felt).into()).collect();
                let segment = vm.add_memory_segment();
                array_end = vm.load_data(segment, &data).unwrap();
                segment.into()
            }
            Cell::End => array_end.into(),
        })
        .collect();
    vm.load_data(start, &cells).unwrap()
}

/// All felts from `start` on.
fn read(vm: &VirtualMachine, start: Relocatable) -> Vec<Felt> {
    (0..)
        .map_while(|offset: usize| vm.get_integer((start + offset).unwrap()).ok().map(|felt| *felt))
        .collect()
}

fn builtin(call: &Call, name: BuiltinName) -> Relocatable {
    let runners = call.runner.vm.get_builtin_runners();
    let base = runners.iter().find(|builtin| builtin.name() == name).expect("in the layout").base();
    Relocatable { segment_index: base as isize, offset: 0 }
}

/// Runs one of the functions that check a segment of instances at the end.
fn finalize(function: &str, cells: &[Felt]) -> Result<Finalized, String> {
    let mut call = Call::new().with_builtin(BuiltinName::range_check).with_builtin(BuiltinName::bitwise);
    let start = call.allocate(cells);
    let returned = call.with(start).with((start + cells.len()).unwrap()).run(function)?;
    let pointers = returned.runner.vm.get_return_values(2).unwrap();
    let [range_checks, bitwise] = [0, 1].map(|index| pointers[index].get_relocatable().unwrap().offset);
    Ok(Finalized { steps: returned.steps, range_checks, bitwise: bitwise / 5 })
}

/// What checking a segment of instances took.
struct Finalized {
    steps: usize,
    range_checks: usize,
    bitwise: usize,
}
