//! `serve_syscalls` of `cairo/thread_os/syscalls.cairo`: every syscall that runs no other code has one answer. (The
//! others are attacked in whole runs.)

mod frame;

use starknet_api::abi::abi_utils::selector_from_name;
use starknet_types_core::felt::Felt;

use self::frame::{
    BASE_BLOCK, BLOCK_HASH_CONTRACT, CLASS_HASHES, Cell, EXECUTING, Frame, GAS, Made, OTHER, SELF, failure,
    number, text,
};
use crate::syscall_costs::{SYSCALL_BASE_GAS, Syscall};

/// An address without a contract.
const NOBODY: u64 = 0x0b0d;

/// Every syscall but those that run other code and the cryptographic ones.
fn syscalls() -> Vec<Made> {
    let array = |felts: &[u64]| Cell::Array(felts.iter().copied().map(Felt::from).collect());
    vec![
        Made::new("StorageRead", vec![number(0), number(7)], vec![number(70)]),
        Made::new("StorageWrite", vec![number(0), number(7), number(71)], vec![]),
        Made::new("EmitEvent", vec![array(&[1, 2]), array(&[3])], vec![]),
        Made::new("GetExecutionInfo", vec![], vec![Cell::Shown]),
        Made::new("GetClassHashAt", vec![number(OTHER)], vec![number(CLASS_HASHES[1])]),
        Made::new("SendMessageToL1", vec![number(0xe1), array(&[5, 6])], vec![]),
        Made::new("GetBlockHash", vec![number(BASE_BLOCK - 10)], vec![number(0xb10c)]),
        Made::new("ReplaceClass", vec![number(CLASS_HASHES[1])], vec![]),
    ]
}

#[test]
fn syscalls_are_performed_in_order() {
    let served = EXECUTING.serve(&syscalls()).unwrap();
    assert!(!served.aborted());
    let [own, other] = CLASS_HASHES.map(Felt::from);
    let nothing = Felt::ZERO;
    let stretch = |address: u64, before: Felt, after: Felt| [address.into(), before, after];
    assert_eq!(
        served.stretches(),
        [
            stretch(SELF, own, own),
            stretch(OTHER, other, other),
            stretch(SELF, own, own),
            stretch(BLOCK_HASH_CONTRACT, nothing, nothing),
            stretch(SELF, own, other),
            stretch(SELF, other, other),
        ]
    );
    assert_eq!(
        served.accesses(),
        [
            [SELF, 7, 70, 70].map(Felt::from),
            [SELF, 7, 70, 71].map(Felt::from),
            [BLOCK_HASH_CONTRACT, BASE_BLOCK - 10, 0xb10c, 0xb10c].map(Felt::from),
        ]
    );
    assert_eq!(served.effects(), [1, 6, 1, 1]);
    let message = served.returned.cells(&served.messages.into(), 6);
    assert_eq!(message, [4, SELF, 0xe1, 2, 5, 6].map(|felt| Felt::from(felt).into()));
}

/// Cells of an answer in every other way a prover could write them. A value that is read from state is the prover's
/// claim: it goes to the log as it is.
#[test]
fn every_answer_is_checked() {
    for made in syscalls() {
        assert!(EXECUTING.serve(std::slice::from_ref(&made)).is_ok(), "{made:?}");
        for cell in 0..made.answer.len() {
            let claims = cell == 2 && ["StorageRead", "GetBlockHash"].contains(&made.name);
            let lies = match &made.answer[cell] {
                Cell::Number(truth) => {
                    let lies =
                        [*truth + Felt::ONE, *truth - Felt::ONE, -*truth, Felt::TWO.pow(128_u32), Felt::TWO];
                    lies.into_iter().filter(|lie| lie != truth).map(Cell::Number).collect()
                }
                Cell::Shown => vec![Cell::Info, Cell::Copy, number(0)],
                other => panic!("{other:?}"),
            };
            for lie in lies {
                let mut lying = made.clone();
                lying.answer[cell] = lie;
                let served = EXECUTING.serve(std::slice::from_ref(&lying));
                if !claims {
                    assert!(served.is_err(), "{lying:?}");
                    continue;
                }
                let Cell::Number(claim) = lying.answer[cell] else { panic!("{lying:?}") };
                let access = served.unwrap().accesses()[0];
                assert_eq!(access[2..], [claim, claim], "{lying:?}");
            }
        }
    }
}

#[test]
fn a_syscall_that_cannot_be_paid_fails_and_no_other() {
    for made in syscalls().into_iter().filter(|made| made.price() > 0) {
        let price = made.price();
        let poor = made.clone().with_gas(price - 1, failure(price - 1, "Out of gas"));
        let served = EXECUTING.serve(std::slice::from_ref(&poor)).unwrap();
        assert!(served.accesses().is_empty() && served.effects() == [0; 4], "{poor:?}");

        let just = made.clone().with_gas(price, [&[number(0)], &made.answer[1..]].concat());
        assert!(EXECUTING.serve(&[just]).is_ok(), "{made:?}");

        let lies = [
            // It could be paid.
            (price, failure(price, "Out of gas")),
            (GAS, failure(GAS, "Out of gas")),
            // It could not.
            (price - 1, [&[Cell::Number(-Felt::ONE)], &made.answer[1..]].concat()),
            // It takes no gas, or for another reason.
            (price - 1, failure(price, "Out of gas")),
            (price - 1, failure(0, "Out of gas")),
            (price - 1, failure(price - 1, "Out of luck")),
            (price - 1, vec![number(price - 1), number(2), Cell::Array(vec![text("Out of gas")])]),
            (price - 1, vec![number(price - 1), number(1), Cell::Array(vec![text("Out of gas"), Felt::ONE])]),
            (price - 1, vec![number(price - 1), number(1), Cell::Array(vec![])]),
        ];
        for (gas, answer) in lies {
            let lying = made.clone().with_gas(gas, answer);
            for covers in [None, Some(true), Some(false)] {
                assert!(
                    Frame { covers, ..EXECUTING }.serve(std::slice::from_ref(&lying)).is_err(),
                    "{lying:?} {covers:?}"
                );
            }
        }
    }
    // Those whose whole price the contract's own code has paid.
    for made in syscalls().into_iter().filter(|made| made.price() == 0) {
        assert_eq!(Syscall::by_name(made.name).unwrap().gas, SYSCALL_BASE_GAS);
        let lying = made.with_gas(0, failure(0, "Out of gas"));
        assert!(EXECUTING.serve(std::slice::from_ref(&lying)).is_err(), "{lying:?}");
    }
}

#[test]
fn block_hashes_are_of_old_blocks() {
    let validating = Frame { is_validate: true, ..EXECUTING };
    let answered = |number_: u64| Made::new("GetBlockHash", vec![number(number_)], vec![number(5)]);
    let refused =
        |number_: u64| Made::failing("GetBlockHash", vec![number(number_)], "Block number out of range");
    for old in [0, 1, BASE_BLOCK - 11, BASE_BLOCK - 10] {
        for frame in [&EXECUTING, &validating] {
            assert!(frame.serve(&[answered(old)]).is_ok());
            assert!(frame.serve(&[refused(old)]).is_err());
        }
    }
    for recent in [BASE_BLOCK - 9, BASE_BLOCK, u64::MAX] {
        assert!(EXECUTING.serve(&[answered(recent)]).is_err());
        assert!(EXECUTING.serve(&[refused(recent)]).is_ok());
        assert!(validating.serve(&[answered(recent)]).is_err());
        assert!(validating.serve(&[refused(recent)]).is_err());
    }
}

#[test]
fn validate_sees_no_class_of_another() {
    let validating = Frame { is_validate: true, ..EXECUTING };
    let made = Made::new("GetClassHashAt", vec![number(OTHER)], vec![number(CLASS_HASHES[1])]);
    assert!(validating.serve(&[made]).is_err());
}

#[test]
fn events_are_bounded() {
    let event = |keys: usize, data: usize| {
        Made::new(
            "EmitEvent",
            vec![Cell::Array(vec![Felt::ONE; keys]), Cell::Array(vec![Felt::ONE; data])],
            vec![],
        )
    };
    let after = |emitted_events: u64| Frame { emitted_events, ..EXECUTING };
    assert!(after(0).serve(&[event(50, 300)]).is_ok());
    assert!(after(0).serve(&[event(51, 0)]).is_err());
    assert!(after(0).serve(&[event(0, 301)]).is_err());
    assert_eq!(after(998).serve(&[event(0, 0), event(0, 0)]).unwrap().effects(), [2, 0, 0, 1000]);
    assert!(after(999).serve(&[event(0, 0), event(0, 0)]).is_err());
}

#[test]
fn messages_go_to_ethereum() {
    let message =
        |to: Felt| Made::new("SendMessageToL1", vec![Cell::Number(to), Cell::Array(vec![])], vec![]);
    let largest = Felt::TWO.pow(160_u32) - Felt::ONE;
    assert!(EXECUTING.serve(&[message(Felt::ZERO)]).is_ok());
    assert!(EXECUTING.serve(&[message(largest)]).is_ok());
    let lies = [Felt::ZERO, Felt::ONE, -Felt::ONE, Felt::TWO.pow(32_u32), -Felt::TWO.pow(32_u32)];
    for to in [largest + Felt::ONE, Felt::TWO.pow(192_u32), -Felt::ONE] {
        for recipient in lies {
            assert!(
                Frame { recipient, ..EXECUTING }.serve(&[message(to)]).is_err(),
                "{to:#x} {recipient:#x}"
            );
        }
    }
}

/// What a sub-block's classes do not list is not known to be declared.
#[test]
fn classes_that_are_not_listed_are_not_given() {
    assert!(EXECUTING.serve(&[Made::new("ReplaceClass", vec![number(0xbad)], vec![])]).is_err());
    assert!(EXECUTING.serve(&[Made::new("ReplaceClass", vec![number(0)], vec![])]).is_err());
}

#[test]
fn calling_nobody_aborts_and_calling_execute_is_refused() {
    let call =
        |address: u64, selector: Felt| vec![number(address), Cell::Number(selector), Cell::Array(vec![])];
    let answer = vec![Cell::Array(vec![Felt::ONE])];
    let nobody = Made::new("CallContract", call(NOBODY, Felt::ONE), answer.clone());
    let served = EXECUTING.serve(std::slice::from_ref(&nobody)).unwrap();
    assert!(served.aborted());
    // What follows is not looked at.
    let nonsense = Made::new("StorageRead", vec![number(1), number(7)], vec![number(70)]);
    assert!(EXECUTING.serve(&[nobody.clone(), nonsense.clone()]).unwrap().aborted());
    assert!(EXECUTING.serve(&[nonsense, nobody.clone()]).is_err());
    // In `__validate__` a contract calls none but itself.
    assert!(Frame { is_validate: true, ..EXECUTING }.serve(&[nobody]).is_err());

    let execute = selector_from_name("__execute__").0;
    assert!(
        EXECUTING.serve(&[Made::failing("CallContract", call(OTHER, execute), "Invalid argument")]).is_ok()
    );
    assert!(
        EXECUTING.serve(&[Made::failing("CallContract", call(OTHER, execute), "Valid argument")]).is_err()
    );
    assert!(EXECUTING.serve(&[Made::new("CallContract", call(OTHER, execute), answer)]).is_err());
}

#[test]
fn the_walk_ends_where_the_contract_stopped() {
    let read = Made::new("StorageRead", vec![number(0), number(7)], vec![number(70)]);
    for extra in [vec![number(0)], vec![number(0); 6]] {
        let mut longer = read.clone();
        longer.answer.extend(extra);
        assert!(EXECUTING.serve(&[longer]).is_err());
    }
    let mut shorter = read;
    shorter.answer.pop();
    assert!(EXECUTING.serve(&[shorter]).is_err());
    let unknown = Made { name: "StorageReed", gas: GAS, request: vec![], answer: vec![] };
    assert!(EXECUTING.serve(&[unknown]).is_err());
}
