//! Does what its calldata says: a list of actions, each an opcode, the number of its arguments, and these. Random
//! lists make random programs of syscalls, builtins, calls of calls and failures, caught or not.
//!
//! An action's results are folded into one felt, which `run` returns. As an account it runs the signature in
//! `__validate__` and the calldata in `__execute__`, so anyone may use it.

use starknet::{ClassHash, ContractAddress};

#[starknet::interface]
trait IEverything<TState> {
    fn run(ref self: TState, program: Span<felt252>) -> felt252;
    fn give(ref self: TState, count: felt252) -> Span<felt252>;
    fn __validate__(ref self: TState, program: Span<felt252>) -> felt252;
    fn __execute__(ref self: TState, program: Span<felt252>) -> felt252;
}

/// Opcodes. Where an action can fail, its first argument says whether to go on (1) or to panic (0).
mod op {
    pub const WRITE: felt252 = 0; // key, value
    pub const READ: felt252 = 1; // key
    pub const EMIT: felt252 = 2; // number of keys, keys, data
    pub const SEND: felt252 = 3; // recipient, payload
    pub const CALL: felt252 = 4; // catch, address (0: the one deployed last), selector, calldata
    pub const LIBRARY_CALL: felt252 = 5; // catch, class, selector, calldata
    pub const DEPLOY: felt252 = 6; // catch, class, salt, from zero, calldata
    pub const REPLACE_CLASS: felt252 = 7; // catch, class
    pub const CONTEXT: felt252 = 8;
    pub const CLASS_AT: felt252 = 9; // address
    pub const BLOCK_HASH: felt252 = 10; // catch, block
    pub const KECCAK: felt252 = 11; // catch, words
    pub const SHA256: felt252 = 12; // words
    pub const SECP_MUL: felt252 = 13; // curve, x (low, high), parity, scalar (low, high)
    pub const SECP_NEW: felt252 = 14; // curve, catch, x (low, high), y (low, high)
    pub const PEDERSEN: felt252 = 15; // a, b
    pub const POSEIDON: felt252 = 16; // times
    pub const BITWISE: felt252 = 17; // a, b
    pub const CURVE: felt252 = 18; // scalar
    pub const DICTIONARY: felt252 = 19; // entries
    pub const WIDE: felt252 = 20; // a (low, high), b (low, high)
    pub const NARROW: felt252 = 21; // a
    pub const PANIC: felt252 = 22; // data
    pub const RECURSE: felt252 = 23; // depth
    pub const LOOP: felt252 = 24; // times
    pub const DOMAIN: felt252 = 25; // domain, key: only domain 0 exists
    pub const META: felt252 = 26; // catch, address, calldata: a transaction of version 0
}

#[starknet::contract(account)]
mod Everything {
    use core::dict::Felt252DictTrait;
    use core::ec::{EcPointTrait, EcStateTrait};
    use core::poseidon::hades_permutation;
    use starknet::secp256_trait::{Secp256PointTrait, Secp256Trait};
    use starknet::secp256k1::Secp256k1Point;
    use starknet::secp256r1::Secp256r1Point;
    use starknet::storage_access::{StorageAddress, storage_address_from_base, storage_base_address_from_felt252};
    use starknet::syscalls::{
        call_contract_syscall, deploy_syscall, emit_event_syscall, get_block_hash_syscall,
        get_class_hash_at_syscall, keccak_syscall, library_call_syscall, meta_tx_v0_syscall,
        replace_class_syscall, send_message_to_l1_syscall, sha256_process_block_syscall, storage_read_syscall,
        storage_write_syscall,
    };
    use starknet::{ClassHash, ContractAddress, SyscallResult, SyscallResultTrait};
    use super::op;

    #[storage]
    struct Storage {}

    #[constructor]
    fn constructor(ref self: ContractState, program: Span<felt252>) {
        interpret(program);
    }

    #[abi(embed_v0)]
    impl Everything of super::IEverything<ContractState> {
        fn run(ref self: ContractState, program: Span<felt252>) -> felt252 {
            interpret(program)
        }

        /// Returns `count` felts.
        fn give(ref self: ContractState, count: felt252) -> Span<felt252> {
            let mut given = array![];
            let mut left = count;
            while left != 0 {
                given.append(left);
                left -= 1;
            }
            given.span()
        }

        fn __validate__(ref self: ContractState, program: Span<felt252>) -> felt252 {
            interpret(starknet::get_execution_info().unbox().tx_info.unbox().signature);
            starknet::VALIDATED
        }

        fn __execute__(ref self: ContractState, program: Span<felt252>) -> felt252 {
            interpret(program)
        }
    }

    fn interpret(program: Span<felt252>) -> felt252 {
        let mut left = program;
        let mut result = 0;
        while let Some(opcode) = left.pop_front() {
            let mut args = take(ref left);
            result = fold(result, act(*opcode, ref args));
        }
        result
    }

    fn act(opcode: felt252, ref args: Span<felt252>) -> felt252 {
        if opcode == op::WRITE {
            let cell = cell(next(ref args));
            storage_write_syscall(0, cell, next(ref args)).unwrap_syscall();
            1
        } else if opcode == op::READ {
            storage_read_syscall(0, cell(next(ref args))).unwrap_syscall()
        } else if opcode == op::EMIT {
            let keys = take(ref args);
            emit_event_syscall(keys, args).unwrap_syscall();
            2
        } else if opcode == op::SEND {
            let recipient = next(ref args);
            send_message_to_l1_syscall(recipient, args).unwrap_syscall();
            3
        } else if opcode == op::CALL {
            let catch = next(ref args);
            let mut to = next(ref args);
            if to == 0 {
                to = storage_read_syscall(0, cell('deployed')).unwrap_syscall();
            }
            let selector = next(ref args);
            outcome(catch, call_contract_syscall(to.try_into().unwrap(), selector, args))
        } else if opcode == op::LIBRARY_CALL {
            let catch = next(ref args);
            let class: ClassHash = next(ref args).try_into().unwrap();
            let selector = next(ref args);
            outcome(catch, library_call_syscall(class, selector, args))
        } else {
            act_rarely(opcode, ref args)
        }
    }

    fn act_rarely(opcode: felt252, ref args: Span<felt252>) -> felt252 {
        if opcode == op::DEPLOY {
            let catch = next(ref args);
            let class: ClassHash = next(ref args).try_into().unwrap();
            let salt = next(ref args);
            let from_zero = next(ref args) != 0;
            match deploy_syscall(class, salt, args, from_zero) {
                Ok((
                    address, returned,
                )) => {
                    let address: felt252 = address.into();
                    storage_write_syscall(0, cell('deployed'), address).unwrap_syscall();
                    fold_all(address, returned)
                },
                Err(error) => failure(catch, error),
            }
        } else if opcode == op::REPLACE_CLASS {
            let catch = next(ref args);
            match replace_class_syscall(next(ref args).try_into().unwrap()) {
                Ok(()) => 7,
                Err(error) => failure(catch, error),
            }
        } else if opcode == op::CONTEXT {
            context()
        } else if opcode == op::CLASS_AT {
            let address: ContractAddress = next(ref args).try_into().unwrap();
            get_class_hash_at_syscall(address).unwrap_syscall().into()
        } else if opcode == op::BLOCK_HASH {
            let catch = next(ref args);
            match get_block_hash_syscall(next(ref args).try_into().unwrap()) {
                Ok(hash) => hash,
                Err(error) => failure(catch, error),
            }
        } else if opcode == op::KECCAK {
            let catch = next(ref args);
            let mut words = array![];
            while let Some(word) = args.pop_front() {
                words.append((*word).try_into().unwrap());
            }
            match keccak_syscall(words.span()) {
                Ok(hash) => fold(hash.low.into(), hash.high.into()),
                Err(error) => failure(catch, error),
            }
        } else if opcode == op::SHA256 {
            let mut words: Array<u32> = array![];
            while let Some(word) = args.pop_front() {
                words.append((*word).try_into().unwrap());
            }
            let [a, b, c, d, e, f, g, h] = core::sha256::compute_sha256_u32_array(words, 0, 0);
            fold(fold(fold(a.into(), b.into()), fold(c.into(), d.into())), fold(fold(e.into(), f.into()), fold(g.into(), h.into())))
        } else if opcode == op::SECP_MUL {
            if next(ref args) == 0 {
                secp_mul::<Secp256k1Point>(ref args)
            } else {
                secp_mul::<Secp256r1Point>(ref args)
            }
        } else if opcode == op::SECP_NEW {
            if next(ref args) == 0 {
                secp_new::<Secp256k1Point>(ref args)
            } else {
                secp_new::<Secp256r1Point>(ref args)
            }
        } else {
            compute(opcode, ref args)
        }
    }

    fn compute(opcode: felt252, ref args: Span<felt252>) -> felt252 {
        if opcode == op::PEDERSEN {
            core::pedersen::pedersen(next(ref args), next(ref args))
        } else if opcode == op::POSEIDON {
            let mut left = next(ref args);
            let mut value = left;
            while left != 0 {
                value = fold(value, left);
                left -= 1;
            }
            value
        } else if opcode == op::BITWISE {
            let a: u128 = next(ref args).try_into().unwrap();
            let b: u128 = next(ref args).try_into().unwrap();
            (((a & b) | (a ^ b)) ^ 0xff).into()
        } else if opcode == op::CURVE {
            curve(next(ref args))
        } else if opcode == op::DICTIONARY {
            dictionary(next(ref args))
        } else if opcode == op::WIDE {
            let a = wide(ref args);
            let b = wide(ref args);
            let product = u256 { low: a.low, high: 0 } * u256 { low: b.low, high: 0 };
            let value = product / b + a % b;
            fold(value.low.into(), value.high.into())
        } else if opcode == op::NARROW {
            let value: u64 = next(ref args).try_into().unwrap();
            (value / 7 + 1).into()
        } else if opcode == op::PANIC {
            panic_with(args)
        } else if opcode == op::RECURSE {
            let depth = next(ref args);
            if depth == 0 {
                return 0;
            }
            let info = starknet::get_execution_info().unbox();
            let calldata = array![3, op::RECURSE, 1, depth - 1].span();
            outcome(0, call_contract_syscall(info.contract_address, selector!("run"), calldata))
        } else if opcode == op::LOOP {
            let mut left = next(ref args);
            let mut value = 1;
            while left != 0 {
                value = value * value + left;
                left -= 1;
            }
            value
        } else if opcode == op::DOMAIN {
            let domain: u32 = next(ref args).try_into().unwrap();
            storage_read_syscall(domain, cell(next(ref args))).unwrap_syscall()
        } else if opcode == op::META {
            let catch = next(ref args);
            let address: ContractAddress = next(ref args).try_into().unwrap();
            outcome(catch, meta_tx_v0_syscall(address, selector!("__execute__"), args, array![1, 2].span()))
        } else {
            panic_with(array!['no such action', opcode].span())
        }
    }

    /// The execution info, all of it.
    fn context() -> felt252 {
        let info = starknet::get_execution_info().unbox();
        let block = info.block_info.unbox();
        let tx = info.tx_info.unbox();
        let mut felts = array![
            block.block_number.into(), block.block_timestamp.into(), block.sequencer_address.into(),
            info.caller_address.into(), info.contract_address.into(), info.entry_point_selector, tx.version,
            tx.account_contract_address.into(), tx.max_fee.into(), tx.transaction_hash, tx.chain_id, tx.nonce,
            tx.tip.into(), tx.nonce_data_availability_mode.into(), tx.fee_data_availability_mode.into(),
            tx.signature.len().into(), tx.resource_bounds.len().into(), tx.paymaster_data.len().into(),
            tx.account_deployment_data.len().into(),
        ];
        let mut bounds = tx.resource_bounds;
        while let Some(bound) = bounds.pop_front() {
            felts.append(*bound.resource);
            felts.append((*bound.max_amount).into());
            felts.append((*bound.max_price_per_unit).into());
        }
        let result = fold_all(fold_all(0, felts.span()), tx.signature);
        fold_all(fold_all(result, tx.paymaster_data), tx.account_deployment_data)
    }

    fn secp_mul<P, +Drop<P>, +Copy<P>, impl Curve: Secp256Trait<P>, +Secp256PointTrait<P>>(
        ref args: Span<felt252>,
    ) -> felt252 {
        let x = wide(ref args);
        let parity = next(ref args) != 0;
        let scalar = wide(ref args);
        let generator = Curve::get_generator_point();
        let product = generator.mul(scalar).unwrap_syscall();
        let sum = match Curve::secp256_ec_get_point_from_x_syscall(x, parity).unwrap_syscall() {
            Some(point) => point.add(product).unwrap_syscall(),
            None => product.add(generator).unwrap_syscall(),
        };
        let (x, y) = sum.get_coordinates().unwrap_syscall();
        fold(fold(x.low.into(), x.high.into()), fold(y.low.into(), y.high.into()))
    }

    fn secp_new<P, +Drop<P>, +Copy<P>, impl Curve: Secp256Trait<P>, +Secp256PointTrait<P>>(
        ref args: Span<felt252>,
    ) -> felt252 {
        let catch = next(ref args);
        let x = wide(ref args);
        let y = wide(ref args);
        match Curve::secp256_ec_new_syscall(x, y) {
            Ok(found) => match found {
                Some(point) => {
                    let (x, y) = point.add(point).unwrap_syscall().get_coordinates().unwrap_syscall();
                    fold(x.low.into(), y.high.into())
                },
                None => 14,
            },
            Err(error) => failure(catch, error),
        }
    }

    fn curve(scalar: felt252) -> felt252 {
        let generator = EcPointTrait::new_nz(core::ec::stark_curve::GEN_X, core::ec::stark_curve::GEN_Y).unwrap();
        let mut state = EcStateTrait::init();
        state.add_mul(scalar, generator);
        state.add(generator);
        match state.finalize_nz() {
            Some(point) => {
                let (x, y) = point.coordinates();
                fold(x, y)
            },
            None => 18,
        }
    }

    fn dictionary(entries: felt252) -> felt252 {
        let mut dict: Felt252Dict<felt252> = Default::default();
        let mut left = entries;
        while left != 0 {
            dict.insert(left * left, left);
            let value = dict.get(left);
            dict.insert(left, value + 1);
            left -= 1;
        }
        dict.get(1) + dict.get(4) + dict.get(1000)
    }

    /// What a call returned, or how it failed.
    fn outcome(catch: felt252, result: SyscallResult<Span<felt252>>) -> felt252 {
        match result {
            Ok(returned) => fold_all(4, returned),
            Err(error) => failure(catch, error),
        }
    }

    fn failure(catch: felt252, error: Array<felt252>) -> felt252 {
        if catch == 0 {
            panic(error);
        }
        fold_all(5, error.span())
    }

    fn panic_with(mut data: Span<felt252>) -> felt252 {
        let mut copy = array![];
        while let Some(felt) = data.pop_front() {
            copy.append(*felt);
        }
        panic(copy)
    }

    fn cell(key: felt252) -> StorageAddress {
        storage_address_from_base(storage_base_address_from_felt252(key))
    }

    fn fold(a: felt252, b: felt252) -> felt252 {
        let (folded, _, _) = hades_permutation(a, b, 2);
        folded
    }

    fn fold_all(start: felt252, felts: Span<felt252>) -> felt252 {
        let mut left = felts;
        let mut result = fold(start, felts.len().into());
        while let Some(felt) = left.pop_front() {
            result = fold(result, *felt);
        }
        result
    }

    /// The next argument.
    fn next(ref felts: Span<felt252>) -> felt252 {
        *felts.pop_front().unwrap()
    }

    fn wide(ref felts: Span<felt252>) -> u256 {
        u256 { low: next(ref felts).try_into().unwrap(), high: next(ref felts).try_into().unwrap() }
    }

    /// Takes a length and as many felts.
    fn take(ref felts: Span<felt252>) -> Span<felt252> {
        let length: u32 = next(ref felts).try_into().unwrap();
        let taken = felts.slice(0, length);
        felts = felts.slice(length, felts.len() - length);
        taken
    }
}
