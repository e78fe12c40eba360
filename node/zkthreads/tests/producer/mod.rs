//! The block producer by itself: modes, commands, and what others see of it.

mod chain;
mod commands;
mod due;
mod modes;
mod support;
