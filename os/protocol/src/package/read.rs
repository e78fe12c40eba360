//! Bytes to values, as the table in [`super::codec`] has them. No list is allocated for more items than the bytes that
//! are left can hold.

use std::sync::Arc;

use starknet_api::block::GasPrice;
use starknet_api::core::{ContractAddress, Nonce};
use starknet_api::data_availability::DataAvailabilityMode;
use starknet_api::execution_resources::GasAmount;
use starknet_api::transaction::fields::{
    AccountDeploymentData, AllResourceBounds, Calldata, PaymasterData, ProofFacts, ResourceBounds, Tip,
    TransactionSignature, ValidResourceBounds,
};
use starknet_api::transaction::{EventContent, EventData, EventKey, InvokeTransactionV3};
use starknet_types_core::felt::Felt;

use super::{
    IncludedTransaction, InnerEvent, InnerTransaction, PackageError, ProofLength, Segment, SegmentContents,
};
use crate::limits::{MAX_PROOF_BYTES, MAX_REVERT_REASON_BYTES};
use crate::statement::Statement;

pub(super) const FELT_BYTES: usize = 32;
/// Sender, nonce, tip, bounds, modes, two empty lists and no revert reason.
pub(super) const MIN_TRANSACTION_BYTES: usize = 2 * FELT_BYTES + 8 + 3 * 24 + 2 + 2 * 4 + 1;
/// Index, address and two empty lists.
const MIN_EVENT_BYTES: usize = 4 + FELT_BYTES + 2 * 4;

fn checked_length(bytes: usize) -> Result<usize, PackageError> {
    if bytes > MAX_PROOF_BYTES { Err(PackageError::ProofTooLarge { bytes }) } else { Ok(bytes) }
}

/// The bytes not yet read.
pub(super) struct Reader<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn segment(&mut self) -> Result<Segment, PackageError> {
        self.segment_with(|input| {
            let length = checked_length(input.length("proof", 1)?)?;
            Ok(input.slice(length, "proof")?.to_vec())
        })
    }

    /// A segment whose proof was left out: its length alone is there.
    pub(super) fn segment_contents(&mut self) -> Result<SegmentContents, PackageError> {
        self.segment_with(|input| {
            let length = usize::try_from(input.u32("proof")?).unwrap_or(usize::MAX);
            checked_length(length).map(ProofLength)
        })
    }

    fn segment_with<P>(
        &mut self,
        proof: impl FnOnce(&mut Self) -> Result<P, PackageError>,
    ) -> Result<Segment<P>, PackageError> {
        let statement = Statement::decode(&self.felts("statement")?)?;
        let inner_transactions =
            self.list("inner transactions", MIN_TRANSACTION_BYTES, Self::included_transaction)?;
        let events = self.list("events", MIN_EVENT_BYTES, Self::event)?;
        Ok(Segment { statement, inner_transactions, events, proof: proof(self)? })
    }

    fn slice(&mut self, length: usize, field: &'static str) -> Result<&'a [u8], PackageError> {
        let (slice, rest) = self.rest.split_at_checked(length).ok_or(PackageError::Truncated { field })?;
        self.rest = rest;
        Ok(slice)
    }

    pub(super) fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], PackageError> {
        self.slice(N, field)?.try_into().map_err(|_| PackageError::Truncated { field })
    }

    pub(super) fn u32(&mut self, field: &'static str) -> Result<u32, PackageError> {
        self.array(field).map(u32::from_be_bytes)
    }

    /// A list's length, if the rest of the input can hold that many items of `min_bytes` each.
    fn length(&mut self, field: &'static str, min_bytes: usize) -> Result<usize, PackageError> {
        let promised = self.u32(field)?;
        let possible = self.rest.len().checked_div(min_bytes).unwrap_or_default();
        usize::try_from(promised)
            .ok()
            .filter(|length| *length <= possible)
            .ok_or(PackageError::LengthExceedsInput { field, promised, possible })
    }

    fn list<T>(
        &mut self,
        field: &'static str,
        min_bytes: usize,
        item: impl Fn(&mut Self) -> Result<T, PackageError>,
    ) -> Result<Vec<T>, PackageError> {
        let length = self.length(field, min_bytes)?;
        (0..length).map(|_| item(self)).collect()
    }

    fn felt(&mut self, field: &'static str) -> Result<Felt, PackageError> {
        let bytes: [u8; FELT_BYTES] = self.array(field)?;
        let felt = Felt::from_bytes_be(&bytes);
        if felt.to_bytes_be() != bytes {
            return Err(PackageError::NonCanonicalFelt { field });
        }
        Ok(felt)
    }

    fn felts(&mut self, field: &'static str) -> Result<Vec<Felt>, PackageError> {
        self.list(field, FELT_BYTES, |input| input.felt(field))
    }

    fn address(&mut self, field: &'static str) -> Result<ContractAddress, PackageError> {
        let value = self.felt(field)?;
        ContractAddress::try_from(value).map_err(|_| PackageError::OutOfRange { field, value })
    }

    fn resource_bounds(&mut self) -> Result<ResourceBounds, PackageError> {
        Ok(ResourceBounds {
            max_amount: GasAmount(u64::from_be_bytes(self.array("resource bounds")?)),
            max_price_per_unit: GasPrice(u128::from_be_bytes(self.array("resource bounds")?)),
        })
    }

    fn flag(&mut self, field: &'static str) -> Result<bool, PackageError> {
        match self.array(field)? {
            [0] => Ok(false),
            [1] => Ok(true),
            [other] => Err(PackageError::OutOfRange { field, value: other.into() }),
        }
    }

    fn data_availability_mode(&mut self) -> Result<DataAvailabilityMode, PackageError> {
        let l2 = self.flag("data availability mode")?;
        Ok(if l2 { DataAvailabilityMode::L2 } else { DataAvailabilityMode::L1 })
    }

    fn transaction(&mut self) -> Result<InnerTransaction, PackageError> {
        Ok(InnerTransaction(InvokeTransactionV3 {
            sender_address: self.address("sender address")?,
            nonce: Nonce(self.felt("nonce")?),
            tip: Tip(u64::from_be_bytes(self.array("tip")?)),
            resource_bounds: ValidResourceBounds::AllResources(AllResourceBounds {
                l1_gas: self.resource_bounds()?,
                l2_gas: self.resource_bounds()?,
                l1_data_gas: self.resource_bounds()?,
            }),
            nonce_data_availability_mode: self.data_availability_mode()?,
            fee_data_availability_mode: self.data_availability_mode()?,
            calldata: Calldata(Arc::new(self.felts("calldata")?)),
            signature: TransactionSignature(Arc::new(self.felts("signature")?)),
            paymaster_data: PaymasterData::default(),
            account_deployment_data: AccountDeploymentData::default(),
            proof_facts: ProofFacts::default(),
        }))
    }

    fn included_transaction(&mut self) -> Result<IncludedTransaction, PackageError> {
        Ok(IncludedTransaction { transaction: self.transaction()?, revert_reason: self.revert_reason()? })
    }

    fn revert_reason(&mut self) -> Result<Option<String>, PackageError> {
        if !self.flag("revert reason flag")? {
            return Ok(None);
        }
        let bytes = self.length("revert reason", 1)?;
        if bytes > MAX_REVERT_REASON_BYTES {
            return Err(PackageError::RevertReasonTooLong { bytes });
        }
        let reason = str::from_utf8(self.slice(bytes, "revert reason")?);
        reason.map(|reason| Some(reason.to_owned())).map_err(|_| PackageError::RevertReasonText)
    }

    fn event(&mut self) -> Result<InnerEvent, PackageError> {
        Ok(InnerEvent {
            transaction_index: self.u32("event transaction index")?,
            from_address: self.address("event address")?,
            content: EventContent {
                keys: self.felts("event keys")?.into_iter().map(EventKey).collect(),
                data: EventData(self.felts("event data")?),
            },
        })
    }
}
