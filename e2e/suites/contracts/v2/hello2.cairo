use starknet::ContractAddress;

#[derive(Copy, Drop, Serde)]
struct Foo {
    val: felt252,
}

#[derive(Copy, Drop, Serde, starknet::Store)]
struct UserData {
    address: ContractAddress,
    is_claimed: bool,
}

#[derive(Copy, Drop, Serde, starknet::Store)]
struct Bet {
    name: felt252,
    description: felt252,
    expire_date: u64,
    creation_time: u64,
    creator: ContractAddress,
    is_cancelled: bool,
    is_voted: bool,
    bettor: UserData,
    counter_bettor: UserData,
    winner: bool,
    pool: u256,
    amount: u256,
}

#[starknet::contract]
mod Hello2 {
    use starknet::storage::{StoragePointerReadAccess, StoragePointerWriteAccess};
    use starknet::{ContractAddress, get_caller_address};
    use super::{Bet, Foo, UserData};

    #[storage]
    struct Storage {
        balance: felt252,
        balance_u8: u8,
        status: bool,
        ca: ContractAddress,
        bet: Bet,
        user1: UserData,
    }

    #[external(v0)]
    fn increase_balance(ref self: ContractState, amount: felt252) {
        self.balance.write(self.balance.read() + amount);
    }

    #[external(v0)]
    fn get_balance(self: @ContractState) -> felt252 {
        self.balance.read()
    }

    #[external(v0)]
    fn increase_balance_u8(ref self: ContractState, amount: u8) {
        self.balance_u8.write(self.balance_u8.read() + amount);
    }

    #[external(v0)]
    fn get_balance_u8(self: @ContractState) -> u8 {
        self.balance_u8.read()
    }

    #[external(v0)]
    fn set_status(ref self: ContractState, new_status: bool) {
        self.status.write(new_status);
    }

    #[external(v0)]
    fn get_status(self: @ContractState) -> bool {
        self.status.read()
    }

    #[external(v0)]
    fn set_ca(ref self: ContractState, address: ContractAddress) {
        self.ca.write(address);
    }

    #[external(v0)]
    fn get_ca(self: @ContractState) -> ContractAddress {
        self.ca.read()
    }

    #[external(v0)]
    fn set_user1(ref self: ContractState, user: UserData) {
        self.user1.write(user);
    }

    #[external(v0)]
    fn get_user1(self: @ContractState) -> UserData {
        self.user1.read()
    }

    #[external(v0)]
    fn set_bet(ref self: ContractState) {
        let creator = get_caller_address();
        let user = UserData { address: creator, is_claimed: false };
        let bet = Bet {
            name: 'test',
            description: 'dec',
            expire_date: 1,
            creation_time: 1,
            creator,
            is_cancelled: false,
            is_voted: false,
            bettor: user,
            counter_bettor: user,
            winner: false,
            pool: 10,
            amount: 1000,
        };
        self.bet.write(bet);
    }

    #[external(v0)]
    fn get_bet(self: @ContractState, which: felt252) -> Bet {
        self.bet.read()
    }

    #[external(v0)]
    fn test_u16(self: @ContractState, p1: u16) -> u16 {
        p1 + 1
    }

    #[external(v0)]
    fn test_u32(self: @ContractState, p1: u32) -> u32 {
        p1 + 1
    }

    #[external(v0)]
    fn test_u64(self: @ContractState, p1: u64) -> u64 {
        p1 + 1
    }

    #[external(v0)]
    fn test_u128(self: @ContractState, p1: u128) -> u128 {
        p1 + 1
    }

    #[external(v0)]
    fn test_u256(self: @ContractState, p1: u256) -> u256 {
        p1 + 1
    }

    #[external(v0)]
    fn echo_array_u256(self: @ContractState, data: Array<u256>) -> Array<u256> {
        data
    }

    #[external(v0)]
    fn echo_array_bool(self: @ContractState, data: Array<bool>) -> Array<bool> {
        data
    }

    #[external(v0)]
    fn echo_un_tuple(self: @ContractState, a: (felt252, u16)) -> (felt252, u16) {
        a
    }

    #[external(v0)]
    fn echo_struct(self: @ContractState, tt: Foo) -> Foo {
        tt
    }

    #[external(v0)]
    fn tuple_echo(
        self: @ContractState, a: (Array<felt252>, Array<felt252>),
    ) -> (Array<felt252>, Array<felt252>) {
        a
    }

    #[external(v0)]
    fn array_bool_tuple(
        self: @ContractState, mut a: Array<felt252>, b: bool,
    ) -> (Array<felt252>, bool) {
        a.append(1);
        a.append(2);
        (a, b)
    }
}
