//! `ThreadDaemon`, in process, beside a node in process. Its provers are processes of the real binary.

use std::fs::{OpenOptions, Permissions};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use starknet_api::core::{ChainId, ContractAddress, Nonce};
use starknet_api::transaction::TransactionHash;
use starknet_rust::core::types::{BlockId, BlockTag, ExecutionResult, StarknetError, TransactionStatus};
use starknet_rust::providers::ProviderError;
use starknet_types_core::felt::Felt;
use tempfile::TempDir;
use tokio::net::TcpListener;
use zkthreads_batcher::thread::HotPolicy;
use zkthreads_client::{Account, Call, NodeClient, NodeError};
use zkthreads_devnet::manifest::DevnetRequest;
use zkthreads_genesis::accounts::PredeployedAccount;
use zkthreads_genesis::constants::STRK_ADDRESS;
use zkthreads_mempool::MempoolLimits;
use zkthreads_node::chain::ChainOrigin;
use zkthreads_node::launch::{Node, NodeConfig};
use zkthreads_node::thread::{ProverOptions, ThreadDaemon, ThreadDaemonConfig, ThreadLimits};
use zkthreads_producer::BlockMode;

const AMOUNT: u128 = 1_000;
/// How often to look at what must come.
const LOOK: Duration = Duration::from_millis(50);
/// How long a test that hangs is let go on.
const PATIENCE: Duration = Duration::from_secs(480);

fn local() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

async fn node() -> Result<Node> {
    let config = NodeConfig {
        address: local(),
        block_mode: BlockMode::OnTransaction,
        data_dir: None,
        origin: ChainOrigin::Devnet {
            request: DevnetRequest { seed: Some(0), accounts: Some(3), ..DevnetRequest::default() },
            timestamp: None,
            options: Box::default(),
        },
        limits: MempoolLimits::default(),
        state_history: None,
    };
    Ok(Node::launch(config).await?)
}

fn key_file(directory: &Path, key: Felt) -> Result<PathBuf> {
    let path = directory.join("key");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    write!(file, "{key:#x}")?;
    Ok(path)
}

/// A thread for any contract that the node's first account settles. Its sub-blocks close when they hold two transactions,
/// however long that takes.
fn config(node: &Node, directory: &Path) -> Result<ThreadDaemonConfig> {
    let [submitter, ..] = &node.accounts()[..] else { bail!("no account") };
    Ok(ThreadDaemonConfig {
        address: local(),
        node: format!("http://{}/rpc", node.address()),
        contracts: None,
        submitter: submitter.address,
        key_file: key_file(directory, submitter.private_key)?,
        data_dir: Some(directory.join("thread")),
        max_transactions: 2,
        max_age: Duration::from_secs(86_400),
        max_fee: None,
        fee_margin: 50,
        on_hot: HotPolicy::Forward,
        max_conflicts: 3,
        limits: ThreadLimits::default(),
        provers: ProverOptions {
            workers: 1,
            memory_bytes: 6 << 30,
            deadline: PATIENCE,
            program: env!("CARGO_BIN_EXE_zkthreads").into(),
        },
    })
}

fn client(address: SocketAddr) -> Result<NodeClient> {
    Ok(NodeClient::new(&format!("http://{address}/rpc"))?)
}

fn account(of: &PredeployedAccount) -> Account {
    Account::new(of.address, of.private_key, ChainId::Sepolia)
}

/// What the account has of STRK, its lower half.
async fn balance(node: &NodeClient, account: ContractAddress) -> Result<Felt> {
    let key = starknet_api::abi::abi_utils::get_storage_var_address("ERC20_balances", &[*account.0.key()]);
    Ok(node.state_at(BlockId::Tag(BlockTag::Latest)).storage(STRK_ADDRESS.try_into()?, key).await?)
}

/// Waits until the transaction is in a block of the chain, as this node or thread tells it.
async fn settled(at: &NodeClient, hash: Felt) -> Result<ExecutionResult> {
    let waiting = async {
        loop {
            match at.transaction_status(TransactionHash(hash)).await {
                Ok(TransactionStatus::AcceptedOnL2(result)) => return Ok(result),
                Ok(_)
                | Err(NodeError::Starknet(ProviderError::StarknetError(
                    StarknetError::TransactionHashNotFound,
                ))) => {}
                Err(error) => return Err(error.into()),
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.context("not settled")?
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_is_answered_proven_and_settled() -> Result<()> {
    let directory = TempDir::new()?;
    let node = node().await?;
    let daemon = ThreadDaemon::launch(config(&node, directory.path())?).await?;
    let (chain, thread) = (client(node.address())?, client(daemon.address())?);
    let accounts = node.accounts();
    let (from, to) = (&accounts[1], &accounts[2]);
    let before = balance(&chain, to.address).await?;

    let call = Call::transfer(STRK_ADDRESS.try_into()?, to.address, AMOUNT);
    let transfer = |nonce: u64| {
        account(from).inner(std::slice::from_ref(&call), Nonce(nonce.into()), Account::inner_bounds())
    };
    let hash = thread.add_invoke(transfer(0)?.as_invoke(), None).await?;
    let status = thread.transaction_status(hash).await?;
    assert_eq!(status, TransactionStatus::PreConfirmed(ExecutionResult::Succeeded));
    assert_eq!(balance(&chain, to.address).await?, before, "nothing is settled yet");

    thread.add_invoke(transfer(1)?.as_invoke(), None).await?;
    assert_eq!(settled(&chain, hash.0).await?, ExecutionResult::Succeeded);
    assert_eq!(settled(&thread, hash.0).await?, ExecutionResult::Succeeded);
    assert_eq!(balance(&chain, to.address).await?, before + Felt::from(2 * AMOUNT));
    assert_eq!(chain.nonce_after(from.address, BlockTag::Latest).await?, Nonce(Felt::TWO));

    daemon.stop().await?;
    // What the thread had is there again: the transaction is known, and not executed again.
    let daemon = ThreadDaemon::launch(config(&node, directory.path())?).await?;
    let thread = client(daemon.address())?;
    assert_eq!(settled(&thread, hash.0).await?, ExecutionResult::Succeeded);
    assert_eq!(thread.nonce_after(from.address, BlockTag::Latest).await?, Nonce(Felt::TWO));
    daemon.stop().await?;
    node.stop().await?;
    Ok(())
}

/// Why a thread with other options does not start.
async fn refusal(config: ThreadDaemonConfig) -> Result<String> {
    match ThreadDaemon::launch(config).await {
        Ok(_) => bail!("it starts"),
        Err(error) => Ok(error.to_string()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_node_does_not_know_is_refused_at_the_start() -> Result<()> {
    let directory = TempDir::new()?;
    let node = node().await?;
    let config = config(&node, directory.path())?;

    let nowhere = ContractAddress::from(77_u64);
    let error = refusal(ThreadDaemonConfig { contracts: Some([nowhere].into()), ..config.clone() }).await?;
    assert!(
        error.starts_with("there is no contract at 0x") && error.ends_with("--contracts names"),
        "{error}"
    );
    let error = refusal(ThreadDaemonConfig { submitter: nowhere, ..config.clone() }).await?;
    assert_eq!(error, "there is no account at the submitter's address 0x4d");
    let error =
        refusal(ThreadDaemonConfig { submitter: node.accounts()[1].address, ..config.clone() }).await?;
    assert!(error.contains("refuses what the given key signs"), "{error}");
    let strk = ThreadDaemonConfig { submitter: STRK_ADDRESS.try_into()?, ..config.clone() };
    let error = refusal(strk).await?;
    assert!(error.contains("refuses what the given key signs") || error.contains("no account"), "{error}");
    let little = ProverOptions { memory_bytes: 1 << 20, ..config.provers.clone() };
    let error = refusal(ThreadDaemonConfig { provers: little, ..config.clone() }).await?;
    assert_eq!(error, "--prover-memory: 1048576 bytes are too little to prove anything");

    std::fs::set_permissions(&config.key_file, Permissions::from_mode(0o644))?;
    let error = refusal(config.clone()).await?;
    assert!(error.contains("is open to others (mode 644)"), "{error}");
    node.stop().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_waits_for_its_node_and_keeps_to_its_directory() -> Result<()> {
    let directory = TempDir::new()?;
    let node = node().await?;
    let config = config(&node, directory.path())?;
    ThreadDaemon::launch(config.clone()).await?.stop().await?;

    let only = ThreadDaemonConfig { contracts: Some([STRK_ADDRESS.try_into()?].into()), ..config.clone() };
    let error = refusal(only).await?;
    assert!(error.starts_with("the thread in this data directory has --contracts any, not 0x"), "{error}");

    // Who answers nobody is asked again and again: it waits, and can be told not to.
    let listener = TcpListener::bind(local()).await?;
    let address = listener.local_addr()?;
    let away = ThreadDaemonConfig { node: format!("http://{address}/rpc"), ..config.clone() };
    let asked_again_and_again = async {
        for _ in 0..4 {
            drop(listener.accept().await?);
        }
        anyhow::Ok(())
    };
    tokio::select! {
        launched = ThreadDaemon::launch(away) => bail!("it does not wait: {:?}", launched.err()),
        asked = asked_again_and_again => asked?,
    }
    ThreadDaemon::launch(config).await?.stop().await?;
    node.stop().await?;
    Ok(())
}
