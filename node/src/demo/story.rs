//! What happens in the demo, in order.

use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use starknet_api::abi::abi_utils::get_storage_var_address;
use starknet_rust::core::types::{ExecutionResult, TransactionReceiptWithBlockInfo};
use starknet_types_core::felt::Felt;
use zkthreads_batcher::{Envelope, ProvedSubBlock, SubBlockBuilder, SubmitError, Submitter};
use zkthreads_protocol::{Package, PackageDigest, ThreadFacts};

use crate::devnet::constants::STRK_ADDRESS;
use crate::terminal::{Paint, bytes, grouped};
use crate::thread_progress::listener;

use super::chain::Chain;
use super::users::{FIRST, ORDINARY, Payment, SECOND, STRK, User, gains, sign_all};
use super::{inclusion, print};

/// The demo's cast.
pub(crate) struct Story {
    chain: Chain,
    users: Vec<User>,
    builder: SubBlockBuilder,
    submitter: Submitter,
}

impl Story {
    pub(crate) fn new(chain: Chain, users: Vec<User>) -> Result<Self> {
        let operator = users.first().context("there is no operator")?.account.clone();
        let builder = SubBlockBuilder::new(chain.node.clone(), operator.address);
        let submitter = Submitter::new(chain.node.clone(), operator);
        Ok(Self { chain, users, builder, submitter })
    }

    pub(crate) async fn tell(&self) -> Result<()> {
        print::section("Six accounts, funded at genesis");
        let before = self.balances().await?;
        print::balances(&self.users, &before, None);

        print::section(
            "Five users sign six ordinary transactions; the operator executes and proves them off the chain",
        );
        let first = self.prove(&FIRST).await?;

        print::section("The operator settles the sub-block with one transaction");
        self.settle(&first).await?;

        print::section("Balances after");
        let after = self.balances().await?;
        print::balances(&self.users, &after, Some(&before));
        check_gains(&before, &after)?;

        print::section("A light client checks one changed slot against the state root");
        self.check_inclusion().await?;

        print::section("A second sub-block is proven");
        let second = self.prove(&SECOND).await?;

        print::section("A forger raises one of its amounts and keeps the proof");
        self.settle_tampered(&second.package).await?;

        print::section("The honest package comes too late: Bo has spent from the balance that it read");
        self.settle_stale(&second).await
    }

    async fn balances(&self) -> Result<Vec<u128>> {
        let mut balances = Vec::new();
        for user in &self.users {
            balances.push(self.chain.balance(user.account.address).await?);
        }
        Ok(balances)
    }

    async fn prove(&self, payments: &[Payment]) -> Result<ProvedSubBlock> {
        print::payments(&self.users, payments);
        let signed = sign_all(&self.chain, &self.users, payments).await?;
        let builder = self.builder.clone().with_listener(listener());
        let executed = builder.execute(signed).await?;
        ensure!(executed.left_out.is_empty(), "a transaction was left out");
        ensure!(executed.statement.reverted_count() == 0, "a transaction was reverted");
        let base_block = executed.statement.base_block.number;
        let started = Instant::now();
        let proved = builder.prove(executed).await?;
        let seconds = started.elapsed().as_secs_f64();
        print::line("executed", format_args!("{} transactions over block {base_block}", payments.len()));
        print::line(
            "thread OS",
            format_args!("{} Cairo steps, proven in {seconds:.1} s", grouped(proved.steps)),
        );
        print::line(
            "proof",
            format_args!(
                "{} in a package of {}",
                bytes(proved.package.proof.len()),
                bytes(proved.bytes.len())
            ),
        );
        Ok(proved)
    }

    async fn settle(&self, proved: &ProvedSubBlock) -> Result<()> {
        let before = self.chain.state_root().await?;
        let receipt = self.submit(&proved.bytes).await?;
        print::receipt(&receipt);
        if let ExecutionResult::Reverted { reason } = receipt.receipt.execution_result() {
            bail!("the thread transaction reverted: {reason}");
        }
        let after = self.chain.state_root().await?;
        print::line("state root", format_args!("{:#x} {}", before, "before".dim()));
        print::line("", format_args!("{:#x} {}", after, "after".dim()));
        ensure!(before != after, "the state root did not change");
        Ok(())
    }

    async fn check_inclusion(&self) -> Result<()> {
        let owner = self.users.get(1).context("a user is missing")?;
        let address = *owner.account.address.0.key();
        let key = Felt::from(get_storage_var_address("ERC20_balances", &[address]));
        let root = self.chain.state_root().await?;
        let proof = self.chain.storage_proof(STRK_ADDRESS, key).await?;
        let (value, nodes) = inclusion::check(root, STRK_ADDRESS, key, &proof)?;
        ensure!(value == self.chain.storage(STRK_ADDRESS, key).await?, "the proof is of another value");
        print::line("slot", format_args!("{key:#x}, {}'s balance in the STRK contract", owner.name));
        print::line("value", format_args!("{value:#x}"));
        print::line("proof", format_args!("{nodes} trie nodes up to {root:#x}: {}", "holds".green()));
        Ok(())
    }

    async fn settle_tampered(&self, honest: &Package) -> Result<()> {
        let mut forged = honest.clone();
        let cell = forged
            .statement
            .contracts
            .iter_mut()
            .flat_map(|contract| &mut contract.storage)
            .find(|cell| cell.is_write())
            .context("the sub-block writes nothing")?;
        let proven = cell.after;
        cell.after += cell.after;
        print::line("slot", format_args!("{:#x}", Felt::from(cell.key)));
        print::line("proven", format_args!("{proven:#x}"));
        print::line("forged", format_args!("{:#x}", cell.after));
        let receipt = self.submit(&forged.encode()).await?;
        expect_revert(&receipt, "proof")
    }

    async fn settle_stale(&self, honest: &ProvedSubBlock) -> Result<()> {
        let signed = sign_all(&self.chain, &self.users, &[ORDINARY]).await?;
        for transaction in signed {
            let hash = self.chain.node.add_invoke(transaction.as_invoke(), None).await?;
            let receipt = self.chain.receipt(hash).await?;
            let result = receipt.receipt.execution_result();
            ensure!(*result == ExecutionResult::Succeeded, "the ordinary transaction failed");
            print::line("ordinary tx", format_args!("{:#x} {}", hash.0, "SUCCEEDED".green()));
        }
        let receipt = self.submit(&honest.bytes).await?;
        expect_revert(&receipt, "conflict")
    }

    /// Asks whether a package would settle, which costs nothing, and sends it all the same; its receipt, be it of a
    /// revert.
    async fn submit(&self, package: &[u8]) -> Result<TransactionReceiptWithBlockInfo> {
        let facts = ThreadFacts {
            os_program_hash: zkthreads_program::os_program().hash(),
            package_digest: PackageDigest::of(package),
        };
        let check = self.submitter.check(facts, package).await?;
        let kinds: Vec<&str> = check.errors.iter().map(|failed| failed.kind.as_str()).collect();
        match kinds.as_slice() {
            [] => print::line("check", format_args!("{} settle", "would".green())),
            kinds => print::line("check", format_args!("{} settle: {}", "would not".red(), kinds.join(", "))),
        }
        let hash = self.submitter.send(facts, package, Envelope::default()).await?;
        match self.submitter.wait(hash).await {
            Ok(settlement) => Ok(settlement.receipt),
            Err(SubmitError::Reverted { settlement, .. }) => Ok(settlement.receipt),
            Err(error) => Err(error.into()),
        }
    }
}

/// Users pay nothing for inner transactions: their balances change by exactly what they paid each other.
fn check_gains(before: &[u128], after: &[u128]) -> Result<()> {
    let changes = before.iter().zip(after).map(|(before, after)| *after as i128 - *before as i128);
    for (change, gain) in changes.zip(gains(&FIRST)).skip(1) {
        ensure!(change == gain * STRK as i128, "a balance changed by {change} fri instead of {gain} STRK");
    }
    Ok(())
}

fn expect_revert(receipt: &TransactionReceiptWithBlockInfo, kind: &str) -> Result<()> {
    print::receipt(receipt);
    match receipt.receipt.execution_result() {
        ExecutionResult::Reverted { reason } if reason.contains(kind) => Ok(()),
        other => bail!("a revert for its {kind} was expected, not {other:?}"),
    }
}
