s|^pub mod core_libfunc_ap_change;$|pub mod core_libfunc_ap_change;\npub mod wide_match;|
