#[starknet::contract]
mod TokenBridge {
    use starknet::storage::{StoragePointerReadAccess, StoragePointerWriteAccess};
    use starknet::{ContractAddress, EthAddress, get_caller_address};

    #[storage]
    struct Storage {
        governor: ContractAddress,
        l1_bridge: felt252,
    }

    #[constructor]
    fn constructor(ref self: ContractState, governor_address: ContractAddress) {
        self.governor.write(governor_address);
    }

    #[external(v0)]
    fn set_l1_bridge(ref self: ContractState, l1_bridge_address: EthAddress) {
        assert(get_caller_address() == self.governor.read(), 'GOVERNOR_ONLY');
        self.l1_bridge.write(l1_bridge_address.into());
    }
}
