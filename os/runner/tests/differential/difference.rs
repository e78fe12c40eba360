//! Where two statements differ first.

use std::fmt::Debug;

use zkthreads_protocol::Statement;

/// The first difference, from the header down to single cells.
pub fn difference(left: &Statement, right: &Statement) -> Option<String> {
    let header = |it: &Statement| (it.chain_id, it.submitter, it.base_block);
    whole("header", &header(left), &header(right))
        .or_else(|| each("transaction", &left.inner_transactions, &right.inner_transactions))
        .or_else(|| each("class", &left.classes, &right.classes))
        .or_else(|| contracts(left, right))
        .or_else(|| whole("number of events", &left.event_count, &right.event_count))
        .or_else(|| each("message", &left.messages, &right.messages))
        .or_else(|| whole("events", &left.events_commitment, &right.events_commitment))
}

fn contracts(left: &Statement, right: &Statement) -> Option<String> {
    let addresses = |it: &Statement| it.contracts.iter().map(|contract| contract.address).collect::<Vec<_>>();
    each("address of contract", &addresses(left), &addresses(right)).or_else(|| {
        left.contracts.iter().zip(&right.contracts).find_map(|(left, right)| {
            each(&format!("contract {:#x}, cell", left.address.0.key()), &left.storage, &right.storage)
                .or_else(|| whole("contract", left, right))
        })
    })
}

fn each<T: PartialEq + Debug>(what: &str, left: &[T], right: &[T]) -> Option<String> {
    let at = left.iter().zip(right).position(|(left, right)| left != right);
    match at {
        Some(at) => Some(format!("{what} {at}: {:?} / {:?}", left[at], right[at])),
        None if left.len() != right.len() => {
            let most = left.len().min(right.len());
            Some(format!(
                "{what}s: {} / {}, beyond are {:?} / {:?}",
                left.len(),
                right.len(),
                left.get(most),
                right.get(most)
            ))
        }
        None => None,
    }
}

fn whole<T: PartialEq + Debug>(what: &str, left: &T, right: &T) -> Option<String> {
    (left != right).then(|| format!("{what}: {left:?} / {right:?}"))
}
