//! The shape and price of every syscall that the thread OS serves.
//!
//! Prices are blockifier's for Starknet 0.14.4; the OS charges the same (`constants.cairo`). A test of
//! `zkthreads-execution` compares all three.

/// What a contract's own code has paid of each syscall before it makes it.
pub const SYSCALL_BASE_GAS: u64 = 10_000;

/// What one permutation adds to the price of `keccak`.
pub const KECCAK_ROUND_GAS: u64 = 165_137;

/// A syscall's request and its price in Sierra gas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Syscall {
    /// The selector, as text.
    pub name: &'static str,
    /// Cells of the request behind selector and gas.
    pub request_cells: usize,
    /// Its price, with [`SYSCALL_BASE_GAS`].
    pub gas: u64,
    /// The array that makes it dearer.
    pub array: Option<PricedArray>,
}

/// An array in a request that is paid for by the felt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PricedArray {
    /// Where the request has the array's start; its end is in the next cell.
    pub cell: usize,
    /// Gas for each felt.
    pub gas_per_felt: u64,
}

impl Syscall {
    /// The syscall with a selector.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        SYSCALLS.iter().find(|syscall| syscall.name == name)
    }

    /// Gas that the syscall takes if its priced array has `felts` felts, besides what is paid already.
    pub fn required_gas(&self, felts: u64) -> u64 {
        let per_felt = self.array.map_or(0, |array| array.gas_per_felt);
        (self.gas - SYSCALL_BASE_GAS).saturating_add(per_felt.saturating_mul(felts))
    }
}

const fn flat(name: &'static str, request_cells: usize, gas: u64) -> Syscall {
    Syscall { name, request_cells, gas, array: None }
}

const fn by_felt(name: &'static str, request_cells: usize, gas: u64, array: PricedArray) -> Syscall {
    Syscall { name, request_cells, gas, array: Some(array) }
}

/// Every syscall that the thread OS serves.
pub const SYSCALLS: [Syscall; 24] = [
    flat("CallContract", 4, 91_360),
    by_felt("Deploy", 5, 147_120, PricedArray { cell: 2, gas_per_felt: 4_850 }),
    flat("EmitEvent", 4, 10_000),
    flat("GetBlockHash", 1, 10_810),
    flat("GetClassHashAt", 1, 10_000),
    flat("GetExecutionInfo", 0, 11_240),
    flat("Keccak", 2, 10_000),
    flat("LibraryCall", 4, 88_660),
    by_felt("MetaTxV0", 6, 168_550, PricedArray { cell: 2, gas_per_felt: 4_850 }),
    flat("ReplaceClass", 1, 10_000),
    flat("Secp256k1Add", 2, 42_030),
    flat("Secp256k1GetPointFromX", 3, 40_500),
    flat("Secp256k1GetXy", 1, 20_470),
    flat("Secp256k1Mul", 3, 8_142_650),
    flat("Secp256k1New", 4, 46_950),
    flat("Secp256r1Add", 2, 62_490),
    flat("Secp256r1GetPointFromX", 3, 53_380),
    flat("Secp256r1GetXy", 1, 20_670),
    flat("Secp256r1Mul", 3, 13_510_870),
    flat("Secp256r1New", 4, 59_830),
    by_felt("SendMessageToL1", 3, 12_770, PricedArray { cell: 1, gas_per_felt: 600 }),
    flat("Sha256ProcessBlock", 2, 839_995),
    flat("StorageRead", 2, 24_070),
    flat("StorageWrite", 3, 59_970),
];
