//! Programs for `contracts/metered/everything.cairo`, which does what it is told, and transactions of it as an account.

use starknet_api::block::GasPrice;
use starknet_api::core::{ContractAddress, Nonce};
use starknet_api::data_availability::DataAvailabilityMode;
use starknet_api::execution_resources::GasAmount;
use starknet_api::transaction::InvokeTransactionV3;
use starknet_api::transaction::fields::{
    AllResourceBounds, Calldata, ResourceBounds, Tip, TransactionSignature, ValidResourceBounds,
};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::InnerTransaction;

use super::super::sub_block_support::classes::{self, Class};
use super::super::sub_block_support::{World, address};

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
pub fn world() -> World {
    let mut world = World::new(1);
    world.state.deploy(actor(), class());
    world.state.deploy(prop(), class());
    world
}

/// Actions, one after another.
#[derive(Clone, Default)]
pub struct Program(pub Vec<Felt>);

impl Program {
    /// Adds an action with small arguments.
    pub fn act(self, opcode: u64, args: &[u64]) -> Self {
        let args: Vec<Felt> = args.iter().map(|arg| Felt::from(*arg)).collect();
        self.act_on(opcode, &args)
    }

    /// Adds an action.
    pub fn act_on(mut self, opcode: u64, args: &[Felt]) -> Self {
        self.0.extend([Felt::from(opcode), Felt::from(args.len())]);
        self.0.extend(args);
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
        self.act_on(CALL, &args)
    }

    /// The program as the only argument of an entry point.
    pub fn as_calldata(&self) -> Vec<Felt> {
        let mut calldata = vec![Felt::from(self.0.len())];
        calldata.extend(&self.0);
        calldata
    }
}

pub const WRITE: u64 = 0;
pub const READ: u64 = 1;
pub const EMIT: u64 = 2;
pub const SEND: u64 = 3;
pub const CALL: u64 = 4;
pub const LIBRARY_CALL: u64 = 5;
pub const DEPLOY: u64 = 6;
pub const REPLACE_CLASS: u64 = 7;
pub const CONTEXT: u64 = 8;
pub const CLASS_AT: u64 = 9;
pub const BLOCK_HASH: u64 = 10;
pub const KECCAK: u64 = 11;
pub const SHA256: u64 = 12;
pub const SECP_MUL: u64 = 13;
pub const SECP_NEW: u64 = 14;
pub const PANIC: u64 = 22;
pub const RECURSE: u64 = 23;
pub const LOOP: u64 = 24;
pub const DOMAIN: u64 = 25;
pub const META: u64 = 26;

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
        let bounds = |amount: u64| ResourceBounds {
            max_amount: GasAmount(amount),
            max_price_per_unit: GasPrice(1_000_000_000),
        };
        let invoke = InvokeTransactionV3 {
            resource_bounds: ValidResourceBounds::AllResources(AllResourceBounds {
                l1_gas: bounds(0),
                l2_gas: bounds(self.l2_gas),
                l1_data_gas: bounds(10_000),
            }),
            tip: Tip(7),
            signature: TransactionSignature(self.validate.0.into()),
            nonce: Nonce(nonce.into()),
            sender_address: actor(),
            calldata: Calldata(self.execute.as_calldata().into()),
            nonce_data_availability_mode: DataAvailabilityMode::L1,
            fee_data_availability_mode: DataAvailabilityMode::L1,
            paymaster_data: Default::default(),
            account_deployment_data: Default::default(),
            proof_facts: Default::default(),
        };
        InnerTransaction::try_from(invoke).expect("an inner transaction")
    }
}
