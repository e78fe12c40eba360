//! What L1 and L2 send each other, and what a contract learns of time and prices.

#[starknet::interface]
trait IBridge<TState> {
    fn balance(self: @TState, owner: felt252) -> felt252;
    fn withdraw(ref self: TState, owner: felt252, amount: felt252, to: felt252);
    fn now(self: @TState) -> u64;
    fn remember_now(ref self: TState) -> u64;
}

#[starknet::contract]
mod Bridge {
    use starknet::storage::{Map, StorageMapReadAccess, StorageMapWriteAccess, StoragePointerWriteAccess};
    use starknet::syscalls::send_message_to_l1_syscall;
    use starknet::{SyscallResultTrait, get_block_timestamp};

    #[storage]
    struct Storage {
        balances: Map<felt252, felt252>,
        remembered: u64,
    }

    /// A deposit on L1. Nothing can be deposited for owner 0.
    #[l1_handler]
    fn deposit(ref self: ContractState, from_address: felt252, owner: felt252, amount: felt252) {
        assert(owner != 0, 'nobody');
        self.balances.write(owner, self.balances.read(owner) + amount);
    }

    #[abi(embed_v0)]
    impl Bridge of super::IBridge<ContractState> {
        fn balance(self: @ContractState, owner: felt252) -> felt252 {
            self.balances.read(owner)
        }

        /// Tells L1 contract `to`: [0, owner, amount].
        fn withdraw(ref self: ContractState, owner: felt252, amount: felt252, to: felt252) {
            self.balances.write(owner, self.balances.read(owner) - amount);
            send_message_to_l1_syscall(to, array![0, owner, amount].span()).unwrap_syscall();
        }

        fn now(self: @ContractState) -> u64 {
            get_block_timestamp()
        }

        fn remember_now(ref self: ContractState) -> u64 {
            let now = get_block_timestamp();
            self.remembered.write(now);
            now
        }
    }
}
