//! The statement's felts.
//!
//! | felts | meaning |
//! |---|---|
//! | 1 | [`STATEMENT_VERSION`] |
//! | 2 | chain id, submitter |
//! | 3 | base block: number, timestamp, sequencer address |
//! | 1 + 2n | inner transactions: n, then each (hash, reverted: 0 or 1) |
//! | 1 + 3n | classes: n, then each (class hash, compiled class hash, gas metered: 0 or 1) |
//! | 1 + .. | contracts: n, then each (address, class hash before, class hash after, nonce before, nonce after, k, then k × (key, before, after)) |
//! | 2 | events: count, commitment |
//! | 1 + .. | messages: n, then each (transaction index, from, to, payload length, payload) |
//!
//! Version contract: any change of this layout or of a field's meaning takes a new [`STATEMENT_VERSION`] and a
//! new OS program.

use starknet_api::block::{BlockNumber, BlockTimestamp};
use starknet_api::core::{ClassHash, CompiledClassHash, ContractAddress, L1Address, Nonce, PatriciaKey};
use starknet_api::state::StorageKey;
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;

use super::{BaseBlock, ContractAccess, ExecutedClass, InnerMessage, InnerOutcome, Statement, StorageAccess};
use crate::limits::{MAX_INNER_TRANSACTIONS, MAX_STATEMENT_FELTS};

/// First felt of a statement: the short string `ZKTHREAD_STATEMENT2`.
pub const STATEMENT_VERSION: Felt = Felt::from_hex_unchecked("0x5a4b5448524541445f53544154454d454e5432");

/// Why a sequence of felts is not a statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// More than [`MAX_STATEMENT_FELTS`].
    #[error("the statement has {felts} felts, more than {MAX_STATEMENT_FELTS}")]
    TooLarge {
        /// Its length.
        felts: usize,
    },
    /// The first felt is not [`STATEMENT_VERSION`].
    #[error("unknown statement version {found:#x}")]
    UnknownVersion {
        /// The first felt.
        found: Felt,
    },
    /// The felts end inside a field.
    #[error("the statement ends inside {field}")]
    Truncated {
        /// The field that is cut.
        field: &'static str,
    },
    /// Felts follow the last field.
    #[error("{felts} felts follow the end of the statement")]
    TrailingFelts {
        /// How many.
        felts: usize,
    },
    /// A count promises more items than the remaining felts can hold.
    #[error("{field} promises {promised:#x} items, the remaining felts hold at most {possible}")]
    CountExceedsInput {
        /// The counted field.
        field: &'static str,
        /// The count.
        promised: Felt,
        /// How many would fit.
        possible: usize,
    },
    /// A value is outside its field's range.
    #[error("{field} is out of range: {value:#x}")]
    OutOfRange {
        /// The field.
        field: &'static str,
        /// Its value.
        value: Felt,
    },
    /// Items are not strictly ascending (out of order, or twice the same).
    #[error("{field} are not strictly ascending at {value:#x}")]
    NotAscending {
        /// The ordered field.
        field: &'static str,
        /// The first key that breaks the order.
        value: Felt,
    },
    /// A sub-block holds at least one inner transaction and at most [`MAX_INNER_TRANSACTIONS`].
    #[error("a sub-block has 1 to {MAX_INNER_TRANSACTIONS} inner transactions, this one has {found}")]
    InnerTransactionCount {
        /// How many it has.
        found: usize,
    },
    /// A nonce that the sub-block does not consume must be given as zero, and nonces only grow.
    #[error("contract {address:#x} has nonces {before:#x} before and {after:#x} after")]
    Nonce {
        /// The contract.
        address: Felt,
        /// Nonce before.
        before: Felt,
        /// Nonce after.
        after: Felt,
    },
    /// A contract is given a class that the statement does not list.
    #[error("contract {address:#x} is given class {class_hash:#x}, which is not listed")]
    UnlistedClass {
        /// The contract.
        address: Felt,
        /// Its class after the sub-block.
        class_hash: Felt,
    },
    /// A message names an inner transaction that does not exist.
    #[error("a message names inner transaction {index}, there are {count}")]
    MessageIndex {
        /// The index it names.
        index: u32,
        /// Number of inner transactions.
        count: usize,
    },
}

impl Statement {
    /// The statement's felts: exactly the thread OS's output for it.
    #[must_use]
    pub fn encode(&self) -> Vec<Felt> {
        let mut out = vec![
            STATEMENT_VERSION,
            self.chain_id,
            *self.submitter.0.key(),
            self.base_block.number.0.into(),
            self.base_block.timestamp.0.into(),
            *self.base_block.sequencer.0.key(),
        ];
        out.push(self.inner_transactions.len().into());
        for transaction in &self.inner_transactions {
            out.extend([transaction.hash.0, transaction.reverted.into()]);
        }
        out.push(self.classes.len().into());
        for class in &self.classes {
            out.extend([class.class_hash.0, class.compiled_class_hash.0, class.gas_metered.into()]);
        }
        out.push(self.contracts.len().into());
        for contract in &self.contracts {
            out.extend([
                *contract.address.0.key(),
                contract.class_hash_before.0,
                contract.class_hash_after.0,
                contract.nonce_before.0,
                contract.nonce_after.0,
                contract.storage.len().into(),
            ]);
            out.extend(contract.storage.iter().flat_map(|cell| [*cell.key.0.key(), cell.before, cell.after]));
        }
        out.extend([self.event_count.into(), self.events_commitment]);
        out.push(self.messages.len().into());
        for message in &self.messages {
            out.extend([
                message.transaction_index.into(),
                *message.from_address.0.key(),
                message.to_address.into(),
                message.payload.len().into(),
            ]);
            out.extend(&message.payload);
        }
        out
    }

    /// Reads a statement; accepts exactly what [`Statement::encode`] makes of a well-formed one.
    ///
    /// # Errors
    /// See [`StatementError`].
    pub fn decode(felts: &[Felt]) -> Result<Self, StatementError> {
        if felts.len() > MAX_STATEMENT_FELTS {
            return Err(StatementError::TooLarge { felts: felts.len() });
        }
        let mut input = Felts { rest: felts };
        let version = input.felt("version")?;
        if version != STATEMENT_VERSION {
            return Err(StatementError::UnknownVersion { found: version });
        }
        let statement = Self {
            chain_id: input.felt("chain id")?,
            submitter: input.address("submitter")?,
            base_block: BaseBlock {
                number: BlockNumber(input.u64("base block number")?),
                timestamp: BlockTimestamp(input.u64("base block timestamp")?),
                sequencer: input.address("sequencer")?,
            },
            inner_transactions: input.list("inner transactions", 2, Felts::outcome)?,
            classes: input.list("classes", 3, Felts::class)?,
            contracts: input.list("contracts", 6, Felts::contract)?,
            event_count: input.u64("event count")?,
            events_commitment: input.felt("events commitment")?,
            messages: input.list("messages", 4, Felts::message)?,
        };
        if !input.rest.is_empty() {
            return Err(StatementError::TrailingFelts { felts: input.rest.len() });
        }
        statement.check_canonical()?;
        Ok(statement)
    }

    fn check_canonical(&self) -> Result<(), StatementError> {
        let count = self.inner_transactions.len();
        if count == 0 || count > MAX_INNER_TRANSACTIONS {
            return Err(StatementError::InnerTransactionCount { found: count });
        }
        check_ascending("classes", self.classes.iter().map(|class| class.class_hash.0))?;
        check_ascending("contracts", self.contracts.iter().map(|contract| *contract.address.0.key()))?;
        for contract in &self.contracts {
            check_ascending("storage keys", contract.storage.iter().map(|cell| *cell.key.0.key()))?;
            let (before, after) = (contract.nonce_before.0, contract.nonce_after.0);
            if after < before || (after == before && before != Felt::ZERO) {
                return Err(StatementError::Nonce { address: *contract.address.0.key(), before, after });
            }
            if contract.changes_class() && !self.lists_class(contract.class_hash_after) {
                return Err(StatementError::UnlistedClass {
                    address: *contract.address.0.key(),
                    class_hash: contract.class_hash_after.0,
                });
            }
        }
        for message in &self.messages {
            if usize::try_from(message.transaction_index).map_or(true, |index| index >= count) {
                return Err(StatementError::MessageIndex { index: message.transaction_index, count });
            }
        }
        Ok(())
    }

    /// Whether the class is among the (ascending) listed ones.
    fn lists_class(&self, class_hash: ClassHash) -> bool {
        self.classes.binary_search_by(|class| class.class_hash.cmp(&class_hash)).is_ok()
    }
}

fn check_ascending(field: &'static str, keys: impl Iterator<Item = Felt>) -> Result<(), StatementError> {
    let mut last = None;
    for key in keys {
        if last.is_some_and(|last| last >= key) {
            return Err(StatementError::NotAscending { field, value: key });
        }
        last = Some(key);
    }
    Ok(())
}

/// The felts not yet read.
struct Felts<'a> {
    rest: &'a [Felt],
}

impl Felts<'_> {
    fn felt(&mut self, field: &'static str) -> Result<Felt, StatementError> {
        let (first, rest) = self.rest.split_first().ok_or(StatementError::Truncated { field })?;
        self.rest = rest;
        Ok(*first)
    }

    fn u64(&mut self, field: &'static str) -> Result<u64, StatementError> {
        let value = self.felt(field)?;
        u64::try_from(value).map_err(|_| StatementError::OutOfRange { field, value })
    }

    fn flag(&mut self, field: &'static str) -> Result<bool, StatementError> {
        let value = self.felt(field)?;
        match u8::try_from(value) {
            Ok(0) => Ok(false),
            Ok(1) => Ok(true),
            _ => Err(StatementError::OutOfRange { field, value }),
        }
    }

    fn patricia_key(&mut self, field: &'static str) -> Result<PatriciaKey, StatementError> {
        let value = self.felt(field)?;
        PatriciaKey::try_from(value).map_err(|_| StatementError::OutOfRange { field, value })
    }

    fn address(&mut self, field: &'static str) -> Result<ContractAddress, StatementError> {
        let value = self.felt(field)?;
        ContractAddress::try_from(value).map_err(|_| StatementError::OutOfRange { field, value })
    }

    fn nonce(&mut self, field: &'static str) -> Result<Nonce, StatementError> {
        self.u64(field).map(|nonce| Nonce(nonce.into()))
    }

    /// A counted list whose items take at least `min_felts` each.
    fn list<T>(
        &mut self,
        field: &'static str,
        min_felts: usize,
        item: impl Fn(&mut Self) -> Result<T, StatementError>,
    ) -> Result<Vec<T>, StatementError> {
        let promised = self.felt(field)?;
        let possible = self.rest.len().checked_div(min_felts).unwrap_or_default();
        let count = usize::try_from(promised).ok().filter(|count| *count <= possible);
        let count = count.ok_or(StatementError::CountExceedsInput { field, promised, possible })?;
        (0..count).map(|_| item(self)).collect()
    }

    fn outcome(&mut self) -> Result<InnerOutcome, StatementError> {
        Ok(InnerOutcome {
            hash: TransactionHash(self.felt("inner transaction hash")?),
            reverted: self.flag("reverted flag")?,
        })
    }

    fn class(&mut self) -> Result<ExecutedClass, StatementError> {
        Ok(ExecutedClass {
            class_hash: ClassHash(self.felt("class hash")?),
            compiled_class_hash: CompiledClassHash(self.felt("compiled class hash")?),
            gas_metered: self.flag("gas metering flag")?,
        })
    }

    fn contract(&mut self) -> Result<ContractAccess, StatementError> {
        Ok(ContractAccess {
            address: self.address("contract address")?,
            class_hash_before: ClassHash(self.felt("class hash before")?),
            class_hash_after: ClassHash(self.felt("class hash after")?),
            nonce_before: self.nonce("nonce before")?,
            nonce_after: self.nonce("nonce after")?,
            storage: self.list("storage cells", 3, |input| {
                Ok(StorageAccess {
                    key: StorageKey(input.patricia_key("storage key")?),
                    before: input.felt("value before")?,
                    after: input.felt("value after")?,
                })
            })?,
        })
    }

    fn message(&mut self) -> Result<InnerMessage, StatementError> {
        let index = self.felt("message transaction index")?;
        Ok(InnerMessage {
            transaction_index: u32::try_from(index).map_err(|_| StatementError::OutOfRange {
                field: "message transaction index",
                value: index,
            })?,
            from_address: self.address("message sender")?,
            to_address: L1Address(self.felt("message recipient")?),
            payload: self.list("message payload", 1, |input| input.felt("message payload"))?,
        })
    }
}
