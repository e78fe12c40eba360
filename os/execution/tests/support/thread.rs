//! Threads forked from the chain. Their proofs are a placeholder: they reach the proof phase and fail there.

use starknet_api::block::BlockNumber;
use starknet_api::core::ContractAddress;
use zkthreads_execution::ThreadCheck;
use zkthreads_protocol::{BaseBlock, InnerTransaction, Package, SettleError};
use zkthreads_sub_block::{ExecutedSubBlock, SubBlockContext};

use super::chain::TestChain;

/// Executes inner transactions on top of the latest block, for `submitter`.
pub fn sub_block(
    chain: &TestChain,
    submitter: ContractAddress,
    transactions: Vec<InnerTransaction>,
) -> ExecutedSubBlock {
    let latest = chain.executor.storage().latest().expect("reads").expect("a block");
    sub_block_over(chain, latest, submitter, transactions)
}

/// Executes inner transactions on the latest state in the context of an earlier block.
pub fn sub_block_over(
    chain: &TestChain,
    base: BlockNumber,
    submitter: ContractAddress,
    transactions: Vec<InnerTransaction>,
) -> ExecutedSubBlock {
    let header =
        chain.executor.storage().header(base).expect("reads").expect("a block").block_header_without_hash;
    let base_block =
        BaseBlock { number: header.block_number, timestamp: header.timestamp, sequencer: header.sequencer.0 };
    let context = SubBlockContext::new(chain.executor.config().chain_id.clone(), base_block, submitter);
    zkthreads_sub_block::execute(chain.state(), &context, transactions).expect("a sub-block")
}

/// The package of an executed sub-block with the given proof bytes.
pub fn package(executed: &ExecutedSubBlock, proof: Vec<u8>) -> Package {
    executed.clone().into_package(proof)
}

/// What a check of a package found wrong, whatever the segment.
pub fn errors_of(check: &ThreadCheck) -> Vec<SettleError> {
    check.errors.iter().map(|it| it.error.clone()).collect()
}

/// The package of inner transactions without a valid proof.
pub fn unproven(
    chain: &TestChain,
    submitter: ContractAddress,
    transactions: Vec<InnerTransaction>,
) -> Package {
    package(&sub_block(chain, submitter, transactions), b"not a proof".to_vec())
}

/// The package of a sub-block, proven. Takes both cores and several gigabytes for some twenty seconds.
pub fn prove(executed: &ExecutedSubBlock) -> Package {
    let left_out: Vec<String> = executed.left_out.iter().map(|it| it.reason.to_string()).collect();
    assert!(left_out.is_empty(), "left out: {left_out:?}");
    let run = zkthreads_runner::run(&executed.input).expect("the OS runs");
    println!("{} steps", run.steps);
    let proof = zkthreads_prover::Prover::new().prove(run, &|stage| println!("{stage}")).expect("proves");
    let package = package(executed, proof);
    // The verifier's tests keep a real package; see their README.
    if let Some(path) = std::env::var_os("ZKTHREADS_SAVE_PACKAGE") {
        std::fs::write(path, package.encode()).expect("the package can be written");
    }
    package
}
