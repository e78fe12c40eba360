//! The thread OS: Cairo program, hints and runner.

pub mod input;
