//! A node's blocks as it tells of them.

use anyhow::{Result, bail};
use starknet_rust::core::types::ConfirmedBlockId;
use starknet_rust_tokio_tungstenite::{NewHeadsSubscription, NewHeadsUpdate, TungsteniteStream};

use crate::rpc::Rpc;
use crate::wait::PATIENCE;

/// A subscription to a node's blocks.
pub struct Heads {
    subscription: NewHeadsSubscription,
    /// The connection lasts as long as this.
    _stream: TungsteniteStream,
}

impl Heads {
    /// The blocks of the node behind `rpc`, from its latest on.
    ///
    /// # Errors
    /// If it takes no subscription.
    pub async fn of(rpc: &Rpc) -> Result<Self> {
        let url = rpc.url().replace("http://", "ws://").replace("/rpc", "/ws");
        let stream = TungsteniteStream::connect(url, PATIENCE).await?;
        let subscription = stream.subscribe_new_heads(ConfirmedBlockId::Latest).await?;
        Ok(Self { subscription, _stream: stream })
    }

    /// Waits for the next block; its number.
    ///
    /// # Errors
    /// If blocks are taken back, or the node tells no more.
    pub async fn next(&mut self) -> Result<u64> {
        match self.subscription.recv().await? {
            NewHeadsUpdate::NewHeader(head) => Ok(head.block_number),
            NewHeadsUpdate::Reorg(reorg) => bail!("blocks are taken back: {reorg:?}"),
        }
    }
}
