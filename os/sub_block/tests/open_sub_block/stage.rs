//! A chain with probes and a deployer, and sub-blocks on top of its latest block.

use std::collections::BTreeSet;
use std::sync::Arc;

use starknet_api::core::ContractAddress;
use starknet_types_core::felt::Felt;
use zkthreads_execution::Executor;
use zkthreads_protocol::{BaseBlock, InnerTransaction};
use zkthreads_sub_block::{LeftOutReason, OpenSubBlock, SubBlockContext};

use crate::support::{Call, TestChain, address, class, strk, transfer};

pub(crate) fn probe() -> ContractAddress {
    address(0xaaaa_u64)
}

pub(crate) fn deployer() -> ContractAddress {
    address(0xdc_u64)
}

pub(crate) fn chain(users: u64) -> TestChain {
    TestChain::extended(users, |genesis| {
        genesis.classes.extend([class::PROBE.clone(), class::UDC.clone()]);
        genesis.contracts.insert(probe(), class::PROBE.0);
        genesis.contracts.insert(deployer(), class::UDC.0);
    })
}

/// The context of a sub-block over the latest block, which anyone may settle.
pub(crate) fn context(executor: &Executor) -> SubBlockContext {
    let header = executor.latest_header().expect("reads").block_header_without_hash;
    let base_block =
        BaseBlock { number: header.block_number, timestamp: header.timestamp, sequencer: header.sequencer.0 };
    SubBlockContext::new(executor.config().chain_id.clone(), base_block, ContractAddress::default())
}

pub(crate) fn open(chain: &TestChain) -> OpenSubBlock {
    OpenSubBlock::open(chain.state(), context(&chain.executor))
}

/// The same for a thread of these contracts.
pub(crate) fn open_for(chain: &TestChain, contracts: &[ContractAddress]) -> OpenSubBlock {
    let writable: BTreeSet<_> = contracts.iter().copied().collect();
    let context = SubBlockContext { writable: Some(Arc::new(writable)), ..context(&chain.executor) };
    OpenSubBlock::open(chain.state(), context)
}

/// Why the transaction is left out; panics if it is not.
pub(crate) fn refusal(open: &mut OpenSubBlock, transaction: InnerTransaction) -> LeftOutReason {
    let before = open.len();
    let left_out = open.execute(transaction).expect_err("left out");
    assert_eq!(open.len(), before);
    left_out.reason
}

pub(crate) fn put(key: u64, value: u64) -> Call {
    Call { to: probe(), entry_point: "put", calldata: vec![key.into(), value.into()] }
}

pub(crate) fn pay(to: ContractAddress, amount: u128) -> Call {
    transfer(strk(), to, amount)
}

/// More than anybody has: it is reverted.
pub(crate) fn pay_too_much(to: ContractAddress) -> Call {
    pay(to, u128::MAX)
}

/// Deploys another probe.
pub(crate) fn deploy(salt: u64) -> Call {
    let calldata = vec![class::PROBE.0.0, salt.into(), Felt::ZERO, Felt::ZERO];
    Call { to: deployer(), entry_point: "deploy_contract", calldata }
}

pub(crate) fn send(to: Felt, payload: &[u64]) -> Call {
    let payload = payload.iter().copied().map(Felt::from);
    let calldata = [to, payload.len().into()].into_iter().chain(payload).collect();
    Call { to: probe(), entry_point: "send", calldata }
}
