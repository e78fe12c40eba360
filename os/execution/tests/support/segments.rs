//! Three consecutive sub-blocks of a chain, each proven, and one of another chain. The proofs are committed: they hold as
//! long as the test chain and the proof system's parameters stay as they are.

use std::path::PathBuf;

use starknet_api::block::BlockNumber;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{BaseBlock, Package, Segment};
use zkthreads_sub_block::{ExecutedSubBlock, SubBlockContext};

use super::echo::prove_segment;
use super::{INITIAL_BALANCE, TestChain, eth, transfer};

/// User 0 submits, users 1 to 3 are in the sub-blocks, user 4 is not. At block 2.
pub fn chain() -> TestChain {
    let chain = TestChain::new(5);
    chain.advance(2);
    chain
}

/// The committed segments.
#[derive(Clone)]
pub struct Segments {
    /// User 1 gives user 3 three.
    pub first: Segment,
    /// User 2 gives user 3 four, user 1 gives one more.
    pub second: Segment,
    /// User 3 gives user 1 all that it has then.
    pub third: Segment,
    /// The second as another submitter's, of another chain and of a block that never was.
    pub foreign: Segment,
}

impl Segments {
    /// Reads `tests/fixtures/segments.package`.
    pub fn load() -> Self {
        let package = std::fs::read(path()).expect("the segments are committed");
        let package = Package::decode(&package).expect("they are well formed");
        let [first, second, third, foreign] = package.segments.try_into().expect("four");
        Self { first, second, third, foreign }
    }

    /// The same segments without proofs, as the chain executes them.
    pub fn executed() -> Self {
        let mut chain = chain();
        let submitter = chain.users[0].address;
        let [alice, to] = [1, 3].map(|index: usize| chain.users[index].address);
        let mut give = |user: usize, to, amount| chain.users[user].inner(&[transfer(eth(), to, amount)]);
        let blocks = [
            vec![give(1, to, 3)],
            vec![give(2, to, 4), give(1, to, 1)],
            vec![give(3, alice, INITIAL_BALANCE + 8)],
        ];
        let header = chain.executor.storage().header(BlockNumber(2)).expect("reads").expect("a block");
        let header = header.block_header_without_hash;
        let base_block = BaseBlock {
            number: header.block_number,
            timestamp: header.timestamp,
            sequencer: header.sequencer.0,
        };
        let context = SubBlockContext::new(chain.executor.config().chain_id.clone(), base_block, submitter);
        let mut state = chain.state();
        let [first, second, third] = blocks.map(|transactions| {
            let executed: ExecutedSubBlock =
                zkthreads_sub_block::execute(state.clone(), &context, transactions).expect("a sub-block");
            assert!(executed.left_out.is_empty());
            state = state.with(&executed.statement);
            executed.into_segment(Vec::new())
        });
        let mut foreign = second.clone();
        foreign.statement.chain_id = Felt::from(5);
        foreign.statement.submitter = chain.users[4].address;
        foreign.statement.base_block.timestamp.0 += 1;
        Self { first, second, third, foreign }
    }

    /// Proves all of them and keeps them.
    pub fn prove_and_save(mut self) {
        for segment in [&mut self.first, &mut self.second, &mut self.third, &mut self.foreign] {
            prove_segment(segment);
        }
        let Self { first, second, third, foreign } = self;
        let package = Package { segments: vec![first, second, third, foreign] };
        std::fs::write(path(), package.encode()).expect("the fixture can be written");
    }

    /// The three of this chain, in order.
    pub fn consecutive(&self) -> [Segment; 3] {
        [&self.first, &self.second, &self.third].map(Segment::clone)
    }
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/segments.package")
}
