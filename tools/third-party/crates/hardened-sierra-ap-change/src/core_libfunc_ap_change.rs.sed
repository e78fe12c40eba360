# The way to each variant of a wide match compares, and each comparison takes a cell. (Inside of the match of `Enum` only.)
/EnumConcreteLibfunc::Match(/,/^        Struct(/{
s|vec!\[ApChange::Known(0); signature.branch_signatures.len()\]|crate::wide_match::depths(signature.branch_signatures.len()).into_iter().map(ApChange::Known).collect()|
s|if n <= 1 { vec!\[ApChange::Known(0); n\] } else { vec!\[ApChange::Known(1); n\] }|if n <= 1 { vec![ApChange::Known(0); n] } else { crate::wide_match::depths(n).into_iter().map(\|depth\| ApChange::Known(1 + depth)).collect() }|
}
