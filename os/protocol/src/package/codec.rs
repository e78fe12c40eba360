//! The package's bytes. Integers are big-endian, felts are 32 big-endian bytes below the field's prime, every list
//! is preceded by its length as a `u32`.
//!
//! | bytes | meaning |
//! |---|---|
//! | 8 | [`PACKAGE_MAGIC`] |
//! | 2 | [`PACKAGE_VERSION`] |
//! | list of felts | the statement |
//! | list | inner transactions: sender, nonce, tip (`u64`), 3 × (max amount `u64`, max price `u128`) for L1 gas, L2 gas, L1 data gas, nonce and fee data availability modes (a byte each, 0 or 1), calldata, signature, whether a revert reason follows (a byte, 0 or 1), the revert reason (list of bytes, UTF-8) |
//! | list | events: transaction index (`u32`), from address, keys, data |
//! | list of bytes | the proof |
//!
//! Version contract: any change of this layout takes a new [`PACKAGE_VERSION`]. A node keeps decoding the old ones
//! whose statements it can read: version 1 held statements of version 1, which no node reads any more.

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

use super::{IncludedTransaction, InnerEvent, InnerTransaction, Package};
use crate::limits::{MAX_PACKAGE_BYTES, MAX_PROOF_BYTES, MAX_REVERT_REASON_BYTES};
use crate::statement::{Statement, StatementError};

/// First bytes of a package.
pub const PACKAGE_MAGIC: [u8; 8] = *b"ZKTHREAD";

/// The layout described in this module.
pub const PACKAGE_VERSION: u16 = 2;

const FELT_BYTES: usize = 32;
/// Sender, nonce, tip, bounds, modes, two empty lists and no revert reason.
const MIN_TRANSACTION_BYTES: usize = 2 * FELT_BYTES + 8 + 3 * 24 + 2 + 2 * 4 + 1;
/// Index, address and two empty lists.
const MIN_EVENT_BYTES: usize = 4 + FELT_BYTES + 2 * 4;

/// Why bytes are not a package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// More than [`MAX_PACKAGE_BYTES`].
    #[error("the package has {bytes} bytes, more than {MAX_PACKAGE_BYTES}")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The bytes do not begin with [`PACKAGE_MAGIC`].
    #[error("not a thread package")]
    Magic,
    /// A layout this node does not know.
    #[error("unknown package version {found}")]
    UnknownVersion {
        /// The version.
        found: u16,
    },
    /// The bytes end inside a field.
    #[error("the package ends inside {field}")]
    Truncated {
        /// The field that is cut.
        field: &'static str,
    },
    /// Bytes follow the last field.
    #[error("{bytes} bytes follow the end of the package")]
    TrailingBytes {
        /// How many.
        bytes: usize,
    },
    /// A length promises more items than the remaining bytes can hold.
    #[error("{field} promises {promised} items, the remaining bytes hold at most {possible}")]
    LengthExceedsInput {
        /// The list.
        field: &'static str,
        /// Its length.
        promised: u32,
        /// How many would fit.
        possible: usize,
    },
    /// 32 bytes that are not below the field's prime.
    #[error("{field} holds a non-canonical felt")]
    NonCanonicalFelt {
        /// The field.
        field: &'static str,
    },
    /// A value is outside its field's range.
    #[error("{field} is out of range: {value:#x}")]
    OutOfRange {
        /// The field.
        field: &'static str,
        /// Its value.
        value: Felt,
    },
    /// The proof has more than [`MAX_PROOF_BYTES`].
    #[error("the proof has {bytes} bytes, more than {MAX_PROOF_BYTES}")]
    ProofTooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The statement does not decode.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The statement names another number of inner transactions than the package holds.
    #[error("the statement names {named} inner transactions, the package holds {held}")]
    InnerTransactionCount {
        /// In the statement.
        named: usize,
        /// In the package.
        held: usize,
    },
    /// The statement says that a transaction was reverted, the package does not say why.
    #[error("inner transaction {index} is reverted, its revert reason is missing")]
    RevertReasonMissing {
        /// The transaction.
        index: usize,
    },
    /// The package says why a transaction was reverted that, as the statement says, was not.
    #[error("inner transaction {index} is not reverted, but has a revert reason")]
    RevertReasonSuperfluous {
        /// The transaction.
        index: usize,
    },
    /// A revert reason has more than [`MAX_REVERT_REASON_BYTES`].
    #[error("a revert reason has {bytes} bytes, more than {MAX_REVERT_REASON_BYTES}")]
    RevertReasonTooLong {
        /// Its size.
        bytes: usize,
    },
    /// A revert reason is not UTF-8.
    #[error("a revert reason is not UTF-8")]
    RevertReasonText,
    /// The statement names another number of events than the package holds.
    #[error("the statement names {named} events, the package holds {held}")]
    EventCount {
        /// In the statement.
        named: u64,
        /// In the package.
        held: usize,
    },
    /// An event names an inner transaction that does not exist.
    #[error("an event names inner transaction {index}, there are {count}")]
    EventIndex {
        /// The index it names.
        index: u32,
        /// Number of inner transactions.
        count: usize,
    },
}

impl Package {
    /// Refuses bytes that are larger than any package, before anything else is done with them.
    ///
    /// # Errors
    /// [`PackageError::TooLarge`].
    pub fn check_size(bytes: &[u8]) -> Result<(), PackageError> {
        if bytes.len() > MAX_PACKAGE_BYTES {
            return Err(PackageError::TooLarge { bytes: bytes.len() });
        }
        Ok(())
    }

    /// The package's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer(Vec::with_capacity(self.proof.len()));
        out.bytes(&PACKAGE_MAGIC);
        out.bytes(&PACKAGE_VERSION.to_be_bytes());
        out.felts(&self.statement.encode());
        out.length(self.inner_transactions.len());
        for included in &self.inner_transactions {
            out.transaction(&included.transaction);
            out.revert_reason(included.revert_reason.as_deref());
        }
        out.length(self.events.len());
        for event in &self.events {
            out.event(event);
        }
        out.length(self.proof.len());
        out.bytes(&self.proof);
        out.0
    }

    /// Reads a package; accepts exactly what [`Package::encode`] makes of a well-formed one. Does not compare
    /// inner transaction hashes or the events commitment with the statement (that needs the chain id).
    ///
    /// # Errors
    /// See [`PackageError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, PackageError> {
        Self::check_size(bytes)?;
        let mut input = Reader { rest: bytes };
        if input.array("magic").map_err(|_| PackageError::Magic)? != PACKAGE_MAGIC {
            return Err(PackageError::Magic);
        }
        let version = u16::from_be_bytes(input.array("version")?);
        if version != PACKAGE_VERSION {
            return Err(PackageError::UnknownVersion { found: version });
        }
        let statement = Statement::decode(&input.felts("statement")?)?;
        let inner_transactions =
            input.list("inner transactions", MIN_TRANSACTION_BYTES, Reader::included_transaction)?;
        let events = input.list("events", MIN_EVENT_BYTES, Reader::event)?;
        let proof_length = input.length("proof", 1)?;
        if proof_length > MAX_PROOF_BYTES {
            return Err(PackageError::ProofTooLarge { bytes: proof_length });
        }
        let proof = input.slice(proof_length, "proof")?.to_vec();
        if !input.rest.is_empty() {
            return Err(PackageError::TrailingBytes { bytes: input.rest.len() });
        }
        let package = Self { statement, inner_transactions, events, proof };
        package.check_counts()?;
        Ok(package)
    }

    fn check_counts(&self) -> Result<(), PackageError> {
        let (named, held) = (self.statement.inner_transactions.len(), self.inner_transactions.len());
        if named != held {
            return Err(PackageError::InnerTransactionCount { named, held });
        }
        let outcomes = self.statement.inner_transactions.iter().zip(&self.inner_transactions);
        for (index, (outcome, included)) in outcomes.enumerate() {
            match (outcome.reverted, &included.revert_reason) {
                (true, None) => return Err(PackageError::RevertReasonMissing { index }),
                (false, Some(_)) => return Err(PackageError::RevertReasonSuperfluous { index }),
                (true, Some(_)) | (false, None) => {}
            }
        }
        if u64::try_from(self.events.len()) != Ok(self.statement.event_count) {
            return Err(PackageError::EventCount {
                named: self.statement.event_count,
                held: self.events.len(),
            });
        }
        for event in &self.events {
            if usize::try_from(event.transaction_index).map_or(true, |index| index >= held) {
                return Err(PackageError::EventIndex { index: event.transaction_index, count: held });
            }
        }
        Ok(())
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// A list's length. Saturates: a list of 2^32 items could not be held, let alone decoded.
    fn length(&mut self, length: usize) {
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

/// The bytes not yet read.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn slice(&mut self, length: usize, field: &'static str) -> Result<&'a [u8], PackageError> {
        let (slice, rest) = self.rest.split_at_checked(length).ok_or(PackageError::Truncated { field })?;
        self.rest = rest;
        Ok(slice)
    }

    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], PackageError> {
        self.slice(N, field)?.try_into().map_err(|_| PackageError::Truncated { field })
    }

    fn u32(&mut self, field: &'static str) -> Result<u32, PackageError> {
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
