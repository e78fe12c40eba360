//! A small world for tests of sub-blocks: OpenZeppelin accounts, the STRK and ETH tokens and probe contracts in an
//! in-memory state, and users who sign.
//!
//! ```ignore
//! mod sub_block_support;
//! use sub_block_support::{TestState, transfer};
//!
//! let mut world = TestState::new(5);
//! let tx = world.users[0].sign(&[transfer(world.strk(), world.users[1].address, 7)]);
//! let executed = world.execute([tx]);          // zkthreads_sub_block::execute
//! let run = zkthreads_runner::run(&executed.input)?;
//! assert_eq!(run.statement, executed.statement);
//! ```
//!
//! `contracts/probe.cairo` has an entry point for each syscall and builtin; see [`probe`] for calling them.
#![allow(dead_code, unused_imports, unreachable_pub, missing_docs)]

pub mod calls;
pub mod classes;
pub mod everything;
pub mod memory_state;
pub mod user;

use starknet_api::block::{BlockNumber, BlockTimestamp};
use starknet_api::core::{ChainId, ClassHash, ContractAddress};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{BaseBlock, InnerTransaction};
use zkthreads_sub_block::{ExecutedSubBlock, SubBlockContext, SubBlockError};

pub use calls::{Call, multicall, probe, transfer};
pub use classes::Class;
pub use memory_state::MemoryState;
pub use user::User;

/// Balance of every user in each token.
pub const INITIAL_BALANCE: u128 = 1_000_000_000_000_000_000_000;

pub fn chain_id() -> ChainId {
    ChainId::Other("SN_SEPOLIA".to_owned())
}

pub fn address(felt: impl Into<Felt>) -> ContractAddress {
    ContractAddress::try_from(felt.into()).expect("below the address bound")
}

/// A state and the users who own accounts in it.
pub struct TestState {
    pub state: MemoryState,
    pub users: Vec<User>,
    pub context: SubBlockContext,
}

impl TestState {
    /// `users` users with STRK and ETH, and two probe contracts.
    pub fn new(users: usize) -> Self {
        let mut state = MemoryState::default();
        for token in [strk(), eth()] {
            state.deploy(token, if token == strk() { classes::strk() } else { classes::eth() });
        }
        for contract in [probe_a(), probe_b()] {
            state.deploy(contract, classes::probe());
        }
        let users: Vec<User> = (0..users).map(|index| User::new(0x1234_5678_u128 + index as u128)).collect();
        for user in &users {
            state.deploy(user.address, classes::account());
            state.set_variable(user.address, "Account_public_key", &[], user.public_key());
            for token in [strk(), eth()] {
                state.set_balance(token, user.address, INITIAL_BALANCE);
            }
        }
        let base_block = BaseBlock {
            number: BlockNumber(1234),
            timestamp: BlockTimestamp(1_700_000_123),
            sequencer: address(0x5e9_u64),
        };
        let context = SubBlockContext::new(chain_id(), base_block, address(0x50b_u64));
        Self { state, users, context }
    }

    pub fn strk(&self) -> ContractAddress {
        strk()
    }

    pub fn eth(&self) -> ContractAddress {
        eth()
    }

    pub fn probe(&self) -> ContractAddress {
        probe_a()
    }

    pub fn other_probe(&self) -> ContractAddress {
        probe_b()
    }

    pub fn probe_class(&self) -> ClassHash {
        classes::probe().hash
    }

    /// Executes `transactions`; panics if none is included.
    pub fn execute(&self, transactions: impl IntoIterator<Item = InnerTransaction>) -> ExecutedSubBlock {
        self.try_execute(transactions).expect("a sub-block")
    }

    pub fn try_execute(
        &self,
        transactions: impl IntoIterator<Item = InnerTransaction>,
    ) -> Result<ExecutedSubBlock, SubBlockError> {
        zkthreads_sub_block::execute(self.state.clone(), &self.context, transactions.into_iter().collect())
    }
}

/// STRK's address on Starknet.
pub fn strk() -> ContractAddress {
    address(Felt::from_hex_unchecked("0x4718f5a0fc34cc1af16a1cdee98ffb20c31f5cd61d6ab07201858f4287c938d"))
}

/// ETH's address on Starknet.
pub fn eth() -> ContractAddress {
    address(Felt::from_hex_unchecked("0x49d36570d4e46f48e99674bd3fcc84644ddd6b96f7c741b1562b82f9e004dc7"))
}

pub fn probe_a() -> ContractAddress {
    address(0xaaaa_u64)
}

pub fn probe_b() -> ContractAddress {
    address(0xbbbb_u64)
}
