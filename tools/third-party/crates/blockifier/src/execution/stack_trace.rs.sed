# Formatting takes the square of the number of felts, and a contract may panic with a million. Each takes five characters
# ("0x0, "), so more of them do not fit into the text anyway.
s/^        let failure_reason = format_panic_data(&self\.last_retdata\.0);$/        let shown = self.last_retdata.0.len().min(TRACE_LENGTH_CAP \/ 5);\n        let failure_reason = format_panic_data(\&self.last_retdata.0[..shown]);/
