use starknet::ContractAddress;

#[derive(Drop, Serde)]
struct Call {
    to: ContractAddress,
    selector: felt252,
    calldata: Array<felt252>,
}

#[starknet::contract(account)]
mod Account {
    use starknet::storage::{StoragePointerReadAccess, StoragePointerWriteAccess};
    use core::ecdsa::check_ecdsa_signature;
    use core::num::traits::Zero;
    use starknet::{get_caller_address, get_tx_info};
    use super::Call;

    #[storage]
    struct Storage {
        public_key: felt252,
    }

    #[constructor]
    fn constructor(ref self: ContractState, public_key: felt252) {
        self.public_key.write(public_key);
    }

    fn signed(self: @ContractState) -> felt252 {
        let info = get_tx_info().unbox();
        let signature = info.signature;
        assert(signature.len() == 2, 'INVALID_SIGNATURE_LENGTH');
        let valid = check_ecdsa_signature(
            info.transaction_hash, self.public_key.read(), *signature[0], *signature[1],
        );
        assert(valid, 'INVALID_SIGNATURE');
        starknet::VALIDATED
    }

    #[external(v0)]
    fn __validate__(ref self: ContractState, calls: Array<Call>) -> felt252 {
        signed(@self)
    }

    #[external(v0)]
    fn __validate_declare__(self: @ContractState, class_hash: felt252) -> felt252 {
        signed(self)
    }

    #[external(v0)]
    fn __validate_deploy__(
        self: @ContractState, class_hash: felt252, contract_address_salt: felt252, public_key: felt252,
    ) -> felt252 {
        signed(self)
    }

    #[external(v0)]
    fn __execute__(ref self: ContractState, calls: Array<Call>) -> Array<Span<felt252>> {
        assert(get_caller_address().is_zero(), 'INVALID_CALLER');
        let mut results = array![];
        for call in calls {
            let Call { to, selector, calldata } = call;
            let result = starknet::syscalls::call_contract_syscall(to, selector, calldata.span());
            results.append(result.unwrap());
        }
        results
    }
}
