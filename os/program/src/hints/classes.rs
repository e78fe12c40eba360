//! Hints that lay out classes and find them again.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cairo_lang_starknet_classes::casm_contract_class::{CasmContractClass, CasmContractEntryPoint};
use cairo_vm::hint_processor::hint_processor_definition::HintExtension;
use cairo_vm::types::relocatable::{MaybeRelocatable, Relocatable};
use cairo_vm::vm::errors::hint_errors::HintError;
use starknet_api::core::ClassHash;
use starknet_types_core::felt::Felt;

use super::args::Args;
use super::bytecode::{Bytecode, UsedCode, Walk};
use super::{HintResult, broken};

/// Cells of the Cairo structure `EntryPoint`.
const ENTRY_POINT_CELLS: usize = 4;

/// The classes not yet loaded, the walk over the code of the one being hashed, and where each went.
pub(super) struct Classes<'a> {
    rest: std::collections::btree_map::Iter<'a, ClassHash, Arc<CasmContractClass>>,
    /// Index of each class in the OS's table.
    indices: HashMap<Felt, usize>,
    /// Which code runs; all, if it is not known.
    used: Option<&'a UsedCode>,
    walk: Walk,
    /// The segment of each class's bytecode.
    pub(super) segments: HashMap<isize, ClassHash>,
}

impl<'a> Classes<'a> {
    pub(super) fn new(
        classes: &'a BTreeMap<ClassHash, Arc<CasmContractClass>>,
        used: Option<&'a UsedCode>,
    ) -> Self {
        Self {
            rest: classes.iter(),
            indices: classes.keys().enumerate().map(|(index, hash)| (hash.0, index)).collect(),
            used,
            walk: Walk::default(),
            segments: HashMap::new(),
        }
    }

    /// Lays out a `LoadedClass` and attaches the hints of its code.
    pub(super) fn load(&mut self, args: &mut Args<'_>) -> Result<HintExtension, HintError> {
        let (class_hash, casm) = self.rest.next().ok_or_else(|| broken("no class is left to load"))?;
        let code =
            Bytecode::new(casm, self.used.map(|used| used.get(class_hash).cloned().unwrap_or_default()));
        let bytecode = args.vm.add_memory_segment();
        for (offset, felts) in code.loaded_parts() {
            args.write((bytecode + offset)?, felts.iter().map(|felt| (*felt).into()))?;
        }
        self.segments.insert(bytecode.segment_index, *class_hash);

        let points = &casm.entry_points_by_type;
        let mut cells = vec![class_hash.0.into()];
        for list in [&points.external, &points.l1_handler, &points.constructor] {
            cells.extend([list.len().into(), lay_out_entry_points(args, list)?.into()]);
        }
        cells.extend([casm.bytecode.len().into(), bytecode.into()]);
        let loaded = args.allocate(cells)?;
        args.set("loaded", loaded)?;
        self.walk = Walk::new(code);
        casm.hints
            .iter()
            .map(|(offset, hints)| {
                let hints = hints.iter().map(|hint| Box::new(hint.clone()) as Box<dyn Any>).collect();
                Ok(((bytecode + *offset)?, hints))
            })
            .collect()
    }

    /// Whether the stretch of code to be hashed next is a leaf.
    pub(super) fn bytecode_node(&mut self, args: &mut Args<'_>) -> HintResult {
        args.set("is_leaf", Felt::from(self.walk.enter()))
    }

    /// The next part of the innermost node.
    pub(super) fn bytecode_part(&mut self, args: &mut Args<'_>) -> HintResult {
        let part = self.walk.next_part();
        let part = part.ok_or_else(|| broken("the class's segmentation is shorter than its bytecode"))?;
        args.set("part_length", part.length)?;
        args.set("is_skipped", Felt::from(part.hash_if_skipped.is_some()))?;
        args.set("hash_if_skipped", part.hash_if_skipped.unwrap_or_default())
    }

    /// Leaves the innermost node.
    pub(super) fn bytecode_node_end(&mut self) -> HintResult {
        self.walk.leave();
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
