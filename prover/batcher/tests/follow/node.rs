//! A node: a chain whose blocks a test makes, behind an RPC server.

use std::sync::Arc;

use jsonrpsee::core::async_trait;
use starknet_api::block::{BlockHash, BlockNumber};
use starknet_api::core::{ContractAddress, Nonce};
use starknet_api::transaction::TransactionHash;
use zkthreads_client::NodeClient;
use zkthreads_execution::PendingTransaction;
use zkthreads_rpc::{RpcContext, RpcServer, serve};
use zkthreads_rpc_api::{ChainFeed, PoolStatus, SubmitError, TransactionSink};

use crate::support::{TestChain, strk, transfer};

/// Takes no transactions: the test makes the blocks.
struct Closed;

#[async_trait]
impl TransactionSink for Closed {
    async fn submit(&self, _: PendingTransaction) -> Result<TransactionHash, SubmitError> {
        Err(SubmitError::Duplicate)
    }

    fn status(&self, _: TransactionHash) -> Option<PoolStatus> {
        None
    }

    fn pending(&self, _: TransactionHash) -> Option<PendingTransaction> {
        None
    }

    fn pending_nonce(&self, _: ContractAddress) -> Option<Nonce> {
        None
    }

    fn refuses(&self) -> Option<String> {
        None
    }
}

pub(crate) struct Node {
    pub chain: TestChain,
    server: RpcServer,
}

impl Node {
    /// A node with so many blocks after the first.
    pub(crate) async fn start(blocks: u64) -> Self {
        Self::serve(TestChain::new(2), blocks).await
    }

    pub(crate) async fn serve(chain: TestChain, blocks: u64) -> Self {
        let context = RpcContext {
            storage: chain.executor.storage().clone(),
            executor: chain.executor.clone(),
            sink: Arc::new(Closed),
            feed: ChainFeed::default(),
            devnet: None,
            origin: None,
            thread: None,
            answers_after: None,
        };
        let server = serve("127.0.0.1:0".parse().unwrap(), context).await.unwrap();
        let mut node = Self { chain, server };
        node.grow(blocks);
        node
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    pub(crate) fn client(&self) -> NodeClient {
        NodeClient::new(&self.url()).unwrap()
    }

    /// Makes blocks of one transfer each.
    pub(crate) fn grow(&mut self, blocks: u64) {
        for _ in 0..blocks {
            let to = self.chain.users[1].address;
            let submission = self.chain.users[0].invoke(&[transfer(strk(), to, 1)]);
            self.chain.block(vec![submission]);
        }
    }

    /// Takes back all blocks after `number`, and makes others: so many, none of which has a transaction.
    pub(crate) fn go_another_way(&mut self, number: u64, blocks: u64) {
        self.chain.executor.storage().revert_to(BlockNumber(number)).unwrap();
        self.chain.users[0].nonce = self.chain.nonce(self.chain.users[0].address);
        self.chain.advance(blocks);
    }

    /// A block as it is handed out.
    pub(crate) fn bytes(&self, number: u64) -> Vec<u8> {
        self.chain.executor.storage().export_block_bytes(BlockNumber(number)).unwrap().unwrap().1
    }

    /// The newest block.
    pub(crate) fn head(&self) -> (BlockNumber, BlockHash) {
        let header = self.chain.executor.latest_header().unwrap();
        (header.block_header_without_hash.block_number, header.block_hash)
    }
}
