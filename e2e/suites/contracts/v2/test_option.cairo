#[derive(Copy, Drop, Serde)]
struct Options {
    first_field: felt252,
    second_field: Option<u256>,
    third_field: Option<u8>,
    fourth_field: felt252,
}

#[starknet::contract]
mod TestOption {
    use super::Options;

    #[storage]
    struct Storage {}

    #[external(v0)]
    fn receive_and_send_option_struct(self: @ContractState, option_struct: Options) -> Options {
        option_struct
    }

    #[external(v0)]
    fn get_option_struct(self: @ContractState) -> Options {
        Options {
            first_field: 1, second_field: Option::Some(2), third_field: Option::None, fourth_field: 4,
        }
    }

    #[external(v0)]
    fn get_empty_option(self: @ContractState) -> Option<()> {
        Option::Some(())
    }
}
