use starknet::ContractAddress;

#[derive(Drop, Serde)]
enum ExampleEnum {
    variant_a: felt252,
    variant_b: u256,
}

#[derive(Drop, Serde)]
struct ExampleStruct {
    field_a: felt252,
    field_b: ExampleEnum,
    field_c: (),
    field_d: NonZero<felt252>,
    field_e: [u64; 3],
    field_f: i128,
}

#[starknet::interface]
trait IAbiTest<TContractState> {
    fn view(self: @TContractState) -> ExampleEnum;
    fn external(ref self: TContractState, recipient: ContractAddress, amount: u256) -> ExampleStruct;
}

#[starknet::contract]
mod AbiTypes {
    use starknet::ContractAddress;
    use super::{ExampleEnum, ExampleStruct};

    #[storage]
    struct Storage {}

    #[abi(embed_v0)]
    impl AbiTest of super::IAbiTest<ContractState> {
        fn view(self: @ContractState) -> ExampleEnum {
            ExampleEnum::variant_a(100)
        }

        fn external(ref self: ContractState, recipient: ContractAddress, amount: u256) -> ExampleStruct {
            ExampleStruct {
                field_a: recipient.into(),
                field_b: ExampleEnum::variant_b(amount),
                field_c: (),
                field_d: 100.try_into().unwrap(),
                field_e: [1, 2, 3],
                field_f: -2000,
            }
        }
    }

    #[l1_handler]
    fn handler(ref self: ContractState, from_address: felt252, argument: felt252) {}
}
