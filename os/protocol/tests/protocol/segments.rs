//! Packages of several segments.

use zkthreads_protocol::limits::{MAX_PACKAGE_BYTES, MAX_PROOF_BYTES, MAX_SEGMENT_BYTES, MAX_SEGMENTS};
use zkthreads_protocol::package::{PACKAGE_MAGIC, PACKAGE_VERSION, SINGLE_VERSION};
use zkthreads_protocol::{Package, PackageError, ProofLength, Segment, SegmentContents};

use crate::sample::{package, segment, two_segments};

/// Magic and version.
const HEADER: usize = 10;

fn of(count: usize) -> Package {
    Package { segments: vec![segment(); count] }
}

fn refusal(bytes: &[u8]) -> PackageError {
    Package::decode(bytes).expect_err("accepted")
}

/// As a package of several segments would be written, whatever their number.
fn in_a_list(segments: &[Segment], said: u32) -> Vec<u8> {
    let mut bytes = [&PACKAGE_MAGIC[..], &PACKAGE_VERSION.to_be_bytes(), &said.to_be_bytes()].concat();
    for segment in segments {
        bytes.extend(&Package::from(segment.clone()).encode()[HEADER..]);
    }
    bytes
}

#[test]
fn versions() {
    assert_eq!(package().encode()[8..HEADER], SINGLE_VERSION.to_be_bytes());
    assert_eq!(two_segments().encode()[8..HEADER], PACKAGE_VERSION.to_be_bytes());
    assert_eq!(two_segments().encode(), in_a_list(&two_segments().segments, 2));
}

#[test]
fn two_to_the_limit() {
    for count in 1..=MAX_SEGMENTS {
        assert_eq!(Package::decode(&of(count).encode()), Ok(of(count)));
    }
}

#[test]
fn one_segment_has_no_second_encoding() {
    assert_eq!(refusal(&in_a_list(&[segment()], 1)), PackageError::SegmentCount { found: 1 });
}

#[test]
fn none_and_too_many() {
    assert_eq!(refusal(&in_a_list(&[], 0)), PackageError::SegmentCount { found: 0 });
    let many = MAX_SEGMENTS + 1;
    assert_eq!(refusal(&of(many).encode()), PackageError::SegmentCount { found: many as u32 });
    assert_eq!(refusal(&in_a_list(&[], u32::MAX)), PackageError::SegmentCount { found: u32::MAX });
}

#[test]
fn a_wrong_count_within_the_limit() {
    let segments = two_segments().segments;
    let statement = PackageError::Truncated { field: "statement" };
    assert_eq!(refusal(&in_a_list(&segments, 3)), statement);
    let bytes = in_a_list(&segments, 2).len() - in_a_list(&segments[..1], 1).len();
    let three = [segments.clone(), segments[1..].to_vec()].concat();
    assert_eq!(refusal(&in_a_list(&three, 2)), PackageError::TrailingBytes { bytes });
}

#[test]
fn cut_at_every_byte() {
    let bytes = two_segments().encode();
    for length in PACKAGE_MAGIC.len()..bytes.len() {
        let error = refusal(&bytes[..length]);
        let expected =
            matches!(error, PackageError::Truncated { .. } | PackageError::LengthExceedsInput { .. });
        assert!(expected, "cut at {length}: {error}");
    }
}

#[test]
fn each_segment_is_checked_by_itself() {
    let refused = |change: fn(&mut Package)| {
        let mut package = two_segments();
        change(&mut package);
        refusal(&package.encode())
    };
    let error = refused(|it| it.segments[1].events[0].transaction_index = 1);
    assert_eq!(error, PackageError::EventIndex { index: 1, count: 1 });
    let error = refused(|it| {
        let transaction = it.segments[0].inner_transactions.remove(0);
        it.segments[1].inner_transactions.push(transaction);
    });
    assert_eq!(error, PackageError::InnerTransactionCount { named: 2, held: 1 });
    let error = refused(|it| it.segments[1].proof = vec![0; MAX_PROOF_BYTES + 1]);
    assert_eq!(error, PackageError::ProofTooLarge { bytes: MAX_PROOF_BYTES + 1 });
}

/// A sub-block whose segment has as many bytes as asked for.
fn segment_of(bytes: usize) -> Segment {
    let mut segment = segment();
    let event = segment.events[1].clone();
    let size = |segment: &Segment| Package::from(segment.clone()).encode().len() - HEADER;
    let missing = bytes - size(&segment);
    let most = MAX_PROOF_BYTES - segment.proof.len();
    let events = missing.saturating_sub(most).div_ceil(size_of_empty_event());
    segment.events.extend(vec![event; events]);
    segment.statement.event_count = segment.events.len() as u64;
    let missing = bytes - size(&segment);
    segment.proof.resize(segment.proof.len() + missing, 0);
    assert_eq!(size(&segment), bytes);
    segment
}

/// Index, address and two empty lists.
fn size_of_empty_event() -> usize {
    4 + 32 + 2 * 4
}

#[test]
fn the_largest_segments() {
    let largest = segment_of(MAX_SEGMENT_BYTES);
    let larger = segment_of(MAX_SEGMENT_BYTES + 1);
    let too_large = PackageError::SegmentTooLarge { bytes: MAX_SEGMENT_BYTES + 1 };
    assert!(Package::decode(&Package::from(largest.clone()).encode()).is_ok());
    assert_eq!(refusal(&Package::from(larger.clone()).encode()), too_large);
    let both = |second| Package { segments: vec![segment(), second] };
    assert!(Package::decode(&both(largest.clone()).encode()).is_ok());
    assert_eq!(refusal(&both(larger).encode()), too_large);

    let bytes = Package { segments: vec![largest; 3] }.encode();
    assert!(bytes.len() > MAX_PACKAGE_BYTES);
    assert_eq!(refusal(&bytes), PackageError::TooLarge { bytes: bytes.len() });
}

#[test]
fn a_segment_is_read_without_its_proof_and_given_it_back() {
    let package = two_segments();
    for segment in &package.segments {
        let contents = segment.encode_contents();
        let read = SegmentContents::decode(&contents).unwrap();
        assert_eq!((&read, read.proof), (&segment.contents(), ProofLength(segment.proof.len())));
        assert_eq!(read.encode_contents(), contents);
        // As they stand in a package: up to the proof.
        let whole = package.encode();
        assert!(whole.windows(contents.len()).any(|window| window == contents));
        assert_eq!(read.clone().with_proof(segment.proof.clone()).as_ref(), Some(segment));
        assert_eq!(read.clone().with_proof(segment.proof[1..].to_vec()), None);

        for cut in 0..contents.len() {
            assert!(SegmentContents::decode(&contents[..cut]).is_err(), "cut off after {cut} bytes");
        }
        let longer = [contents.as_slice(), &[0]].concat();
        assert_eq!(SegmentContents::decode(&longer), Err(PackageError::TrailingBytes { bytes: 1 }));
        let (rest, _) = contents.split_last_chunk::<4>().unwrap();
        let promises = [rest, &u32::MAX.to_be_bytes()].concat();
        let too_large = PackageError::ProofTooLarge { bytes: u32::MAX as usize };
        assert_eq!(SegmentContents::decode(&promises), Err(too_large));
        let mut fewer = read;
        fewer.inner_transactions.pop();
        assert!(matches!(
            SegmentContents::decode(&fewer.encode_contents()),
            Err(PackageError::InnerTransactionCount { .. })
        ));
    }
    assert_eq!(package.contents(1).segments, [package.segments[0].contents()]);
    assert_eq!(package.contents(9).proof_bytes(), package.proof_bytes());
}

#[test]
fn indices_count_through_all_segments() {
    let package = two_segments();
    let [first, second] = package.segments.as_slice() else { panic!("two") };
    let hashes: Vec<_> = package.transaction_hashes().collect();
    let named = |segment: &Segment| segment.statement.inner_transactions.iter().map(|it| it.hash).collect();
    let (of_first, of_second): (Vec<_>, Vec<_>) = (named(first), named(second));
    assert_eq!(hashes, [of_first, of_second].concat());
    assert_eq!(package.inner_transactions().count(), 3);
    let events: Vec<_> = package.events().collect();
    assert_eq!(events, [(0, &first.events[0]), (1, &first.events[1]), (2, &second.events[0])]);
    let messages: Vec<_> = package.messages().collect();
    assert_eq!(messages, [(1, &first.statement.messages[0]), (2, &second.statement.messages[0])]);
    let segments: Vec<_> = (0..4).map(|index| package.segment_of(index)).collect();
    assert_eq!(segments, [Some((first, 0)), Some((first, 1)), Some((second, 0)), None]);
    assert_eq!(package.proof_bytes(), first.proof.len() + second.proof.len());

    assert_eq!(package.contents(1), Package::from(first.contents()));
    assert_eq!(package.contents(2).segments, [first.contents(), second.contents()]);
    assert_eq!(package.contents(0).transaction_hashes().count(), 0);
}
