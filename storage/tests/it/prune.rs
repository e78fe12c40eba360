//! Pruning forgets what it says, and nothing else.

use proptest::prelude::*;
use starknet_api::block::BlockNumber;
use starknet_api::core::ClassHash;
use starknet_api::state::ThinStateDiff;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::StateCell;
use zkthreads_storage::{ProofRequest, Storage, StorageError};

use crate::history::assert_view_is;
use crate::storage_proofs::{assert_proves, request_all};
use crate::support::{Model, address, busy_diff, cell, chain, commit, diffs, rows};

/// States from `oldest` on are what they were, and those before are refused.
fn assert_kept(storage: &Storage, diffs: &[ThinStateDiff], oldest: u64) -> anyhow::Result<()> {
    assert_eq!(storage.oldest_state(), BlockNumber(oldest));
    let (mut model, mut all) = (Model::default(), Model::default());
    diffs.iter().for_each(|diff| all.apply(diff));
    for (n, diff) in (0..).zip(diffs) {
        model.apply(diff);
        let (number, view) = (BlockNumber(n), storage.state_at(BlockNumber(n)));
        assert_eq!(storage.state_diff(number)?.as_ref(), Some(diff));
        if n >= oldest {
            assert_view_is(&view, &model, &all)?;
            assert_proves(storage, number, &request_all(&all), &model)?;
            continue;
        }
        let gone = |error| matches!(error, StorageError::Pruned { oldest: o } if o == BlockNumber(oldest));
        assert!(view.storage(address(1), cell(1)).is_err_and(gone));
        assert!(view.storage_changed_at(address(1), cell(1)).is_err_and(gone));
        assert!(view.nonce(address(1)).is_err_and(gone));
        assert!(view.written_after(BlockNumber(0), address(1), StateCell::Nonce).is_err_and(gone));
        assert!(view.class_hash(address(1)).is_err_and(gone));
        assert!(view.class(ClassHash(Felt::ONE)).is_err_and(gone));
        assert!(storage.storage_proof(number, &ProofRequest::default()).is_err_and(gone));
    }
    Ok(())
}

fn check_prune(diffs: &[ThinStateDiff], keep: u64) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let mut late = Storage::open(&directory.path().join("late"))?;
    let always = Storage::open(&directory.path().join("always"))?;
    for (n, diff) in (0..).zip(diffs) {
        commit(&late, diff.clone())?;
        commit(&always, diff.clone())?;
        let oldest = (n + 1u64).saturating_sub(keep.max(1));
        assert_eq!(always.prune(keep)?, BlockNumber(oldest));
        assert_kept(&always, &diffs[..=n as usize], oldest)?;
    }
    let oldest = (diffs.len() as u64).saturating_sub(keep.max(1));
    assert_eq!(late.prune(keep)?, BlockNumber(oldest));
    assert_eq!(late.prune(keep.saturating_add(1))?, BlockNumber(oldest), "what is gone does not come back");
    assert!(rows(&late)? == rows(&always)?, "when it is pruned makes no difference");
    assert!(late.check().is_sound());
    drop(late);
    late = Storage::open(&directory.path().join("late"))?;
    assert_kept(&late, diffs, oldest)
}

#[test]
fn a_busy_chain() -> anyhow::Result<()> {
    let diffs: Vec<_> = (0..14).map(busy_diff).collect();
    [0, 1, 2, 5, 14, u64::MAX].into_iter().try_for_each(|keep| check_prune(&diffs, keep))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn random_chains(diffs in diffs(), keep in 0..9u64) {
        check_prune(&diffs, keep).expect("the database works");
    }
}

/// How many rows the tables of histories have.
fn history_rows(path: &std::path::Path) -> anyhow::Result<Vec<(String, usize)>> {
    let options = rocksdb::Options::default();
    let families = rocksdb::DB::list_cf(&options, path)?;
    let db = rocksdb::DB::open_cf_for_read_only(&options, path, &families, false)?;
    let histories = families.into_iter().filter(|name| name.ends_with("_history") || name == "undo");
    let count = |name: String| {
        let family = db.cf_handle(&name).expect("the table");
        let rows = db.iterator_cf(family, rocksdb::IteratorMode::Start).count();
        (name, rows)
    };
    Ok(histories.map(count).collect())
}

/// With one state kept, there is one row for each cell, nonce and class, and no node of the past.
#[test]
fn nothing_is_left_over() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let diffs: Vec<_> = (0..30).map(busy_diff).collect();
    let storage = chain(directory.path(), &diffs, 1)?;
    let mut model = Model::default();
    diffs.iter().for_each(|diff| model.apply(diff));
    storage.prune(1)?;
    drop(storage);
    for (table, rows) in history_rows(directory.path())? {
        let expected = match table.as_str() {
            "cell_history" => model.cells.len(),
            "nonce_history" => model.nonces.len(),
            "class_hash_history" => model.class_hashes.len(),
            _ => 0,
        };
        assert_eq!(rows, expected, "rows of {table}");
    }
    Ok(())
}

#[test]
fn an_empty_chain() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = Storage::open(directory.path())?;
    assert_eq!(storage.prune(0)?, BlockNumber(0));
    Ok(())
}
