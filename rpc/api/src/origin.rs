//! The chain that this one was forked off.

use jsonrpsee::types::ErrorObjectOwned;
use serde_json::value::RawValue;

/// The chain that this one was forked off. The node implements it.
pub trait Origin: Send + Sync + 'static {
    /// Calls a method and gives its result as it is. Blocks until there is one, or the origin is given up.
    ///
    /// # Errors
    /// See [`OriginError`].
    fn ask(&self, method: &str, params: &RawValue) -> Result<Box<RawValue>, OriginError>;

    /// The same for a method that does something: it is sent once, and not again if there is no answer.
    ///
    /// # Errors
    /// See [`OriginError`].
    fn tell(&self, method: &str, params: &RawValue) -> Result<Box<RawValue>, OriginError>;
}

/// Why the origin gives no result.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OriginError {
    /// It answers with an error.
    #[error("{}", .0.message())]
    Refused(ErrorObjectOwned),
    /// It cannot be reached, or what it says makes no sense.
    #[error("The forked network does not answer")]
    Unavailable {
        /// What happened.
        reason: String,
    },
}
