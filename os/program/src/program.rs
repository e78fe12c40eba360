//! The compiled thread OS.

use std::sync::OnceLock;

use cairo_vm::types::program::Program;
use cairo_vm::types::relocatable::MaybeRelocatable;
use zkthreads_protocol::OsProgram;

/// The compiled program in this binary cannot be loaded. A test loads it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the compiled thread OS cannot be loaded: {reason}")]
pub struct DamagedProgram {
    /// What is wrong with it.
    pub reason: String,
}

/// What `os/program/compile` makes of `cairo/`.
const COMPILED: &[u8] = include_bytes!("../golden/thread_os.json");

/// Where the thread OS decides whether answers to syscalls are known before a contract runs.
const ANSWERS_ARE_KNOWN: &str = "thread_os.execution.execute_call.answers_are_known";

/// The thread OS as the verifier sees it.
///
/// # Panics
/// If the committed program is damaged; a test loads it.
#[must_use]
pub fn os_program() -> &'static OsProgram {
    static PROGRAM: OnceLock<OsProgram> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let program = cairo_program().expect("the committed thread OS loads");
        let bytecode = program.iter_data().map(|cell| match cell {
            MaybeRelocatable::Int(felt) => *felt,
            MaybeRelocatable::RelocatableValue(_) => panic!("compiled programs hold felts only"),
        });
        OsProgram::new(bytecode.collect())
    })
}

/// The thread OS as cairo-vm runs it.
///
/// # Errors
/// If the committed program is damaged.
pub fn cairo_program() -> Result<&'static Program, DamagedProgram> {
    static PROGRAM: OnceLock<Result<Program, String>> = OnceLock::new();
    PROGRAM
        .get_or_init(|| Program::from_bytes(COMPILED, Some("main")).map_err(|error| error.to_string()))
        .as_ref()
        .map_err(|reason| DamagedProgram { reason: reason.clone() })
}

/// The thread OS for rehearsals: it does not check answers to syscalls before contracts run, since they are not known
/// yet. No verifier accepts it.
///
/// # Errors
/// If the committed program is damaged.
pub fn rehearsal_program() -> Result<&'static Program, DamagedProgram> {
    static PROGRAM: OnceLock<Result<Program, String>> = OnceLock::new();
    PROGRAM
        .get_or_init(|| {
            let mut compiled: serde_json::Value =
                serde_json::from_slice(COMPILED).map_err(|error| error.to_string())?;
            // The operand of the instruction `tempvar are_known = 1`.
            let label = &compiled["identifiers"][ANSWERS_ARE_KNOWN]["pc"];
            let operand = label.as_u64().map_or(0, |pc| pc as usize) + 1;
            let operand = &mut compiled["data"][operand];
            if operand.as_str() != Some("0x1") {
                return Err("the compiled thread OS lacks the label of the rehearsal".to_owned());
            }
            *operand = "0x0".into();
            let altered = serde_json::to_vec(&compiled).map_err(|error| error.to_string())?;
            Program::from_bytes(&altered, Some("main")).map_err(|error| error.to_string())
        })
        .as_ref()
        .map_err(|reason| DamagedProgram { reason: reason.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn committed_hash_is_the_programs() {
        let committed = include_str!("../golden/thread_os.hash").trim();
        assert_eq!(format!("{:#x}", os_program().hash().0), committed);
    }
}
