//! The state: views of it, its tries, and committing a block to it.

pub(crate) mod commit;
pub(crate) mod flat;
pub(crate) mod leaf;
pub(crate) mod prepare;
pub(crate) mod proof;
pub(crate) mod prune;
pub(crate) mod revert;
pub(crate) mod tries;
pub(crate) mod view;
