//! Properties of the codecs over arbitrary values and arbitrary bytes.

use std::cell::Cell;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use zkthreads_protocol::{Package, PackageDigest, Statement};

use crate::sample::{any_felt, any_package, any_statement, package, two_segments};

/// Felts of a statement, a few of them changed, so that the decoder reads some and refuses others.
#[test]
fn random_felts_are_refused_or_canonical() {
    let changes = vec((any::<prop::sample::Index>(), any_felt()), 1..4);
    let (read, refused) = (Cell::new(0), Cell::new(0));
    let judged = TestRunner::default().run(&(any_statement(), changes), |(statement, changes)| {
        let mut felts = statement.encode();
        for (at, with) in changes {
            let at = at.index(felts.len());
            felts[at] = with;
        }
        match Statement::decode(&felts) {
            Ok(decoded) => {
                read.set(read.get() + 1);
                prop_assert_eq!(decoded.encode(), felts);
            }
            Err(_) => refused.set(refused.get() + 1),
        }
        Ok(())
    });
    judged.unwrap();
    assert!(read.get() >= 20 && refused.get() >= 20, "{} were read, {} refused", read.get(), refused.get());
}

proptest! {
    #[test]
    fn statement_round_trips(statement in any_statement()) {
        prop_assert_eq!(Statement::decode(&statement.encode()), Ok(statement));
    }

    #[test]
    fn package_round_trips(package in any_package()) {
        prop_assert_eq!(Package::decode(&package.encode()), Ok(package));
    }

    /// Whatever decodes is the one encoding of what it decodes to.
    #[test]
    fn a_statement_has_one_encoding(statement in any_statement(), at in any::<prop::sample::Index>(), with in any_felt()) {
        let mut felts = statement.encode();
        let at = at.index(felts.len());
        felts[at] = with;
        if let Ok(decoded) = Statement::decode(&felts) {
            prop_assert_eq!(decoded.encode(), felts);
        }
    }

    #[test]
    fn a_package_has_one_encoding(package in any_package(), at in any::<prop::sample::Index>(), with in any::<u8>()) {
        let mut bytes = package.encode();
        let at = at.index(bytes.len());
        bytes[at] = with;
        if let Ok(decoded) = Package::decode(&bytes) {
            prop_assert_eq!(decoded.encode(), bytes);
        }
    }

    #[test]
    fn random_bytes_are_refused(bytes in vec(any::<u8>(), 0..2_000)) {
        prop_assert!(Package::decode(&bytes).is_err());
    }

    /// Random bytes behind a genuine prefix reach deep into the decoder.
    #[test]
    fn a_random_tail_is_refused_or_canonical(
        several in any::<bool>(),
        cut in any::<prop::sample::Index>(),
        tail in vec(any::<u8>(), 0..500),
    ) {
        let genuine = if several { two_segments() } else { package() }.encode();
        let mut bytes = genuine[..cut.index(genuine.len())].to_vec();
        bytes.extend(tail);
        if let Ok(decoded) = Package::decode(&bytes) {
            prop_assert_eq!(decoded.encode(), bytes);
        }
    }

    /// The digest is that of the bytes, and a felt below 2^250.
    #[test]
    fn digest_covers_every_byte(at in any::<prop::sample::Index>(), flip in 1..=u8::MAX) {
        let bytes = package().encode();
        let mut damaged = bytes.clone();
        damaged[at.index(bytes.len())] ^= flip;
        prop_assert_ne!(PackageDigest::of(&bytes), PackageDigest::of(&damaged));
        prop_assert!(PackageDigest::of(&damaged).0.bits() <= 250);
    }
}
