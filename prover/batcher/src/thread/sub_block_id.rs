//! Names of sub-blocks.

use std::fmt::{self, Display, Formatter};

/// Names a sub-block within its thread. Counts up, across restarts too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubBlockId(pub u64);

impl Display for SubBlockId {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}
