//! Exported blocks come over a network: bytes that are none are refused by name.

use std::io::Write;

use proptest::prelude::*;
use starknet_api::block::BlockNumber;
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;
use zkthreads_storage::{BlockBytesError, FollowedBlock, MAX_BLOCK_BYTES};

use crate::followed::node;
use crate::support::{busy_diff, package};

const HEADER: u8 = 1;
const TRANSACTION: u8 = 3;
const SEGMENT: u8 = 5;
const STATE_DIFF: u8 = 8;
const THREAD_TIME: u8 = 10;

/// A block, and its bytes.
fn block() -> anyhow::Result<(FollowedBlock, Vec<u8>)> {
    let directory = tempfile::tempdir()?;
    let node = node(directory.path(), &[busy_diff(0), busy_diff(1)], 1)?;
    let (header, bytes) = node.export_block_bytes(BlockNumber(1))?.expect("a block");
    let block = node.export_block(BlockNumber(1))?.expect("a block");
    assert_eq!(header, block.header);
    assert_eq!(node.export_block_bytes(BlockNumber(1))?, Some((header, bytes.clone())), "always the same");
    Ok((block, bytes))
}

/// Bytes made of these parts, as the encoder makes them.
fn made_up(parts: &[(u8, Vec<u8>)]) -> anyhow::Result<Vec<u8>> {
    let mut frame = zstd::Encoder::new(b"zkthblck\0\0\0\x07".to_vec(), 1)?;
    for (kind, bytes) in parts {
        frame.write_all(&[*kind])?;
        frame.write_all(&u32::try_from(bytes.len())?.to_be_bytes())?;
        frame.write_all(bytes)?;
    }
    Ok(frame.finish()?)
}

/// The parts that a block's bytes are made of.
fn parts(bytes: &[u8]) -> anyhow::Result<Vec<(u8, Vec<u8>)>> {
    let raw = zstd::decode_all(&bytes[12..])?;
    let (mut parts, mut rest) = (vec![], raw.as_slice());
    while let [kind, a, b, c, d, tail @ ..] = rest {
        let (part, tail) = tail.split_at(u32::from_be_bytes([*a, *b, *c, *d]) as usize);
        parts.push((*kind, part.to_vec()));
        rest = tail;
    }
    Ok(parts)
}

/// Its kind and its bytes.
type Part = (u8, Vec<u8>);

fn refusal(bytes: &[u8]) -> BlockBytesError {
    FollowedBlock::decode(bytes).expect_err("refused")
}

#[test]
fn damage_is_noticed_wherever_it_is() -> anyhow::Result<()> {
    let (block, bytes) = block()?;
    assert_eq!(FollowedBlock::decode(&bytes)?, block);
    for length in 0..bytes.len() {
        let error = refusal(&bytes[..length]);
        let expected = matches!(error, BlockBytesError::NotABlock | BlockBytesError::Damaged(_));
        assert!(expected, "cut off after {length} bytes: {error}");
    }
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x11;
        // Some damage does none: more memory for the reader, or another place where the same bytes are repeated from.
        if let Ok(read) = FollowedBlock::decode(&damaged) {
            assert!(read == block, "byte {at}");
        }
    }
    assert!(matches!(refusal(&[bytes.as_slice(), b"!"].concat()), BlockBytesError::GoesOn));
    let mut other_version = bytes.clone();
    other_version[11] = 99;
    assert!(matches!(refusal(&other_version), BlockBytesError::SchemaVersion { found: 99, expected: 7 }));
    assert!(matches!(refusal(b"{\"json\": true}"), BlockBytesError::NotABlock));
    Ok(())
}

#[test]
fn parts_that_cannot_be_are_refused() -> anyhow::Result<()> {
    let (block, bytes) = block()?;
    let whole = parts(&bytes)?;
    assert_eq!(FollowedBlock::decode(&made_up(&whole)?)?, block);
    let refused = |change: &dyn Fn(&mut Vec<Part>)| -> anyhow::Result<String> {
        let mut parts = whole.clone();
        change(&mut parts);
        let error = refusal(&made_up(&parts)?);
        assert!(matches!(error, BlockBytesError::Part { .. }), "{error}");
        Ok(error.to_string())
    };
    let find = |kind| whole.iter().position(|(found, _)| *found == kind).expect("there is one");
    for kind in [HEADER, STATE_DIFF] {
        let missing = refused(&|parts| drop(parts.remove(find(kind))))?;
        assert!(missing.contains("this one has none"), "{missing}");
        let twice = refused(&|parts| {
            let part = parts[find(kind)].clone();
            parts.push(part);
        })?;
        assert!(twice.contains("this one has two"), "{twice}");
    }
    let unknown = refused(&|parts| parts.push((77, vec![1])))?;
    assert!(unknown.contains("part of kind 77") && unknown.contains("no such kind"), "{unknown}");
    refused(&|parts| parts.push((SEGMENT, vec![1; 31])))?;
    refused(&|parts| parts.push((SEGMENT, vec![0xff; 64])))?;
    refused(&|parts| parts.push((TRANSACTION, vec![])))?;
    let version = refused(&|parts| parts.push((TRANSACTION, vec![9, 0])))?;
    assert!(version.contains("version 9 of the row is unknown"), "{version}");
    refused(&|parts| {
        let at = find(TRANSACTION);
        parts[at].1.push(0);
    })?;
    refused(&|parts| parts.push((THREAD_TIME, vec![0; 32])))?;
    let other_kind = [&[0; 32], [3, 1].as_slice()].concat();
    let cell = refused(&|parts| parts.push((THREAD_TIME, other_kind.clone())))?;
    assert!(cell.contains("no key of it"), "{cell}");
    Ok(())
}

/// A few kilobytes that would be gigabytes, and lengths that promise more than there is.
#[test]
fn memory_is_bounded() -> anyhow::Result<()> {
    let mut segment = package([TransactionHash::default(); 2], 1).segments.remove(0);
    segment.events[0].content.data.0 = vec![Felt::ZERO; 60 << 15];
    let row = segment.encode_contents();
    let bomb: Vec<_> =
        (0..5u8).map(|n| (SEGMENT, [&[0; 31], [n, 0, 0, 0, 0, 1].as_slice(), &row].concat())).collect();
    let bomb = made_up(&bomb)?;
    assert!(bomb.len() < 1 << 20);
    assert!(matches!(refusal(&bomb), BlockBytesError::TooLong { limit: MAX_BLOCK_BYTES }));

    let promise = |length: u32| -> anyhow::Result<Vec<u8>> {
        let mut frame = zstd::Encoder::new(b"zkthblck\0\0\0\x07".to_vec(), 1)?;
        frame.write_all(&[SEGMENT])?;
        frame.write_all(&length.to_be_bytes())?;
        Ok(frame.finish()?)
    };
    assert!(matches!(refusal(&promise(u32::MAX)?), BlockBytesError::TooLong { .. }));
    assert!(matches!(refusal(&promise(200 << 20)?), BlockBytesError::Damaged(_)));
    Ok(())
}

proptest! {
    /// Whatever comes, it is a block or an error.
    #[test]
    fn made_up_parts(parts in prop::collection::vec((0..12u8, prop::collection::vec(any::<u8>(), 0..80)), 0..6)) {
        let bytes = made_up(&parts).expect("made");
        prop_assert!(FollowedBlock::decode(&bytes).is_err());
    }
}
