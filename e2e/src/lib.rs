//! Scenario tests against the real binary.
