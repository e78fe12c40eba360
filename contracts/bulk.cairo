//! Writes many storage cells in one call: the largest diff for the fewest steps, for benches of settling threads.

#[starknet::interface]
trait IBulk<TState> {
    fn fill(ref self: TState, first: felt252, count: felt252, value: felt252);
}

#[starknet::contract]
mod Bulk {
    use starknet::storage_access::{storage_address_from_base, storage_base_address_from_felt252};
    use starknet::syscalls::storage_write_syscall;

    #[storage]
    struct Storage {}

    #[external(v0)]
    impl Bulk of super::IBulk<ContractState> {
        /// Writes `value` to `count` cells at the addresses from `first` on.
        fn fill(ref self: ContractState, first: felt252, count: felt252, value: felt252) {
            let mut left = count;
            loop {
                if left == 0 {
                    break;
                }
                left -= 1;
                let address = storage_address_from_base(storage_base_address_from_felt252(first + left));
                storage_write_syscall(0, address, value).unwrap_syscall();
            }
        }
    }
}
