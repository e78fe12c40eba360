//! A check finds what is wrong.

use starknet_api::block::BlockNumber;
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::StateCell;
use zkthreads_storage::{Check, Problem, Storage};

use crate::support::{address, busy_diff, cell, chain, digest, package, raw};

const BLOCKS: u64 = 6;

/// Something done to a row: written if there are bytes, else deleted.
type Tampering = (&'static str, Vec<u8>, Option<Vec<u8>>);

/// Checks a chain, some of whose rows were tampered with.
fn check_after(tampering: &[Tampering]) -> anyhow::Result<Check> {
    let directory = tempfile::tempdir()?;
    drop(chain(directory.path(), &(0..BLOCKS).map(busy_diff).collect::<Vec<_>>(), 1)?);
    let db = raw(directory.path())?;
    for (table, key, row) in tampering {
        let family = db.cf_handle(table).expect("the table");
        match row {
            Some(row) => db.put_cf(family, key, row)?,
            None => {
                assert!(db.get_cf(family, key)?.is_some(), "the row to delete is there");
                db.delete_cf(family, key)?;
            }
        }
    }
    drop(db);
    Ok(Storage::open(directory.path())?.check())
}

fn block(number: u64) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

fn transaction(number: u64, index: u32) -> Vec<u8> {
    [block(number), index.to_be_bytes().to_vec()].concat()
}

/// A felt below 2^32, as keys and rows hold it.
fn felt(number: u32) -> Vec<u8> {
    [[0; 28].as_slice(), &number.to_be_bytes()].concat()
}

#[test]
fn a_sound_chain() -> anyhow::Result<()> {
    let check = check_after(&[])?;
    assert!(check.is_sound(), "{check:?}");
    assert_eq!((check.blocks, check.transactions, check.contracts, check.classes), (6, 18, 7, 6));
    assert!(check.cells > 20);
    let directory = tempfile::tempdir()?;
    assert_eq!(Storage::open(directory.path())?.check(), Check::default());
    Ok(())
}

#[test]
fn rows_that_are_not_there() -> anyhow::Result<()> {
    let number = BlockNumber(3);
    let missing_block = |table| Problem::MissingBlockRow { block: number, table };
    let missing = |table| Problem::MissingTransactionRow { block: number, index: 1, table };
    for (table, key, expected) in [
        ("headers", block(3), missing_block("headers")),
        ("roots", block(3), missing_block("roots")),
        ("state_diffs", block(3), missing_block("state_diffs")),
        ("transactions", transaction(3, 1), missing("transactions")),
        ("traces", transaction(3, 1), missing("traces")),
    ] {
        let check = check_after(&[(table, key, None)])?;
        assert!(check.problems.contains(&expected), "{table}: {check:?}");
    }
    Ok(())
}

#[test]
fn packages_that_are_not_whole_or_nobodys() -> anyhow::Result<()> {
    // The thread of block 3, what it settled, and its package.
    let hash = TransactionHash(Felt::from(1_u64 << 32 | 3 << 8 | 1));
    let inner = [10, 11].map(|n| TransactionHash(Felt::from(1_u64 << 32 | 3 << 8 | n)));
    let digest = digest(&package(inner, 1));
    let package = digest.0.to_bytes_be().to_vec();
    let segment = [package.as_slice(), &[0; 4]].concat();
    let holder = |hash: TransactionHash| [package.as_slice(), &[1], &hash.0.to_bytes_be()].concat();
    let settled = Problem::MissingTransactionRow { block: BlockNumber(3), index: 1, table: "settled_inner" };
    let broken = Problem::Package { digest };
    for (table, key, row, expected) in [
        ("package_segments", segment.clone(), None, &broken),
        ("package_proofs", segment, None, &broken),
        ("package_summaries", package.clone(), None, &broken),
        ("package_holders", holder(hash), None, &broken),
        ("package_holders", holder(hash), None, &settled),
        ("package_holders", holder(inner[0]), Some(vec![1]), &Problem::PackageHolder { digest }),
        ("settled_inner", transaction(3, 1), None, &settled),
        ("inner_places", inner[1].0.to_bytes_be().to_vec(), None, &settled),
    ] {
        let check = check_after(&[(table, key, row)])?;
        assert!(check.problems.contains(expected), "{table}: {check:?}");
    }
    Ok(())
}

#[test]
fn an_index_that_has_not_what_blocks_have() -> anyhow::Result<()> {
    let key = |block_number| [felt(0xe7), block(block_number)].concat();
    let place = |transaction| [vec![1, 0, 0, 0, transaction], vec![0; 4]].concat();
    for (number, row, problem) in [(3, None, 3), (3, Some(place(1)), 3), (77, Some(place(1)), BLOCKS - 1)] {
        let check = check_after(&[("events_by_contract", key(number), row)])?;
        assert_eq!(check.problems, [Problem::EventIndex { block: BlockNumber(problem) }], "{check:?}");
    }
    Ok(())
}

#[test]
fn a_cell_that_was_changed() -> anyhow::Result<()> {
    // Cell 0 of contract 0x1000: a value that no block set.
    let row = [vec![1], block(5), felt(0x77)].concat();
    let check = check_after(&[("cells", [felt(0x1000), felt(0)].concat(), Some(row))])?;
    assert!(matches!(check.problems[..], [Problem::StorageRoot { .. }, Problem::Nodes { .. }]), "{check:?}");
    Ok(())
}

#[test]
fn nodes_that_are_missing_or_left_over() -> anyhow::Result<()> {
    let root = vec![0];
    let left_over = ("class_trie", vec![8, 0xff], Some([vec![1, 0], felt(1), felt(2)].concat()));
    for (table, tampering) in [
        ("contract_trie", ("contract_trie", root.clone(), None)),
        ("class_trie", ("class_trie", root.clone(), None)),
        ("class_trie", left_over),
        ("storage_tries", ("storage_tries", [felt(0x1001), root].concat(), None)),
    ] {
        let check = check_after(&[tampering])?;
        assert_eq!(check.problems, [Problem::Nodes { table, wrong: 1 }], "{check:?}");
    }
    Ok(())
}

#[test]
fn a_contract_that_was_changed() -> anyhow::Result<()> {
    let check = check_after(&[("contracts", felt(0x1003), None)])?;
    let contract_root = |problem: &Problem| matches!(problem, Problem::Root { trie: "contract", computed, stored } if computed != stored);
    assert!(check.problems.iter().any(contract_root), "{check:?}");
    assert!(check.problems.iter().any(|problem| matches!(problem, Problem::StorageRoot { .. })));
    Ok(())
}

#[test]
fn times_of_what_no_sub_block_can_have_written() -> anyhow::Result<()> {
    // Row version 1, then CBOR: sub-blocks over this block, at second 1.
    let time = |number| [[1, 0xa2, 0x66].as_slice(), b"number", &[number, 0x69], b"timestamp", &[1]].concat();
    let (storage, nonce, class) = (StateCell::Storage(cell(0)), StateCell::Nonce, StateCell::ClassHash);
    let key = |cell| match cell {
        StateCell::Storage(_) => [vec![0], felt(0)].concat(),
        StateCell::Nonce => vec![1],
        StateCell::ClassHash => vec![2],
    };
    // Block 3 sets cell 0 of 0x1003, the nonce of 0x1004 and the class of 0x1003. There is no block 99.
    for (number, contract, cell, base, right) in [
        (3, 0x1003, storage, 2, true),
        (3, 0x1004, nonce, 0, true),
        (3, 0x1003, class, 2, true),
        (3, 0x1003, storage, 3, false),
        (3, 0x1000, storage, 2, false),
        (3, 0x1003, nonce, 2, false),
        (3, 0x1004, class, 2, false),
        (99, 0x1003, storage, 2, false),
    ] {
        let row = [block(number), felt(contract), key(cell)].concat();
        let check = check_after(&[("thread_times", row, Some(time(base)))])?;
        let (block, contract) = (BlockNumber(number), address(contract));
        let problem = Problem::ThreadTime { block, contract, cell };
        assert_eq!(check.problems, if right { vec![] } else { vec![problem] });
    }
    Ok(())
}

#[test]
fn indices_that_lead_elsewhere() -> anyhow::Result<()> {
    // Both as the rows of block 2 and of its transaction 0.
    let hash = felt(0xb10c_0000 + 2);
    let salted = |mut hash: Vec<u8>| {
        hash[27] += 1;
        hash
    };
    let check = check_after(&[("block_numbers", salted(hash), None)])?;
    assert_eq!(check.problems, [Problem::BlockIndex { block: BlockNumber(2) }]);
    let check = check_after(&[("transaction_places", salted(felt(2 << 8)), None)])?;
    assert!(
        matches!(check.problems[..], [Problem::TransactionIndex { block: BlockNumber(2), .. }]),
        "{check:?}"
    );
    Ok(())
}

#[test]
fn rows_that_cannot_be_read() -> anyhow::Result<()> {
    let check = check_after(&[
        ("headers", block(2), Some(vec![1, 0xff])),
        ("contracts", felt(0x1003), Some(vec![9])),
    ])?;
    let parts: Vec<_> = check
        .problems
        .iter()
        .map(|problem| match problem {
            Problem::Unreadable { part, .. } => *part,
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(parts, ["blocks", "state"]);
    Ok(())
}

#[test]
fn blocks_that_do_not_follow() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = chain(directory.path(), &(0..3).map(busy_diff).collect::<Vec<_>>(), 1)?;
    drop(storage);
    let db = raw(directory.path())?;
    let headers = db.cf_handle("headers").expect("the table");
    let second = db.get_cf(headers, block(2))?.expect("a row");
    db.put_cf(headers, block(1), second)?;
    drop(db);
    let check = Storage::open(directory.path())?.check();
    let header = |number| Problem::Header { block: BlockNumber(number) };
    assert!(check.problems.contains(&header(1)) && check.problems.contains(&header(2)), "{check:?}");
    assert!(check.problems.contains(&Problem::StateRoot { block: BlockNumber(1) }));
    Ok(())
}
