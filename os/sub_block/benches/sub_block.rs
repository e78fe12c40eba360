//! An ERC-20 transfer by an account of OpenZeppelin's in an open sub-block, over a state on disk: what a thread's user
//! waits for. Then what closing a sub-block takes.

#[path = "../../execution/tests/support/mod.rs"]
mod support;

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use starknet_api::core::ContractAddress;
use support::{TestChain, strk, transfer};
use zkthreads_protocol::{BaseBlock, InnerTransaction};
use zkthreads_sub_block::{OpenSubBlock, SubBlockContext};

/// Transfers of a sub-block.
const TRANSFERS: usize = 300;

fn open(chain: &TestChain) -> OpenSubBlock {
    let header = chain.executor.latest_header().expect("reads").block_header_without_hash;
    let base_block =
        BaseBlock { number: header.block_number, timestamp: header.timestamp, sequencer: header.sequencer.0 };
    let chain_id = chain.executor.config().chain_id.clone();
    OpenSubBlock::open(chain.state(), SubBlockContext::new(chain_id, base_block, ContractAddress::default()))
}

fn grow(open: &mut OpenSubBlock, transfers: &[InnerTransaction]) {
    for transfer in transfers {
        black_box(open.execute(transfer.clone()).expect("included"));
    }
}

fn sub_block(criterion: &mut Criterion) {
    let mut chain = TestChain::new(2);
    chain.advance(1);
    let to = chain.users[1].address;
    let transfers: Vec<_> =
        (0..TRANSFERS).map(|_| chain.users[0].inner(&[transfer(strk(), to, 1)])).collect();

    let mut group = criterion.benchmark_group("open sub-block");
    group.sample_size(10).measurement_time(Duration::from_secs(10));
    group.bench_function("execute a transfer", |bencher| {
        bencher.iter_custom(|iterations| {
            let mut left = usize::try_from(iterations).expect("few");
            let mut taken = Duration::ZERO;
            while left > 0 {
                let count = left.min(TRANSFERS);
                let mut open = open(&chain);
                let start = Instant::now();
                grow(&mut open, &transfers[..count]);
                taken += start.elapsed();
                left -= count;
            }
            taken
        });
    });
    let mut full = open(&chain);
    grow(&mut full, &transfers);
    group.bench_function(format!("close after {TRANSFERS}"), |bencher| {
        bencher.iter(|| black_box(full.close().expect("closes")));
    });
    group.finish();
}

criterion_group!(benches, sub_block);
criterion_main!(benches);
