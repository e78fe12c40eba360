//! A limit order book: bids and asks matched by price, then by time.
//!
//! Each side is a list of orders in storage, the best one first. An order locks what it pays with: a bid the quote
//! asset, an ask the base asset.

use starknet::ContractAddress;

#[derive(Copy, Drop, Serde, starknet::Store)]
pub struct Order {
    pub owner: ContractAddress,
    pub side: u8,
    pub price: u64,
    pub amount: u64,
    /// The order behind it; 0 if it is the last one.
    pub next: u32,
}

#[starknet::interface]
trait IOrderBook<TState> {
    fn deposit(ref self: TState, asset: u8, amount: u64);
    fn withdraw(ref self: TState, asset: u8, amount: u64);
    fn place(ref self: TState, side: u8, price: u64, amount: u64) -> u32;
    fn cancel(ref self: TState, order: u32);
    fn best(self: @TState, side: u8) -> (u32, u64, u64);
    fn order(self: @TState, order: u32) -> Order;
    fn balance(self: @TState, owner: ContractAddress, asset: u8) -> u128;
}

#[starknet::contract]
mod OrderBook {
    use starknet::storage::{
        Map, StorageMapReadAccess, StorageMapWriteAccess, StoragePointerReadAccess, StoragePointerWriteAccess,
    };
    use starknet::{ContractAddress, get_caller_address};
    use super::Order;

    const BASE: u8 = 0;
    const QUOTE: u8 = 1;
    const BID: u8 = 0;
    const ASK: u8 = 1;

    #[storage]
    struct Storage {
        balances: Map<(ContractAddress, u8), u128>,
        orders: Map<u32, Order>,
        /// The best order of each side.
        heads: Map<u8, u32>,
        last_order: u32,
        traded: u128,
    }

    #[event]
    #[derive(Drop, starknet::Event)]
    enum Event {
        Placed: Placed,
        Traded: Traded,
        Cancelled: Cancelled,
    }

    #[derive(Drop, starknet::Event)]
    struct Placed {
        #[key]
        owner: ContractAddress,
        order: u32,
        side: u8,
        price: u64,
        amount: u64,
    }

    #[derive(Drop, starknet::Event)]
    struct Traded {
        #[key]
        maker: ContractAddress,
        #[key]
        taker: ContractAddress,
        price: u64,
        amount: u64,
    }

    #[derive(Drop, starknet::Event)]
    struct Cancelled {
        #[key]
        owner: ContractAddress,
        order: u32,
        amount: u64,
    }

    #[abi(embed_v0)]
    impl OrderBook of super::IOrderBook<ContractState> {
        fn deposit(ref self: ContractState, asset: u8, amount: u64) {
            assert(asset <= QUOTE, 'no such asset');
            credit(ref self, get_caller_address(), asset, amount.into());
        }

        fn withdraw(ref self: ContractState, asset: u8, amount: u64) {
            debit(ref self, get_caller_address(), asset, amount.into());
        }

        /// Trades what crosses the other side's orders; the rest, if any, waits as an order, whose number it returns.
        fn place(ref self: ContractState, side: u8, price: u64, amount: u64) -> u32 {
            assert(side <= ASK, 'no such side');
            assert(price != 0 && amount != 0, 'an empty order');
            let owner = get_caller_address();
            let rest = trade(ref self, owner, side, price, amount);
            if rest == 0 {
                return 0;
            }
            lock(ref self, owner, side, price, rest);
            let number = self.last_order.read() + 1;
            self.last_order.write(number);
            insert(ref self, number, Order { owner, side, price, amount: rest, next: 0 });
            self.emit(Placed { owner, order: number, side, price, amount: rest });
            number
        }

        fn cancel(ref self: ContractState, order: u32) {
            let found = self.orders.read(order);
            assert(found.amount != 0, 'no such order');
            assert(found.owner == get_caller_address(), 'not your order');
            remove(ref self, order, found);
            if found.side == BID {
                credit(ref self, found.owner, QUOTE, value(found.price, found.amount));
            } else {
                credit(ref self, found.owner, BASE, found.amount.into());
            }
            self.emit(Cancelled { owner: found.owner, order, amount: found.amount });
        }

        fn best(self: @ContractState, side: u8) -> (u32, u64, u64) {
            let number = self.heads.read(side);
            let order = self.orders.read(number);
            (number, order.price, order.amount)
        }

        fn order(self: @ContractState, order: u32) -> Order {
            self.orders.read(order)
        }

        fn balance(self: @ContractState, owner: ContractAddress, asset: u8) -> u128 {
            self.balances.read((owner, asset))
        }
    }

    /// Takes from the best orders of the other side while they cross `price`; returns what is left of `amount`.
    fn trade(ref self: ContractState, taker: ContractAddress, side: u8, price: u64, amount: u64) -> u64 {
        let other = ASK - side;
        let mut left = amount;
        while left != 0 {
            let number = self.heads.read(other);
            if number == 0 {
                break;
            }
            let mut maker = self.orders.read(number);
            if (side == BID && maker.price > price) || (side == ASK && maker.price < price) {
                break;
            }
            let taken = if maker.amount < left {
                maker.amount
            } else {
                left
            };
            let paid = value(maker.price, taken);
            if side == BID {
                debit(ref self, taker, QUOTE, paid);
                credit(ref self, taker, BASE, taken.into());
                credit(ref self, maker.owner, QUOTE, paid);
            } else {
                debit(ref self, taker, BASE, taken.into());
                credit(ref self, taker, QUOTE, paid);
                credit(ref self, maker.owner, BASE, taken.into());
            }
            self.traded.write(self.traded.read() + paid);
            self.emit(Traded { maker: maker.owner, taker, price: maker.price, amount: taken });
            maker.amount -= taken;
            left -= taken;
            if maker.amount == 0 {
                self.heads.write(other, maker.next);
            }
            self.orders.write(number, maker);
        }
        left
    }

    /// Puts an order behind all that are as good as it.
    fn insert(ref self: ContractState, number: u32, order: Order) {
        let mut order = order;
        let mut before = 0;
        let mut next = self.heads.read(order.side);
        while next != 0 {
            let other = self.orders.read(next);
            let better = if order.side == BID {
                order.price > other.price
            } else {
                order.price < other.price
            };
            if better {
                break;
            }
            before = next;
            next = other.next;
        }
        order.next = next;
        self.orders.write(number, order);
        link(ref self, order.side, before, number);
    }

    fn remove(ref self: ContractState, number: u32, order: Order) {
        let mut before = 0;
        let mut at = self.heads.read(order.side);
        while at != number {
            before = at;
            at = self.orders.read(at).next;
        }
        link(ref self, order.side, before, order.next);
        let mut gone = order;
        gone.amount = 0;
        self.orders.write(number, gone);
    }

    /// Makes `next` what comes after `before` (0: first).
    fn link(ref self: ContractState, side: u8, before: u32, next: u32) {
        if before == 0 {
            self.heads.write(side, next);
        } else {
            let mut order = self.orders.read(before);
            order.next = next;
            self.orders.write(before, order);
        }
    }

    fn lock(ref self: ContractState, owner: ContractAddress, side: u8, price: u64, amount: u64) {
        if side == BID {
            debit(ref self, owner, QUOTE, value(price, amount));
        } else {
            debit(ref self, owner, BASE, amount.into());
        }
    }

    fn value(price: u64, amount: u64) -> u128 {
        price.into() * amount.into()
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
