//! What becomes of work that was handed out and dropped.

/// Gives back what was handed out, when it is dropped.
pub(super) struct Lease(Option<Box<dyn FnOnce() + Send + Sync>>);

impl Lease {
    /// `give_back` is called when the lease is dropped.
    pub(super) fn new(give_back: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(give_back)))
    }
}

impl std::fmt::Debug for Lease {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Lease")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(give_back) = self.0.take() {
            give_back();
        }
    }
}
