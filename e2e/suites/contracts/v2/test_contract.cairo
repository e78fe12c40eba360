#[starknet::contract]
mod TestContract {
    use starknet::storage::{StoragePointerReadAccess, StoragePointerWriteAccess};

    #[storage]
    struct Storage {
        runs: felt252,
    }

    #[event]
    #[derive(Drop, starknet::Event)]
    enum Event {
        Run: Run,
    }

    #[derive(Drop, starknet::Event)]
    struct Run {
        number: felt252,
    }

    #[external(v0)]
    fn test(ref self: ContractState, arg: felt252, arg1: felt252, arg2: felt252) -> felt252 {
        let number = self.runs.read() + 1;
        self.runs.write(number);
        self.emit(Run { number });
        arg + arg1 + arg2 + number
    }
}
