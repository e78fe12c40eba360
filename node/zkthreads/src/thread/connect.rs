//! The first contact with the node: which chain it has, whether the submitter can settle there, whether the thread's
//! contracts exist. A node that is away is waited for.

use std::future::Future;
use std::time::Duration;

use starknet_api::core::{ChainId, ClassHash, ContractAddress};
use starknet_rust::core::types::{BlockId, BlockTag};
use starknet_types_core::felt::Felt;
use zkthreads_batcher::follow::BeginError;
use zkthreads_client::{Account, FeePolicy, NodeClient, NodeError, Submitter, SubmitterError};

use super::{ThreadDaemonConfig, ThreadDaemonError};

/// The pause between two attempts at first.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A node that was found fit.
pub(super) struct Connection {
    pub(super) node: NodeClient,
    pub(super) chain_id: ChainId,
    pub(super) submitter: Submitter,
}

/// Finds the node fit, or says why it is not.
pub(super) async fn connect(config: &ThreadDaemonConfig, key: Felt) -> Result<Connection, ThreadDaemonError> {
    let node = NodeClient::new(&config.node)?;
    let chain_id = patiently(|| async { Ok(node.chain_id().await?) }).await?;
    let fees = FeePolicy { max_fee: config.max_fee, margin: config.fee_margin };
    let account = Account::new(config.submitter, key, chain_id.clone());
    let submitter = Submitter::new(node.clone(), account).with_fees(fees);
    patiently(|| async { Ok(submitter.verify().await?) }).await?;
    for contract in config.contracts.iter().flatten() {
        patiently(|| is_deployed(&node, *contract)).await?;
    }
    Ok(Connection { node, chain_id, submitter })
}

async fn is_deployed(node: &NodeClient, contract: ContractAddress) -> Result<(), ThreadDaemonError> {
    let latest = node.state_at(BlockId::Tag(BlockTag::Latest));
    if latest.class_hash(contract).await.map_err(NodeError::from)? == ClassHash::default() {
        return Err(ThreadDaemonError::NoContract { contract });
    }
    Ok(())
}

/// Asks again for as long as the node is away.
pub(super) async fn patiently<T, F>(mut ask: impl FnMut() -> F) -> Result<T, ThreadDaemonError>
where
    F: Future<Output = Result<T, ThreadDaemonError>>,
{
    let mut pause = FIRST_PAUSE;
    loop {
        let error = match ask().await {
            Err(error) if is_passing(&error) => error,
            answer => return answer,
        };
        tracing::warn!(%error, "the node does not answer; waiting for it");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn is_passing(error: &ThreadDaemonError) -> bool {
    match error {
        ThreadDaemonError::Node(error) | ThreadDaemonError::Begin(BeginError::Node(error)) => {
            error.is_passing()
        }
        ThreadDaemonError::Submitter(error) => {
            matches!(error.as_ref(), SubmitterError::Node(error) if error.is_passing())
        }
        _ => false,
    }
}
