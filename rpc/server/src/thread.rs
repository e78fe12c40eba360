//! A thread that is being served: what its users send, and what is left to its node. The batcher implements
//! [`ThreadControl`](zkthreads_rpc_api::ThreadControl).

mod intake;
mod relay;
mod sink;

pub(crate) use intake::submit;
pub(crate) use relay::is_left_to_the_node;
pub use sink::ThreadSink;
