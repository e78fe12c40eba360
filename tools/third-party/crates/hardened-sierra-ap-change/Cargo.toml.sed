# A copy beside the published crate, under a name of its own.
s|^name = "cairo-lang-sierra-ap-change"$|name = "hardened-sierra-ap-change"|
s|^name = "cairo_lang_sierra_ap_change"$|name = "hardened_sierra_ap_change"|
