#[derive(Copy, Drop, Serde)]
enum Value {
    a: u256,
    b: u128,
    c: (),
}

#[starknet::contract]
mod TestEnum {
    use super::Value;

    #[storage]
    struct Storage {}

    #[external(v0)]
    fn receive_and_send_enum(self: @ContractState, my_enum: Value) -> Value {
        my_enum
    }

    #[external(v0)]
    fn get_enum(self: @ContractState) -> Value {
        Value::a(100)
    }

    #[external(v0)]
    fn get_enum_without_value(self: @ContractState) -> Value {
        Value::c
    }
}
