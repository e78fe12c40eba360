//! How long a node takes to verify a package's proof.

use criterion::{Criterion, criterion_group, criterion_main};

#[path = "../tests/common/mod.rs"]
mod common;

fn verify(criterion: &mut Criterion) {
    let fixture = common::Fixture::settle();
    let verifier = fixture.verifier();
    let (hash, package) = (fixture.program.hash(), fixture.package());
    criterion.bench_function("verify a package", |bench| {
        bench.iter(|| verifier.verify(hash, &package).expect("the fixture verifies"));
    });
}

criterion_group!(benches, verify);
criterion_main!(benches);
