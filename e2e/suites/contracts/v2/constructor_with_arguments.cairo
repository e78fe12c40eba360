#[derive(Copy, Drop, Serde, starknet::Store)]
struct NestedStruct {
    value: felt252,
}

#[derive(Copy, Drop, Serde, starknet::Store)]
struct TopStruct {
    value: felt252,
    nested_struct: NestedStruct,
}

#[starknet::contract]
mod ConstructorWithArguments {
    use starknet::storage::{StoragePointerReadAccess, StoragePointerWriteAccess};
    use super::TopStruct;

    #[storage]
    struct Storage {
        single_value: felt252,
        tuple: (felt252, (felt252, felt252)),
        sum: felt252,
        dict: TopStruct,
    }

    #[constructor]
    fn constructor(
        ref self: ContractState,
        single_value: felt252,
        tuple: (felt252, (felt252, felt252)),
        arr: Array<felt252>,
        dict: TopStruct,
    ) {
        let mut sum = 0;
        for element in arr {
            sum += element;
        }
        self.single_value.write(single_value);
        self.tuple.write(tuple);
        self.sum.write(sum);
        self.dict.write(dict);
    }

    #[external(v0)]
    fn get(self: @ContractState) -> (felt252, (felt252, (felt252, felt252)), felt252, TopStruct) {
        (self.single_value.read(), self.tuple.read(), self.sum.read(), self.dict.read())
    }
}
