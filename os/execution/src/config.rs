//! What chain this is.

use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};
use starknet_api::block::{BlockNumber, GasPrices};
use starknet_api::core::{ChainId, ContractAddress};
use zkthreads_protocol::{OsProgram, OsProgramHash};

use crate::hardened::HARDENING;

/// Default of [`ThreadRules::max_age`], blocks.
pub const DEFAULT_MAX_THREAD_AGE: u64 = 10_000;

/// Default of [`ThreadRules::max_lag`] of a chain that others depend on, seconds.
pub const DEFAULT_MAX_THREAD_LAG: u64 = 60;

/// Default of [`ChainConfig::block_factor`]. Nothing that passes the door may be larger than a block: neither one
/// transaction, which reads or writes two million storage entries at most (10^12 gas), nor a thread, which brings the
/// work of thousands.
pub const DEFAULT_BLOCK_FACTOR: NonZeroU64 = NonZeroU64::new(1_000).unwrap();

/// Constants of a chain: every node of it must be given the same ones.
#[derive(Debug, Clone)]
pub struct ChainConfig {
    /// The chain's id.
    pub chain_id: ChainId,
    /// Who produces blocks and receives fees.
    pub sequencer_address: ContractAddress,
    /// The STRK token, which pays all fees.
    pub strk_address: ContractAddress,
    /// The ETH token.
    pub eth_address: ContractAddress,
    /// Gas prices of the genesis block, and of every block that chooses no others.
    pub gas_prices: GasPrices,
    /// What threads must keep to.
    pub thread_rules: RuleLines,
    /// How many times what Starknet allows a block in gas, and in instances of each builtin.
    pub block_factor: NonZeroU64,
    /// Versions of the thread OS, with the height each becomes active at.
    pub os_versions: Vec<OsVersion>,
}

/// A version of the thread OS that this chain accepts proofs of.
#[derive(Debug, Clone)]
pub struct OsVersion {
    /// The program.
    pub program: OsProgram,
    /// The first block that may be the base of its proofs.
    pub active_from: BlockNumber,
    /// The first block that may not settle its proofs any more, if there is one.
    pub retired_from: Option<BlockNumber>,
}

/// What threads must keep to in the blocks that settle them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThreadRules {
    /// How far below the block that settles it a sub-block's base block may be, blocks.
    pub max_age: u64,
    /// How far behind the latest time that anything before it has seen a sub-block's own time may be, seconds. With 0, the
    /// strict form, no transaction of the chain sees an earlier time than one before it.
    pub max_lag: u64,
    /// The way in which the code of classes is hardened: see [`HARDENING`].
    pub hardening: u32,
}

impl ThreadRules {
    /// Nothing settles under these.
    const NONE: Self = Self { max_age: 0, max_lag: 0, hardening: HARDENING };

    /// These bounds, with classes hardened as this program does.
    #[must_use]
    pub const fn new(max_age: u64, max_lag: u64) -> Self {
        Self { max_age, max_lag, hardening: HARDENING }
    }

    /// Whether no transaction may see an earlier time than one before it.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        self.max_lag == 0
    }
}

/// Rules by height, so that a block is judged by the same ones whenever it is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<RuleLine>", into = "Vec<RuleLine>")]
pub struct RuleLines(Vec<RuleLine>);

/// Rules from a height on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "RuleRow", into = "RuleRow")]
pub struct RuleLine {
    /// The first block that they are for.
    pub from: BlockNumber,
    /// The rules.
    pub rules: ThreadRules,
}

/// A line as it is written, in which every name must be known: a rule that was misspelt would not hold.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RuleRow {
    from: BlockNumber,
    max_age: u64,
    max_lag: u64,
    #[serde(default = "first_hardening")]
    hardening: u32,
}

/// What holds if nothing is said, as of chains from before there was a choice.
pub const FIRST_HARDENING: u32 = 1;

fn first_hardening() -> u32 {
    FIRST_HARDENING
}

impl From<RuleRow> for RuleLine {
    fn from(RuleRow { from, max_age, max_lag, hardening }: RuleRow) -> Self {
        Self { from, rules: ThreadRules { max_age, max_lag, hardening } }
    }
}

impl From<RuleLine> for RuleRow {
    fn from(RuleLine { from, rules: ThreadRules { max_age, max_lag, hardening } }: RuleLine) -> Self {
        Self { from, max_age, max_lag, hardening }
    }
}

/// Why lines are no rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RuleLinesError {
    /// Nothing is said about the first blocks.
    #[error("the first line of the thread rules must be from block 0")]
    Beginning,
    /// A line is not from a higher block than the one before it.
    #[error(
        "the lines of the thread rules must be from ascending blocks, and {0} is not above the one before it"
    )]
    Order(BlockNumber),
    /// A line names a way of hardening that this program does not know.
    #[error("the thread rules ask for hardening {0}, and this program knows {HARDENING} only")]
    Hardening(u32),
}

impl RuleLines {
    /// The same rules for all blocks.
    #[must_use]
    pub fn always(rules: ThreadRules) -> Self {
        Self(vec![RuleLine { from: BlockNumber::ZERO, rules }])
    }

    /// The rules of block `number`.
    #[must_use]
    pub fn at(&self, number: BlockNumber) -> ThreadRules {
        let before = self.0.iter().take_while(|line| line.from <= number);
        // There is a line from block 0.
        before.last().or(self.0.first()).map_or(ThreadRules::NONE, |line| line.rules)
    }

    /// The lines, the lowest first.
    #[must_use]
    pub fn lines(&self) -> &[RuleLine] {
        &self.0
    }

    /// The first block up to `tip` for which `other` says something else.
    #[must_use]
    pub fn contradicts(&self, other: &Self, tip: BlockNumber) -> Option<BlockNumber> {
        let mut heights: Vec<_> = self.0.iter().chain(&other.0).map(|line| line.from).collect();
        heights.sort_unstable();
        heights.into_iter().find(|height| *height <= tip && self.at(*height) != other.at(*height))
    }
}

impl TryFrom<Vec<RuleLine>> for RuleLines {
    type Error = RuleLinesError;

    fn try_from(lines: Vec<RuleLine>) -> Result<Self, RuleLinesError> {
        match lines.first() {
            Some(first) if first.from == BlockNumber::ZERO => {}
            _ => return Err(RuleLinesError::Beginning),
        }
        let mut pairs = lines.iter().zip(lines.iter().skip(1));
        if let Some((_, next)) = pairs.find(|(line, next)| next.from <= line.from) {
            return Err(RuleLinesError::Order(next.from));
        }
        match lines.iter().find(|line| line.rules.hardening != HARDENING) {
            Some(line) => Err(RuleLinesError::Hardening(line.rules.hardening)),
            None => Ok(Self(lines)),
        }
    }
}

impl From<RuleLines> for Vec<RuleLine> {
    fn from(lines: RuleLines) -> Self {
        lines.0
    }
}

impl ChainConfig {
    /// Whether proofs of `program` over block `base` may settle in block `number`: it was the chain's when they were made, and
    /// still is.
    #[must_use]
    pub fn is_os_active(&self, program: OsProgramHash, base: BlockNumber, number: BlockNumber) -> bool {
        self.os_versions.iter().any(|version| {
            version.program.hash() == program
                && version.active_from <= base
                && version.retired_from.is_none_or(|retired| number < retired)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(from: u64, max_lag: u64) -> RuleLine {
        RuleLine { from: BlockNumber(from), rules: ThreadRules::new(10, max_lag) }
    }

    fn lines(lines: &[(u64, u64)]) -> RuleLines {
        lines.iter().map(|(from, max_lag)| line(*from, *max_lag)).collect::<Vec<_>>().try_into().unwrap()
    }

    #[test]
    fn a_block_has_the_rules_of_the_last_line_that_is_not_above_it() {
        let lines = lines(&[(0, 60), (100, 0)]);
        let lag = |number| lines.at(BlockNumber(number)).max_lag;
        assert_eq!([lag(0), lag(99), lag(100), lag(u64::MAX)], [60, 60, 0, 0]);
    }

    #[test]
    fn lines_begin_at_block_0_and_rise() {
        let refused = |lines: &[RuleLine]| RuleLines::try_from(lines.to_vec()).unwrap_err();
        assert_eq!(refused(&[]), RuleLinesError::Beginning);
        assert_eq!(refused(&[line(1, 0)]), RuleLinesError::Beginning);
        assert_eq!(refused(&[line(0, 0), line(5, 1), line(5, 2)]), RuleLinesError::Order(BlockNumber(5)));
    }

    #[test]
    fn what_is_said_of_blocks_that_exist_does_not_change() {
        let (old, tip) = (lines(&[(0, 60), (100, 0)]), BlockNumber(150));
        assert_eq!(old.contradicts(&lines(&[(0, 60), (100, 0), (151, 9)]), tip), None);
        assert_eq!(old.contradicts(&lines(&[(0, 60), (100, 0), (150, 9)]), tip), Some(BlockNumber(150)));
        assert_eq!(old.contradicts(&lines(&[(0, 60)]), tip), Some(BlockNumber(100)));
        assert_eq!(old.contradicts(&lines(&[(0, 59), (100, 0)]), tip), Some(BlockNumber(0)));
        assert_eq!(old.contradicts(&lines(&[(0, 60)]), BlockNumber(99)), None);
    }
}
