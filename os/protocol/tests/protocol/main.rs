//! What the codecs of statement and package promise: one encoding per value, a typed error for anything else.

mod golden;
mod properties;
mod refuse_package;
mod refuse_statement;
mod sample;
mod segments;
mod transactions;
