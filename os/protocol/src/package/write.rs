//! Values to bytes, as the table in [`super::codec`] has them.

use starknet_api::data_availability::DataAvailabilityMode;
use starknet_api::transaction::fields::{AllResourceBounds, ValidResourceBounds};
use starknet_types_core::felt::Felt;

use super::{InnerEvent, InnerTransaction, ProofPart, Segment};

/// The bytes so far.
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    pub(super) fn segment(&mut self, segment: &Segment) {
        self.segment_contents(segment);
        self.bytes(&segment.proof);
    }

    /// A segment up to its proof's length.
    pub(super) fn segment_contents<P: ProofPart>(&mut self, segment: &Segment<P>) {
        self.felts(&segment.statement.encode());
        self.length(segment.inner_transactions.len());
        for included in &segment.inner_transactions {
            self.transaction(&included.transaction);
            self.revert_reason(included.revert_reason.as_deref());
        }
        self.length(segment.events.len());
        for event in &segment.events {
            self.event(event);
        }
        self.length(segment.proof.proof_bytes());
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// A list's length. Saturates: a list of 2^32 items could not be held, let alone decoded.
    pub(super) fn length(&mut self, length: usize) {
        self.bytes(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    }

    fn felt(&mut self, felt: &Felt) {
        self.bytes(&felt.to_bytes_be());
    }

    fn felts(&mut self, felts: &[Felt]) {
        self.length(felts.len());
        for felt in felts {
            self.felt(felt);
        }
    }

    fn transaction(&mut self, InnerTransaction(transaction): &InnerTransaction) {
        self.felt(transaction.sender_address.0.key());
        self.felt(&transaction.nonce.0);
        self.bytes(&transaction.tip.0.to_be_bytes());
        let bounds = match transaction.resource_bounds {
            ValidResourceBounds::AllResources(bounds) => bounds,
            ValidResourceBounds::L1Gas(l1_gas) => AllResourceBounds { l1_gas, ..Default::default() },
        };
        for bound in [bounds.l1_gas, bounds.l2_gas, bounds.l1_data_gas] {
            self.bytes(&bound.max_amount.0.to_be_bytes());
            self.bytes(&bound.max_price_per_unit.0.to_be_bytes());
        }
        for mode in [transaction.nonce_data_availability_mode, transaction.fee_data_availability_mode] {
            self.bytes(&[u8::from(mode == DataAvailabilityMode::L2)]);
        }
        self.felts(&transaction.calldata.0);
        self.felts(&transaction.signature.0);
    }

    fn revert_reason(&mut self, reason: Option<&str>) {
        self.bytes(&[u8::from(reason.is_some())]);
        if let Some(reason) = reason {
            self.length(reason.len());
            self.bytes(reason.as_bytes());
        }
    }

    fn event(&mut self, event: &InnerEvent) {
        self.bytes(&event.transaction_index.to_be_bytes());
        self.felt(event.from_address.0.key());
        self.length(event.content.keys.len());
        for key in &event.content.keys {
            self.felt(&key.0);
        }
        self.felts(&event.content.data.0);
    }
}
