use num_bigint::BigUint;

use super::*;

/// `[ap] = [fp + 3]; ap++`
const COPY: u64 = 0x480a_8003_7fff_8000;

const JUMP_ABSOLUTE: u64 = 1 << 7;
const JUMP_RELATIVE: u64 = 1 << 8;
const JUMP_CONDITIONAL: u64 = 1 << 9;
const ADVANCE_AP: u64 = 1 << 10;
const CALLS: u64 = 1 << 12;
const RETURNS: u64 = 1 << 13;
const HAS_OPERAND: u64 = 1 << 2;

/// Instructions, as flags, that lead where an operand says.
const INDIRECT: [(u64, &str); 13] = [
    (JUMP_ABSOLUTE, "jmp abs"),
    (JUMP_ABSOLUTE | HAS_OPERAND, "jmp abs, immediate"),
    (JUMP_RELATIVE, "jmp rel"),
    (JUMP_RELATIVE | HAS_OPERAND | 1 << 5, "jmp rel, operand plus immediate"),
    (JUMP_RELATIVE | HAS_OPERAND | 1 << 6, "jmp rel, operand times immediate"),
    (JUMP_CONDITIONAL, "jmp rel if"),
    (ADVANCE_AP, "ap +="),
    (CALLS | JUMP_ABSOLUTE, "call abs"),
    (CALLS | JUMP_RELATIVE, "call rel"),
    (CALLS | HAS_OPERAND, "a call that goes on"),
    (CALLS | JUMP_CONDITIONAL | HAS_OPERAND, "a call under a condition"),
    (RETURNS, "takes fp from a cell and goes on"),
    (RETURNS | JUMP_RELATIVE | HAS_OPERAND, "takes fp from a cell and jumps"),
];

fn words(words: &[u64]) -> Vec<BigUintAsHex> {
    words.iter().map(|word| BigUintAsHex { value: BigUint::from(*word) }).collect()
}

/// Checks code that consists of functions at these places.
fn check_at(code: &[BigUintAsHex], starts: &[usize]) -> Result<(), ControlError> {
    let starts = starts.iter().copied().collect();
    check(&Layout { words: code, code: code.len(), starts: &starts })
}

fn check_one(code: &[u64]) -> Result<(), ControlError> {
    check_at(&words(code), &[0])
}

fn flags(flags: u64) -> u64 {
    flags << OFFSET_BITS
}

#[test]
fn code_without_jumps_is_good_if_it_ends() {
    assert_eq!(check_at(&[], &[0]), Ok(()));
    assert_eq!(check_one(&[COPY, RET]), Ok(()));
    assert_eq!(check_one(&[NEVER, 1]), Ok(()));
    assert_eq!(check_one(&[COPY]), Err(ControlError::RunsOn { at: 1 }));
    assert_eq!(check_one(&[NEVER, 0]), Err(ControlError::RunsOn { at: 2 }));
}

#[test]
fn targets_that_are_computed_are_found_wherever_they_stand() {
    for (kind, name) in INDIRECT {
        let found =
            |code: &[u64], at| assert_eq!(check_one(code), Err(ControlError::Computed { at }), "{name}");
        found(&[flags(kind), if kind & HAS_OPERAND != 0 { 2 } else { RET }, RET], 0);
        found(&[COPY, COPY, flags(kind), if kind & HAS_OPERAND != 0 { 2 } else { RET }, RET], 2);
    }
    // Nearly what the compiler emits: another cell, another operand than the next word, an opcode of an extension.
    for (word, changed) in
        [(CALL, 1), (CALL, 1 << 32), (JUMP, 1 << 16), (JUMP, 1 << 33), (BRANCH, 1 << 20), (ADVANCE, 1 << 32)]
    {
        assert_eq!(check_one(&[word ^ changed, 2, RET]), Err(ControlError::Computed { at: 0 }), "{word:#x}");
        let extended = BigUintAsHex { value: (BigUint::from(1_u32) << 64_u32) + BigUint::from(word) };
        let code = [vec![extended], words(&[2, RET])].concat();
        assert_eq!(check_at(&code, &[0]), Err(ControlError::Computed { at: 0 }), "{word:#x}");
    }
    // Nearly a `ret`: it returns elsewhere.
    assert_eq!(check_one(&[RET ^ 1]), Err(ControlError::Computed { at: 0 }));
    let extended = BigUintAsHex { value: (BigUint::from(1_u32) << 64_u32) + BigUint::from(RET) };
    assert_eq!(check_at(&[extended], &[0]), Err(ControlError::Computed { at: 0 }));
}

#[test]
fn a_jump_goes_to_an_instruction_of_its_function() {
    for cell in [0, 0x7fff, BRANCH_CELL, NEXT] {
        assert_eq!(check_one(&[BRANCH | cell, 3, RET, RET]), Ok(()));
    }
    assert_eq!(check_one(&[JUMP | NEXT, 2, RET]), Ok(()));
    assert_eq!(check_one(&[JUMP, 2, RET]), Ok(()));
    assert_eq!(check_one(&[ADVANCE, 100, RET]), Ok(()));
    let astray = Err(ControlError::Target { at: 0, what: "instruction of the same function" });
    // Into its own operand, behind the code, before it.
    for distance in [1, 3, 1_000, u64::MAX] {
        assert_eq!(check_one(&[JUMP, distance, RET]), astray, "{distance}");
    }
    let backwards = (-Felt::TWO).to_biguint();
    let mut code = words(&[COPY, COPY, JUMP, 0, RET]);
    code[3].value = backwards;
    assert_eq!(check_at(&code, &[0]), Ok(()));
    // The first instruction of another function, and one inside of it.
    assert_eq!(check_at(&words(&[JUMP, 2, RET]), &[0, 2]), astray);
    assert_eq!(check_at(&words(&[JUMP, 3, COPY, RET]), &[0, 2]), astray);
}

#[test]
fn a_call_goes_to_the_beginning_of_a_function_or_inside_of_its_own() {
    assert_eq!(check_at(&words(&[CALL, 3, RET, COPY, RET]), &[0, 3]), Ok(()));
    // Dictionaries are squashed by such functions within functions.
    assert_eq!(check_at(&words(&[CALL, 3, RET, COPY, RET]), &[0]), Ok(()));
    let astray = Err(ControlError::Target { at: 0, what: "function" });
    assert_eq!(check_at(&words(&[CALL, 4, RET, COPY, RET]), &[0, 3]), astray);
    // Its own operand, and what is no instruction of any function.
    assert_eq!(check_at(&words(&[CALL, 1, RET, COPY, RET]), &[0, 3]), astray);
    assert_eq!(check_at(&words(&[CALL, 9, RET, COPY, RET]), &[0, 3]), astray);
    // A call returns, so something must come behind it.
    assert_eq!(check_at(&words(&[CALL, 2, RET]), &[0, 2]), Err(ControlError::RunsOn { at: 2 }));
}

#[test]
fn a_function_begins_with_an_instruction() {
    assert_eq!(check_at(&words(&[JUMP, 2, RET]), &[0, 1]), Err(ControlError::NoInstruction { at: 1 }));
}

#[test]
fn constants_stand_behind_the_code_and_begin_with_a_return() {
    let all = words(&[CALL, 3, RET, RET, 5, flags(JUMP_RELATIVE)]);
    let starts = |starts: &[usize]| starts.iter().copied().collect::<BTreeSet<_>>();
    let check_them =
        |words: &[BigUintAsHex], at: &[usize]| check(&Layout { words, code: 3, starts: &starts(at) });
    assert_eq!(check_them(&all, &[0, 3]), Ok(()));
    let astray = Err(ControlError::Target { at: 0, what: "function" });
    assert_eq!(check_them(&all, &[0]), astray);
    // Behind the last word stands the `ret` in front of the costs of builtins.
    let costs = words(&[CALL, 6, RET, RET, 5, flags(JUMP_RELATIVE)]);
    assert_eq!(check_them(&costs, &[0, 3]), Ok(()));
    for elsewhere in [4, 5, 7] {
        let costs = words(&[CALL, elsewhere, RET, RET, 5, flags(JUMP_RELATIVE)]);
        assert_eq!(check_them(&costs, &[0, 3]), astray, "{elsewhere}");
    }
    let mut other = all.clone();
    other[3] = other[4].clone();
    assert_eq!(check_them(&other, &[0, 3]), astray);
}

#[test]
fn what_is_no_instruction_is_not_passed_over() {
    let large = BigUintAsHex { value: BigUint::from(u64::MAX) << 3_u32 };
    let ret = || words(&[RET]).remove(0);
    assert_eq!(check_at(&[large, ret()], &[0]), Err(ControlError::NoInstruction { at: 0 }));
    // An instruction whose operand is the first constant, and one without its operand.
    let code = words(&[JUMP, RET]);
    let starts = BTreeSet::from([0]);
    assert_eq!(
        check(&Layout { words: &code, code: 1, starts: &starts }),
        Err(ControlError::NoInstruction { at: 1 })
    );
    assert_eq!(check_one(&[JUMP]), Err(ControlError::NoInstruction { at: 0 }));
}
