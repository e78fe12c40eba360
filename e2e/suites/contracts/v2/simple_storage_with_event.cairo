#[starknet::contract]
mod SimpleStorageWithEvent {
    use starknet::storage::{Map as Mapping, StorageMapReadAccess, StorageMapWriteAccess};

    #[storage]
    struct Storage {
        values: Mapping<felt252, felt252>,
    }

    #[event]
    #[derive(Drop, starknet::Event)]
    enum Event {
        PutCalled: PutCalled,
        AnotherPutCalled: AnotherPutCalled,
    }

    #[derive(Drop, starknet::Event)]
    struct PutCalled {
        key: felt252,
        previous: felt252,
        value: felt252,
    }

    #[derive(Drop, starknet::Event)]
    struct AnotherPutCalled {
        key: felt252,
        previous: felt252,
        value: felt252,
    }

    #[external(v0)]
    fn put(ref self: ContractState, key: felt252, value: felt252) {
        let previous = self.values.read(key);
        self.values.write(key, value);
        self.emit(PutCalled { key, previous, value });
    }

    #[external(v0)]
    fn another_put(ref self: ContractState, key: felt252, value: felt252) {
        let previous = self.values.read(key);
        self.values.write(key, value);
        self.emit(AnotherPutCalled { key, previous, value });
    }
}
