//! Maps in storage: a path goes on by a key.

use super::{
    Mutable, StorageAsPath, StorageAsPointer, StoragePath, StoragePathHashState, StoragePathUpdateTrait,
    StoragePointerReadAccess, StoragePointerWriteAccess, ValidStorageTypeTrait,
};

#[phantom]
pub struct Map<K, V> {}

impl MapsMayBeStored<
    K, V, +core::hash::Hash<K, StoragePathHashState>, +ValidStorageTypeTrait<V>,
> of ValidStorageTypeTrait<Map<K, V>>;

pub trait StoragePathEntry<C> {
    type Key;
    type Value;
    fn entry(self: C, key: Self::Key) -> StoragePath<Self::Value>;
}

pub trait StorageMapReadAccess<C> {
    type Key;
    type Value;
    fn read(self: C, key: Self::Key) -> Self::Value;
}

pub trait StorageMapWriteAccess<C> {
    type Key;
    type Value;
    fn write(self: C, key: Self::Key, value: Self::Value);
}

/// What a path ends at, seen as a map.
trait MapType<T> {
    type Key;
    type Value;
    type Target;
}

impl MapAsMap<K, V> of MapType<Map<K, V>> {
    type Key = K;
    type Value = V;
    type Target = V;
}

impl MutableMapAsMap<K, V> of MapType<Mutable<Map<K, V>>> {
    type Key = K;
    type Value = V;
    type Target = Mutable<V>;
}

impl EntryOfVariable<
    C,
    impl Path: StorageAsPath<C>,
    impl M: MapType<Path::Value>,
    +core::hash::Hash<M::Key, StoragePathHashState>,
    +Drop<C>,
    +Drop<M::Key>,
> of StoragePathEntry<C> {
    type Key = M::Key;
    type Value = M::Target;
    fn entry(self: C, key: M::Key) -> StoragePath<M::Target> {
        self.as_path().update(key)
    }
}

impl ReadEntry<
    C,
    impl Entry: StoragePathEntry<C>,
    impl Pointer: StorageAsPointer<StoragePath<Entry::Value>>,
    impl Access: StoragePointerReadAccess<super::StoragePointer0Offset<Pointer::Value>>,
    +Drop<C>,
    +Drop<Entry::Key>,
> of StorageMapReadAccess<C> {
    type Key = Entry::Key;
    type Value = Access::Value;
    fn read(self: C, key: Entry::Key) -> Access::Value {
        self.entry(key).as_ptr().read()
    }
}

impl WriteEntry<
    C,
    impl Entry: StoragePathEntry<C>,
    impl Pointer: StorageAsPointer<StoragePath<Entry::Value>>,
    impl Access: StoragePointerWriteAccess<super::StoragePointer0Offset<Pointer::Value>>,
    +Drop<C>,
    +Drop<Entry::Key>,
    +Drop<Access::Value>,
> of StorageMapWriteAccess<C> {
    type Key = Entry::Key;
    type Value = Access::Value;
    fn write(self: C, key: Entry::Key, value: Access::Value) {
        self.entry(key).as_ptr().write(value)
    }
}
