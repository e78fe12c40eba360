//! A view of block n answers as a model of the first n diffs does, whatever came later.

use proptest::prelude::*;
use starknet_api::block::BlockNumber;
use starknet_api::core::{ClassHash, Nonce};
use starknet_api::state::ThinStateDiff;
use starknet_types_core::felt::Felt;
use zkthreads_storage::{StateView, Storage};

use crate::support::{Model, address, busy_diff, cell, commit, diffs};

/// Every key that any block sets, and some that none does, read through `view`.
pub(crate) fn assert_view_is(view: &StateView, model: &Model, all: &Model) -> anyhow::Result<()> {
    for (contract, key) in all.cells.keys() {
        let expected = model.cells.get(&(*contract, *key)).copied().unwrap_or_default();
        assert_eq!(view.storage(*contract, *key)?, expected, "cell {key:?} of {contract}");
        let written_at = model.written_at.get(&(*contract, *key)).copied();
        assert_eq!(view.storage_changed_at(*contract, *key)?, written_at);
    }
    for contract in all.class_hashes.keys().chain(all.nonces.keys()) {
        assert_eq!(view.nonce(*contract)?, model.nonces.get(contract).copied().unwrap_or_default());
        assert_eq!(
            view.class_hash(*contract)?,
            model.class_hashes.get(contract).copied().unwrap_or_default()
        );
        assert_eq!(view.storage(*contract, cell(0xabcd))?, Felt::ZERO);
    }
    for class in all.compiled.keys() {
        assert_eq!(view.class(*class)?.map(|c| c.compiled_class_hash), model.compiled.get(class).copied());
    }
    assert_eq!(view.storage(address(0xdead), cell(1))?, Felt::ZERO);
    assert_eq!(view.nonce(address(0xdead))?, Nonce::default());
    assert_eq!(view.class_hash(address(0xdead))?, ClassHash::default());
    assert!(view.class(ClassHash(Felt::from(0xdead)))?.is_none());
    Ok(())
}

fn check_history(diffs: &[ThinStateDiff]) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let mut storage = Storage::open(directory.path())?;
    let mut all = Model::default();
    diffs.iter().for_each(|diff| all.apply(diff));
    let early_views: Vec<_> = (0..diffs.len() as u64).map(|n| storage.state_at(BlockNumber(n))).collect();
    for (n, diff) in (0..).zip(diffs) {
        assert_eq!(commit(&storage, diff.clone())?, BlockNumber(n));
        assert_eq!(storage.latest()?, Some(BlockNumber(n)));
    }
    let check = |storage: &Storage, views: Vec<StateView>| {
        let mut model = Model::default();
        assert_view_is(&storage.state_before_genesis(), &model, &all)?;
        for (view, diff) in views.iter().zip(diffs) {
            model.apply(diff);
            assert_view_is(view, &model, &all)?;
        }
        anyhow::Ok(())
    };
    check(&storage, early_views)?;
    drop(storage);
    storage = Storage::open(directory.path())?;
    let views = (0..diffs.len() as u64).map(|n| storage.state_at(BlockNumber(n))).collect();
    check(&storage, views)
}

#[test]
fn every_block_of_a_busy_chain() -> anyhow::Result<()> {
    check_history(&(0..40).map(busy_diff).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_block_of_random_chains(diffs in diffs()) {
        check_history(&diffs).expect("the database works");
    }
}
