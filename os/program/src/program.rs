//! The compiled thread OS.

use std::sync::OnceLock;

use cairo_vm::types::program::Program;
use cairo_vm::types::relocatable::MaybeRelocatable;
use zkthreads_protocol::OsProgram;

use crate::error::OsError;

/// What `os/program/compile` makes of `cairo/`.
const COMPILED: &[u8] = include_bytes!("../golden/thread_os.json");

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
pub(crate) fn cairo_program() -> Result<&'static Program, OsError> {
    static PROGRAM: OnceLock<Result<Program, String>> = OnceLock::new();
    PROGRAM
        .get_or_init(|| Program::from_bytes(COMPILED, Some("main")).map_err(|error| error.to_string()))
        .as_ref()
        .map_err(|reason| OsError::Program { reason: reason.clone() })
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
