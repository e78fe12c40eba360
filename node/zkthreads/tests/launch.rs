//! A node in this process: launched, stopped, launched again on the same directory.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use starknet_api::block::{BlockNumber, BlockTimestamp};
use starknet_api::core::ChainId;
use starknet_rust::core::types::{BlockTag, ExecutionResult};
use starknet_types_core::felt::Felt;
use zkthreads_client::{Account, Call, NodeClient};
use zkthreads_devnet::manifest::{DevnetRequest, ManifestError};
use zkthreads_execution::{RuleLine, RuleLines, ThreadRules};
use zkthreads_genesis::constants::STRK_ADDRESS;
use zkthreads_genesis::{Genesis, GenesisFileError, Rules};
use zkthreads_mempool::MempoolLimits;
use zkthreads_node::chain::{ChainError, ChainOrigin};
use zkthreads_node::launch::{LaunchError, Node, NodeConfig};
use zkthreads_producer::BlockMode;

/// How long a test that hangs is let go on.
const TIMEOUT: Duration = Duration::from_secs(300);

fn config(directory: Option<&Path>) -> NodeConfig {
    NodeConfig {
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        block_mode: BlockMode::OnTransaction,
        data_dir: directory.map(Path::to_owned),
        origin: ChainOrigin::Devnet {
            request: DevnetRequest { seed: Some(0), accounts: Some(2), ..DevnetRequest::default() },
            timestamp: Some(BlockTimestamp(1_700_000_000)),
            options: Box::default(),
        },
        limits: MempoolLimits::default(),
        state_history: None,
    }
}

fn client(node: &Node) -> Result<NodeClient> {
    Ok(NodeClient::new(&format!("http://{}/rpc", node.address()))?)
}

async fn genesis_hash(node: &NodeClient) -> Result<Felt> {
    Ok(node.block_with_receipts(0).await?.block_hash)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_continues_where_it_stopped() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let node = Node::launch(config(Some(directory.path()))).await?;
    let rpc = client(&node)?;
    let [from, to] = [0, 1].map(|index| node.accounts()[index]);
    let account = Account::new(from.address, from.private_key, ChainId::Sepolia);

    // The second comes before the first: the mempool holds it back.
    let call = Call::transfer(STRK_ADDRESS.try_into()?, to.address, 5);
    let nonce = rpc.nonce_after(account.address, BlockTag::Latest).await?;
    let sign = |nonce| account.invoke(std::slice::from_ref(&call), nonce, Account::inner_bounds(), None);
    let second = rpc.add_invoke(&sign(nonce.try_increment()?)?, None).await?;
    let first = rpc.add_invoke(&sign(nonce)?, None).await?;
    for hash in [first, second] {
        let receipt = rpc.receipt(hash, TIMEOUT).await?;
        assert_eq!(*receipt.receipt.execution_result(), ExecutionResult::Succeeded);
    }
    let (hash, block) = rpc.latest_block().await?;
    assert!(block.number.0 >= 1);
    node.stop().await?;

    let node = Node::launch(config(Some(directory.path()))).await?;
    let rpc = client(&node)?;
    let (hash_again, block_again) = rpc.latest_block().await?;
    assert_eq!((hash, block.number), (hash_again, block_again.number));
    assert_eq!(rpc.nonce_after(account.address, BlockTag::Latest).await?.0, 2.into());
    node.stop().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_chain_id_on_the_same_directory_is_refused() -> Result<()> {
    let directory = tempfile::tempdir()?;
    Node::launch(config(Some(directory.path()))).await?.stop().await?;
    let mut other = config(Some(directory.path()));
    let request = DevnetRequest { chain_id: Some(ChainId::Mainnet), ..DevnetRequest::default() };
    other.origin = ChainOrigin::Devnet { request, timestamp: None, options: Box::default() };
    let refused = Node::launch(other).await.err();
    assert!(matches!(
        refused,
        Some(LaunchError::Chain(ChainError::Manifest(ManifestError::Contradiction {
            option: "--chain-id",
            ..
        })))
    ));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_genesis_is_the_same_block_and_an_interval_makes_empty_ones() -> Result<()> {
    let mut every_50_ms = config(None);
    every_50_ms.block_mode = BlockMode::Interval(Duration::from_millis(50));
    let (one, other) = (Node::launch(config(None)).await?, Node::launch(every_50_ms).await?);
    let genesis = genesis_hash(&client(&one)?).await?;
    let rpc = client(&other)?;
    let deadline = tokio::time::Instant::now() + TIMEOUT;
    while rpc.latest_block().await?.1.number.0 < 3 {
        assert!(tokio::time::Instant::now() < deadline, "no blocks are made");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(genesis_hash(&rpc).await?, genesis);
    one.stop().await?;
    other.stop().await?;
    Ok(())
}

/// A chain of one's own with these thread rules: from which block on, and the lag.
fn with_lags(directory: &Path, lines: &[(u64, u64)]) -> Result<NodeConfig> {
    let line = |(from, max_lag): &(u64, u64)| RuleLine {
        from: BlockNumber(*from),
        rules: ThreadRules::new(100, *max_lag),
    };
    let genesis = Genesis {
        chain_id: ChainId::Sepolia,
        timestamp: Some(1_700_000_000),
        accounts: Vec::new(),
        thread_rules: Some(lines.iter().map(line).collect::<Vec<_>>().try_into()?),
    };
    Ok(NodeConfig {
        block_mode: BlockMode::Interval(Duration::from_millis(50)),
        origin: ChainOrigin::Genesis { genesis: Some(genesis), rules: Rules::devnet()? },
        ..config(Some(directory))
    })
}

async fn served_rules(node: &Node) -> Result<RuleLines> {
    Ok(client(node)?.rules().await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn thread_rules_change_for_blocks_to_come_only() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let node = Node::launch(with_lags(directory.path(), &[(0, 60)])?).await?;
    let rpc = client(&node)?;
    let deadline = tokio::time::Instant::now() + TIMEOUT;
    while rpc.latest_block().await?.1.number.0 < 2 {
        assert!(tokio::time::Instant::now() < deadline, "no blocks are made");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    node.stop().await?;

    let refused = Node::launch(with_lags(directory.path(), &[(0, 60), (2, 0)])?).await.err();
    assert!(matches!(
        refused,
        Some(LaunchError::Chain(ChainError::GenesisFile(GenesisFileError::ThreadRules {
            height: BlockNumber(2),
            ..
        })))
    ));
    let node = Node::launch(with_lags(directory.path(), &[(0, 60), (1_000_000, 0)])?).await?;
    let rules = served_rules(&node).await?;
    node.stop().await?;
    let lag = |number| rules.at(BlockNumber(number)).max_lag;
    assert_eq!([lag(0), lag(999_999), lag(1_000_000)], [60, 60, 0]);

    // They are kept: no later start has to say so.
    let origin = ChainOrigin::Genesis { genesis: None, rules: Rules::devnet()? };
    let node = Node::launch(NodeConfig { origin, ..config(Some(directory.path())) }).await?;
    assert_eq!(served_rules(&node).await?, rules);
    node.stop().await?;
    Ok(())
}
