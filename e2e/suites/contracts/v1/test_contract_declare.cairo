#[starknet::contract]
mod TestContractDeclare {
    #[storage]
    struct Storage {}

    #[external(v0)]
    fn empty(self: @ContractState) {}
}
