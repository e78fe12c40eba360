# A module of ours.
s/^pub mod syscalls;$/pub mod stop;\n&/
