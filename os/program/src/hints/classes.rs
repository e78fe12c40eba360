//! Hints that lay out classes and find them again.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cairo_lang_starknet_classes::NestedIntList;
use cairo_lang_starknet_classes::casm_contract_class::{CasmContractClass, CasmContractEntryPoint};
use cairo_vm::hint_processor::hint_processor_definition::HintExtension;
use cairo_vm::types::relocatable::{MaybeRelocatable, Relocatable};
use cairo_vm::vm::errors::hint_errors::HintError;
use starknet_api::core::ClassHash;
use starknet_types_core::felt::Felt;

use super::args::Args;
use super::{HintResult, broken};

/// Cells of the Cairo structure `EntryPoint`.
const ENTRY_POINT_CELLS: usize = 4;

/// The classes not yet loaded, the walk over the segmentation of the one being hashed, and where each went.
pub(super) struct Classes<'a> {
    rest: std::collections::btree_map::Iter<'a, ClassHash, Arc<CasmContractClass>>,
    /// Index of each class in the OS's table.
    indices: HashMap<Felt, usize>,
    /// The part of the segmentation to be hashed next.
    part: NestedIntList,
    /// Remaining parts of the nodes being hashed, innermost last.
    open: Vec<std::vec::IntoIter<NestedIntList>>,
}

impl<'a> Classes<'a> {
    pub(super) fn new(classes: &'a BTreeMap<ClassHash, Arc<CasmContractClass>>) -> Self {
        Self {
            rest: classes.iter(),
            indices: classes.keys().enumerate().map(|(index, hash)| (hash.0, index)).collect(),
            part: NestedIntList::Leaf(0),
            open: Vec::new(),
        }
    }

    /// Lays out a `LoadedClass` and attaches the hints of its code.
    pub(super) fn load(&mut self, args: &mut Args<'_>) -> Result<HintExtension, HintError> {
        let (class_hash, casm) = self.rest.next().ok_or_else(|| broken("no class is left to load"))?;
        let points = &casm.entry_points_by_type;
        let mut cells = vec![class_hash.0.into()];
        for list in [&points.external, &points.l1_handler, &points.constructor] {
            cells.extend([list.len().into(), lay_out_entry_points(args, list)?.into()]);
        }
        let bytecode = args.allocate(casm.bytecode.iter().map(|felt| Felt::from(&felt.value).into()))?;
        cells.extend([casm.bytecode.len().into(), bytecode.into()]);
        let loaded = args.allocate(cells)?;
        args.set("loaded", loaded)?;
        self.part = casm.get_bytecode_segment_lengths();
        casm.hints
            .iter()
            .map(|(offset, hints)| {
                let hints = hints.iter().map(|hint| Box::new(hint.clone()) as Box<dyn Any>).collect();
                Ok(((bytecode + *offset)?, hints))
            })
            .collect()
    }

    /// Whether the part to be hashed next is a leaf.
    pub(super) fn bytecode_node(&mut self, args: &mut Args<'_>) -> HintResult {
        match std::mem::replace(&mut self.part, NestedIntList::Leaf(0)) {
            NestedIntList::Leaf(_) => args.set("is_leaf", 1),
            NestedIntList::Node(parts) => {
                self.open.push(parts.into_iter());
                args.set("is_leaf", 0)
            }
        }
    }

    /// Length of the next part of the innermost node.
    pub(super) fn bytecode_part(&mut self, args: &mut Args<'_>) -> HintResult {
        let part = self.open.last_mut().and_then(Iterator::next);
        self.part = part.ok_or_else(|| broken("the class's segmentation is shorter than its bytecode"))?;
        args.set("part_length", length(&self.part))
    }

    /// Leaves the innermost node.
    pub(super) fn bytecode_node_end(&mut self) -> HintResult {
        self.open.pop();
        Ok(())
    }

    /// Index of a class, to the next range check cell.
    pub(super) fn find(&self, args: &mut Args<'_>) -> HintResult {
        let class_hash = args.integer("class_hash")?;
        let index = self
            .indices
            .get(&class_hash)
            .ok_or_else(|| broken(&format!("the input lacks class {class_hash:#x}")))?;
        let cell = args.pointer("range_check_ptr")?;
        args.write(cell, [(*index).into()])
    }

    /// Index of an entry point, to the next range check cell.
    pub(super) fn find_entry_point(&self, args: &mut Args<'_>) -> HintResult {
        let selector = args.integer("selector")?;
        let class = args.pointer("class")?;
        let count = usize::try_from(args.integer_at((class + 2)?)?).unwrap_or_default();
        let table = args.pointer_at((class + 3)?)?;
        let index = (0..count)
            .find(|index| {
                let entry_point = table + index * ENTRY_POINT_CELLS;
                entry_point.is_ok_and(|address| args.integer_at(address).is_ok_and(|found| found == selector))
            })
            .ok_or_else(|| broken(&format!("the class has no external entry point {selector:#x}")))?;
        let cell = args.pointer("range_check_ptr")?;
        args.write(cell, [index.into()])
    }
}

fn lay_out_entry_points(
    args: &mut Args<'_>,
    entry_points: &[CasmContractEntryPoint],
) -> Result<Relocatable, HintError> {
    let mut cells: Vec<MaybeRelocatable> = Vec::new();
    for entry_point in entry_points {
        let names = entry_point.builtins.iter().map(|name| Felt::from_bytes_be_slice(name.as_bytes()));
        // The OS reads one cell past the names; a zero matches none.
        let builtins = args.allocate(names.chain([Felt::ZERO]).map(Into::into))?;
        cells.extend([
            Felt::from(&entry_point.selector).into(),
            entry_point.offset.into(),
            entry_point.builtins.len().into(),
            builtins.into(),
        ]);
    }
    args.allocate(cells)
}

/// Number of felts in a part of a segmentation.
fn length(part: &NestedIntList) -> usize {
    match part {
        NestedIntList::Leaf(length) => *length,
        NestedIntList::Node(parts) => parts.iter().map(length).sum(),
    }
}
