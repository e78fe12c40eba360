//! Sub-blocks that grow transaction by transaction, over a chain on disk.

mod accesses;
mod below;
mod fresh;
mod limits;
mod shown;
mod stage;
mod whole;
