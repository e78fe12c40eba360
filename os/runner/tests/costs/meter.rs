//! Tells what each step of a run uses. A builtin's instance is charged to the step that first reads or writes it.

use std::collections::HashMap;

use cairo_vm::types::builtin_name::BuiltinName;
use cairo_vm::types::instruction::{Instruction, Op1Addr, OpcodeExtension, Register};
use cairo_vm::types::relocatable::{MaybeRelocatable, Relocatable};
use cairo_vm::vm::decoding::decoder::decode_instruction;
use cairo_vm::vm::runners::builtin_runner::BuiltinRunner;
use cairo_vm::vm::trace::trace_entry::TraceEntry;
use cairo_vm::vm::vm_core::VirtualMachine;
use num_traits::ToPrimitive;
use zkthreads_runner::OsRun;

use super::usage::{Resource, Usage};

/// The segment that `ap` and `fp` point to.
const STACK: isize = 1;

/// A builtin's segment, by how far it has been used.
struct Builtin {
    resource: Resource,
    cells: usize,
    used: usize,
}

pub struct Meter<'a> {
    vm: &'a VirtualMachine,
    /// The segment of the OS's own code.
    program: isize,
    builtins: HashMap<isize, Builtin>,
    decoded: HashMap<Relocatable, Instruction>,
}

impl<'a> Meter<'a> {
    pub fn new(run: &'a OsRun) -> Self {
        let vm = &run.runner.vm;
        let builtins = vm
            .get_builtin_runners()
            .iter()
            .chain(&vm.simulated_builtin_runners)
            .filter_map(|builtin| {
                let cells = builtin.cells_per_instance() as usize;
                Some((builtin.base() as isize, Builtin { resource: resource(builtin)?, cells, used: 0 }))
            })
            .collect();
        let program = trace(run)[0].pc.segment_index;
        Self { vm, program, builtins, decoded: HashMap::new() }
    }

    /// What a step uses. Steps must come in order.
    pub fn read(&mut self, entry: &TraceEntry) -> Usage {
        let mut usage = Usage::default();
        usage[Resource::Steps] = 1;
        usage[Resource::ContractSteps] = usize::from(!self.is_own(entry));
        let vm = self.vm;
        let instruction = self.decoded.entry(entry.pc).or_insert_with(|| decode(vm, entry.pc));
        if instruction.opcode_extension != OpcodeExtension::Stone {
            usage[Resource::Blake] = 1;
        }
        // Only a cell that another cell points to lies outside the stack.
        if instruction.op1_addr == Op1Addr::Op0 {
            let base = match instruction.op0_register {
                Register::AP => entry.ap,
                Register::FP => entry.fp,
            };
            let pointer = Relocatable::from((STACK, base.wrapping_add_signed(instruction.off1)));
            if let Some(MaybeRelocatable::RelocatableValue(to)) = vm.get_maybe(&pointer)
                && let Some(builtin) = self.builtins.get_mut(&to.segment_index)
            {
                let used = to.offset.wrapping_add_signed(instruction.off2) / builtin.cells + 1;
                usage[builtin.resource] = used.saturating_sub(builtin.used);
                builtin.used = builtin.used.max(used);
            }
        }
        usage
    }

    /// Whether a step is the OS's, not a contract's.
    pub fn is_own(&self, entry: &TraceEntry) -> bool {
        entry.pc.segment_index == self.program
    }
}

pub fn trace(run: &OsRun) -> &[TraceEntry] {
    run.runner.get_relocatable_trace().expect("the OS is traced")
}

fn decode(vm: &VirtualMachine, pc: Relocatable) -> Instruction {
    let felt = vm.get_integer(pc).expect("an instruction");
    decode_instruction(felt.to_u128().expect("an instruction")).expect("an instruction")
}

fn resource(builtin: &BuiltinRunner) -> Option<Resource> {
    Some(match builtin.name() {
        BuiltinName::range_check => Resource::RangeCheck,
        BuiltinName::pedersen => Resource::Pedersen,
        BuiltinName::poseidon => Resource::Poseidon,
        BuiltinName::bitwise => Resource::Bitwise,
        BuiltinName::ec_op => Resource::EcOp,
        BuiltinName::range_check96 => Resource::RangeCheck96,
        BuiltinName::add_mod | BuiltinName::mul_mod => Resource::Modular,
        _ => return None,
    })
}
