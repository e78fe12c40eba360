//! Which events are looked for.

use std::collections::BTreeSet;
use std::iter;

use starknet_api::core::ContractAddress;
use starknet_types_core::felt::Felt;

/// Which events are looked for. There is none that every event matches: for that there is no list to go through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventQuery {
    /// All of them must be met. At least one.
    constraints: Vec<Constraint>,
}

/// What an event must be, with at least one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Constraint {
    /// Of one of these contracts.
    Contracts(BTreeSet<ContractAddress>),
    /// Of those whose key at a position is one of these values.
    Key { position: u32, values: BTreeSet<Felt> },
}

impl EventQuery {
    /// Events of any of these contracts, or of any at all if none is named, whose keys are among these values, position
    /// by position. A position without values says nothing: events that have no key there match, too. `None` if all
    /// events match.
    #[must_use]
    pub fn new(contracts: impl IntoIterator<Item = ContractAddress>, keys: &[Vec<Felt>]) -> Option<Self> {
        let contracts = Constraint::Contracts(contracts.into_iter().collect());
        let keys = (0..)
            .zip(keys)
            .map(|(position, values)| Constraint::Key { position, values: values.iter().copied().collect() });
        let constraints = iter::once(contracts).chain(keys).filter(|constraint| constraint.values() > 0);
        let mut constraints: Vec<_> = constraints.collect();
        // Where there are few values, it is soon known that nothing matches.
        constraints.sort_by_key(Constraint::values);
        (!constraints.is_empty()).then_some(Self { constraints })
    }

    pub(super) fn constraints(&self) -> &[Constraint] {
        &self.constraints
    }
}

impl Constraint {
    /// How many values it has.
    fn values(&self) -> usize {
        match self {
            Self::Contracts(contracts) => contracts.len(),
            Self::Key { values, .. } => values.len(),
        }
    }
}
