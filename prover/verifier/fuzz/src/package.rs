//! What must hold for any bytes in place of a package or a statement.

use starknet_types_core::felt::Felt;
use zkthreads_protocol::limits::MAX_PACKAGE_BYTES;
use zkthreads_protocol::{Package, Statement};

use crate::memory::peak;

/// Bytes allocated for each byte of input, at most: decoded items take up to twice their encoded size, a growing
/// list holds its old and new buffers, and the statement is held as felts beside its decoded form.
pub const DECODED_FACTOR: usize = 8;
/// Bytes allocated for an input of any size.
pub const DECODED_SLACK: usize = 4096;

/// Decodes the bytes as a package and as a statement.
///
/// # Panics
/// If a decoder accepts bytes that the encoder does not make, or takes more memory than it may.
pub fn attempt(bytes: &[u8]) {
    let (package, held) = peak(|| Package::decode(bytes));
    let bound = DECODED_FACTOR * bytes.len().min(MAX_PACKAGE_BYTES) + DECODED_SLACK;
    assert!(held <= bound, "decoding {} bytes held {held}", bytes.len());
    if let Ok(package) = package {
        assert_eq!(package.encode(), bytes, "a package has one encoding");
    }

    let (felts, _) = bytes.as_chunks::<32>();
    let felts: Vec<Felt> = felts.iter().map(Felt::from_bytes_be).collect();
    let (statement, held) = peak(|| Statement::decode(&felts));
    assert!(
        held <= DECODED_FACTOR * 32 * felts.len() + DECODED_SLACK,
        "decoding {} felts held {held}",
        felts.len()
    );
    if let Ok(statement) = statement {
        assert_eq!(statement.encode(), felts, "a statement has one encoding");
    }
}
