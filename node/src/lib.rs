//! The zkthreads binary: mempool, block production, devnet genesis, launch.
