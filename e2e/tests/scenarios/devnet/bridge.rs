//! The bridge contract on a node.

use anyhow::{Context, Result};
use starknet_api::core::{ClassHash, ContractAddress, calculate_contract_address};
use starknet_api::transaction::fields::{Calldata, ContractAddressSalt};
use starknet_types_core::felt::Felt;
use zkthreads_e2e::wallet::{Call, wire};
use zkthreads_e2e::{Receipt, TestNode};
use zkthreads_genesis::constants::UDC_ADDRESS;

use crate::rust_client::{client, declare, owner};

/// A deployed bridge.
pub(super) struct Bridge {
    pub(super) address: Felt,
}

impl Bridge {
    /// Declares it and deploys it from nobody's address.
    pub(super) async fn deploy(node: &TestNode) -> Result<Self> {
        let rich = owner(&client(node)?, node.account(0)).await?;
        let (class_hash, declared) = declare(&rich, "metered/bridge").await?;
        node.rpc.wait(declared).await?.succeeded();
        let calldata = vec![class_hash, Felt::ZERO, Felt::ZERO, Felt::ZERO];
        invoke(node, 0, Call::new(UDC_ADDRESS, "deployContract", calldata)?).await?.succeeded();
        let address = calculate_contract_address(
            ContractAddressSalt::default(),
            ClassHash(class_hash),
            &Calldata::default(),
            ContractAddress::default(),
        )?;
        Ok(Self { address: *address.0.key() })
    }

    /// What an owner has, in the latest block.
    pub(super) async fn balance(&self, node: &TestNode, owner: Felt) -> Result<Felt> {
        let result = node.rpc.view(self.address, "balance", &[owner]).await?;
        result.first().copied().context("no balance")
    }

    /// The time that it is told when called on the latest block.
    pub(super) async fn now(&self, node: &TestNode) -> Result<u64> {
        let result = node.rpc.view(self.address, "now", &[]).await?;
        u64::try_from(*result.first().context("no time")?).map_err(|_| anyhow::anyhow!("{result:?}"))
    }

    /// Sends an owner's money to L1.
    pub(super) async fn withdraw(
        &self,
        node: &TestNode,
        owner: Felt,
        amount: u64,
        to: Felt,
    ) -> Result<Receipt> {
        invoke(node, 0, Call::new(self.address, "withdraw", vec![owner, amount.into(), to])?).await
    }
}

/// Executes a call of a predeployed account.
pub(super) async fn invoke(node: &TestNode, account: usize, call: Call) -> Result<Receipt> {
    let account = node.account(account);
    let nonce = node.rpc.nonce(account.address).await?;
    node.rpc.settle(&wire(&account.invoke(nonce, &[call])?, None)).await
}
