//! Waiting for the network where nothing may be awaited.

use std::future::Future;
use std::sync::mpsc::sync_channel;

use tokio::runtime::Handle;

/// What `future` comes to, on the runtime's threads; `None` if the runtime ends before. Blocks, but may be called on any
/// thread that is not the runtime's only one.
pub(super) fn wait<T: Send + 'static>(
    runtime: &Handle,
    future: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    let (sender, receiver) = sync_channel(1);
    runtime.spawn(async move {
        // Nobody can have stopped listening.
        let _ = sender.send(future.await);
    });
    receiver.recv().ok()
}
