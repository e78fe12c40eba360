//! The package's bytes. Integers are big-endian, felts are 32 big-endian bytes below the field's prime, every list
//! is preceded by its length as a `u32`.
//!
//! | bytes | meaning |
//! |---|---|
//! | 8 | [`PACKAGE_MAGIC`] |
//! | 2 | [`PACKAGE_VERSION`] |
//! | list of segments | 2 to [`MAX_SEGMENTS`] of them, each as below |
//!
//! A segment:
//!
//! | bytes | meaning |
//! |---|---|
//! | list of felts | the statement |
//! | list | inner transactions: sender, nonce, tip (`u64`), 3 × (max amount `u64`, max price `u128`) for L1 gas, L2 gas, L1 data gas, nonce and fee data availability modes (a byte each, 0 or 1), calldata, signature, whether a revert reason follows (a byte, 0 or 1), the revert reason (list of bytes, UTF-8) |
//! | list | events: transaction index (`u32`, within the segment), from address, keys, data |
//! | list of bytes | the proof |
//!
//! A package of one segment is of version [`SINGLE_VERSION`]: the segment stands in place of the list. That is how all
//! packages were before there were several segments, so those keep their bytes and their digests.
//!
//! Version contract: any change of this layout takes a new [`PACKAGE_VERSION`]. A node keeps decoding the old ones
//! whose statements it can read: version 1 held statements of version 1, which no node reads any more.

use super::read::Reader;
use super::write::Writer;
use super::{Package, PackageError, ProofLength, ProofPart, Segment, SegmentContents};
use crate::limits::{MAX_PACKAGE_BYTES, MAX_SEGMENT_BYTES, MAX_SEGMENTS};

/// First bytes of a package.
pub const PACKAGE_MAGIC: [u8; 8] = *b"ZKTHREAD";

/// The layout described in this module: several segments.
pub const PACKAGE_VERSION: u16 = 3;

/// The layout of a package of one segment.
pub const SINGLE_VERSION: u16 = 2;

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
        let mut out = Writer(Vec::with_capacity(self.proof_bytes()));
        out.bytes(&PACKAGE_MAGIC);
        if let [segment] = self.segments.as_slice() {
            out.bytes(&SINGLE_VERSION.to_be_bytes());
            out.segment(segment);
        } else {
            out.bytes(&PACKAGE_VERSION.to_be_bytes());
            out.length(self.segments.len());
            self.segments.iter().for_each(|segment| out.segment(segment));
        }
        out.0
    }

    /// Reads a package; accepts exactly what [`Package::encode`] makes of a well-formed one. Does not compare
    /// inner transaction hashes or the events commitments with the statements (that needs the chain id), nor one
    /// segment with the next (that takes a state).
    ///
    /// # Errors
    /// See [`PackageError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, PackageError> {
        Self::check_size(bytes)?;
        let mut input = Reader { rest: bytes };
        if input.array("magic").map_err(|_| PackageError::Magic)? != PACKAGE_MAGIC {
            return Err(PackageError::Magic);
        }
        let segments = match u16::from_be_bytes(input.array("version")?) {
            SINGLE_VERSION => 1,
            PACKAGE_VERSION => segment_count(input.u32("segments")?)?,
            found => return Err(PackageError::UnknownVersion { found }),
        };
        let segments = (0..segments).map(|_| segment(&mut input)).collect::<Result<_, _>>()?;
        if !input.rest.is_empty() {
            return Err(PackageError::TrailingBytes { bytes: input.rest.len() });
        }
        Ok(Self { segments })
    }
}

fn segment_count(found: u32) -> Result<usize, PackageError> {
    let count = usize::try_from(found).ok().filter(|count| (2..=MAX_SEGMENTS).contains(count));
    count.ok_or(PackageError::SegmentCount { found })
}

fn segment(input: &mut Reader<'_>) -> Result<Segment, PackageError> {
    let before = input.rest.len();
    let segment = input.segment()?;
    let bytes = before.saturating_sub(input.rest.len());
    if bytes > MAX_SEGMENT_BYTES {
        return Err(PackageError::SegmentTooLarge { bytes });
    }
    segment.check_counts()?;
    Ok(segment)
}

impl<P: ProofPart> Segment<P> {
    /// The segment's bytes in a package, up to its proof: the proof's length is the last that they hold.
    #[must_use]
    pub fn encode_contents(&self) -> Vec<u8> {
        let mut out = Writer(Vec::new());
        out.segment_contents(self);
        out.0
    }
}

impl SegmentContents {
    /// Reads what [`Segment::encode_contents`] made of a segment of a package.
    ///
    /// # Errors
    /// See [`PackageError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, PackageError> {
        let mut input = Reader { rest: bytes };
        let segment = input.segment_contents()?;
        if !input.rest.is_empty() {
            return Err(PackageError::TrailingBytes { bytes: input.rest.len() });
        }
        segment.check_counts()?;
        Ok(segment)
    }

    /// The segment with its proof; `None` if the proof is not as long as this one's was.
    #[must_use]
    pub fn with_proof(self, proof: Vec<u8>) -> Option<Segment> {
        let Self { statement, inner_transactions, events, proof: ProofLength(length) } = self;
        (proof.len() == length).then_some(Segment { statement, inner_transactions, events, proof })
    }
}

impl<P> Segment<P> {
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
