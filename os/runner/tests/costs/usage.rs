//! Steps, and uses of what else a proof has room for.

use std::ops::{Add, AddAssign, Div, Index, IndexMut, Mul, Sub};

/// What a run uses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resource {
    Steps,
    /// Those of the steps that are contracts' own.
    ContractSteps,
    RangeCheck,
    Pedersen,
    Poseidon,
    Bitwise,
    /// Instances of the segment that the OS checks.
    EcOp,
    /// Blocks that the Blake2s opcode compresses.
    Blake,
    RangeCheck96,
    Modular,
}

impl Resource {
    pub const ALL: [Self; 10] = [
        Self::Steps,
        Self::ContractSteps,
        Self::RangeCheck,
        Self::Pedersen,
        Self::Poseidon,
        Self::Bitwise,
        Self::EcOp,
        Self::Blake,
        Self::RangeCheck96,
        Self::Modular,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Steps => "steps",
            Self::ContractSteps => "in contracts",
            Self::RangeCheck => "range checks",
            Self::Pedersen => "Pedersen",
            Self::Poseidon => "Poseidon",
            Self::Bitwise => "bitwise",
            Self::EcOp => "ec_op",
            Self::Blake => "Blake2s",
            Self::RangeCheck96 => "96-bit checks",
            Self::Modular => "modular",
        }
    }
}

#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Usage([usize; Resource::ALL.len()]);

impl Index<Resource> for Usage {
    type Output = usize;

    fn index(&self, resource: Resource) -> &usize {
        &self.0[resource as usize]
    }
}

impl IndexMut<Resource> for Usage {
    fn index_mut(&mut self, resource: Resource) -> &mut usize {
        &mut self.0[resource as usize]
    }
}

impl Add for Usage {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(mine, other)| *mine += other);
        self
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Mul<usize> for Usage {
    type Output = Self;

    fn mul(mut self, count: usize) -> Self {
        self.0.iter_mut().for_each(|mine| *mine *= count);
        self
    }
}

impl Sub for Usage {
    type Output = Self;

    /// What is left, if anything is.
    fn sub(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(mine, other)| *mine = mine.saturating_sub(other));
        self
    }
}

impl Div<usize> for Usage {
    type Output = Self;

    /// Rounds to the nearest.
    fn div(mut self, count: usize) -> Self {
        self.0.iter_mut().for_each(|mine| *mine = (*mine + count / 2) / count);
        self
    }
}
