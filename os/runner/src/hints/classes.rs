//! Hints that lay out classes and find them again.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};

use cairo_lang_starknet_classes::casm_contract_class::{CasmContractClass, CasmContractEntryPoint};
use cairo_vm::hint_processor::hint_processor_definition::HintExtension;
use cairo_vm::types::relocatable::{MaybeRelocatable, Relocatable};
use cairo_vm::vm::errors::hint_errors::HintError;
use starknet_api::core::ClassHash;
use starknet_types_core::felt::Felt;
use zkthreads_program::input::ExecutableClass;

use super::args::Args;
use super::bytecode::{Bytecode, UsedCode, Walk};
use super::{HintResult, broken};

/// Cells of the Cairo structure `EntryPoint`, and where in it the list of builtins is.
const ENTRY_POINT_CELLS: usize = 4;
const ENTRY_POINT_BUILTINS: usize = 3;
/// Cells of the Cairo structure `BuiltinList`, and where in it the list is.
const BUILTIN_LIST_CELLS: usize = 3;
const BUILTIN_LIST_BUILTINS: usize = 1;

/// Where each distinct list of builtins of a class is.
type BuiltinLists<'a> = BTreeMap<&'a [String], Relocatable>;

/// The classes not yet loaded, the walk over the code of the one being hashed, and where each went.
pub(super) struct Classes<'a> {
    rest: std::collections::btree_map::Iter<'a, ClassHash, ExecutableClass>,
    /// Index of each class in the OS's table.
    indices: HashMap<Felt, usize>,
    /// Which code runs, once a rehearsal has found out.
    used: Option<&'a UsedCode>,
    walk: Walk,
    /// The segment of each class's bytecode.
    pub(super) segments: HashMap<isize, ClassHash>,
}

impl<'a> Classes<'a> {
    pub(super) fn new(classes: &'a BTreeMap<ClassHash, ExecutableClass>, used: Option<&'a UsedCode>) -> Self {
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
        let (class_hash, class) = self.rest.next().ok_or_else(|| broken("no class is left to load"))?;
        let casm = class.casm.as_ref();
        let used = match self.used {
            Some(used) => Some(used.get(class_hash).cloned().unwrap_or_default()),
            None => class.ran.clone(),
        };
        let code = Bytecode::new(casm, used);
        let bytecode = args.vm.add_memory_segment();
        for (offset, felts) in code.loaded_parts() {
            args.write((bytecode + offset)?, felts.iter().map(|felt| (*felt).into()))?;
        }
        self.segments.insert(bytecode.segment_index, *class_hash);
        let code_cells = lay_out_code(args, casm, bytecode)?;
        let cells = [class_hash.0.into(), Felt::from(class.gas_metered).into(), code_cells.into()];
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
        // The hash of a part that runs is the OS's.
        part.hash_if_skipped.map_or(Ok(()), |hash| args.set("part_hash", hash))
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

    /// Whether there is an entry point and, if so, its index to the next range check cell.
    pub(super) fn find_entry_point(&self, args: &mut Args<'_>) -> HintResult {
        let selector = args.integer("selector")?;
        let table = args.pointer("entry_points")?;
        let count = usize::try_from(args.integer("n")?).unwrap_or_default();
        let index = (0..count).find(|index| {
            let entry_point = table + index * ENTRY_POINT_CELLS;
            entry_point.is_ok_and(|address| args.integer_at(address).is_ok_and(|found| found == selector))
        });
        args.set("is_found", Felt::from(index.is_some()))?;
        let Some(index) = index else { return Ok(()) };
        let cell = args.pointer("range_check_ptr")?;
        args.write(cell, [index.into()])
    }

    /// Index of the list of builtins of an entry point, to the next range check cell.
    pub(super) fn find_builtin_list(&self, args: &mut Args<'_>) -> HintResult {
        let entry_point = args.pointer("entry_points")?;
        let wanted = args.pointer_at((entry_point + ENTRY_POINT_BUILTINS)?)?;
        let lists = args.pointer("lists")?;
        let count = usize::try_from(args.integer("n_lists")?).unwrap_or_default();
        let index = (0..count)
            .find(|index| {
                let list = lists + (index * BUILTIN_LIST_CELLS + BUILTIN_LIST_BUILTINS);
                list.is_ok_and(|address| args.pointer_at(address).is_ok_and(|found| found == wanted))
            })
            .ok_or_else(|| broken("an entry point's builtins are not listed"))?;
        let cell = args.pointer("range_check_ptr")?;
        args.write(cell, [index.into()])
    }
}

/// Lays out a `LoadedCode`.
fn lay_out_code(
    args: &mut Args<'_>,
    casm: &CasmContractClass,
    bytecode: Relocatable,
) -> Result<Relocatable, HintError> {
    let points = &casm.entry_points_by_type;
    let points = [&points.external, &points.l1_handler, &points.constructor];
    let mut lists = BuiltinLists::new();
    for entry_point in points.into_iter().flatten() {
        if !lists.contains_key(entry_point.builtins.as_slice()) {
            let names = entry_point.builtins.iter().map(|name| Felt::from_bytes_be_slice(name.as_bytes()));
            // The OS reads one cell past the names; a zero matches none.
            let list = args.allocate(names.chain([Felt::ZERO]).map(Into::into))?;
            lists.insert(&entry_point.builtins, list);
        }
    }
    let builtin_lists = args.vm.add_memory_segment();
    for (index, (names, list)) in lists.iter().enumerate() {
        // The third cell is the OS's.
        args.write((builtin_lists + index * BUILTIN_LIST_CELLS)?, [names.len().into(), (*list).into()])?;
    }

    let mut cells: Vec<MaybeRelocatable> = Vec::new();
    for entry_points in points {
        cells.extend([entry_points.len().into(), lay_out_entry_points(args, entry_points, &lists)?.into()]);
    }
    cells.extend([lists.len().into(), builtin_lists.into(), casm.bytecode.len().into(), bytecode.into()]);
    args.allocate(cells)
}

fn lay_out_entry_points(
    args: &mut Args<'_>,
    entry_points: &[CasmContractEntryPoint],
    lists: &BuiltinLists<'_>,
) -> Result<Relocatable, HintError> {
    let mut cells: Vec<MaybeRelocatable> = Vec::new();
    for entry_point in entry_points {
        let list = lists.get(entry_point.builtins.as_slice());
        let list = *list.ok_or_else(|| broken("an entry point's builtins are not laid out"))?;
        cells.extend([
            Felt::from(&entry_point.selector).into(),
            entry_point.offset.into(),
            entry_point.builtins.len().into(),
            list.into(),
        ]);
    }
    args.allocate(cells)
}
