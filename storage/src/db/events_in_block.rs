//! Rows of the index of events.

use super::table::{RowError, Value};

/// Length of an event's place in a row.
const PLACE_BYTES: usize = 2 * size_of::<u32>();

/// Where events of a block are: the transaction's index in the block, and the event's in the receipt. They are in
/// order, each is there once, and there is at least one: of a block without such events there is no row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct EventsInBlock(pub(crate) Vec<(u32, u32)>);

impl Value for EventsInBlock {
    fn encode(&self, row: &mut Vec<u8>) -> Result<(), RowError> {
        for (transaction, event) in &self.0 {
            row.extend(transaction.to_be_bytes());
            row.extend(event.to_be_bytes());
        }
        Ok(())
    }

    fn decode(row: &[u8]) -> Result<Self, RowError> {
        let malformed = RowError::malformed::<Self>;
        let (places, []) = row.as_chunks::<PLACE_BYTES>() else {
            return Err(malformed());
        };
        let place = |&[a, b, c, d, e, f, g, h]: &[u8; PLACE_BYTES]| {
            (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]))
        };
        let places: Vec<_> = places.iter().map(place).collect();
        if places.is_empty() || !places.is_sorted_by(|one, next| one < next) {
            return Err(malformed());
        }
        Ok(Self(places))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::table::{decode_row, encode_row};

    #[test]
    fn places_are_in_order_and_each_is_there_once() {
        let row = |places: &[(u32, u32)]| encode_row(&EventsInBlock(places.to_vec())).unwrap();
        let in_order: [&[(u32, u32)]; 2] = [&[(0, 0)], &[(0, 7), (1, 0), (1, 1), (u32::MAX, u32::MAX)]];
        for places in in_order {
            assert_eq!(row(places).len(), 1 + PLACE_BYTES * places.len());
            assert_eq!(decode_row::<EventsInBlock>(&row(places)).unwrap().0, places);
        }
        let malformed: [&[(u32, u32)]; 4] = [&[], &[(0, 0), (0, 0)], &[(0, 1), (0, 0)], &[(1, 0), (0, 1)]];
        for malformed in malformed {
            assert!(decode_row::<EventsInBlock>(&row(malformed)).is_err(), "{malformed:?}");
        }
        let mut longer = row(&[(0, 0)]);
        longer.push(0);
        assert!(decode_row::<EventsInBlock>(&longer).is_err());
    }
}
