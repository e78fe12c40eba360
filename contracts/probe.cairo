//! One entry point per thing a contract can do, so that tests can compare how blockifier and the thread OS do it.

use array::{ArrayTrait, SpanTrait};
use starknet::{ClassHash, ContractAddress};

#[starknet::interface]
trait IProbe<TState> {
    // Storage.
    fn put(ref self: TState, key: felt252, value: felt252);
    fn get(self: @TState, key: felt252) -> felt252;
    fn add(ref self: TState, key: felt252, amount: felt252, times: felt252);
    // Calls.
    fn call(
        ref self: TState, contract: ContractAddress, selector: felt252, calldata: Span<felt252>
    ) -> Span<felt252>;
    fn call_and_catch(
        ref self: TState, contract: ContractAddress, selector: felt252, calldata: Span<felt252>
    ) -> bool;
    fn delegate(
        ref self: TState, class_hash: ClassHash, selector: felt252, calldata: Span<felt252>
    ) -> Span<felt252>;
    fn recurse(ref self: TState, contract: ContractAddress, depth: felt252) -> felt252;
    fn fail(ref self: TState, reason: felt252);
    // Events, messages, context.
    fn emit(ref self: TState, times: felt252, keys: Span<felt252>, data: Span<felt252>);
    fn send(ref self: TState, to: felt252, payload: Span<felt252>);
    fn remember_context(ref self: TState) -> felt252;
    fn remember_block_hash(ref self: TState, block: u64) -> felt252;
    // Arithmetic and builtins.
    fn pedersen(ref self: TState, times: felt252) -> felt252;
    fn poseidon(ref self: TState, times: felt252) -> felt252;
    fn bitwise(ref self: TState, a: u128, b: u128) -> u128;
    fn wide(ref self: TState, a: u256, b: u256) -> u256;
    fn curve(ref self: TState, scalar: felt252) -> felt252;
    fn dictionary(ref self: TState, entries: felt252) -> felt252;
    // What the thread OS does not serve yet.
    fn hash_keccak(ref self: TState, value: u256) -> u256;
    fn upgrade(ref self: TState, class_hash: ClassHash);
}

#[starknet::contract]
mod Probe {
    use array::{ArrayTrait, SpanTrait};
    use box::BoxTrait;
    use dict::Felt252DictTrait;
    use ec::ec_mul;
    use option::OptionTrait;
    use starknet::syscalls::{
        call_contract_syscall, emit_event_syscall, get_block_hash_syscall, library_call_syscall,
        replace_class_syscall, send_message_to_l1_syscall
    };
    use starknet::{ClassHash, ContractAddress};
    use traits::Into;
    use zeroable::Zeroable;

    #[storage]
    struct Storage {
        cells: LegacyMap<felt252, felt252>,
        context: LegacyMap<felt252, felt252>,
        result: felt252,
    }

    #[external(v0)]
    impl Probe of super::IProbe<ContractState> {
        fn put(ref self: ContractState, key: felt252, value: felt252) {
            self.cells.write(key, value);
        }

        fn get(self: @ContractState, key: felt252) -> felt252 {
            self.cells.read(key)
        }

        fn add(ref self: ContractState, key: felt252, amount: felt252, times: felt252) {
            let mut left = times;
            loop {
                if left == 0 {
                    break;
                }
                let value = self.cells.read(key);
                self.cells.write(key, value + amount);
                left -= 1;
            }
        }

        fn call(
            ref self: ContractState,
            contract: ContractAddress,
            selector: felt252,
            calldata: Span<felt252>
        ) -> Span<felt252> {
            let returned = call_contract_syscall(contract, selector, calldata).unwrap_syscall();
            self.result.write(returned.len().into());
            returned
        }

        fn call_and_catch(
            ref self: ContractState,
            contract: ContractAddress,
            selector: felt252,
            calldata: Span<felt252>
        ) -> bool {
            match call_contract_syscall(contract, selector, calldata) {
                Result::Ok(_) => true,
                Result::Err(_) => false,
            }
        }

        fn delegate(
            ref self: ContractState, class_hash: ClassHash, selector: felt252, calldata: Span<felt252>
        ) -> Span<felt252> {
            library_call_syscall(class_hash, selector, calldata).unwrap_syscall()
        }

        fn recurse(ref self: ContractState, contract: ContractAddress, depth: felt252) -> felt252 {
            let before = self.result.read();
            self.result.write(before + 1);
            note(depth, before);
            let below = if depth == 0 {
                0
            } else {
                let mut calldata = ArrayTrait::new();
                calldata.append(contract.into());
                calldata.append(depth - 1);
                let returned = call_contract_syscall(contract, starknet::get_execution_info().unbox().entry_point_selector, calldata.span())
                    .unwrap_syscall();
                *returned.at(0)
            };
            note(depth, below);
            self.result.read() + below
        }

        fn fail(ref self: ContractState, reason: felt252) {
            self.result.write(reason);
            let mut data = ArrayTrait::new();
            data.append(reason);
            panic(data)
        }

        fn emit(
            ref self: ContractState, times: felt252, keys: Span<felt252>, data: Span<felt252>
        ) {
            let mut left = times;
            loop {
                if left == 0 {
                    break;
                }
                emit_event_syscall(keys, data).unwrap_syscall();
                left -= 1;
            }
        }

        fn send(ref self: ContractState, to: felt252, payload: Span<felt252>) {
            send_message_to_l1_syscall(to, payload).unwrap_syscall();
        }

        fn remember_context(ref self: ContractState) -> felt252 {
            let info = starknet::get_execution_info().unbox();
            let block = info.block_info.unbox();
            let tx = info.tx_info.unbox();
            self.context.write(0, block.block_number.into());
            self.context.write(1, block.block_timestamp.into());
            self.context.write(2, block.sequencer_address.into());
            self.context.write(3, tx.version);
            self.context.write(4, tx.account_contract_address.into());
            self.context.write(5, tx.max_fee.into());
            self.context.write(6, tx.signature.len().into());
            self.context.write(7, *tx.signature.at(0));
            self.context.write(8, tx.transaction_hash);
            self.context.write(9, tx.chain_id);
            self.context.write(10, tx.nonce);
            self.context.write(11, info.caller_address.into());
            self.context.write(12, info.contract_address.into());
            self.context.write(13, info.entry_point_selector);
            tx.transaction_hash
        }

        fn remember_block_hash(ref self: ContractState, block: u64) -> felt252 {
            let hash = get_block_hash_syscall(block).unwrap_syscall();
            self.result.write(hash);
            hash
        }

        fn pedersen(ref self: ContractState, times: felt252) -> felt252 {
            let mut value = times;
            let mut left = times;
            loop {
                if left == 0 {
                    break;
                }
                value = hash::pedersen(value, left);
                left -= 1;
            };
            self.result.write(value);
            value
        }

        fn poseidon(ref self: ContractState, times: felt252) -> felt252 {
            let mut value = times;
            let mut left = times;
            loop {
                if left == 0 {
                    break;
                }
                let (s0, _, _) = poseidon::hades_permutation(value, left, 2);
                value = s0;
                left -= 1;
            };
            self.result.write(value);
            value
        }

        fn bitwise(ref self: ContractState, a: u128, b: u128) -> u128 {
            let value = ((a & b) | (a ^ b)) ^ 0xff;
            self.result.write(value.into());
            value
        }

        fn wide(ref self: ContractState, a: u256, b: u256) -> u256 {
            let product = u256 { low: a.low, high: 0 } * u256 { low: b.low, high: 0 };
            let value = product / b + a % b;
            self.result.write(value.low.into());
            value
        }

        fn curve(ref self: ContractState, scalar: felt252) -> felt252 {
            let generator = ec::ec_point_from_x(ec::stark_curve::GEN_X).unwrap();
            let (x, _) = ec::ec_point_unwrap(ec::ec_point_non_zero(ec_mul(generator, scalar)));
            self.result.write(x);
            x
        }

        fn dictionary(ref self: ContractState, entries: felt252) -> felt252 {
            let mut dict: Felt252Dict<felt252> = Default::default();
            let mut left = entries;
            loop {
                if left == 0 {
                    break;
                }
                dict.insert(left * left, left);
                dict.insert(left, dict.get(left) + 1);
                left -= 1;
            };
            let value = dict.get(1) + dict.get(4) + dict.get(1000);
            self.result.write(value);
            value
        }

        fn hash_keccak(ref self: ContractState, value: u256) -> u256 {
            let mut values = ArrayTrait::new();
            values.append(value);
            keccak::keccak_u256s_le_inputs(values.span())
        }

        fn upgrade(ref self: ContractState, class_hash: ClassHash) {
            replace_class_syscall(class_hash).unwrap_syscall();
        }
    }

    fn note(a: felt252, b: felt252) {
        let mut keys = ArrayTrait::new();
        keys.append('note');
        let mut data = ArrayTrait::new();
        data.append(a);
        data.append(b);
        emit_event_syscall(keys.span(), data.span()).unwrap_syscall();
    }
}
