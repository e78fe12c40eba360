//! Where the transactions happen whose cost is measured: five users with accounts, tokens, an order book, a pool, a
//! game and the universal deployer.

use starknet_api::core::ContractAddress;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::InnerTransaction;
use zkthreads_sub_block::ExecutedSubBlock;

use super::kinds::Kind;
use crate::sub_block_support::{Call, Class, TestState, address, classes};

pub const ORDER_BOOK: &str = "contracts/metered/order_book.sierra.json";
pub const AMM: &str = "contracts/metered/amm.sierra.json";
pub const GAME: &str = "contracts/metered/game.sierra.json";
pub const DEPLOYER: &str = "target/third-party/contracts/udc_2.sierra";

/// Users of a stage. They take turns.
pub const USERS: usize = 5;

/// What contracts count: their accounts decide. OpenZeppelin's counts steps, whatever it calls; the Cairo compiler's
/// counts gas, as do the contracts of the stage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Metering {
    Steps,
    Gas,
}

impl Metering {
    pub const ALL: [Self; 2] = [Self::Steps, Self::Gas];

    pub fn account(self) -> Class {
        match self {
            Self::Steps => classes::account(),
            Self::Gas => classes::cairo_account(),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Steps => "steps",
            Self::Gas => "gas",
        }
    }
}

pub struct Stage {
    pub world: TestState,
    pub metering: Metering,
    pub order_book: ContractAddress,
    pub amm: ContractAddress,
    pub game: ContractAddress,
    pub deployer: ContractAddress,
}

impl Stage {
    fn new(metering: Metering) -> Self {
        let mut world = TestState::new(USERS);
        if metering == Metering::Gas {
            for user in &world.users {
                let (address, key) = (user.address, user.public_key());
                world.state.deploy(address, metering.account());
                world.state.set_variable(address, "public_key", &[], key);
            }
        }
        let mut deploy = |at: u64, path: &str| {
            world.state.deploy(address(at), classes::load(path));
            address(at)
        };
        let order_book = deploy(0x0b, ORDER_BOOK);
        let amm = deploy(0xa3, AMM);
        let game = deploy(0x9a, GAME);
        let deployer = deploy(0xdc, DEPLOYER);
        Self { world, metering, order_book, amm, game, deployer }
    }

    /// Executes `count` transactions of a kind, after what they need.
    pub fn sub_block(kind: &Kind, metering: Metering, count: usize) -> ExecutedSubBlock {
        let mut stage = Self::new(metering);
        let mut preparation = Vec::new();
        for index in 0..count.max(USERS) {
            let calls = (kind.preparation)(&stage, index);
            if !calls.is_empty() {
                preparation.push(stage.sign(index, &calls));
            }
        }
        if !preparation.is_empty() {
            let prepared = stage.execute(preparation, false);
            stage.world.state.apply(&prepared.statement);
        }
        let transactions: Vec<_> = (0..count)
            .map(|index| {
                let calls = (kind.calls)(&stage, index);
                stage.sign(index, &calls)
            })
            .collect();
        stage.execute(transactions, kind.reverts)
    }

    /// The address of the user whose turn it is.
    pub fn user(&self, index: usize) -> Felt {
        *self.world.users[index % USERS].address.0.key()
    }

    fn sign(&mut self, index: usize, calls: &[Call]) -> InnerTransaction {
        self.world.users[index % USERS].sign(calls)
    }

    fn execute(&self, transactions: Vec<InnerTransaction>, reverts: bool) -> ExecutedSubBlock {
        let executed = self.world.execute(transactions);
        assert!(executed.left_out.is_empty(), "all are included");
        for transaction in &executed.input.transactions {
            assert_eq!(transaction.is_reverted(), reverts, "{:?}", transaction.revert_reason);
        }
        executed
    }
}
