//! `starknet_addDeployAccountTransaction`.

use serde::{Deserialize, Serialize};
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;

use crate::context::RpcContext;
use crate::convert::submission;
use crate::door::Door;
use crate::error::RpcError;
use crate::method::registry::Added;
use crate::wire::block_id::BlockId;
use crate::wire::broadcast::BroadcastDeployAccount;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    deploy_account_transaction: BroadcastDeployAccount,
}

#[derive(Serialize)]
pub(super) struct AddedDeployAccount {
    transaction_hash: Felt,
    contract_address: Felt,
}

/// Takes a deploy account.
pub(super) fn answer(
    context: &RpcContext,
    door: &Door,
    params: Params,
) -> Result<AddedDeployAccount, RpcError> {
    let transaction = params.deploy_account_transaction;
    submission::executable(transaction.version)?;
    let at = context.resolve(BlockId::PreConfirmed)?;
    let pending = door.admit(&context.executor, &at, None, submission::deploy_account(transaction))?;
    let contract_address = *pending.sender().0.key();
    Ok(AddedDeployAccount { transaction_hash: context.submit(pending)?.0, contract_address })
}

impl Added for AddedDeployAccount {
    fn transaction_hash(&self) -> TransactionHash {
        TransactionHash(self.transaction_hash)
    }
}
