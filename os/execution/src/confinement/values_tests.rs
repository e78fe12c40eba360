use super::super::sierra_text::program;
use super::*;

/// Enums of three and of two variants, and what may hold them.
const TYPES: &str =
    "type felt252 = felt252; type u8 = u8; type u128 = u128; type N = Nullable<u8>; type A = Array<u8>;
    type Narrow = Enum<ut@Narrow, u8, u8>; type Wide = Enum<ut@Wide, u8, u8, u8>;
    type Struct = Struct<ut@Struct, u8, Wide>; type Box = Box<Struct>;";

/// Ways in which numbers make variants: types, then library functions.
const FROM_NUMBERS: [(&str, &str); 4] = [
    ("", "libfunc of = enum_from_bounded_int<Wide>;"),
    ("type W = Array<Wide>;", ""),
    ("type W = Array<Box>;", ""),
    ("type I = Array<Box>; type W = Array<I>;", ""),
];

fn values(text: &str) -> Values {
    Values::of(&program(&format!("{TYPES} {text}")))
}

#[test]
fn only_dictionaries_of_felts_are_typed() {
    assert_eq!(values(""), Values::Typed);
    for dictionary in DICTIONARIES {
        for (value, expected) in [("felt252", Values::Typed), ("u8", Values::Late), ("N", Values::Late)] {
            assert_eq!(values(&format!("type D = {dictionary}<{value}>;")), expected);
            let both = format!("type D = {dictionary}<felt252>; type E = {dictionary}<{value}>;");
            assert_eq!(values(&both), expected);
        }
        let misnamed = format!("type felt252 = u8; type D = {dictionary}<felt252>;");
        assert_eq!(Values::of(&program(&misnamed)), Values::Late);
    }
}

#[test]
fn late_builtins_and_variants_from_numbers_do_not_go_together() {
    for (types, libfuncs) in FROM_NUMBERS {
        assert_eq!(values(&format!("{types} {libfuncs}")), Values::Typed);
        for builtin in LATE_BUILTINS {
            let late = format!("type Late = {builtin};");
            assert_eq!(values(&late), Values::Typed, "{builtin} alone");
            assert_eq!(
                values(&format!("{late} {types} {libfuncs}")),
                Values::Late,
                "{builtin}, {types}{libfuncs}"
            );
        }
        for builtin in ["RangeCheck", "Pedersen", "Poseidon", "EcOp"] {
            assert_eq!(
                values(&format!("type Early = {builtin}; {types} {libfuncs}")),
                Values::Typed,
                "{builtin}"
            );
        }
    }
}

#[test]
fn nothing_holds_values_that_cannot_exist() {
    let never = "type Never = Enum<ut@Never>; type E = Enum<ut@E, u8, Never>; type B = Box<E>;";
    assert_eq!(values(never), Values::Typed, "as the result of what always panics");
    for container in ["Array", "Nullable", DICTIONARIES[0], DICTIONARIES[1], DICTIONARIES[2]] {
        for held in ["Never", "E", "B"] {
            let program = format!("{never} type C = {container}<{held}>;");
            assert_eq!(values(&program), Values::Impossible, "{container}<{held}>");
        }
    }
    let within = format!(
        "{never} type Inner = Struct<ut@Inner, u8, B>; type D = Felt252Dict<N>; type C = Array<Inner>;"
    );
    assert_eq!(values(&within), Values::Impossible);
}

#[test]
fn narrow_enums_and_variants_that_the_code_chooses_are_harmless() {
    for harmless in [
        "libfunc of = enum_from_bounded_int<Narrow>;",
        "libfunc of = enum_init<Wide, 0>;",
        "libfunc of = enum_match<Wide>;",
        "type W = Array<Narrow>;",
        "type W = Box<Box>; type V = Snapshot<Wide>;",
    ] {
        assert_eq!(values(&format!("type Bitwise = Bitwise; {harmless}")), Values::Typed, "{harmless}");
    }
}

#[test]
fn products_are_typed_if_they_are_verified_at_once() {
    let program = |types: &str, libfuncs: &str, statements: &str| {
        values(&format!(
            "type G = U128MulGuarantee; type R = RangeCheck; {types}
            libfunc product = u128_guarantee_mul; libfunc verify = u128_mul_guarantee_verify; libfunc drop = drop<u128>;
            {libfuncs} {statements} return(r); main@0(r: R, a: u128, b: u128) -> (R);"
        ))
    };
    let at_once = "product(a, b) -> (high, low, g); verify(r, g) -> (r); drop(high) -> (); drop(low) -> ();";
    let late = "product(a, b) -> (high, low, g); drop(high) -> (); verify(r, g) -> (r); drop(low) -> ();";
    let another = "product(a, b) -> (high, low, g); product(a, b) -> (c, d, h); verify(r, g) -> (r); verify(r, h) -> (r);";
    let wrong = "product(a, b) -> (high, low, g); verify(r, h) -> (r);";
    let never = "product(a, b) -> (high, low, g);";
    for (types, libfuncs) in FROM_NUMBERS {
        assert_eq!(program(types, libfuncs, at_once), Values::Typed);
        for statements in [late, another, wrong, never] {
            assert_eq!(program(types, libfuncs, statements), Values::Late, "{statements}");
            assert_eq!(program("", "", statements), Values::Typed, "{statements}");
        }
    }
}
