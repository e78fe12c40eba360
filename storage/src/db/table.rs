//! What a table is: a name, a key type and a value type, each with one encoding.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A table, kept in a column family of its own. Implemented by empty types; rows are read and written only through
/// one, so a key of one table cannot meet a value of another.
pub(crate) trait Table {
    /// Name of the column family.
    const NAME: &'static str;
    /// How the rows are laid out on disk.
    const LAYOUT: Layout = Layout::Point;
    /// Its keys.
    type Key: Key;
    /// Its values.
    type Value: Value;
}

/// How a table is read and how big its rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Small rows looked up by their whole key.
    Point,
    /// Small rows looked up by the first row at or after a key, within a prefix of this many bytes.
    Prefix(usize),
    /// Large rows that compress well, written once.
    Blob,
    /// Large rows that do not compress, written once.
    PackedBlob,
}

/// A key. Encodings keep the order of the keys (integers are big-endian).
pub(crate) trait Key: Sized {
    /// The row's key.
    fn encode(&self) -> Vec<u8>;

    /// Reads what [`Self::encode`] wrote off the front of `bytes`; gives the rest, too.
    fn decode(bytes: &[u8]) -> Option<(Self, &[u8])>;
}

/// A value. On disk every row is a version byte and the encoding of that version.
pub(crate) trait Value: Sized {
    /// The version that is written. Bump it when the encoding changes, and keep reading the older ones.
    const VERSION: u8 = 1;

    /// Appends the value.
    fn encode(&self, row: &mut Vec<u8>) -> Result<(), RowError>;

    /// Reads what [`Self::encode`] wrote.
    fn decode(row: &[u8]) -> Result<Self, RowError>;
}

/// What is wrong with a row, in words.
#[derive(Debug)]
pub(crate) struct RowError(pub(crate) String);

impl RowError {
    /// The row ends early, goes on too long or holds an impossible value.
    pub(crate) fn malformed<T>() -> Self {
        Self(format!("not a {}", std::any::type_name::<T>()))
    }
}

/// A whole row: version byte and value.
pub(crate) fn encode_row<V: Value>(value: &V) -> Result<Vec<u8>, RowError> {
    let mut row = vec![V::VERSION];
    value.encode(&mut row)?;
    Ok(row)
}

/// Reads a whole row.
pub(crate) fn decode_row<V: Value>(row: &[u8]) -> Result<V, RowError> {
    match row.split_first() {
        Some((&version, value)) if version == V::VERSION => V::decode(value),
        Some((version, _)) => Err(RowError(format!("version {version} of the row is unknown"))),
        None => Err(RowError("the row is empty".into())),
    }
}

/// Values that are kept as CBOR. It describes itself, which the serde implementations of Starknet's types need (they
/// skip, flatten and guess), and it keeps bytes as bytes.
pub(crate) trait CborValue: Serialize + DeserializeOwned {}

impl<T: CborValue> Value for T {
    fn encode(&self, row: &mut Vec<u8>) -> Result<(), RowError> {
        ciborium::into_writer(self, row).map_err(|error| RowError(error.to_string()))
    }

    fn decode(mut row: &[u8]) -> Result<Self, RowError> {
        let value = ciborium::from_reader(&mut row).map_err(|error| RowError(error.to_string()))?;
        if row.is_empty() { Ok(value) } else { Err(RowError::malformed::<Self>()) }
    }
}
