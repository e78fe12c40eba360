//! Payments of accounts that wallets make.

use zkthreads_protocol::InnerTransaction;
use zkthreads_sub_block::{ExecutedSubBlock, SubBlockError};

use super::argent::{Curve, Key, Wallet};
use super::profile::Profile;
use super::stage::DEPLOYER;
use super::usage::Usage;
use crate::sub_block_support::{INITIAL_BALANCE, TestState, address, classes, transfer};

/// Payments of the smaller of two sub-blocks that are compared, and how many more the larger one has: of some, hardly more fit
/// into a proof.
const FEW: usize = 1;
const MORE: usize = 1;

/// Estimated steps that a proof in 8 GiB holds (`zkthreads_workers::budget`).
const STEPS_OF_8_GIB: u64 = 1_179_648;
/// More payments than fit into that.
const MANY: usize = 150;

/// An account, and what signs for it.
pub struct WalletKind {
    pub name: &'static str,
    make: fn() -> Wallet,
}

const fn key(curve: Curve, secret: u64) -> Key {
    Key { curve, secret }
}

pub const WALLETS: &[WalletKind] = &[
    WalletKind { name: "Argent: Starknet key", make: || Wallet::argent(key(Curve::Starknet, 0x301), None) },
    WalletKind {
        name: "Argent: Starknet key and guardian",
        make: || Wallet::argent(key(Curve::Starknet, 0x302), Some(key(Curve::Starknet, 0x303))),
    },
    WalletKind { name: "Argent: EIP-191", make: || Wallet::argent(key(Curve::Eip191, 0x304), None) },
    WalletKind { name: "Argent: secp256k1", make: || Wallet::argent(key(Curve::Secp256k1, 0x305), None) },
    WalletKind { name: "Argent: secp256r1", make: || Wallet::argent(key(Curve::Secp256r1, 0x306), None) },
    WalletKind {
        name: "Argent multisig: two of three Starknet keys",
        make: || {
            Wallet::multisig(2, [0x307, 0x308, 0x309].map(|secret| key(Curve::Starknet, secret)).to_vec())
        },
    },
];

impl WalletKind {
    /// Where the account is deployed, and so many payments of STRK.
    fn payments(&self, count: usize) -> (TestState, Vec<InnerTransaction>) {
        let mut world = TestState::new(2);
        let mut wallet = (self.make)();
        let deployer = address(0xdc_u64);
        world.state.deploy(deployer, classes::load(DEPLOYER));
        world.state.classes.insert(wallet.class.hash, wallet.class.clone());
        let deployment = world.users[0].sign(&[wallet.deployment(deployer)]);
        let deployed = world.execute([deployment]);
        world.state.apply(&deployed.statement);
        world.state.set_balance(world.strk(), wallet.address(), INITIAL_BALANCE);

        let (strk, to) = (world.strk(), world.users[1].address);
        let payments = (1..=count).map(|amount| wallet.sign(&[transfer(strk, to, amount as u128)]));
        let payments = payments.collect();
        (world, payments)
    }

    /// How many of its payments fit into a proof in 8 GiB.
    pub fn fit(&self) -> usize {
        let (mut world, payments) = self.payments(MANY);
        world.context.max_steps = Some(STEPS_OF_8_GIB);
        match world.try_execute(payments) {
            Err(SubBlockError::Full { transactions }) => transactions,
            other => panic!("{}: not full after {MANY}: {:?}", self.name, other.err()),
        }
    }

    /// A sub-block of so many payments.
    pub fn sub_block(&self, count: usize) -> ExecutedSubBlock {
        let (world, payments) = self.payments(count);
        let executed = world.execute(payments);
        assert!(executed.left_out.is_empty(), "{}: {:?}", self.name, executed.left_out);
        for transaction in &executed.input.transactions {
            assert!(!transaction.is_reverted(), "{}: {:?}", self.name, transaction.revert_reason);
        }
        executed
    }

    /// What each payment adds to a sub-block, and what one alone takes.
    pub fn costs(&self, names: Option<&super::Names>) -> (Usage, Profile) {
        let [few, more] = [FEW, FEW + MORE].map(|count| {
            let executed = self.sub_block(count);
            let run = zkthreads_runner::run(&executed.input).expect("the OS runs");
            assert_eq!(run.statement, executed.statement);
            Profile::of(&executed.input, &run, names)
        });
        ((more.total - few.total) / MORE, few)
    }
}
