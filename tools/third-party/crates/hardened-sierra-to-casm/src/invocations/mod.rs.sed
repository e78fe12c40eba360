# A wide match advances `ap` by cells that are no variables, although its signature says that there are only variables.
s|^use cairo_lang_sierra::extensions::circuit::CircuitInfo;$|&\nuse cairo_lang_sierra::extensions::enm::EnumConcreteLibfunc;|
/^    fn new<'a, ParamRef/,/^        }$/{
s|^        prev_env: &Environment,$|&\n        compares: bool,|
s|^        let clear_old_stack =$|        let clear_old_stack = compares \|\||
}
s|validate_stack_top(ap_change, branch_signature, &refs, new_stack_size - stack_base);|validate_stack_top(ap_change, clear_old_stack, branch_signature, \&refs, new_stack_size - stack_base);|
/^fn validate_stack_top(/,/^}/{
s|^    ap_change: ApChange,$|&\n    clear_old_stack: bool,|
s|^    if matches!(branch_signature.ap_change, SierraApChange::Known { new_vars_only: true }) {$|    if !clear_old_stack {|
}
/^    fn build($/,/^    }$/{
s|^        let branch_signatures = self.libfunc.branch_signatures();$|&\n        let compares = matches!(self.libfunc, CoreConcreteLibfunc::Enum(EnumConcreteLibfunc::Match(_) \| EnumConcreteLibfunc::SnapshotMatch(_)))\n            \&\& branch_signatures.len() >= cairo_lang_sierra_ap_change::wide_match::WIDE;|
s|^                    &self.environment,$|&\n                    compares,|
}
