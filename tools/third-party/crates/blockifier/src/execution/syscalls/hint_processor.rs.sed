# An execution may be stopped: see stop.rs.
s/^        self\.base\.context\.vm_run_resources\.consumed()$/&\n            || crate::execution::stop::requested(self.base.context.execution_mode)/
