//! The subcommands of the binary, one file each.

pub mod devnet;
pub mod prove;
pub mod verify;
