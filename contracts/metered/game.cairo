//! Fighters on a torus: they wander at random, meet, fight, fall and rise again.
//!
//! Chance comes from a seed in storage and the transaction's hash, so that a move's outcome differs from one
//! transaction to the next.

use starknet::ContractAddress;

#[derive(Copy, Drop, Serde, starknet::Store)]
pub struct Fighter {
    pub owner: ContractAddress,
    pub x: u8,
    pub y: u8,
    pub health: u8,
    pub strength: u8,
    pub wins: u16,
}

#[starknet::interface]
trait IGame<TState> {
    fn spawn(ref self: TState) -> u32;
    fn wander(ref self: TState, fighter: u32, steps: u8) -> u32;
    fn strike(ref self: TState, fighter: u32, target: u32) -> u8;
    fn heal(ref self: TState, fighter: u32);
    fn fighter(self: @TState, fighter: u32) -> Fighter;
}

#[starknet::contract]
mod Game {
    use core::poseidon::hades_permutation;
    use starknet::storage::{
        Map, StorageMapReadAccess, StorageMapWriteAccess, StoragePointerReadAccess, StoragePointerWriteAccess,
    };
    use starknet::{get_caller_address, get_tx_info};
    use super::Fighter;

    const SIZE: u8 = 8;
    const FULL_HEALTH: u8 = 20;

    #[storage]
    struct Storage {
        fighters: Map<u32, Fighter>,
        /// Who stands on a field; 0 if nobody does.
        fields: Map<(u8, u8), u32>,
        count: u32,
        seed: felt252,
    }

    #[event]
    #[derive(Drop, starknet::Event)]
    enum Event {
        Moved: Moved,
        Hit: Hit,
        Fell: Fell,
    }

    #[derive(Drop, starknet::Event)]
    struct Moved {
        #[key]
        fighter: u32,
        x: u8,
        y: u8,
    }

    #[derive(Drop, starknet::Event)]
    struct Hit {
        #[key]
        fighter: u32,
        #[key]
        target: u32,
        damage: u8,
    }

    #[derive(Drop, starknet::Event)]
    struct Fell {
        #[key]
        fighter: u32,
    }

    #[abi(embed_v0)]
    impl Game of super::IGame<ContractState> {
        fn spawn(ref self: ContractState) -> u32 {
            let number = self.count.read() + 1;
            self.count.write(number);
            let strength = 1 + roll(ref self, 6);
            let owner = get_caller_address();
            let fighter = Fighter { owner, x: 0, y: 0, health: FULL_HEALTH, strength, wins: 0 };
            settle(ref self, number, fighter);
            number
        }

        /// Takes some steps at random; a step onto a taken field is a blow at whoever stands there. Returns the last
        /// one met.
        fn wander(ref self: ContractState, fighter: u32, steps: u8) -> u32 {
            let mut me = own(@self, fighter);
            let mut met = 0;
            let mut left = steps;
            while left != 0 {
                left -= 1;
                let (x, y) = neighbour(me, roll(ref self, 4));
                let other = self.fields.read((x, y));
                if other == 0 {
                    self.fields.write((me.x, me.y), 0);
                    self.fields.write((x, y), fighter);
                    me.x = x;
                    me.y = y;
                    self.emit(Moved { fighter, x, y });
                } else {
                    met = other;
                    self.fighters.write(fighter, me);
                    hit(ref self, fighter, other);
                    me = self.fighters.read(fighter);
                }
            }
            self.fighters.write(fighter, me);
            met
        }

        fn strike(ref self: ContractState, fighter: u32, target: u32) -> u8 {
            own(@self, fighter);
            assert(fighter != target, 'not yourself');
            hit(ref self, fighter, target)
        }

        fn heal(ref self: ContractState, fighter: u32) {
            let mut me = own(@self, fighter);
            me.health += 1 + roll(ref self, 4);
            assert(me.health <= FULL_HEALTH, 'healthy enough');
            self.fighters.write(fighter, me);
        }

        fn fighter(self: @ContractState, fighter: u32) -> Fighter {
            self.fighters.read(fighter)
        }
    }

    /// A fighter that the caller commands.
    fn own(self: @ContractState, fighter: u32) -> Fighter {
        let found = self.fighters.read(fighter);
        assert(found.strength != 0, 'no such fighter');
        assert(found.owner == get_caller_address(), 'not your fighter');
        found
    }

    fn hit(ref self: ContractState, fighter: u32, target: u32) -> u8 {
        let mut me = self.fighters.read(fighter);
        let mut them = self.fighters.read(target);
        assert(them.strength != 0, 'nobody to hit');
        let damage = 1 + roll(ref self, me.strength);
        self.emit(Hit { fighter, target, damage });
        if damage < them.health {
            them.health -= damage;
            self.fighters.write(target, them);
            return damage;
        }
        // It falls, and rises elsewhere; the winner grows stronger.
        self.emit(Fell { fighter: target });
        me.wins += 1;
        me.strength += 1;
        self.fighters.write(fighter, me);
        self.fields.write((them.x, them.y), 0);
        them.health = FULL_HEALTH;
        settle(ref self, target, them);
        damage
    }

    /// Puts a fighter on some free field.
    fn settle(ref self: ContractState, number: u32, fighter: Fighter) {
        let mut fighter = fighter;
        fighter.x = roll(ref self, SIZE);
        fighter.y = roll(ref self, SIZE);
        let mut tries = 0_u8;
        while self.fields.read((fighter.x, fighter.y)) != 0 {
            assert(tries != SIZE, 'crowded');
            tries += 1;
            fighter.x = (fighter.x + 1) % SIZE;
        }
        self.fields.write((fighter.x, fighter.y), number);
        self.fighters.write(number, fighter);
        self.emit(Moved { fighter: number, x: fighter.x, y: fighter.y });
    }

    fn neighbour(fighter: Fighter, direction: u8) -> (u8, u8) {
        if direction == 0 {
            ((fighter.x + 1) % SIZE, fighter.y)
        } else if direction == 1 {
            ((fighter.x + SIZE - 1) % SIZE, fighter.y)
        } else if direction == 2 {
            (fighter.x, (fighter.y + 1) % SIZE)
        } else {
            (fighter.x, (fighter.y + SIZE - 1) % SIZE)
        }
    }

    /// A number below `sides`.
    fn roll(ref self: ContractState, sides: u8) -> u8 {
        let (seed, _, _) = hades_permutation(self.seed.read(), get_tx_info().unbox().transaction_hash, 2);
        self.seed.write(seed);
        let wide: u256 = seed.into();
        (wide.low % sides.into()).try_into().unwrap()
    }
}
