//! Proven sub-blocks for scenarios. A proof takes half a minute, so each is kept beside the test binaries, named by
//! what it proves, and made again only when the thread OS, the verifier's parameters or the sub-block change.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use starknet_api::block::{BlockHash, BlockNumber, BlockTimestamp};
use starknet_api::core::ContractAddress;
use starknet_types_core::felt::Felt;
use zkthreads_client::{ClassCache, ForkClient, NodeClient};
use zkthreads_program::os_program;
use zkthreads_protocol::{BaseBlock, InnerTransaction, OsProgramHash, Package, PackageDigest, Statement};
use zkthreads_prover::Prover;
use zkthreads_sub_block::{ExecutedSubBlock, SubBlockContext, execute};
use zkthreads_verifier::Verifier;

use crate::felt;
use crate::node::{TestNode, target_directory};
use crate::overlay::{Overlay, Presumed};
use crate::token::{ETH, transfer};
use crate::wallet::{CHAIN_ID, Wallet};

/// The OS version that everything here is proved with.
#[must_use]
pub fn os_program_hash() -> OsProgramHash {
    os_program().hash()
}

/// The scenarios' standard sub-block: 12 transfers of ether among users 1 to 5, each signed by its sender.
///
/// # Errors
/// If signing fails.
pub fn twelve_transfers(users: &[Wallet]) -> Result<Vec<InnerTransaction>> {
    (0..12_u64)
        .map(|index| {
            let (from, to) = (1 + index % 5, 1 + (index * 2 + 1) % 5);
            let to = if from == to { 1 + to % 5 } else { to };
            let amount = u128::from(1_000 + index);
            users[from as usize].inner(index / 5, &[transfer(ETH, users[to as usize].address, amount)?])
        })
        .collect()
}

/// A settleable package of [`twelve_transfers`] on a fresh chain.
///
/// # Errors
/// If it cannot be proved.
pub async fn standard(node: &TestNode) -> Result<Package> {
    prove(node, twelve_transfers(&node.accounts)?, &[]).await
}

/// Executes `transactions` over `node`'s genesis block and proves them. Anyone may settle the package, on any chain
/// with the same genesis.
///
/// # Errors
/// If one of them is left out, or the proof fails.
pub async fn prove(
    node: &TestNode,
    transactions: Vec<InnerTransaction>,
    presumed: &[Presumed],
) -> Result<Package> {
    let state = Overlay::new(genesis(node).await?, presumed)?;
    tokio::task::spawn_blocking(|| prove_over(state, transactions)).await.context("proving")?
}

/// Executes `transactions` over `node`'s latest block and proves them. The package is not kept: no other chain has that
/// block.
///
/// # Errors
/// As [`prove`].
pub async fn prove_on_latest(node: &TestNode, transactions: Vec<InnerTransaction>) -> Result<Package> {
    let fork = ForkClient::latest(NodeClient::new(node.rpc.url())?, ClassCache::default()).await?;
    let context = context(fork.base_block());
    let proving = move || {
        let lock = File::create(cache_directory()?.join("lock"))?;
        lock.lock()?;
        make(included(execute(fork, &context, transactions)?)?)
    };
    tokio::task::spawn_blocking(proving).await.context("proving")?
}

/// Anyone may settle.
fn context(base_block: BaseBlock) -> SubBlockContext {
    SubBlockContext::new(CHAIN_ID, base_block, ContractAddress::default())
}

/// A sub-block from which nothing was left out.
fn included(executed: ExecutedSubBlock) -> Result<ExecutedSubBlock> {
    ensure!(executed.left_out.is_empty(), "left out: {:?}", executed.left_out);
    Ok(executed)
}

fn make(executed: ExecutedSubBlock) -> Result<Package> {
    let run = zkthreads_runner::run(&executed.input)?;
    ensure!(run.statement == executed.statement, "the thread OS and blockifier differ");
    let proof = Prover::new().prove(run, &|_| {})?;
    Ok(executed.into_package(proof))
}

fn prove_over(state: Overlay<ForkClient>, transactions: Vec<InnerTransaction>) -> Result<Package> {
    let context = context(state.below().base_block());
    let executed = included(execute(state, &context, transactions)?)?;
    let cache = cache_directory()?;
    let path = cache.join(format!("{:x}.package", identity(&executed.statement)));
    if let Some(package) = kept(&path, &executed.statement) {
        return Ok(package);
    }
    let lock = File::create(cache.join("lock"))?;
    lock.lock()?;
    // Another process may have made it meanwhile.
    if let Some(package) = kept(&path, &executed.statement) {
        return Ok(package);
    }
    let package = make(executed)?;
    let aside = path.with_extension("tmp");
    fs::write(&aside, package.encode())?;
    fs::rename(aside, path)?;
    Ok(package)
}

/// The state after `node`'s genesis block.
async fn genesis(node: &TestNode) -> Result<ForkClient> {
    let block = node.rpc.block(0).await?;
    let base_block = BaseBlock {
        number: BlockNumber(0),
        timestamp: BlockTimestamp(block["timestamp"].as_u64().context("no timestamp")?),
        sequencer: felt(&block["sequencer_address"])?.try_into()?,
    };
    let hash = BlockHash(felt(&block["block_hash"])?);
    let client = NodeClient::new(node.rpc.url())?;
    Ok(ForkClient::at(client, ClassCache::default(), CHAIN_ID, hash, base_block))
}

/// What a proof of `statement` is kept under.
fn identity(statement: &Statement) -> Felt {
    let felts = [vec![os_program_hash().0], statement.encode()].concat();
    let bytes: Vec<u8> = felts.iter().flat_map(Felt::to_bytes_be).collect();
    PackageDigest::of(&bytes).0
}

/// The package kept at `path`, if it is there and the verifier still accepts it.
fn kept(path: &Path, statement: &Statement) -> Option<Package> {
    let package = Package::decode(&fs::read(path).ok()?).ok()?;
    let verifier = Verifier::new([os_program().clone()]);
    let [segment] = package.segments.as_slice() else { return None };
    (segment.statement == *statement && verifier.verify(os_program_hash(), segment).is_ok())
        .then_some(package)
}

fn cache_directory() -> Result<PathBuf> {
    let path = target_directory()?.join("e2e-packages");
    fs::create_dir_all(&path)?;
    Ok(path)
}
