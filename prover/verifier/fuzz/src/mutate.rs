//! Changes of a proof's bytes that keep them decodable, mostly.

use stwo::core::fields::m31::P;
use zkthreads_verifier::params::{MAX_ADDRESS, MAX_DECODED_BYTES};

use crate::edits::Edits;
use crate::outline::{Kind, Node};
use crate::script::Script;
use crate::subject::{SUM_BYTES, Subject};

/// Bytes of a list's length.
const LENGTH_BYTES: usize = 8;
/// How many changes at once. Each makes it less likely that the proof gets far.
const EDITS: [usize; 6] = [1, 1, 1, 2, 3, 6];

impl Subject {
    /// The proof's bytes with the changes that the script chooses.
    #[must_use]
    pub fn mutate(&self, script: &mut Script<'_>) -> Vec<u8> {
        let mut edits = Edits::default();
        for _ in 0..EDITS[script.below(EDITS.len())] {
            match script.below(8) {
                0 | 1 => self.change(descend(&self.outline, script), script, &mut edits),
                2 => self.change_below("claim", script, &mut edits),
                3 => self.change_below("interaction_claim", script, &mut edits),
                4 => self.change_below("stark_proof", script, &mut edits),
                5 => self.copy_elsewhere(script, &mut edits),
                6 => self.toggle_component(script, &mut edits),
                _ => self.resize_component(script, &mut edits),
            }
        }
        edits.apply(&self.raw)
    }

    fn change(&self, node: &Node, script: &mut Script<'_>, edits: &mut Edits) {
        match node.kind {
            Kind::Number => self.change_number(node, script, edits),
            Kind::List => self.change_list(node, script, edits),
            Kind::Option => self.change_option(node, script, edits),
            Kind::Fields => {
                let byte = [0, 0xff, script.byte()][script.below(3)];
                edits.add([(node.span.clone(), vec![byte; node.span.len()])]);
            }
        }
    }

    fn change_number(&self, node: &Node, script: &mut Script<'_>, edits: &mut Edits) {
        let width = node.span.len();
        let mut bytes = [0; 8];
        bytes[..width].copy_from_slice(&self.raw[node.span.clone()]);
        let old = u64::from_le_bytes(bytes);
        let new = match script.below(12) {
            0 => 0,
            1 => 1,
            2 => u64::MAX,
            3 => P.into(),
            4 => u64::from(P) - 1,
            5 => old.wrapping_add(1),
            6 => old.wrapping_sub(1),
            7 => old ^ 1 << (script.byte() % 64),
            8 => script.number(),
            9 => script.byte().into(),
            10 => 1 << (script.byte() % 64),
            _ => MAX_ADDRESS.into(),
        };
        // Most numbers of four bytes are field elements; others would be refused at once.
        let new = if width == 4 && script.byte() >= 64 { new % u64::from(P) } else { new };
        edits.add([(node.span.clone(), new.to_le_bytes()[..width].to_vec())]);
    }

    fn change_list(&self, node: &Node, script: &mut Script<'_>, edits: &mut Edits) {
        let items = &node.children;
        let prefix = node.span.start..node.span.start + LENGTH_BYTES;
        let length = |items: usize| (prefix.clone(), (items as u64).to_le_bytes().to_vec());
        let chosen = script.below(items.len());
        match (script.below(8), items.get(chosen)) {
            (0, _) => edits.add([length(0), (prefix.end..node.span.end, vec![])]),
            (1, Some(first)) => edits.add([length(chosen), (first.span.start..node.span.end, vec![])]),
            (2, Some(item)) => edits.add([length(items.len() - 1), (item.span.clone(), vec![])]),
            (3 | 4, Some(item)) => {
                let room = MAX_DECODED_BYTES.saturating_sub(self.raw.len()) / item.span.len().max(1);
                let times = [1, 2, usize::from(script.byte()), room, room + 1][script.below(5)];
                let copies = self.raw[item.span.clone()].repeat(times);
                edits.add([length(items.len() + times), (item.span.end..item.span.end, copies)]);
            }
            (5, Some(item)) => self.swap(item, &items[script.below(items.len())], edits),
            (6, _) => {
                let promise = [script.number(), u64::MAX, 1 << (script.byte() % 64)][script.below(3)];
                edits.add([(prefix, promise.to_le_bytes().to_vec())]);
            }
            _ => {
                let zeros = [4, 8, 16, 32, 36][script.below(5)];
                edits.add([length(items.len() + 1), (node.span.end..node.span.end, vec![0; zeros])]);
            }
        }
    }

    fn change_option(&self, node: &Node, script: &mut Script<'_>, edits: &mut Edits) {
        let value = if node.children.is_empty() {
            let zeros = [0, 4, 8, 16][script.below(4)];
            [&[1], vec![0; zeros].as_slice()].concat()
        } else {
            vec![0]
        };
        edits.add([(node.span.clone(), value)]);
    }

    fn swap(&self, one: &Node, other: &Node, edits: &mut Edits) {
        if one.span.end <= other.span.start || other.span.end <= one.span.start {
            let bytes = |node: &Node| self.raw[node.span.clone()].to_vec();
            edits.add([(one.span.clone(), bytes(other)), (other.span.clone(), bytes(one))]);
        }
    }

    /// Puts one part where another of the same kind stands.
    fn copy_elsewhere(&self, script: &mut Script<'_>, edits: &mut Edits) {
        let (from, to) = (descend(&self.outline, script), descend(&self.outline, script));
        if from.kind == to.kind && from.children.len() == to.children.len() {
            if script.flag() {
                self.swap(from, to, edits);
            } else {
                edits.add([(to.span.clone(), self.raw[from.span.clone()].to_vec())]);
            }
        }
    }

    /// Claims an absent component, with a sum or without; or drops a present one, with its sum or without.
    fn toggle_component(&self, script: &mut Script<'_>, edits: &mut Edits) {
        let Some((claim, sum)) = self.component(script) else { return };
        let absent = self.components.iter().find(|component| component.name == claim.name);
        let (new_claim, new_sum) = match absent {
            Some(component) => {
                let mut bytes = component.claim.clone();
                if let Some(size) = bytes.first_chunk_mut::<4>() {
                    *size = u32::from(script.byte() % 32).to_le_bytes();
                }
                let sum = [script.byte(); SUM_BYTES].map(|byte| byte & 0x7e);
                ([&[1], bytes.as_slice()].concat(), [&[1][..], &sum].concat())
            }
            None => (vec![0], vec![0]),
        };
        match script.below(4) {
            0 => edits.add([(claim.span.clone(), new_claim)]),
            1 => edits.add([(sum.span.clone(), new_sum)]),
            _ => edits.add([(claim.span.clone(), new_claim), (sum.span.clone(), new_sum)]),
        }
    }

    /// Claims another size of a present component.
    fn resize_component(&self, script: &mut Script<'_>, edits: &mut Edits) {
        let Some((claim, _)) = self.component(script) else { return };
        if let Some(number) = claim.children.first().map(|claim| descend(claim, script)) {
            let size = u32::from(script.byte() % 32).to_le_bytes();
            if number.kind == Kind::Number && number.span.len() == size.len() {
                edits.add([(number.span.clone(), size.to_vec())]);
            }
        }
    }

    /// Changes something in one of the proof's fields.
    fn change_below(&self, field: &str, script: &mut Script<'_>, edits: &mut Edits) {
        if let Some(field) = self.outline.field(field) {
            self.change(descend(field, script), script, edits);
        }
    }

    /// A component's claim and sum.
    fn component(&self, script: &mut Script<'_>) -> Option<(&Node, &Node)> {
        let claims = self.outline.field("claim")?;
        let claim = claims.children.get(script.below(claims.children.len()))?;
        let sum = self.outline.field("interaction_claim")?.field(claim.name)?;
        Some((claim, sum))
    }
}

/// Some part of a proof. Going down from the whole and choosing among the children gives every field the same weight,
/// however long the lists inside it.
fn descend<'a>(mut node: &'a Node, script: &mut Script<'_>) -> &'a Node {
    const STOP: u8 = 24;
    while !node.children.is_empty() && script.byte() >= STOP {
        node = &node.children[script.below(node.children.len())];
    }
    node
}
