//! Settling a thread transaction.

pub mod check;
