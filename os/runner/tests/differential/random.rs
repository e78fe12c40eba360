//! Random choices that a seed fixes (SplitMix64).

use starknet_types_core::felt::Felt;

pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub fn between(&mut self, least: usize, most: usize) -> usize {
        least + self.below(most - least + 1)
    }

    /// True in `per_mille` of 1000 cases.
    pub fn chance(&mut self, per_mille: u64) -> bool {
        self.next() % 1000 < per_mille
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// One of `from`, each as often as its weight says.
    pub fn weighted<T: Copy>(&mut self, from: &[(usize, T)]) -> T {
        let mut at = self.below(from.iter().map(|(weight, _)| weight).sum());
        for (weight, item) in from {
            match at.checked_sub(*weight) {
                Some(rest) => at = rest,
                None => return *item,
            }
        }
        unreachable!("`at` is below the sum of the weights")
    }

    /// A number of at most `bits` bits; small ones are likely.
    pub fn number(&mut self, bits: u32) -> Felt {
        let wide = Felt::from(u128::from(self.next()) << 64 | u128::from(self.next()));
        let bits = match self.below(10) {
            0..5 => bits.min(3),
            5..8 => self.between(1, bits as usize) as u32,
            _ => bits,
        };
        let full = self.chance(100);
        let bound = Felt::TWO.pow(bits);
        if full {
            return bound - Felt::ONE;
        }
        let wide = wide * Felt::TWO.pow(128_u32) + Felt::from(self.next());
        Felt::from(wide.to_biguint() % bound.to_biguint())
    }

    /// Any felt.
    pub fn felt(&mut self) -> Felt {
        let halves = [self.next(), self.next(), self.next(), self.next()];
        halves.iter().fold(Felt::ZERO, |felt, half| felt * Felt::TWO.pow(64_u32) + Felt::from(*half))
    }
}
