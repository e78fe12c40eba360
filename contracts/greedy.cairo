//! Does one thing as often as its caller asks: what takes a node the most of each resource.

#[starknet::interface]
trait IGreedy<TState> {
    fn read(ref self: TState, first: felt252, times: felt252);
    fn write(ref self: TState, first: felt252, times: felt252);
    fn pedersen(ref self: TState, times: felt252) -> felt252;
    fn poseidon(ref self: TState, times: felt252) -> felt252;
    fn keccak(ref self: TState, blocks: felt252, times: felt252);
    fn multiply_point(ref self: TState, times: felt252);
    fn multiply_secp(ref self: TState, times: felt252);
    fn call_itself(ref self: TState, times: felt252, selector: felt252, calldata: Array<felt252>);
}

#[starknet::contract]
mod Greedy {
    use array::{ArrayTrait, SpanTrait};
    use ec::{ec_point_new_nz, ec_state_add_mul, ec_state_init};
    use hash::LegacyHash;
    use option::OptionTrait;
    use poseidon::hades_permutation;
    use starknet::secp256_trait::{Secp256PointTrait, Secp256Trait};
    use starknet::secp256k1::Secp256k1Point;
    use starknet::storage_access::{storage_address_from_base, storage_base_address_from_felt252};
    use starknet::syscalls::{
        call_contract_syscall, keccak_syscall, storage_read_syscall, storage_write_syscall,
    };
    use traits::{Into, TryInto};

    #[storage]
    struct Storage {}

    #[external(v0)]
    impl Greedy of super::IGreedy<ContractState> {
        fn read(ref self: ContractState, first: felt252, times: felt252) {
            let mut left = times;
            loop {
                if left == 0 {
                    break;
                }
                let cell = storage_address_from_base(storage_base_address_from_felt252(first + left));
                storage_read_syscall(0, cell).unwrap_syscall();
                left -= 1;
            }
        }

        fn write(ref self: ContractState, first: felt252, times: felt252) {
            let mut left = times;
            loop {
                if left == 0 {
                    break;
                }
                let cell = storage_address_from_base(storage_base_address_from_felt252(first + left));
                storage_write_syscall(0, cell, left).unwrap_syscall();
                left -= 1;
            }
        }

        fn pedersen(ref self: ContractState, times: felt252) -> felt252 {
            let mut left = times;
            let mut value = 1;
            loop {
                if left == 0 {
                    break value;
                }
                value = LegacyHash::hash(value, left);
                left -= 1;
            }
        }

        fn poseidon(ref self: ContractState, times: felt252) -> felt252 {
            let mut left = times;
            let mut value = 1;
            loop {
                if left == 0 {
                    break value;
                }
                let (hashed, _, _) = hades_permutation(value, left, 2);
                value = hashed;
                left -= 1;
            }
        }

        fn keccak(ref self: ContractState, blocks: felt252, times: felt252) {
            let mut words: Array<u64> = ArrayTrait::new();
            let mut left = blocks * 17;
            loop {
                if left == 0 {
                    break;
                }
                words.append(1);
                left -= 1;
            };
            let words = words.span();
            let mut left = times;
            loop {
                if left == 0 {
                    break;
                }
                keccak_syscall(words).unwrap_syscall();
                left -= 1;
            }
        }

        fn multiply_point(ref self: ContractState, times: felt252) {
            let generator = ec_point_new_nz(ec::stark_curve::GEN_X, ec::stark_curve::GEN_Y);
            let mut left = times;
            loop {
                if left == 0 {
                    break;
                }
                let mut state = ec_state_init();
                ec_state_add_mul(ref state, left, generator);
                left -= 1;
            }
        }

        fn multiply_secp(ref self: ContractState, times: felt252) {
            let generator: Secp256k1Point = Secp256Trait::get_generator_point();
            let mut left = times;
            loop {
                if left == 0 {
                    break;
                }
                let scalar = u256 { low: 0xffffffffffffffffffffffffffffffff, high: 0xffffffffffffffff };
                generator.mul(scalar).unwrap_syscall();
                left -= 1;
            }
        }

        fn call_itself(ref self: ContractState, times: felt252, selector: felt252, calldata: Array<felt252>) {
            let calldata = calldata.span();
            let itself = starknet::get_contract_address();
            let mut left = times;
            loop {
                if left == 0 {
                    break;
                }
                call_contract_syscall(itself, selector, calldata).unwrap_syscall();
                left -= 1;
            }
        }
    }
}
