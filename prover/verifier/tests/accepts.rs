//! Honest proofs are accepted.

use crate::common::{Fixture, SubBlock};
use zkthreads_verifier::SECURITY_BITS;

#[test]
fn an_honest_proof_is_accepted() {
    for fixture in [Fixture::settle(), Fixture::load("other", "other")] {
        let segment = fixture.segment();
        let thread = fixture.verifier().verify(fixture.program.hash(), &segment).expect("it is honest");
        assert_eq!(thread.statement(), &segment.statement);
        assert_eq!(thread.os_program_hash(), fixture.program.hash());
        assert_eq!(thread.security_bits(), SECURITY_BITS);
        println!("{thread}");
    }
}

#[test]
fn a_sub_block_is_accepted() {
    let sub_block = SubBlock::load();
    let thread = sub_block.verify().expect("it is honest");
    assert_eq!(thread.statement(), &sub_block.segment.statement);
    println!("{} bytes\n{thread}", sub_block.segment.proof.len());
}
