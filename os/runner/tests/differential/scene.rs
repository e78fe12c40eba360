//! What random transactions happen in: accounts, and a contract of every class of the corpus.

use std::sync::LazyLock;

use starknet_api::abi::abi_utils::selector_from_name;
use starknet_api::core::{ContractAddress, calculate_contract_address};
use starknet_api::transaction::fields::{Calldata, ContractAddressSalt};
use starknet_types_core::felt::Felt;
use zkthreads_sub_block::SubBlockContext;

use super::abi::Values;
use super::corpus::{self, CorpusClass, corpus};
use super::habits;
use super::random::Random;
use super::transaction;
use super::{actions, chain};
use crate::sub_block_support::{Call, INITIAL_BALANCE, MemoryState, TestState, User, address, eth, strk};

/// Who sends a transaction, and how its account checks it.
pub enum Account {
    /// OpenZeppelin's or the Cairo compiler's: an elliptic-curve signature.
    Signing(User),
    /// Ours: the signature is a program.
    Programmable(ContractAddress),
}

impl Account {
    pub fn address(&self) -> ContractAddress {
        match self {
            Self::Signing(user) => user.address,
            Self::Programmable(address) => *address,
        }
    }
}

pub struct Contract {
    pub address: ContractAddress,
    pub class: &'static CorpusClass,
}

pub struct Scene {
    pub state: MemoryState,
    pub context: SubBlockContext,
    pub accounts: Vec<Account>,
    pub contracts: Vec<Contract>,
}

/// The scene that every sub-block starts from, made once per process.
pub fn scene() -> &'static Scene {
    static SCENE: LazyLock<Scene> = LazyLock::new(Scene::new);
    &SCENE
}

impl Scene {
    fn new() -> Self {
        let TestState { mut state, mut users, context } = TestState::new(3);
        for class in corpus() {
            state.classes.insert(class.class.hash, class.class.clone());
        }
        for index in 0..5_u128 {
            let user = User::new(0x7777_0000 + index);
            state.deploy(user.address, corpus::class("cairo_account").class.clone());
            state.set_variable(user.address, "public_key", &[], user.public_key());
            users.push(user);
        }
        let mut accounts: Vec<Account> = users.into_iter().map(Account::Signing).collect();
        let mut contracts = vec![
            Contract { address: strk(), class: corpus::class("strk_erc20") },
            Contract { address: eth(), class: corpus::class("eth_erc20") },
        ];
        for (index, name) in
            ["everything", "everything", "everything", "everything in steps"].iter().enumerate()
        {
            let at = address(0xe0_u64 + index as u64);
            state.deploy(at, corpus::class(name).class.clone());
            accounts.push(Account::Programmable(at));
            contracts.push(Contract { address: at, class: corpus::class(name) });
        }
        for account in &accounts {
            for token in [strk(), eth()] {
                state.set_balance(token, account.address(), INITIAL_BALANCE);
            }
        }
        let mut scene = Self { state, context, accounts, contracts };
        let mut random = Random::new(0);
        for class in corpus() {
            scene.deploy(class, &mut random);
        }
        for index in 0..scene.accounts.len() {
            scene.begin(index);
        }
        scene
    }

    /// Lets an account do what it does first.
    fn begin(&mut self, index: usize) {
        let account = &self.accounts[index];
        let nonce = self.state.nonces.get(&account.address()).copied().unwrap_or_default();
        let calls = habits::beginning(index, &self.contracts);
        let transaction = transaction::calling(account, nonce, &calls);
        let outcome = chain::execute(&self.state, &self.context, &transaction).expect("no refusal");
        assert!(!outcome.info.is_reverted(), "{:?}", outcome.info.revert_error);
        self.state = outcome.after(&self.state);
    }

    /// Deploys a contract by a transaction of a programmable account. If its constructor refuses the random
    /// arguments, it comes into being without.
    fn deploy(&mut self, class: &'static CorpusClass, random: &mut Random) {
        let deployer = address(0xe0_u64);
        let hash = class.class.hash;
        let calldata = self.constructor_calldata(class, random);
        let at = calculate_contract_address(
            ContractAddressSalt::default(),
            hash,
            &Calldata(calldata.clone().into()),
            ContractAddress::default(),
        )
        .expect("an address");
        let program = actions::deployment(hash.0, &calldata);
        let nonce = self.state.nonces.get(&deployer).copied().unwrap_or_default();
        let transaction = transaction::programmed(deployer, nonce, &program, vec![]);
        let outcome = chain::execute(&self.state, &self.context, &transaction).expect("no refusal");
        let address = if outcome.diff.class_hashes.contains_key(&at) {
            self.state = outcome.after(&self.state);
            at
        } else {
            let at = address(hash.0.to_biguint() % (1_u64 << 40));
            self.state.deploy(at, class.class.clone());
            at
        };
        self.contracts.push(Contract { address, class });
    }

    fn constructor_calldata(&self, class: &CorpusClass, random: &mut Random) -> Vec<Felt> {
        let Some(inputs) = &class.abi.constructor else { return vec![] };
        if class.name.starts_with("everything") {
            return vec![Felt::ZERO];
        }
        class.abi.arguments(inputs, random, self)
    }

    /// The address of a contract that runs programs.
    pub fn programmable(&self, random: &mut Random) -> Felt {
        let all: Vec<_> =
            self.contracts.iter().filter(|contract| contract.class.name.starts_with("everything")).collect();
        *random.pick(&all).address.0.key()
    }

    /// The hash of a class that runs programs.
    pub fn everything(&self, random: &mut Random) -> Felt {
        let name = if random.chance(800) { "everything" } else { "everything in steps" };
        corpus::class(name).class.hash.0
    }

    /// A class and arguments for its constructor.
    pub fn construction(&self, random: &mut Random) -> (Felt, Vec<Felt>) {
        let class = random.pick(corpus());
        (class.class.hash.0, self.constructor_calldata(class, random))
    }

    /// A class, one of its entry points, and arguments for it.
    pub fn class_call(&self, random: &mut Random) -> (Felt, Felt, Vec<Felt>) {
        let class = random.pick(corpus());
        let (selector, calldata) = self.entry(class, None, random);
        let hash = if random.chance(5) { random.felt() } else { class.class.hash.0 };
        (hash, selector, calldata)
    }

    /// A call of some contract, or of none; by the account with index `caller`, if by one.
    pub fn call(&self, caller: Option<usize>, random: &mut Random) -> Call {
        let ours = ["order_book", "amm", "game"];
        let contract = loop {
            let contract = random.pick(&self.contracts);
            if ours.iter().any(|name| contract.class.name.starts_with(name)) || random.chance(400) {
                break contract;
            }
        };
        let (selector, calldata) = self.entry(contract.class, caller, random);
        let to =
            if random.chance(15) { address(0xdead_u64 + random.below(3) as u64) } else { contract.address };
        Call { to, selector, calldata }
    }

    fn entry(&self, class: &CorpusClass, caller: Option<usize>, random: &mut Random) -> (Felt, Vec<Felt>) {
        if class.functions.is_empty() || random.chance(30) {
            return (selector_from_name("nobody_answers_this").0, vec![]);
        }
        let function = random.pick(&class.functions);
        let accounts = self.accounts.len();
        if let Some(sensible) = habits::arguments(&class.name, &function.name, caller, accounts, random) {
            return (function.selector, sensible);
        }
        let calldata = match function.name.as_str() {
            "run" => {
                let mut calldata = vec![];
                let program = actions::construction(self, random);
                calldata.push(program.len().into());
                calldata.extend(program);
                calldata
            }
            "deploy_contract" | "deployContract" => {
                let (class_hash, arguments) = self.construction(random);
                let mut calldata = vec![class_hash, random.felt(), Felt::from(random.below(2))];
                calldata.push(arguments.len().into());
                calldata.extend(arguments);
                calldata
            }
            _ if random.chance(20) => (0..random.below(5)).map(|_| self.felt(random)).collect(),
            _ => class.abi.arguments(&function.inputs, random, self),
        };
        (function.selector, calldata)
    }
}

impl Values for Scene {
    fn address(&self, random: &mut Random) -> Felt {
        match random.below(20) {
            0 => random.number(251),
            1 => Felt::from(0xdead),
            2..8 => *random.pick(&self.contracts).address.0.key(),
            _ => *random.pick(&self.accounts).address().0.key(),
        }
    }

    fn class_hash(&self, random: &mut Random) -> Felt {
        if random.chance(20) { random.felt() } else { random.pick(corpus()).class.hash.0 }
    }

    fn felt(&self, random: &mut Random) -> Felt {
        match random.below(10) {
            0..4 => random.number(8),
            4..6 => self.address(random),
            6 => self.class_hash(random),
            7 => random.number(128),
            _ => random.felt(),
        }
    }
}
