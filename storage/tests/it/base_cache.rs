//! What is kept of the chain that was forked.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use starknet_api::block::{BlockHash, BlockNumber};
use starknet_api::core::{ClassHash, CompiledClassHash, ContractAddress, Nonce};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;
use zkthreads_storage::{BaseState, BaseStateError, CachedBase, ClassRecord, ForkPoint, StorageError};

use crate::support::{address, cell, class_record, raw};

const FORK: ForkPoint = ForkPoint { number: BlockNumber(7), hash: BlockHash(Felt::TWO) };
const ABSENT: ClassHash = ClassHash(Felt::ZERO);

/// Answers with what it is asked about, until it is out of reach; counts how often.
#[derive(Clone, Default)]
struct Echo {
    asked: Arc<AtomicUsize>,
    is_away: bool,
}

impl Echo {
    fn answer<T>(&self, value: T) -> Result<T, BaseStateError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.is_away {
            return Err(BaseStateError::Unreachable { reason: "away".into() });
        }
        Ok(value)
    }
}

impl BaseState for Echo {
    fn storage(&self, _: ContractAddress, key: StorageKey) -> Result<Felt, BaseStateError> {
        self.answer(*key.0.key())
    }

    fn nonce(&self, contract: ContractAddress) -> Result<Nonce, BaseStateError> {
        self.answer(Nonce(*contract.0.key()))
    }

    fn class_hash(&self, contract: ContractAddress) -> Result<ClassHash, BaseStateError> {
        self.answer(ClassHash(*contract.0.key()))
    }

    fn class(&self, hash: ClassHash) -> Result<Option<ClassRecord>, BaseStateError> {
        self.answer((hash != ABSENT).then(record))
    }
}

fn record() -> ClassRecord {
    class_record(CompiledClassHash(Felt::THREE), BlockNumber(6))
}

fn open(path: &Path, echo: &Echo) -> Result<CachedBase<Echo>, StorageError> {
    CachedBase::open(path, FORK, echo.clone())
}

fn read_all(base: &CachedBase<Echo>) -> Result<(), BaseStateError> {
    assert_eq!(base.storage(address(1), cell(0))?, Felt::ZERO);
    assert_eq!(base.storage(address(1), cell(5))?, Felt::from(5));
    assert_eq!(base.nonce(address(3))?, Nonce(Felt::THREE));
    assert_eq!(base.class_hash(address(4))?, ClassHash(Felt::from(4)));
    assert_eq!(base.class(ClassHash(Felt::ONE))?, Some(record()));
    Ok(())
}

#[test]
fn everything_is_asked_once_and_survives() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let echo = Echo::default();
    let cache = open(directory.path(), &echo)?;
    read_all(&cache)?;
    read_all(&cache)?;
    assert_eq!(echo.asked.load(Ordering::Relaxed), 5);
    drop(cache);

    let away = Echo { is_away: true, ..Echo::default() };
    let cache = open(directory.path(), &away)?;
    read_all(&cache)?;
    assert_eq!(away.asked.load(Ordering::Relaxed), 0);
    let unknown = cache.storage(address(1), cell(6));
    assert!(matches!(unknown, Err(BaseStateError::Unreachable { .. })), "{unknown:?}");
    Ok(())
}

/// Anybody can ask about any number of classes; keeping that they are absent would fill the disk.
#[test]
fn an_absent_class_is_asked_about_again() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let echo = Echo::default();
    let cache = open(directory.path(), &echo)?;
    for _ in 0..2 {
        assert_eq!(cache.class(ABSENT)?, None);
    }
    assert_eq!(echo.asked.load(Ordering::Relaxed), 2);
    Ok(())
}

#[test]
fn a_cache_of_another_block_is_refused() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    drop(open(directory.path(), &Echo::default())?);
    let asked = ForkPoint { hash: BlockHash(Felt::THREE), ..FORK };
    let refused = CachedBase::open(directory.path(), asked, Echo::default());
    assert!(matches!(refused, Err(StorageError::OtherFork { found: Some(found), .. }) if found == FORK));
    Ok(())
}

#[test]
fn a_cache_in_use_is_refused() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let _first = open(directory.path(), &Echo::default())?;
    let second = open(directory.path(), &Echo::default());
    assert!(matches!(second, Err(StorageError::InUse { .. })));
    Ok(())
}

/// A damaged row is an error, not a value: neither one that is too short nor one of a felt beyond the prime.
#[test]
fn damage_is_an_error() -> anyhow::Result<()> {
    for damage in [vec![1; 12], [vec![1], vec![0xff; 32]].concat(), vec![]] {
        let directory = tempfile::tempdir()?;
        let echo = Echo::default();
        let cache = open(directory.path(), &echo)?;
        cache.storage(address(1), cell(5))?;
        drop(cache);

        let rocks = raw(directory.path())?;
        let cells = rocks.cf_handle("base_cells").expect("the table is there");
        let (key, _) = rocks.iterator_cf(cells, rocksdb::IteratorMode::Start).next().expect("one row")?;
        rocks.put_cf(cells, key, damage)?;
        drop(rocks);

        let cache = open(directory.path(), &echo)?;
        let damaged = cache.storage(address(1), cell(5));
        assert!(matches!(damaged, Err(BaseStateError::Cache { .. })), "{damaged:?}");
    }
    Ok(())
}

/// A class that was completed after it was kept.
#[test]
fn a_class_is_kept_in_another_form() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let echo = Echo::default();
    let (hash, completed) = (ClassHash(Felt::ONE), ClassRecord { declared_at: BlockNumber(5), ..record() });
    let cache = open(directory.path(), &echo)?;
    assert_eq!(cache.class(hash)?, Some(record()));
    cache.keep_class(hash, &completed)?;
    assert_eq!(cache.class(hash)?, Some(completed.clone()));
    drop(cache);
    assert_eq!(open(directory.path(), &echo)?.class(hash)?, Some(completed));
    Ok(())
}
