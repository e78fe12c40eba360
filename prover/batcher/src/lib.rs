//! The thread side: builds, proves and submits sub-blocks.
