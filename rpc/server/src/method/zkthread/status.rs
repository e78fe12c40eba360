//! `zkthread_status`.

use zkthreads_rpc_api::thread::ThreadStatus;

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::params::NoParams;
use crate::thread_error::ThreadError;

/// How the thread is that is served here.
pub(super) fn answer(context: &RpcContext, _: NoParams) -> Result<ThreadStatus, RpcError> {
    let thread = context.thread.as_deref().ok_or(RpcError::Thread(ThreadError::NoThread))?;
    Ok(thread.status())
}
