//! A contract's storage, from which the paths to its variables start.

use super::{Mutable, StorageAsPath, StoragePath, StoragePathTrait};

/// A variable: the place its path starts at.
pub struct StorageBase<T> {
    pub __base_address__: felt252,
}

impl StorageBaseCopy<T> of Copy<StorageBase<T>> {}
impl StorageBaseDrop<T> of Drop<StorageBase<T>> {}

impl PathOfVariable<T> of StorageAsPath<StorageBase<T>> {
    type Value = T;
    fn as_path(self: @StorageBase<T>) -> StoragePath<T> {
        StoragePathTrait::new(*self.__base_address__)
    }
}

impl DerefVariable<T> of core::ops::Deref<StorageBase<T>> {
    type Target = StoragePath<T>;
    fn deref(self: StorageBase<T>) -> StoragePath<T> {
        self.as_path()
    }
}

/// A contract's state, whose members are its variables.
pub struct FlattenedStorage<T> {}

impl FlattenedStorageCopy<T> of Copy<FlattenedStorage<T>> {}
impl FlattenedStorageDrop<T> of Drop<FlattenedStorage<T>> {}

pub trait StorageTrait<T> {
    type BaseType;
    fn storage(self: FlattenedStorage<T>) -> Self::BaseType;
}

pub trait StorageTraitMut<T> {
    type BaseType;
    fn storage_mut(self: FlattenedStorage<Mutable<T>>) -> Self::BaseType;
}

impl DerefState<T, impl Members: StorageTrait<T>> of core::ops::Deref<FlattenedStorage<T>> {
    type Target = Members::BaseType;
    fn deref(self: FlattenedStorage<T>) -> Members::BaseType {
        Members::storage(self)
    }
}

impl DerefMutableState<T, impl Members: StorageTraitMut<T>> of core::ops::Deref<FlattenedStorage<Mutable<T>>> {
    type Target = Members::BaseType;
    fn deref(self: FlattenedStorage<Mutable<T>>) -> Members::BaseType {
        Members::storage_mut(self)
    }
}
