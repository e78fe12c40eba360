//! A block as bytes, from node to node.
//!
//! ```text
//! magic (8 bytes), schema version (u32), one zstd frame with a checksum, of parts
//!
//! part: kind (u8), length (u32), as many bytes: a key and a row of the table that it goes into
//! ```
//!
//! Numbers are big-endian. The bytes come from a network: whatever they promise, reading them takes memory in proportion
//! to what was read, and no more than [`MAX_BLOCK_BYTES`] is.

use std::io::{self, Read, Write};
use std::sync::Arc;

use starknet_api::block::BlockHeader;
use zkthreads_protocol::{L1TransactionHash, Package, PackageContents, PackageDigest, SegmentContents};

use super::FollowedBlock;
use crate::BlockBytesError;
use crate::db::rows::Header;
use crate::db::table::{Key, RowError, Value, decode_row, encode_row};
use crate::db::versions::SCHEMA_VERSION;

/// A block's first bytes.
const MAGIC: [u8; 8] = *b"zkthblck";
/// Compression: fast.
const LEVEL: i32 = 1;
/// Largest window, as a power of two, that a reader makes room for: more than `LEVEL` ever uses.
const WINDOW_LOG: u32 = 23;
/// Most bytes that a block has before they are compressed. Its packages take 96 MiB at most, by the rules that make blocks.
pub const MAX_BLOCK_BYTES: usize = 256 << 20;

/// Kinds of parts.
pub(super) mod kind {
    pub(in crate::followed) const HEADER: u8 = 1;
    pub(in crate::followed) const ROOTS: u8 = 2;
    pub(in crate::followed) const TRANSACTION: u8 = 3;
    pub(in crate::followed) const TRACE: u8 = 4;
    pub(in crate::followed) const SEGMENT: u8 = 5;
    pub(in crate::followed) const SETTLED: u8 = 6;
    pub(in crate::followed) const L1_MESSAGE: u8 = 7;
    pub(in crate::followed) const STATE_DIFF: u8 = 8;
    pub(in crate::followed) const CLASS: u8 = 9;
    pub(in crate::followed) const THREAD_TIME: u8 = 10;
}

impl FollowedBlock {
    /// Reads a block that [`Storage::export_block_bytes`](crate::Storage::export_block_bytes) handed out.
    ///
    /// # Errors
    /// See [`BlockBytesError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, BlockBytesError> {
        let rest = bytes.strip_prefix(&MAGIC).ok_or(BlockBytesError::NotABlock)?;
        let (version, frame) = rest.split_first_chunk().ok_or(BlockBytesError::NotABlock)?;
        let found = u32::from_be_bytes(*version);
        if found != SCHEMA_VERSION {
            return Err(BlockBytesError::SchemaVersion { found, expected: SCHEMA_VERSION });
        }
        let mut parts = Reader::new(frame)?;
        let (mut header, mut roots, mut state_diff) = (None, None, None);
        let (mut transactions, mut traces, mut packages) = (vec![], vec![], Packages::default());
        let (mut settled, mut l1_messages, mut classes) = (vec![], vec![], vec![]);
        let mut thread_times = vec![];
        while let Some(part) = parts.next()? {
            match part.kind {
                kind::HEADER => part.once::<Header>(&mut header)?,
                kind::ROOTS => part.once(&mut roots)?,
                kind::TRANSACTION => transactions.push(part.value()?),
                kind::TRACE => traces.push(part.value()?),
                kind::SEGMENT => packages.add(&part)?,
                kind::SETTLED => settled.push(part.row()?),
                kind::L1_MESSAGE => l1_messages.push(part.row::<L1TransactionHash, _>()?),
                kind::STATE_DIFF => part.once(&mut state_diff)?,
                kind::CLASS => classes.push(part.row()?),
                kind::THREAD_TIME => thread_times.push(part.row()?),
                _ => return Err(part.wrong("there is no such kind")),
            }
        }
        let missing =
            |kind| BlockBytesError::Part { kind, reason: "a block has one, this one has none".to_owned() };
        Ok(Self {
            header: BlockHeader::from(header.ok_or_else(|| missing(kind::HEADER))?),
            roots: roots.ok_or_else(|| missing(kind::ROOTS))?,
            transactions,
            traces,
            packages: packages.whole(),
            settled,
            l1_messages,
            state_diff: state_diff.ok_or_else(|| missing(kind::STATE_DIFF))?,
            classes,
            thread_times,
        })
    }
}

/// Packages as far as their segments have come: one after the other, each one's in order.
#[derive(Default)]
struct Packages(Vec<(PackageDigest, PackageContents)>);

impl Packages {
    fn add(&mut self, part: &Part) -> Result<(), BlockBytesError> {
        let ((digest, index), segment) = part.row::<(PackageDigest, u32), Vec<u8>>()?;
        let segment = SegmentContents::decode(&segment).map_err(|error| part.wrong(&error.to_string()))?;
        if self.0.last().is_none_or(|(last, _)| *last != digest) {
            self.0.push((digest, Package { segments: vec![] }));
        }
        let segments = self.0.last_mut().map(|(_, package)| &mut package.segments);
        let in_order = segments.filter(|segments| usize::try_from(index) == Ok(segments.len()));
        in_order.ok_or_else(|| part.wrong("a segment is missing before it"))?.push(segment);
        Ok(())
    }

    fn whole(self) -> Vec<(PackageDigest, Arc<PackageContents>)> {
        self.0.into_iter().map(|(digest, package)| (digest, Arc::new(package))).collect()
    }
}

/// Writes parts.
pub(super) struct Writer {
    frame: zstd::Encoder<'static, Vec<u8>>,
    /// How many bytes may still come.
    left: usize,
}

impl Writer {
    pub(super) fn new() -> Result<Self, BlockBytesError> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(SCHEMA_VERSION.to_be_bytes());
        let mut frame = zstd::Encoder::new(bytes, LEVEL).map_err(BlockBytesError::Damaged)?;
        frame.include_checksum(true).map_err(BlockBytesError::Damaged)?;
        Ok(Self { frame, left: MAX_BLOCK_BYTES })
    }

    /// Writes a part: a key and a row, as bytes.
    pub(super) fn put(&mut self, kind: u8, key: &[u8], row: &[u8]) -> Result<(), BlockBytesError> {
        let bytes = key.len().saturating_add(row.len());
        let left = self.left.checked_sub(bytes.saturating_add(PART_HEAD));
        let (Some(left), Ok(length)) = (left, u32::try_from(bytes)) else {
            return Err(BlockBytesError::TooLong { limit: MAX_BLOCK_BYTES });
        };
        self.left = left;
        let mut write = |bytes: &[u8]| self.frame.write_all(bytes).map_err(BlockBytesError::Damaged);
        write(&[kind])?;
        write(&length.to_be_bytes())?;
        write(key)?;
        write(row)
    }

    /// Writes a part: a key as bytes, and a value.
    pub(super) fn put_value<V: Value>(
        &mut self,
        kind: u8,
        key: &[u8],
        value: &V,
    ) -> Result<(), BlockBytesError> {
        let row = encode_row(value).map_err(|RowError(reason)| BlockBytesError::Part { kind, reason })?;
        self.put(kind, key, &row)
    }

    pub(super) fn finish(self) -> Result<Vec<u8>, BlockBytesError> {
        self.frame.finish().map_err(BlockBytesError::Damaged)
    }
}

/// Bytes of a part's kind and length.
const PART_HEAD: usize = 1 + size_of::<u32>();

/// Reads parts.
struct Reader<'a> {
    frame: zstd::Decoder<'static, &'a [u8]>,
    /// How many bytes may still come.
    left: usize,
}

impl<'a> Reader<'a> {
    fn new(frame: &'a [u8]) -> Result<Self, BlockBytesError> {
        let mut frame = zstd::Decoder::with_buffer(frame).map_err(BlockBytesError::Damaged)?.single_frame();
        frame.window_log_max(WINDOW_LOG).map_err(BlockBytesError::Damaged)?;
        Ok(Self { frame, left: MAX_BLOCK_BYTES })
    }

    /// The next part; `None` at the end of the bytes.
    fn next(&mut self) -> Result<Option<Part>, BlockBytesError> {
        let head = self.take(PART_HEAD)?;
        let Some((&kind, length)) = head.split_first() else {
            return if self.frame.get_ref().is_empty() { Ok(None) } else { Err(BlockBytesError::GoesOn) };
        };
        let length = length.try_into().map(u32::from_be_bytes).map_err(|_| cut_off())?;
        let bytes = self.take(length as usize)?;
        if bytes.len() < length as usize {
            return Err(cut_off());
        }
        Ok(Some(Part { kind, bytes }))
    }

    /// As many bytes, or fewer at the end. Memory is taken as they come, whatever was promised.
    fn take(&mut self, length: usize) -> Result<Vec<u8>, BlockBytesError> {
        if length > self.left {
            return Err(BlockBytesError::TooLong { limit: MAX_BLOCK_BYTES });
        }
        let mut bytes = Vec::new();
        let most = u64::try_from(length).unwrap_or(u64::MAX);
        self.frame.by_ref().take(most).read_to_end(&mut bytes).map_err(BlockBytesError::Damaged)?;
        self.left -= bytes.len();
        Ok(bytes)
    }
}

fn cut_off() -> BlockBytesError {
    BlockBytesError::Damaged(io::ErrorKind::UnexpectedEof.into())
}

/// A part of a block.
struct Part {
    kind: u8,
    bytes: Vec<u8>,
}

impl Part {
    fn wrong(&self, reason: &str) -> BlockBytesError {
        BlockBytesError::Part { kind: self.kind, reason: reason.to_owned() }
    }

    fn row<K: Key, V: Value>(&self) -> Result<(K, V), BlockBytesError> {
        let (key, row) = K::decode(&self.bytes).ok_or_else(|| self.wrong("this is no key of it"))?;
        let value = decode_row(row).map_err(|RowError(reason)| self.wrong(&reason))?;
        Ok((key, value))
    }

    fn value<V: Value>(&self) -> Result<V, BlockBytesError> {
        Ok(self.row::<(), V>()?.1)
    }

    /// What a block has one of.
    fn once<V: Value>(&self, place: &mut Option<V>) -> Result<(), BlockBytesError> {
        if place.is_some() {
            return Err(self.wrong("a block has one, this one has two"));
        }
        *place = Some(self.value()?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_written_than_is_read() {
        let mut writer = Writer::new().unwrap();
        writer.left = 100;
        writer.put(kind::SEGMENT, &[1; 32], &[2; 31]).unwrap();
        let refused = writer.put(kind::SEGMENT, &[], &[2; 28]);
        assert!(matches!(refused, Err(BlockBytesError::TooLong { limit: MAX_BLOCK_BYTES })));
        writer.put(kind::SEGMENT, &[], &[2; 27]).unwrap();
        assert_eq!(writer.left, 0);
    }
}
