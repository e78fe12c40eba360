//! A frame in the middle of a transaction, whose syscalls are served.

use cairo_vm::types::builtin_name::BuiltinName;
use cairo_vm::types::relocatable::{MaybeRelocatable, Relocatable};
use starknet_types_core::felt::Felt;

use super::super::hostile::Hostile;
use super::super::{Call, Returned};
use crate::hints::Args;
use crate::syscall_costs::Syscall;

/// The contract that makes the syscalls, and another one.
pub(super) const SELF: u64 = 0x5e1f;
pub(super) const OTHER: u64 = 0x07e5;
pub(super) const CLASS_HASHES: [u64; 2] = [0x1c1a, 0x2c1a];
const TRANSACTION_HASH: u64 = 0x7a5;
pub(super) const BASE_BLOCK: u64 = 1000;
pub(super) const BLOCK_HASH_CONTRACT: u64 = 1;

pub(super) const GAS: u64 = 1_000_000;

/// A cell of a request or an answer.
#[derive(Debug, Clone)]
pub(super) enum Cell {
    Number(Felt),
    /// Start and end of an array: two cells.
    Array(Vec<Felt>),
    /// The execution info as the contract is shown it, as it is, or a copy of the former.
    Shown,
    Info,
    Copy,
}

pub(super) fn number(value: u64) -> Cell {
    Cell::Number(value.into())
}

pub(super) fn text(text: &str) -> Felt {
    Felt::from_bytes_be_slice(text.as_bytes())
}

/// A syscall with the gas before it.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) name: &'static str,
    pub(super) gas: u64,
    pub(super) request: Vec<Cell>,
    pub(super) answer: Vec<Cell>,
}

impl Made {
    /// A syscall that is paid for and succeeds.
    pub(super) fn new(name: &'static str, request: Vec<Cell>, response: Vec<Cell>) -> Self {
        let mut made = Self { name, gas: GAS, request, answer: Vec::new() };
        made.answer = [number(GAS - made.price()), number(0)].into_iter().chain(response).collect();
        made
    }

    /// A syscall that fails for `reason` after it was paid for.
    pub(super) fn failing(name: &'static str, request: Vec<Cell>, reason: &str) -> Self {
        let mut made = Self::new(name, request, vec![]);
        made.answer = failure(GAS - made.price(), reason);
        made
    }

    /// What is to be paid, besides what the contract's code has paid.
    pub(super) fn price(&self) -> u64 {
        let syscall = Syscall::by_name(self.name).expect("a syscall");
        let array = self.request.iter().find_map(|cell| match cell {
            Cell::Array(felts) => Some(felts.len() as u64),
            _ => None,
        });
        syscall.required_gas(array.unwrap_or(0))
    }

    pub(super) fn with_gas(mut self, gas: u64, answer: Vec<Cell>) -> Self {
        (self.gas, self.answer) = (gas, answer);
        self
    }
}

pub(super) fn failure(gas: u64, reason: &str) -> Vec<Cell> {
    vec![number(gas), number(1), Cell::Array(vec![text(reason)])]
}

/// A frame whose syscalls are served.
pub(super) struct Frame {
    pub(super) is_validate: bool,
    pub(super) emitted_events: u64,
    /// What `covers` is answered, if not the truth; what is added to the upper half of a recipient.
    pub(super) covers: Option<bool>,
    pub(super) recipient: Felt,
}

pub(super) const EXECUTING: Frame =
    Frame { is_validate: false, emitted_events: 0, covers: None, recipient: Felt::ZERO };

pub(super) struct Served {
    pub(super) returned: Returned,
    contracts: Relocatable,
    events: Relocatable,
    pub(super) messages: Relocatable,
}

impl Frame {
    pub(super) fn serve(&self, syscalls: &[Made]) -> Result<Served, String> {
        let mut call = Call::new();
        let felts = |values: &[u64]| values.iter().copied().map(Felt::from).collect::<Vec<_>>();
        let tx_info = call.allocate(&felts(&[3]));
        let info: Vec<MaybeRelocatable> = vec![
            Felt::ZERO.into(),
            tx_info.into(),
            Felt::ZERO.into(),
            Felt::from(SELF).into(),
            Felt::ZERO.into(),
        ];
        let [info, shown, copy] = [0; 3].map(|_| call.allocate(&info));
        let block_info = call.allocate(&felts(&[BASE_BLOCK, 2, 3]));
        let classes: Vec<u64> =
            CLASS_HASHES.iter().flat_map(|class_hash| [*class_hash, 0, 1, 0, 0, 0, 0, 0, 0]).collect();
        let classes = call.allocate(&felts(&classes));
        let two = MaybeRelocatable::from(Felt::TWO);
        let sub_block = call.allocate(&[two, classes.into(), Felt::ONE.into(), block_info.into()]);
        let context = call.allocate(&[
            sub_block.into(),
            Felt::from(4).into(),
            Felt::from(TRANSACTION_HASH).into(),
            MaybeRelocatable::from(Felt::from(self.is_validate)),
        ]);
        let frame: [MaybeRelocatable; 5] =
            [info.into(), shown.into(), Felt::ONE.into(), Felt::from(9).into(), context.into()];
        let frame = call.allocate(&frame);

        let mut cells: Vec<MaybeRelocatable> = Vec::new();
        for made in syscalls {
            cells.extend([text(made.name).into(), Felt::from(made.gas).into()]);
            for cell in made.request.iter().chain(&made.answer) {
                match cell {
                    Cell::Number(felt) => cells.push(felt.into()),
                    Cell::Array(felts) => {
                        let start = call.allocate(felts);
                        cells.extend([start.into(), (start + felts.len()).unwrap().into()]);
                    }
                    Cell::Shown => cells.push(shown.into()),
                    Cell::Info => cells.push(info.into()),
                    Cell::Copy => cells.push(copy.into()),
                }
            }
        }
        let syscall = call.allocate(&cells);
        let end = (syscall + cells.len()).unwrap();

        let pointers = call.allocate(&felts(&[1, 2, 3, 4, 5, 6, 7, 8]));
        let [events, messages, storage] = [(); 3].map(|()| call.runner.vm.add_memory_segment());
        let effects: [MaybeRelocatable; 4] =
            [events.into(), messages.into(), Felt::ZERO.into(), Felt::from(self.emitted_events).into()];
        let effects = call.allocate(&effects);
        let state: [MaybeRelocatable; 3] =
            [Felt::from(CLASS_HASHES[0]).into(), storage.into(), Felt::ZERO.into()];
        let state = call.allocate(&state);
        let contracts = call.allocate(&[MaybeRelocatable::from(Felt::from(SELF)), state.into()]);

        let mut hostile = Hostile::new(|name, args| self.answer(name, args, contracts));
        let returned = call
            .with_builtin(BuiltinName::range_check)
            .with_builtin(BuiltinName::poseidon)
            .with(pointers)
            .with(contracts)
            .with(effects)
            .with(syscall)
            .with(end)
            .with(frame)
            .with(state)
            .with(storage)
            .run_with("syscalls.serve_syscalls", &mut hostile)?;
        Ok(Served { returned, contracts, events, messages })
    }

    /// Answers a hint: honestly, but for what this frame lies about.
    fn answer(
        &self,
        name: &str,
        args: &mut Args<'_>,
        contracts: Relocatable,
    ) -> Result<(), cairo_vm::vm::errors::hint_errors::HintError> {
        match name {
            "open_contract" => {
                let entry = args.pointer("contracts")?;
                let address = args.integer_at(entry)?;
                let mut latest = None;
                for index in 0..(entry - contracts).unwrap() / 3 {
                    let other = (contracts + 3 * index)?;
                    if args.integer_at(other)? == address {
                        latest = Some(args.pointer_at((other + 2_usize)?)?);
                    }
                }
                let state = match latest {
                    Some(state) => state,
                    None => {
                        let class_hash = if address == OTHER.into() { CLASS_HASHES[1] } else { 0 };
                        let storage = args.vm.add_memory_segment();
                        args.allocate([Felt::from(class_hash).into(), storage.into(), Felt::ZERO.into()])?
                    }
                };
                args.write((entry + 1_usize)?, [state.into()])
            }
            "write_storage" => {
                let entry = args.pointer("storage")?;
                args.write((entry + 1_usize)?, [Felt::from(70).into()])
            }
            "covers" => {
                let covers = self.covers.unwrap_or(args.integer("gas")? >= args.integer("cost")?);
                args.write(args.vm.get_ap(), [Felt::from(covers).into()])
            }
            "split_recipient" => {
                let recipient = args.integer_at((args.pointer("syscall")? + 2_usize)?)?;
                let power = Felt::TWO.pow(128_u32);
                let (high, low) = recipient.div_rem(&power.try_into().unwrap());
                let cells = (args.pointer("range_check_ptr")? + 1_usize)?;
                let bent = [low - self.recipient * power, high + self.recipient];
                args.write(cells, bent.map(Into::into))
            }
            "find_class" => {
                let class_hash = args.integer("class_hash")?;
                let index = CLASS_HASHES.iter().position(|other| class_hash == (*other).into());
                let cell = args.pointer("range_check_ptr")?;
                args.write(cell, [index.unwrap_or(0).into()])
            }
            other => panic!("hint {other}"),
        }
    }
}

impl Served {
    pub(super) fn aborted(&self) -> bool {
        self.returned.felt() == Felt::ONE
    }

    /// The log of contracts, entry by entry: address, class hash before and after.
    pub(super) fn stretches(&self) -> Vec<[Felt; 3]> {
        let end = self.returned.all(3)[0].get_relocatable().unwrap();
        let log = self.returned.cells(&self.contracts.into(), (end - self.contracts).unwrap());
        let class_hash = |state: &MaybeRelocatable| self.returned.cells(state, 1)[0].get_int().unwrap();
        let entry = |entry: &[MaybeRelocatable]| {
            [entry[0].get_int().unwrap(), class_hash(&entry[1]), class_hash(&entry[2])]
        };
        log.chunks(3).map(entry).collect()
    }

    /// Storage accesses of all stretches, in order: contract, key, previous and new value.
    pub(super) fn accesses(&self) -> Vec<[Felt; 4]> {
        let stretches = self.stretches().len();
        let log = self.returned.cells(&self.contracts.into(), 3 * stretches);
        let mut accesses = Vec::new();
        for entry in log.chunks(3) {
            let [from, to] = [1, 2]
                .map(|side: usize| self.returned.cells(&entry[side], 2)[1].get_relocatable().expect("a log"));
            let cells = self.returned.cells(&from.into(), (to - from).unwrap());
            let cells: Vec<Felt> = cells.iter().map(|cell| cell.get_int().unwrap()).collect();
            let address = entry[0].get_int().unwrap();
            accesses.extend(cells.chunks(3).map(|cell| [address, cell[0], cell[1], cell[2]]));
        }
        accesses
    }

    /// Ends of the lists of events and messages; numbers of messages and events.
    pub(super) fn effects(&self) -> [usize; 4] {
        let effects = self.returned.cells(&self.returned.all(2)[0], 4);
        let length =
            |start: Relocatable, end: &MaybeRelocatable| (end.get_relocatable().unwrap() - start).unwrap();
        let count = |cell: &MaybeRelocatable| usize::try_from(cell.get_int().unwrap().to_biguint()).unwrap();
        [
            length(self.events, &effects[0]),
            length(self.messages, &effects[1]),
            count(&effects[2]),
            count(&effects[3]),
        ]
    }
}
