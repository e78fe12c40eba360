# What a call visits is told also if it fails: see visited.rs.
s/^    run_entry_point(&mut runner, &mut syscall_handler, entry_point, args, program_segment_size)?;$/    let ran = run_entry_point(\&mut runner, \&mut syscall_handler, entry_point, args, program_segment_size);\n    super::visited::note(syscall_handler.base.call.class_hash, \&compiled_class, \&runner);\n    ran?;/
s/^        execution_runner_mode\.trace_enabled(),$/        execution_runner_mode.trace_enabled() || super::visited::is_wanted(),/
