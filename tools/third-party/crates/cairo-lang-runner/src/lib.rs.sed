# src/lib.rs of cairo-lang-runner 2.21.0 without its profiler and its command line options: the only things in it that
# need Cairo's whole front end, which takes minutes to compile. Line numbers are those of the published file.
11d
25d
30d
33,34d
37,38d
60,61d
71,72d
182,183d
190d
195d
220s/, profiling_info//
230d
307,315d
316s/, profiling_info//
515,563d
# The type that it took from the front end.
162i\
/// The functions of a contract's class.\
pub struct ContractInfo {\
    pub constructor: Option<cairo_lang_sierra::ids::FunctionId>,\
    pub externals: OrderedHashMap<Felt252, cairo_lang_sierra::ids::FunctionId>,\
}\

