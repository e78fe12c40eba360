# A copy beside the published crate, under a name of its own, on the copy of the crate that counts cells.
s|^name = "cairo-lang-sierra-to-casm"$|name = "hardened-sierra-to-casm"|
s|^name = "cairo_lang_sierra_to_casm"$|name = "hardened_sierra_to_casm"|
/^\[dependencies\.cairo-lang-sierra-ap-change\]$/a\
package = "hardened-sierra-ap-change"\
path = "../hardened-sierra-ap-change"
