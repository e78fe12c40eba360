//! JSON-RPC: one trait per namespace, one file per method.
