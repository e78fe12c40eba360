#[starknet::contract]
mod Map {
    use starknet::storage::{Map as Mapping, StorageMapReadAccess, StorageMapWriteAccess};

    #[storage]
    struct Storage {
        values: Mapping<felt252, felt252>,
    }

    #[external(v0)]
    fn put(ref self: ContractState, key: felt252, value: felt252) {
        self.values.write(key, value);
    }

    #[external(v0)]
    fn get(self: @ContractState, key: felt252) -> felt252 {
        self.values.read(key)
    }
}
