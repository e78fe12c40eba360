# Modules of ours.
s/^pub mod syscalls;$/pub mod stop;\n&\npub mod visited;/
