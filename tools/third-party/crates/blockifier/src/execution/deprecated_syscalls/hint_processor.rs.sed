# An execution may be stopped: see stop.rs.
s/^        self\.context\.vm_run_resources\.consumed()$/&\n            || crate::execution::stop::requested(self.context.execution_mode)/
