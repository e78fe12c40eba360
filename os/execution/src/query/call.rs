//! Calling an entry point.

use starknet_api::block::BlockNumber;
use starknet_api::core::{ContractAddress, EntryPointSelector};
use starknet_api::transaction::fields::Calldata;
use starknet_types_core::felt::Felt;

use crate::error::CallError;
use crate::executor::Executor;

impl Executor {
    /// Calls an entry point on the state after block `at`, in that block's context.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn call(
        &self,
        at: BlockNumber,
        contract: ContractAddress,
        selector: EntryPointSelector,
        calldata: Calldata,
    ) -> Result<Vec<Felt>, CallError> {
        let _ = (at, contract, selector, calldata);
        todo!()
    }
}
