//! Programs for `contracts/metered/everything.cairo`, which does what it is told, and transactions of it as an account.

use starknet_api::core::ContractAddress;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::InnerTransaction;

use crate::sub_block_support::classes::{self, Class};
pub use crate::sub_block_support::everything::Op;
use crate::sub_block_support::{TestState, address, everything};

/// The class, gas-metered.
pub fn class() -> Class {
    static CLASS: std::sync::LazyLock<Class> =
        std::sync::LazyLock::new(|| classes::load("contracts/metered/everything.sierra.json"));
    CLASS.clone()
}

/// The account.
pub fn actor() -> ContractAddress {
    address(0xac70_u64)
}

/// A contract of the same class.
pub fn prop() -> ContractAddress {
    address(0x9209_u64)
}

/// A world with both.
pub fn world() -> TestState {
    let mut world = TestState::new(1);
    world.state.deploy(actor(), class());
    world.state.deploy(prop(), class());
    world
}

/// Actions, one after another.
#[derive(Clone, Default)]
pub struct Program(pub Vec<Felt>);

impl Program {
    /// Adds an action with small arguments.
    pub fn act(self, op: Op, args: &[u64]) -> Self {
        let args: Vec<Felt> = args.iter().map(|arg| Felt::from(*arg)).collect();
        self.act_on(op, &args)
    }

    /// Adds an action.
    pub fn act_on(mut self, op: Op, args: &[Felt]) -> Self {
        self.0.extend(everything::act(op, args.iter().copied()));
        self
    }

    /// Adds a call of `to` (zero: what was deployed last) that runs `program` there.
    pub fn call(self, catch: bool, to: impl Into<Felt>, program: Self) -> Self {
        let run = starknet_api::abi::abi_utils::selector_from_name("run").0;
        self.call_of(catch, to, run, program.as_calldata())
    }

    pub fn call_of(self, catch: bool, to: impl Into<Felt>, selector: Felt, calldata: Vec<Felt>) -> Self {
        let mut args = vec![Felt::from(catch), to.into(), selector];
        args.extend(calldata);
        self.act_on(Op::Call, &args)
    }

    /// The program as the only argument of an entry point.
    pub fn as_calldata(&self) -> Vec<Felt> {
        everything::span(&self.0)
    }
}

/// A transaction of the actor.
pub struct Act {
    pub validate: Program,
    pub execute: Program,
    pub l2_gas: u64,
}

impl Act {
    pub fn new(execute: Program) -> Self {
        Self { validate: Program::default(), execute, l2_gas: 500_000_000 }
    }

    pub fn transaction(self, nonce: u64) -> InnerTransaction {
        everything::transaction(actor(), nonce, &self.validate.0, &self.execute.0, self.l2_gas)
    }
}
