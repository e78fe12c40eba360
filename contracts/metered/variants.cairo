//! Matches of many widths, over variants of many sizes: directly, nested, in loops, of boxed and stored values, of what comes
//! out of dictionaries of every type, and of types that have no value. In hardened code each is a tree of comparisons.

#[starknet::interface]
trait IVariants<TState> {
    fn narrow(self: @TState, number: felt252, seed: felt252) -> felt252;
    fn wide(self: @TState, number: felt252, seed: felt252) -> felt252;
    fn nested(self: @TState, outer: felt252, inner: felt252, seed: felt252) -> felt252;
    fn looped(self: @TState, rounds: u8, seed: felt252) -> felt252;
    fn boxed(self: @TState, number: felt252, seed: felt252) -> felt252;
    fn numbered(self: @TState, number: u8) -> felt252;
    fn dictionaries(self: @TState, key: felt252, number: u64) -> felt252;
    fn held(self: @TState, key: felt252, number: felt252, seed: felt252) -> felt252;
    fn remember(ref self: TState, number: felt252, seed: felt252) -> felt252;
    fn impossible(self: @TState, number: felt252) -> felt252;
}

#[starknet::contract]
mod Variants {
    use core::dict::{Felt252Dict, Felt252DictEntryTrait, Felt252DictTrait};
    use core::nullable::{FromNullableResult, match_nullable};
    use starknet::storage::{StoragePointerReadAccess, StoragePointerWriteAccess};

    #[storage]
    struct Storage {
        last: felt252,
    }

    /// No value is of this type.
    #[derive(Copy, Drop)]
    enum Never {}

    /// Something, a failure, or what cannot be.
    #[derive(Copy, Drop)]
    enum Answer {
        Some: felt252,
        Fails: u8,
        Never: Never,
    }

    #[derive(Copy, Drop)]
    enum Of3 {
        V0,
        V1: felt252,
        V2: u8,
    }

    fn make3(number: felt252, seed: felt252) -> Of3 {
        match number {
            0 => Of3::V0,
            1 => Of3::V1(seed),
            _ => Of3::V2(2),
        }
    }

    fn weigh3(it: Of3) -> felt252 {
        match it {
            Of3::V0 => 0,
            Of3::V1(it) => it * 2,
            Of3::V2(it) => it.into() + 2,
        }
    }

    #[derive(Copy, Drop)]
    enum Of4 {
        V0,
        V1: felt252,
        V2: u8,
        V3: (felt252, felt252),
    }

    fn make4(number: felt252, seed: felt252) -> Of4 {
        match number {
            0 => Of4::V0,
            1 => Of4::V1(seed),
            2 => Of4::V2(2),
            _ => Of4::V3((seed, 3)),
        }
    }

    fn weigh4(it: Of4) -> felt252 {
        match it {
            Of4::V0 => 0,
            Of4::V1(it) => it * 2,
            Of4::V2(it) => it.into() + 2,
            Of4::V3(it) => { let (a, b) = it; a + b * 3 },
        }
    }

    #[derive(Copy, Drop)]
    enum Of5 {
        V0,
        V1: felt252,
        V2: u8,
        V3: (felt252, felt252),
        V4: u256,
    }

    fn make5(number: felt252, seed: felt252) -> Of5 {
        match number {
            0 => Of5::V0,
            1 => Of5::V1(seed),
            2 => Of5::V2(2),
            3 => Of5::V3((seed, 3)),
            _ => Of5::V4(u256 { low: 4, high: 7 }),
        }
    }

    fn weigh5(it: Of5) -> felt252 {
        match it {
            Of5::V0 => 0,
            Of5::V1(it) => it * 2,
            Of5::V2(it) => it.into() + 2,
            Of5::V3(it) => { let (a, b) = it; a + b * 3 },
            Of5::V4(it) => it.low.into() + it.high.into(),
        }
    }

    #[derive(Copy, Drop)]
    enum Of7 {
        V0,
        V1: felt252,
        V2: u8,
        V3: (felt252, felt252),
        V4: u256,
        V5: Span<felt252>,
        V6: bool,
    }

    fn make7(number: felt252, seed: felt252) -> Of7 {
        match number {
            0 => Of7::V0,
            1 => Of7::V1(seed),
            2 => Of7::V2(2),
            3 => Of7::V3((seed, 3)),
            4 => Of7::V4(u256 { low: 4, high: 7 }),
            5 => Of7::V5(array![seed, 3].span()),
            _ => Of7::V6(true),
        }
    }

    fn weigh7(it: Of7) -> felt252 {
        match it {
            Of7::V0 => 0,
            Of7::V1(it) => it * 2,
            Of7::V2(it) => it.into() + 2,
            Of7::V3(it) => { let (a, b) = it; a + b * 3 },
            Of7::V4(it) => it.low.into() + it.high.into(),
            Of7::V5(it) => *it[0] + it.len().into() + 5,
            Of7::V6(it) => if it { 6 } else { 1 },
        }
    }

    #[derive(Copy, Drop)]
    enum Of8 {
        V0,
        V1: felt252,
        V2: u8,
        V3: (felt252, felt252),
        V4: u256,
        V5: Span<felt252>,
        V6: bool,
        V7,
    }

    fn make8(number: felt252, seed: felt252) -> Of8 {
        match number {
            0 => Of8::V0,
            1 => Of8::V1(seed),
            2 => Of8::V2(2),
            3 => Of8::V3((seed, 3)),
            4 => Of8::V4(u256 { low: 4, high: 7 }),
            5 => Of8::V5(array![seed, 3].span()),
            6 => Of8::V6(true),
            _ => Of8::V7,
        }
    }

    fn weigh8(it: Of8) -> felt252 {
        match it {
            Of8::V0 => 0,
            Of8::V1(it) => it * 2,
            Of8::V2(it) => it.into() + 2,
            Of8::V3(it) => { let (a, b) = it; a + b * 3 },
            Of8::V4(it) => it.low.into() + it.high.into(),
            Of8::V5(it) => *it[0] + it.len().into() + 5,
            Of8::V6(it) => if it { 6 } else { 1 },
            Of8::V7 => 7,
        }
    }

    #[derive(Copy, Drop)]
    enum Of16 {
        V0,
        V1: felt252,
        V2: u8,
        V3: (felt252, felt252),
        V4: u256,
        V5: Span<felt252>,
        V6: bool,
        V7,
        V8: felt252,
        V9: u8,
        V10: (felt252, felt252),
        V11: u256,
        V12: Span<felt252>,
        V13: bool,
        V14,
        V15: felt252,
    }

    fn make16(number: felt252, seed: felt252) -> Of16 {
        match number {
            0 => Of16::V0,
            1 => Of16::V1(seed),
            2 => Of16::V2(2),
            3 => Of16::V3((seed, 3)),
            4 => Of16::V4(u256 { low: 4, high: 7 }),
            5 => Of16::V5(array![seed, 3].span()),
            6 => Of16::V6(true),
            7 => Of16::V7,
            8 => Of16::V8(seed),
            9 => Of16::V9(9),
            10 => Of16::V10((seed, 10)),
            11 => Of16::V11(u256 { low: 11, high: 7 }),
            12 => Of16::V12(array![seed, 3].span()),
            13 => Of16::V13(true),
            14 => Of16::V14,
            _ => Of16::V15(seed),
        }
    }

    fn weigh16(it: Of16) -> felt252 {
        match it {
            Of16::V0 => 0,
            Of16::V1(it) => it * 2,
            Of16::V2(it) => it.into() + 2,
            Of16::V3(it) => { let (a, b) = it; a + b * 3 },
            Of16::V4(it) => it.low.into() + it.high.into(),
            Of16::V5(it) => *it[0] + it.len().into() + 5,
            Of16::V6(it) => if it { 6 } else { 1 },
            Of16::V7 => 7,
            Of16::V8(it) => it * 9,
            Of16::V9(it) => it.into() + 9,
            Of16::V10(it) => { let (a, b) = it; a + b * 10 },
            Of16::V11(it) => it.low.into() + it.high.into(),
            Of16::V12(it) => *it[0] + it.len().into() + 12,
            Of16::V13(it) => if it { 13 } else { 1 },
            Of16::V14 => 14,
            Of16::V15(it) => it * 16,
        }
    }

    #[derive(Copy, Drop)]
    enum Of33 {
        V0,
        V1: felt252,
        V2: u8,
        V3: (felt252, felt252),
        V4: u256,
        V5: Span<felt252>,
        V6: bool,
        V7,
        V8: felt252,
        V9: u8,
        V10: (felt252, felt252),
        V11: u256,
        V12: Span<felt252>,
        V13: bool,
        V14,
        V15: felt252,
        V16: u8,
        V17: (felt252, felt252),
        V18: u256,
        V19: Span<felt252>,
        V20: bool,
        V21,
        V22: felt252,
        V23: u8,
        V24: (felt252, felt252),
        V25: u256,
        V26: Span<felt252>,
        V27: bool,
        V28,
        V29: felt252,
        V30: u8,
        V31: (felt252, felt252),
        V32: u256,
    }

    fn make33(number: felt252, seed: felt252) -> Of33 {
        match number {
            0 => Of33::V0,
            1 => Of33::V1(seed),
            2 => Of33::V2(2),
            3 => Of33::V3((seed, 3)),
            4 => Of33::V4(u256 { low: 4, high: 7 }),
            5 => Of33::V5(array![seed, 3].span()),
            6 => Of33::V6(true),
            7 => Of33::V7,
            8 => Of33::V8(seed),
            9 => Of33::V9(9),
            10 => Of33::V10((seed, 10)),
            11 => Of33::V11(u256 { low: 11, high: 7 }),
            12 => Of33::V12(array![seed, 3].span()),
            13 => Of33::V13(true),
            14 => Of33::V14,
            15 => Of33::V15(seed),
            16 => Of33::V16(16),
            17 => Of33::V17((seed, 17)),
            18 => Of33::V18(u256 { low: 18, high: 7 }),
            19 => Of33::V19(array![seed, 3].span()),
            20 => Of33::V20(true),
            21 => Of33::V21,
            22 => Of33::V22(seed),
            23 => Of33::V23(23),
            24 => Of33::V24((seed, 24)),
            25 => Of33::V25(u256 { low: 25, high: 7 }),
            26 => Of33::V26(array![seed, 3].span()),
            27 => Of33::V27(true),
            28 => Of33::V28,
            29 => Of33::V29(seed),
            30 => Of33::V30(30),
            31 => Of33::V31((seed, 31)),
            _ => Of33::V32(u256 { low: 32, high: 7 }),
        }
    }

    fn weigh33(it: Of33) -> felt252 {
        match it {
            Of33::V0 => 0,
            Of33::V1(it) => it * 2,
            Of33::V2(it) => it.into() + 2,
            Of33::V3(it) => { let (a, b) = it; a + b * 3 },
            Of33::V4(it) => it.low.into() + it.high.into(),
            Of33::V5(it) => *it[0] + it.len().into() + 5,
            Of33::V6(it) => if it { 6 } else { 1 },
            Of33::V7 => 7,
            Of33::V8(it) => it * 9,
            Of33::V9(it) => it.into() + 9,
            Of33::V10(it) => { let (a, b) = it; a + b * 10 },
            Of33::V11(it) => it.low.into() + it.high.into(),
            Of33::V12(it) => *it[0] + it.len().into() + 12,
            Of33::V13(it) => if it { 13 } else { 1 },
            Of33::V14 => 14,
            Of33::V15(it) => it * 16,
            Of33::V16(it) => it.into() + 16,
            Of33::V17(it) => { let (a, b) = it; a + b * 17 },
            Of33::V18(it) => it.low.into() + it.high.into(),
            Of33::V19(it) => *it[0] + it.len().into() + 19,
            Of33::V20(it) => if it { 20 } else { 1 },
            Of33::V21 => 21,
            Of33::V22(it) => it * 23,
            Of33::V23(it) => it.into() + 23,
            Of33::V24(it) => { let (a, b) = it; a + b * 24 },
            Of33::V25(it) => it.low.into() + it.high.into(),
            Of33::V26(it) => *it[0] + it.len().into() + 26,
            Of33::V27(it) => if it { 27 } else { 1 },
            Of33::V28 => 28,
            Of33::V29(it) => it * 30,
            Of33::V30(it) => it.into() + 30,
            Of33::V31(it) => { let (a, b) = it; a + b * 31 },
            Of33::V32(it) => it.low.into() + it.high.into(),
        }
    }

    #[derive(Copy, Drop)]
    enum Of64 {
        V0,
        V1: felt252,
        V2: u8,
        V3: (felt252, felt252),
        V4: u256,
        V5: Span<felt252>,
        V6: bool,
        V7,
        V8: felt252,
        V9: u8,
        V10: (felt252, felt252),
        V11: u256,
        V12: Span<felt252>,
        V13: bool,
        V14,
        V15: felt252,
        V16: u8,
        V17: (felt252, felt252),
        V18: u256,
        V19: Span<felt252>,
        V20: bool,
        V21,
        V22: felt252,
        V23: u8,
        V24: (felt252, felt252),
        V25: u256,
        V26: Span<felt252>,
        V27: bool,
        V28,
        V29: felt252,
        V30: u8,
        V31: (felt252, felt252),
        V32: u256,
        V33: Span<felt252>,
        V34: bool,
        V35,
        V36: felt252,
        V37: u8,
        V38: (felt252, felt252),
        V39: u256,
        V40: Span<felt252>,
        V41: bool,
        V42,
        V43: felt252,
        V44: u8,
        V45: (felt252, felt252),
        V46: u256,
        V47: Span<felt252>,
        V48: bool,
        V49,
        V50: felt252,
        V51: u8,
        V52: (felt252, felt252),
        V53: u256,
        V54: Span<felt252>,
        V55: bool,
        V56,
        V57: felt252,
        V58: u8,
        V59: (felt252, felt252),
        V60: u256,
        V61: Span<felt252>,
        V62: bool,
        V63,
    }

    fn make64(number: felt252, seed: felt252) -> Of64 {
        match number {
            0 => Of64::V0,
            1 => Of64::V1(seed),
            2 => Of64::V2(2),
            3 => Of64::V3((seed, 3)),
            4 => Of64::V4(u256 { low: 4, high: 7 }),
            5 => Of64::V5(array![seed, 3].span()),
            6 => Of64::V6(true),
            7 => Of64::V7,
            8 => Of64::V8(seed),
            9 => Of64::V9(9),
            10 => Of64::V10((seed, 10)),
            11 => Of64::V11(u256 { low: 11, high: 7 }),
            12 => Of64::V12(array![seed, 3].span()),
            13 => Of64::V13(true),
            14 => Of64::V14,
            15 => Of64::V15(seed),
            16 => Of64::V16(16),
            17 => Of64::V17((seed, 17)),
            18 => Of64::V18(u256 { low: 18, high: 7 }),
            19 => Of64::V19(array![seed, 3].span()),
            20 => Of64::V20(true),
            21 => Of64::V21,
            22 => Of64::V22(seed),
            23 => Of64::V23(23),
            24 => Of64::V24((seed, 24)),
            25 => Of64::V25(u256 { low: 25, high: 7 }),
            26 => Of64::V26(array![seed, 3].span()),
            27 => Of64::V27(true),
            28 => Of64::V28,
            29 => Of64::V29(seed),
            30 => Of64::V30(30),
            31 => Of64::V31((seed, 31)),
            32 => Of64::V32(u256 { low: 32, high: 7 }),
            33 => Of64::V33(array![seed, 3].span()),
            34 => Of64::V34(true),
            35 => Of64::V35,
            36 => Of64::V36(seed),
            37 => Of64::V37(37),
            38 => Of64::V38((seed, 38)),
            39 => Of64::V39(u256 { low: 39, high: 7 }),
            40 => Of64::V40(array![seed, 3].span()),
            41 => Of64::V41(true),
            42 => Of64::V42,
            43 => Of64::V43(seed),
            44 => Of64::V44(44),
            45 => Of64::V45((seed, 45)),
            46 => Of64::V46(u256 { low: 46, high: 7 }),
            47 => Of64::V47(array![seed, 3].span()),
            48 => Of64::V48(true),
            49 => Of64::V49,
            50 => Of64::V50(seed),
            51 => Of64::V51(51),
            52 => Of64::V52((seed, 52)),
            53 => Of64::V53(u256 { low: 53, high: 7 }),
            54 => Of64::V54(array![seed, 3].span()),
            55 => Of64::V55(true),
            56 => Of64::V56,
            57 => Of64::V57(seed),
            58 => Of64::V58(58),
            59 => Of64::V59((seed, 59)),
            60 => Of64::V60(u256 { low: 60, high: 7 }),
            61 => Of64::V61(array![seed, 3].span()),
            62 => Of64::V62(true),
            _ => Of64::V63,
        }
    }

    fn weigh64(it: Of64) -> felt252 {
        match it {
            Of64::V0 => 0,
            Of64::V1(it) => it * 2,
            Of64::V2(it) => it.into() + 2,
            Of64::V3(it) => { let (a, b) = it; a + b * 3 },
            Of64::V4(it) => it.low.into() + it.high.into(),
            Of64::V5(it) => *it[0] + it.len().into() + 5,
            Of64::V6(it) => if it { 6 } else { 1 },
            Of64::V7 => 7,
            Of64::V8(it) => it * 9,
            Of64::V9(it) => it.into() + 9,
            Of64::V10(it) => { let (a, b) = it; a + b * 10 },
            Of64::V11(it) => it.low.into() + it.high.into(),
            Of64::V12(it) => *it[0] + it.len().into() + 12,
            Of64::V13(it) => if it { 13 } else { 1 },
            Of64::V14 => 14,
            Of64::V15(it) => it * 16,
            Of64::V16(it) => it.into() + 16,
            Of64::V17(it) => { let (a, b) = it; a + b * 17 },
            Of64::V18(it) => it.low.into() + it.high.into(),
            Of64::V19(it) => *it[0] + it.len().into() + 19,
            Of64::V20(it) => if it { 20 } else { 1 },
            Of64::V21 => 21,
            Of64::V22(it) => it * 23,
            Of64::V23(it) => it.into() + 23,
            Of64::V24(it) => { let (a, b) = it; a + b * 24 },
            Of64::V25(it) => it.low.into() + it.high.into(),
            Of64::V26(it) => *it[0] + it.len().into() + 26,
            Of64::V27(it) => if it { 27 } else { 1 },
            Of64::V28 => 28,
            Of64::V29(it) => it * 30,
            Of64::V30(it) => it.into() + 30,
            Of64::V31(it) => { let (a, b) = it; a + b * 31 },
            Of64::V32(it) => it.low.into() + it.high.into(),
            Of64::V33(it) => *it[0] + it.len().into() + 33,
            Of64::V34(it) => if it { 34 } else { 1 },
            Of64::V35 => 35,
            Of64::V36(it) => it * 37,
            Of64::V37(it) => it.into() + 37,
            Of64::V38(it) => { let (a, b) = it; a + b * 38 },
            Of64::V39(it) => it.low.into() + it.high.into(),
            Of64::V40(it) => *it[0] + it.len().into() + 40,
            Of64::V41(it) => if it { 41 } else { 1 },
            Of64::V42 => 42,
            Of64::V43(it) => it * 44,
            Of64::V44(it) => it.into() + 44,
            Of64::V45(it) => { let (a, b) = it; a + b * 45 },
            Of64::V46(it) => it.low.into() + it.high.into(),
            Of64::V47(it) => *it[0] + it.len().into() + 47,
            Of64::V48(it) => if it { 48 } else { 1 },
            Of64::V49 => 49,
            Of64::V50(it) => it * 51,
            Of64::V51(it) => it.into() + 51,
            Of64::V52(it) => { let (a, b) = it; a + b * 52 },
            Of64::V53(it) => it.low.into() + it.high.into(),
            Of64::V54(it) => *it[0] + it.len().into() + 54,
            Of64::V55(it) => if it { 55 } else { 1 },
            Of64::V56 => 56,
            Of64::V57(it) => it * 58,
            Of64::V58(it) => it.into() + 58,
            Of64::V59(it) => { let (a, b) = it; a + b * 59 },
            Of64::V60(it) => it.low.into() + it.high.into(),
            Of64::V61(it) => *it[0] + it.len().into() + 61,
            Of64::V62(it) => if it { 62 } else { 1 },
            Of64::V63 => 63,
        }
    }

    fn never(it: Never) -> felt252 {
        match it {}
    }

    #[abi(embed_v0)]
    impl Variants of super::IVariants<ContractState> {
        fn narrow(self: @ContractState, number: felt252, seed: felt252) -> felt252 {
            weigh3(make3(number, seed))
                + weigh4(make4(number, seed))
                + weigh5(make5(number, seed))
                + weigh7(make7(number, seed))
                + weigh8(make8(number, seed))
        }

        fn wide(self: @ContractState, number: felt252, seed: felt252) -> felt252 {
            weigh16(make16(number, seed)) + weigh33(make33(number, seed)) + weigh64(make64(number, seed))
        }

        fn nested(self: @ContractState, outer: felt252, inner: felt252, seed: felt252) -> felt252 {
            let (outside, inside) = (make5(outer, seed), make7(inner, seed));
            match outside {
                Of5::V0 => match inside {
                    Of7::V1(it) => it,
                    Of7::V4(it) => it.low.into(),
                    _ => weigh7(inside) + 1,
                },
                Of5::V3((a, b)) => match make3(inner, a) {
                    Of3::V0 => b,
                    Of3::V1(it) => {
                        let innermost = make4(it, b);
                        match innermost {
                            Of4::V2(it) => it.into(),
                            _ => weigh4(innermost),
                        }
                    },
                    Of3::V2(it) => it.into() + a,
                },
                _ => weigh5(outside) + weigh64(make64(inner, seed)),
            }
        }

        fn looped(self: @ContractState, rounds: u8, seed: felt252) -> felt252 {
            let mut sum = 0;
            let mut round = rounds % 40;
            while round != 0 {
                let number: felt252 = round.into();
                let it = make8(number, sum);
                sum += match it {
                    Of8::V6(is) => if is { weigh33(make33(number, seed)) } else { 0 },
                    _ => weigh8(it) * 3,
                };
                round -= 1;
            }
            sum
        }

        fn boxed(self: @ContractState, number: felt252, seed: felt252) -> felt252 {
            let mut boxes = array![BoxTrait::new(make16(number, seed)), BoxTrait::new(make16(seed, number))];
            let mut sum = 0;
            while let Some(it) = boxes.pop_front() {
                sum += weigh16(it.unbox());
            }
            sum
        }

        fn numbered(self: @ContractState, number: u8) -> felt252 {
            match number {
                0 => 10,
                1 => 21,
                2 => 32,
                3 => 43,
                4 => 54,
                5 => 65,
                6 => 76,
                _ => number.into(),
            }
        }

        fn dictionaries(self: @ContractState, key: felt252, number: u64) -> felt252 {
            let mut felts: Felt252Dict<felt252> = Default::default();
            let mut bytes: Felt252Dict<u8> = Default::default();
            let mut words: Felt252Dict<u64> = Default::default();
            let mut halves: Felt252Dict<u128> = Default::default();
            let mut flags: Felt252Dict<bool> = Default::default();
            let byte: u8 = (number % 7).try_into().unwrap();
            felts.insert(key, number.into());
            bytes.insert(key, byte);
            words.insert(key, number);
            halves.insert(key, number.into());
            flags.insert(key, number == 3);
            let flag = if flags.get(key) { 1 } else { flags.get(key + 1).into() };
            let sum = felts.get(key) + words.get(key).into() + halves.get(key).into() + flag;
            sum + self.numbered(bytes.get(key)) + self.numbered(bytes.get(key + 1))
        }

        fn held(self: @ContractState, key: felt252, number: felt252, seed: felt252) -> felt252 {
            let mut variants: Felt252Dict<Nullable<Of7>> = Default::default();
            variants.insert(key, NullableTrait::new(make7(number, seed)));
            let mut sum = 0;
            let mut other = key;
            while other != key + 3 {
                let (entry, found) = variants.entry(other);
                sum += match match_nullable(found) {
                    FromNullableResult::Null => 5,
                    FromNullableResult::NotNull(it) => weigh7(it.unbox()),
                };
                variants = entry.finalize(NullableTrait::new(make7(sum, other)));
                other += 1;
            }
            sum
        }

        fn remember(ref self: ContractState, number: felt252, seed: felt252) -> felt252 {
            let sum = weigh64(make64(number, seed)) + self.last.read();
            self.last.write(sum);
            sum
        }

        fn impossible(self: @ContractState, number: felt252) -> felt252 {
            let answer = match number {
                0 => Answer::Fails(7),
                _ => Answer::Some(number),
            };
            match answer {
                Answer::Some(it) => it,
                Answer::Fails(it) => it.into(),
                Answer::Never(it) => never(it),
            }
        }
    }
}
