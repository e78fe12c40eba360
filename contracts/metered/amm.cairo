//! A pool of two assets that keeps the product of its reserves: a swap pays 0.3 % to those who own shares of it.

use starknet::ContractAddress;

#[starknet::interface]
trait IAmm<TState> {
    fn deposit(ref self: TState, asset: u8, amount: u128);
    fn add(ref self: TState, most_a: u128, most_b: u128) -> u128;
    fn remove(ref self: TState, shares: u128) -> (u128, u128);
    fn swap(ref self: TState, from: u8, amount: u128, at_least: u128) -> u128;
    fn reserves(self: @TState) -> (u128, u128);
    fn balance(self: @TState, owner: ContractAddress, asset: u8) -> u128;
}

#[starknet::contract]
mod Amm {
    use starknet::storage::{
        Map, StorageMapReadAccess, StorageMapWriteAccess, StoragePointerReadAccess, StoragePointerWriteAccess,
    };
    use starknet::{ContractAddress, get_caller_address};

    const A: u8 = 0;
    const B: u8 = 1;
    const SHARES: u8 = 2;
    const KEPT_OF_1000: u256 = 997;

    #[storage]
    struct Storage {
        balances: Map<(ContractAddress, u8), u128>,
        reserves: Map<u8, u128>,
        shares: u128,
    }

    #[event]
    #[derive(Drop, starknet::Event)]
    enum Event {
        Added: Added,
        Removed: Removed,
        Swapped: Swapped,
    }

    #[derive(Drop, starknet::Event)]
    struct Added {
        #[key]
        owner: ContractAddress,
        a: u128,
        b: u128,
        shares: u128,
    }

    #[derive(Drop, starknet::Event)]
    struct Removed {
        #[key]
        owner: ContractAddress,
        a: u128,
        b: u128,
        shares: u128,
    }

    #[derive(Drop, starknet::Event)]
    struct Swapped {
        #[key]
        owner: ContractAddress,
        from: u8,
        paid: u128,
        received: u128,
    }

    #[abi(embed_v0)]
    impl Amm of super::IAmm<ContractState> {
        fn deposit(ref self: ContractState, asset: u8, amount: u128) {
            assert(asset <= B, 'no such asset');
            credit(ref self, get_caller_address(), asset, amount);
        }

        /// Adds as much of both assets as their ratio in the pool allows.
        fn add(ref self: ContractState, most_a: u128, most_b: u128) -> u128 {
            let owner = get_caller_address();
            let (reserve_a, reserve_b, all) = (self.reserves.read(A), self.reserves.read(B), self.shares.read());
            let (a, b, shares) = if all == 0 {
                (most_a, most_b, most_a)
            } else {
                let b = scaled(most_a, reserve_b, reserve_a);
                let (a, b) = if b <= most_b {
                    (most_a, b)
                } else {
                    (scaled(most_b, reserve_a, reserve_b), most_b)
                };
                (a, b, scaled(a, all, reserve_a))
            };
            assert(shares != 0 && b != 0, 'too little');
            debit(ref self, owner, A, a);
            debit(ref self, owner, B, b);
            self.reserves.write(A, reserve_a + a);
            self.reserves.write(B, reserve_b + b);
            self.shares.write(all + shares);
            credit(ref self, owner, SHARES, shares);
            self.emit(Added { owner, a, b, shares });
            shares
        }

        fn remove(ref self: ContractState, shares: u128) -> (u128, u128) {
            let owner = get_caller_address();
            let (reserve_a, reserve_b, all) = (self.reserves.read(A), self.reserves.read(B), self.shares.read());
            debit(ref self, owner, SHARES, shares);
            let a = scaled(shares, reserve_a, all);
            let b = scaled(shares, reserve_b, all);
            self.reserves.write(A, reserve_a - a);
            self.reserves.write(B, reserve_b - b);
            self.shares.write(all - shares);
            credit(ref self, owner, A, a);
            credit(ref self, owner, B, b);
            self.emit(Removed { owner, a, b, shares });
            (a, b)
        }

        fn swap(ref self: ContractState, from: u8, amount: u128, at_least: u128) -> u128 {
            assert(from <= B, 'no such asset');
            let to = B - from;
            let owner = get_caller_address();
            let (paid_to, taken_from) = (self.reserves.read(from), self.reserves.read(to));
            debit(ref self, owner, from, amount);
            let effective: u256 = amount.into() * KEPT_OF_1000;
            let received: u128 = (effective * taken_from.into() / (paid_to.into() * 1000 + effective))
                .try_into()
                .unwrap();
            assert(received >= at_least, 'the price moved');
            self.reserves.write(from, paid_to + amount);
            self.reserves.write(to, taken_from - received);
            credit(ref self, owner, to, received);
            self.emit(Swapped { owner, from, paid: amount, received });
            received
        }

        fn reserves(self: @ContractState) -> (u128, u128) {
            (self.reserves.read(A), self.reserves.read(B))
        }

        fn balance(self: @ContractState, owner: ContractAddress, asset: u8) -> u128 {
            self.balances.read((owner, asset))
        }
    }

    /// `amount * numerator / denominator`, rounded down.
    fn scaled(amount: u128, numerator: u128, denominator: u128) -> u128 {
        let product: u256 = amount.into() * numerator.into();
        (product / denominator.into()).try_into().unwrap()
    }

    fn credit(ref self: ContractState, owner: ContractAddress, asset: u8, amount: u128) {
        self.balances.write((owner, asset), self.balances.read((owner, asset)) + amount);
    }

    fn debit(ref self: ContractState, owner: ContractAddress, asset: u8, amount: u128) {
        let balance = self.balances.read((owner, asset));
        assert(balance >= amount, 'balance too low');
        self.balances.write((owner, asset), balance - amount);
    }
}
