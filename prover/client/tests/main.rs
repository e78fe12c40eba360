//! A node's answers, as the client reads them.

mod fork;
mod wire;
