//! `cairo/thread_os/answers.cairo`: answers of other types than Sierra's never reach a contract.

use cairo_vm::types::builtin_name::BuiltinName;
use cairo_vm::types::relocatable::MaybeRelocatable;
use starknet_types_core::felt::Felt;

use super::{Call, Returned};
use crate::syscall_costs::{SYSCALLS, Syscall};

/// What stands behind gas and failure flag in an answer.
#[derive(Clone, Copy)]
enum Response {
    /// Felts of any value.
    Felts(usize),
    /// Felts of any value, then an array.
    Array(usize),
    /// Numbers of 128 bits.
    Halves(usize),
    /// Whether there is no point, and a point.
    Point,
    /// A pointer to eight numbers of 32 bits.
    Words,
    /// A pointer to the execution info.
    Info,
}

fn response(name: &str) -> Response {
    match name {
        "StorageWrite" | "EmitEvent" | "SendMessageToL1" | "ReplaceClass" => Response::Felts(0),
        "StorageRead" | "GetClassHashAt" | "GetBlockHash" => Response::Felts(1),
        "CallContract" | "LibraryCall" | "MetaTxV0" => Response::Array(0),
        "Deploy" => Response::Array(1),
        "Keccak" => Response::Halves(2),
        "Sha256ProcessBlock" => Response::Words,
        "GetExecutionInfo" => Response::Info,
        _ if name.ends_with("New") || name.ends_with("FromX") => Response::Point,
        _ if name.ends_with("Xy") => Response::Halves(4),
        _ => Response::Felts(1),
    }
}

/// Where arrays begin; `check_answers` does not look into them.
const ARRAY: u64 = 77;

/// A syscall and its answer; cells of the answer are counted from its gas.
struct Answered {
    call: Call,
    shown: MaybeRelocatable,
    cells: Vec<MaybeRelocatable>,
    words: Vec<Felt>,
    answer: usize,
}

fn felt(value: impl Into<Felt>) -> MaybeRelocatable {
    MaybeRelocatable::Int(value.into())
}

fn answered(syscall: &Syscall, failed: bool) -> Answered {
    let mut call = Call::new();
    let shown: MaybeRelocatable = call.allocate::<Felt>(&[]).into();
    let mut cells = vec![felt(Felt::from_bytes_be_slice(syscall.name.as_bytes())), felt(5_u64)];
    // Any felt will do in a request.
    cells.extend((0..syscall.request_cells).map(|_| felt(-Felt::ONE)));
    let answer = cells.len();
    cells.extend([felt(Felt::from(u128::MAX)), felt(u64::from(failed))]);
    let array = [felt(ARRAY), felt(ARRAY + u64::from(u32::MAX))];
    match response(syscall.name) {
        _ if failed => cells.extend(array),
        Response::Felts(count) => cells.extend((0..count).map(|_| felt(-Felt::ONE))),
        Response::Array(before) => {
            cells.extend((0..before).map(|_| felt(-Felt::ONE)));
            cells.extend(array);
        }
        Response::Halves(count) => cells.extend((0..count).map(|_| felt(u128::MAX))),
        Response::Point => cells.extend([felt(1_u64), felt(-Felt::ONE)]),
        Response::Words => cells.push(felt(0_u64)),
        Response::Info => cells.push(shown.clone()),
    }
    Answered { call, shown, cells, words: vec![Felt::from(u32::MAX); 8], answer }
}

impl Answered {
    /// With another cell in the answer.
    fn with(mut self, cell: usize, value: impl Into<Felt>) -> Self {
        self.cells[self.answer + cell] = felt(value);
        self
    }

    /// Whether the answers pass.
    fn passes(self) -> bool {
        self.check().is_ok()
    }

    /// Checks the answer, with nothing behind it.
    fn check(mut self) -> Result<Returned, String> {
        let failed = self.cells[self.answer + 1] != felt(0_u64);
        let name = self.cells[0].get_int().expect("a selector").to_bytes_be();
        if name.ends_with(b"Sha256ProcessBlock") && !failed {
            self.cells[self.answer + 2] = self.call.allocate(&self.words).into();
        }
        self.cells.push(felt(0_u64));
        let syscalls = self.call.allocate(&self.cells);
        self.call
            .with_builtin(BuiltinName::range_check)
            .with(syscalls)
            .with(self.shown)
            .run("answers.check_answers")
    }
}

/// Every syscall's answer, a success and a failure.
fn all() -> impl Iterator<Item = (&'static Syscall, bool)> {
    SYSCALLS.iter().flat_map(|syscall| [(syscall, false), (syscall, true)])
}

#[test]
fn answers_of_their_types_pass() {
    for (syscall, failed) in all() {
        assert!(answered(syscall, failed).passes(), "{} {failed}", syscall.name);
    }
}

#[test]
fn gas_of_more_than_128_bits_is_refused() {
    for (syscall, failed) in all() {
        for gas in [Felt::TWO.pow(128_u32), -Felt::ONE] {
            assert!(!answered(syscall, failed).with(0, gas).passes(), "{} {failed}", syscall.name);
        }
    }
}

#[test]
fn arrays_that_are_too_long_or_end_before_they_begin_are_refused() {
    for (syscall, failed) in all() {
        let end = match response(syscall.name) {
            _ if failed => 3,
            Response::Array(before) => 3 + before,
            _ => continue,
        };
        assert!(answered(syscall, failed).with(end, ARRAY).passes());
        for length in [Felt::TWO.pow(32_u32), Felt::TWO.pow(128_u32), -Felt::ONE] {
            let end_of_array = Felt::from(ARRAY) + length;
            assert!(!answered(syscall, failed).with(end, end_of_array).passes(), "{}", syscall.name);
        }
    }
}

#[test]
fn halves_of_more_than_128_bits_are_refused() {
    for syscall in &SYSCALLS {
        let Response::Halves(count) = response(syscall.name) else { continue };
        for half in 0..count {
            for value in [Felt::TWO.pow(128_u32), -Felt::ONE] {
                assert!(!answered(syscall, false).with(2 + half, value).passes(), "{}", syscall.name);
            }
        }
    }
}

#[test]
fn options_that_are_neither_some_nor_none_are_refused() {
    for syscall in &SYSCALLS {
        let Response::Point = response(syscall.name) else { continue };
        assert!(answered(syscall, false).with(2, 0_u64).passes());
        for flag in [Felt::TWO, -Felt::ONE] {
            assert!(!answered(syscall, false).with(2, flag).passes(), "{}", syscall.name);
        }
    }
}

#[test]
fn words_of_33_bits_are_refused() {
    let sha256 = Syscall::by_name("Sha256ProcessBlock").expect("a syscall");
    for index in 0..8 {
        for word in [Felt::TWO.pow(32_u32), -Felt::ONE] {
            let mut answered = answered(sha256, false);
            answered.words[index] = word;
            assert!(!answered.passes(), "word {index}");
        }
    }
}

#[test]
fn another_execution_info_is_refused() {
    let syscall = Syscall::by_name("GetExecutionInfo").expect("a syscall");
    let mut forged = answered(syscall, false);
    let info = forged.call.allocate(&[Felt::ONE]);
    forged.cells[forged.answer + 2] = info.into();
    assert!(!forged.passes());
}

#[test]
fn syscalls_that_do_not_exist_are_refused() {
    for syscall in &SYSCALLS {
        let mut unknown = answered(syscall, false);
        unknown.cells[0] = felt(Felt::from_bytes_be_slice(syscall.name.as_bytes()) + Felt::TWO.pow(100_u32));
        assert!(!unknown.passes(), "{}", syscall.name);
    }
}

/// A bad answer is found behind any other, up to the zero that ends them.
#[test]
fn every_answer_is_checked() {
    let bad = answered(Syscall::by_name("StorageRead").expect("a syscall"), false);
    let bad = bad.with(0, Felt::TWO.pow(128_u32)).cells;
    for (syscall, failed) in all() {
        let mut behind = answered(syscall, failed);
        behind.cells.extend(bad.clone());
        assert!(!behind.passes(), "{} {failed}", syscall.name);
        let mut unseen = answered(syscall, failed);
        unseen.cells.push(felt(0_u64));
        unseen.cells.extend(bad.clone());
        assert!(unseen.passes(), "{} {failed}", syscall.name);
    }
}

/// The cells whose selector was checked have their values: a contract that makes another syscall, or one more than
/// was checked, contradicts them.
#[test]
fn a_contract_makes_the_syscalls_that_were_checked_and_no_others() {
    let answered = answered(Syscall::by_name("StorageRead").expect("a syscall"), false);
    let end = answered.cells.len();
    // The first argument behind the range check is the pointer to the syscalls: the last segment but none.
    let mut returned = answered.check().expect("passes");
    let vm = &mut returned.runner.vm;
    let selector = Felt::from_bytes_be_slice(b"StorageRead");
    let syscalls = (0..vm.segments.num_segments())
        .map(|index| cairo_vm::types::relocatable::Relocatable::from((index as isize, 0)))
        .find(|start| vm.get_integer(*start).is_ok_and(|first| *first == selector))
        .expect("the syscalls");
    assert!(vm.insert_value(syscalls, selector).is_ok());
    assert!(vm.insert_value(syscalls, Felt::from_bytes_be_slice(b"StorageWrite")).is_err());
    assert!(vm.insert_value((syscalls + end).expect("no overflow"), selector).is_err());
}
