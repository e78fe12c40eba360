//! How far a proof has come.

use std::fmt;
use std::sync::mpsc::Sender;

use serde::{Deserialize, Serialize};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// A stage of proving, reported when it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ProofStage {
    /// The process's first proof computes the lookup tables and their commitment.
    Setup,
    /// The run's memory and steps are sorted by kind.
    Adapt,
    /// The trace's columns are filled in.
    Trace,
    /// The trace is extended and committed to.
    CommitTrace,
    /// The lookup sums' columns are filled in.
    Lookups,
    /// They are extended and committed to.
    CommitLookups,
    /// Constraints are composed and opened at random positions.
    Stark,
    /// The proof is written and compressed.
    Encode,
    /// The proof is verified.
    Verify,
}

impl ProofStage {
    /// All stages, in order.
    pub const ALL: [Self; 9] = [
        Self::Setup,
        Self::Adapt,
        Self::Trace,
        Self::CommitTrace,
        Self::Lookups,
        Self::CommitLookups,
        Self::Stark,
        Self::Encode,
        Self::Verify,
    ];

    /// The stage that begins with this span of the proof system's.
    fn of_span(name: &str) -> Option<Self> {
        match name {
            "Write base trace" => Some(Self::Trace),
            "Compute base trace commitment" => Some(Self::CommitTrace),
            "Write interaction trace" => Some(Self::Lookups),
            "Compute interaction trace commitment" => Some(Self::CommitLookups),
            "Prove STARKs" => Some(Self::Stark),
            _ => None,
        }
    }
}

impl fmt::Display for ProofStage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Setup => "preparing lookup tables",
            Self::Adapt => "reading the run",
            Self::Trace => "writing the trace",
            Self::CommitTrace => "committing to the trace",
            Self::Lookups => "writing lookup sums",
            Self::CommitLookups => "committing to lookup sums",
            Self::Stark => "proving constraints",
            Self::Encode => "encoding the proof",
            Self::Verify => "verifying the proof",
        })
    }
}

/// Learns the stages from the spans that the proof system opens on its thread, and ignores all else.
pub(crate) struct StageSpans(pub(crate) Sender<ProofStage>);

impl Subscriber for StageSpans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && ProofStage::of_span(metadata.name()).is_some()
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        if let Some(stage) = ProofStage::of_span(span.metadata().name()) {
            // Nobody listens once the caller is gone; then nobody misses it.
            let _ = self.0.send(stage);
        }
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
