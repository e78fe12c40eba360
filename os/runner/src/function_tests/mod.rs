//! Functions of the thread OS, each called by itself.

mod answers;
mod blake;
mod builtins;
mod calls;
mod class_hash;
mod contract_address;
mod cryptography;
mod ec_op;
mod entry_points;
mod hostile;
mod liar_about_order;
mod meta_transaction;
mod shown_info;
mod state;
mod syscalls;
mod transaction_hash;
mod words;

use std::collections::{BTreeMap, HashMap};

use cairo_vm::hint_processor::hint_processor_definition::HintProcessor;
use cairo_vm::serde::deserialize_program::ApTracking;
use cairo_vm::types::builtin_name::BuiltinName;
use cairo_vm::types::layout_name::LayoutName;
use cairo_vm::types::relocatable::{MaybeRelocatable, Relocatable};
use cairo_vm::vm::runners::cairo_runner::{CairoArg, CairoRunner};
use starknet_api::block::{BlockNumber, BlockTimestamp};
use starknet_types_core::felt::Felt;
use zkthreads_program::cairo_program;
use zkthreads_program::input::OsInput;
use zkthreads_protocol::BaseBlock;

use crate::faults::NoFaults;
use crate::hints::{Args, OsHints};

/// A call of one function of the compiled program.
struct Call {
    runner: CairoRunner,
    arguments: Vec<CairoArg>,
}

/// What a call returned.
struct Returned {
    runner: CairoRunner,
    steps: usize,
}

impl Call {
    fn new() -> Self {
        let program = cairo_program().expect("loads");
        let layout = LayoutName::all_cairo_stwo;
        let mut runner = CairoRunner::new(program, layout, None, false, false, false).unwrap();
        runner.initialize_builtins(true).unwrap();
        runner.initialize_segments(None);
        Self { runner, arguments: Vec::new() }
    }

    /// The next argument.
    fn with(mut self, argument: impl Into<MaybeRelocatable>) -> Self {
        self.arguments.push(CairoArg::Single(argument.into()));
        self
    }

    /// The next argument: a builtin's pointer.
    fn with_builtin(self, name: BuiltinName) -> Self {
        let base = self
            .runner
            .vm
            .get_builtin_runners()
            .iter()
            .find(|builtin| builtin.name() == name)
            .map(|builtin| builtin.base() as isize)
            .expect("in the layout");
        self.with(Relocatable { segment_index: base, offset: 0 })
    }

    /// The next two arguments: start and end of an array.
    fn with_array(mut self, felts: &[Felt]) -> Self {
        let start = self.allocate(felts);
        let end = (start + felts.len()).unwrap();
        self.with(start).with(end)
    }

    /// Lays out cells in a segment of their own.
    fn allocate<T: Clone + Into<MaybeRelocatable>>(&mut self, cells: &[T]) -> Relocatable {
        let cells: Vec<MaybeRelocatable> = cells.iter().cloned().map(Into::into).collect();
        let segment = self.runner.vm.add_memory_segment();
        self.runner.vm.load_data(segment, &cells).unwrap();
        segment
    }

    /// Lays out cells as a hint does.
    fn lay_out<T>(&mut self, hint: impl FnOnce(&mut Args<'_>) -> T) -> T {
        hint(&mut Args {
            vm: &mut self.runner.vm,
            ids: &HashMap::new(),
            ap_tracking: &ApTracking::new(),
            faults: &mut NoFaults,
        })
    }

    /// Runs `function` with honest hints.
    fn run(self, function: &str) -> Result<Returned, String> {
        self.run_with(function, &mut OsHints::new(&empty_input(), None))
    }

    fn run_with(mut self, function: &str, hints: &mut dyn HintProcessor) -> Result<Returned, String> {
        let name = format!("thread_os.{function}");
        let entry = cairo_program().unwrap().get_identifier(&name).and_then(|id| id.pc).expect(function);
        self.runner
            .run_from_entrypoint(entry, &self.arguments.iter().collect::<Vec<_>>(), false, None, hints)
            .map_err(|error| error.to_string())?;
        let steps = self.runner.vm.get_current_step();
        Ok(Returned { runner: self.runner, steps })
    }
}

impl Returned {
    /// The last cell that was returned.
    fn last(&self) -> MaybeRelocatable {
        self.runner.vm.get_return_values(1).unwrap().remove(0)
    }

    /// The last `count` cells that were returned.
    fn all(&self, count: usize) -> Vec<MaybeRelocatable> {
        self.runner.vm.get_return_values(count).unwrap()
    }

    /// The last cell that was returned, a number.
    fn felt(&self) -> Felt {
        self.last().get_int().expect("a number")
    }

    /// `size` cells from the pointer in `cell` on.
    fn cells(&self, cell: &MaybeRelocatable, size: usize) -> Vec<MaybeRelocatable> {
        let address = cell.get_relocatable().expect("a pointer");
        self.runner.vm.get_continuous_range(address, size).unwrap()
    }
}

fn empty_input() -> OsInput {
    OsInput {
        chain_id: Felt::ZERO,
        submitter: Default::default(),
        base_block: BaseBlock {
            number: BlockNumber(0),
            timestamp: BlockTimestamp(0),
            sequencer: Default::default(),
        },
        transactions: Vec::new(),
        classes: BTreeMap::new(),
        contracts: BTreeMap::new(),
    }
}
