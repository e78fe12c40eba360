//! How long a node takes to verify a package's proof.

use criterion::{Criterion, criterion_group, criterion_main};

#[path = "../tests/common/mod.rs"]
mod common;

fn verify(criterion: &mut Criterion) {
    let sub_block = common::SubBlock::load();
    criterion.bench_function("verify a package", |bench| {
        bench.iter(|| sub_block.verify().expect("the fixture verifies"));
    });
}

criterion_group!(benches, verify);
criterion_main!(benches);
