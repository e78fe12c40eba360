//! Whether a program's values have their Sierra types by the time control can depend on them.
//!
//! In compiled Sierra control depends on a value in one way only: a `match` of three variants or more jumps by the
//! variant. A variant that the code itself chose is right. It may be wrong if it comes out of a dictionary, is computed
//! from a number, or is read from an array by an index; and a number may be wrong if what shows its type comes later.
//!
//! A `match` of no variants is no code at all: control runs on into whatever function comes next. Nothing leads there as
//! long as values are of their types; a false one, taken out of a container, would.

use std::collections::{HashMap, HashSet};

use cairo_lang_sierra::ids::{ConcreteLibfuncId, ConcreteTypeId};
use cairo_lang_sierra::program::{
    ConcreteTypeLongId, GenericArg, Invocation, LibfuncDeclaration, Program, Statement,
};

/// The Sierra types that hold values of a dictionary.
pub(super) const DICTIONARIES: [&str; 3] = ["Felt252Dict", "Felt252DictEntry", "SquashedFelt252Dict"];

/// The type of which every field element is a value.
const FELT: &str = "felt252";

/// Builtins that compute numbers, whose instances count only up to the pointers that the contract returns. (Those of
/// the range check all count, and the other builtins compute felts.)
pub(super) const LATE_BUILTINS: [&str; 4] = ["Bitwise", "RangeCheck96", "AddMod", "MulMod"];

/// The product of two 128-bit numbers, whose halves a hint supplies, and what verifies it.
const PRODUCT: &str = "u128_guarantee_mul";
const VERIFY_PRODUCT: &str = "u128_mul_guarantee_verify";

const VARIANT_OF_NUMBER: &str = "enum_from_bounded_int";
const ENUM: &str = "Enum";
const ARRAY: &str = "Array";

/// The Sierra types whose contents are found by an index, a key or a pointer that may be false.
const CONTAINERS: [&str; 5] = ["Array", "Nullable", DICTIONARIES[0], DICTIONARIES[1], DICTIONARIES[2]];

/// From so many variants on, a `match` computes where to jump.
const WIDE: usize = 3;

/// What Sierra says of the values that computed jumps depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Values {
    /// Each has its type whatever a prover says.
    Typed,
    /// Some are shown to have their type only after the code may have jumped by them.
    Late,
    /// Some may be of an enum without variants, which no value is, and no code is there to match.
    Impossible,
}

impl Values {
    pub(crate) fn of(program: &Program) -> Self {
        if containers_hold_empty_enums(program) {
            return Self::Impossible;
        }
        let numbers_are_typed = !uses_late_builtins(program) && products_are_verified_at_once(program);
        if dictionaries_hold_felts(program) && (numbers_are_typed || !numbers_make_variants(program)) {
            Self::Typed
        } else {
            Self::Late
        }
    }
}

fn dictionaries_hold_felts(program: &Program) -> bool {
    let felts: HashSet<_> =
        types(program).filter(|(_, long)| long.generic_id.0 == FELT).map(|(id, _)| id).collect();
    types(program)
        .filter(|(_, long)| DICTIONARIES.contains(&long.generic_id.0.as_str()))
        .all(|(_, long)| matches!(long.generic_args.as_slice(), [GenericArg::Type(value)] if felts.contains(value)))
}

fn uses_late_builtins(program: &Program) -> bool {
    types(program).any(|(_, long)| LATE_BUILTINS.contains(&long.generic_id.0.as_str()))
}

/// Whether the statement after each product verifies it, as the Cairo compiler has it.
fn products_are_verified_at_once(program: &Program) -> bool {
    let [product, verify] = [PRODUCT, VERIFY_PRODUCT]
        .map(|name| -> HashSet<_> { libfuncs(program, name).map(|libfunc| &libfunc.id).collect() });
    let invokes = |statement: &Statement, libfuncs: &HashSet<&ConcreteLibfuncId>| match statement {
        Statement::Invocation(invocation) if libfuncs.contains(&invocation.libfunc_id) => {
            Some(invocation.clone())
        }
        _ => None,
    };
    let guarantee = |product: &Invocation| product.branches.first()?.results.last().cloned();
    program.statements.iter().enumerate().all(|(index, statement)| {
        let Some(product) = invokes(statement, &product) else { return true };
        let next = program.statements.get(index.saturating_add(1));
        let next = next.and_then(|next| invokes(next, &verify));
        next.is_some_and(|verify| guarantee(&product).is_some_and(|it| verify.args.contains(&it)))
    })
}

/// Whether a false number can become a false variant of an enum that is matched by a computed jump: as the variant's
/// number, or as an index into an array whose items hold variants.
fn numbers_make_variants(program: &Program) -> bool {
    let wide = enums(program, |variants| variants >= WIDE);
    let is_of_wide = |libfunc: &LibfuncDeclaration| matches!(libfunc.long_id.generic_args.as_slice(), [GenericArg::Type(of)] if wide.contains(of));
    libfuncs(program, VARIANT_OF_NUMBER).any(is_of_wide) || hold(program, &[ARRAY], &wide)
}

/// Whether a container's items are of an enum without variants, or of types made of one.
fn containers_hold_empty_enums(program: &Program) -> bool {
    hold(program, &CONTAINERS, &enums(program, |variants| variants == 0))
}

/// Whether the items of some container are of one of these types, or of types made of them.
fn hold(program: &Program, containers: &[&str], held: &HashSet<&ConcreteTypeId>) -> bool {
    let mut holders: HashMap<_, Vec<_>> = HashMap::new();
    for (id, long) in types(program) {
        for argument in &long.generic_args {
            if let GenericArg::Type(part) = argument {
                holders.entry(part).or_default().push((id, long));
            }
        }
    }
    let mut seen = held.clone();
    let mut open: Vec<_> = held.iter().copied().collect();
    while let Some(part) = open.pop() {
        for (id, long) in holders.get(part).into_iter().flatten() {
            if containers.contains(&long.generic_id.0.as_str()) {
                return true;
            }
            if seen.insert(id) {
                open.push(id);
            }
        }
    }
    false
}

/// The enums whose number of variants is `wanted`.
fn enums(program: &Program, wanted: impl Fn(usize) -> bool) -> HashSet<&ConcreteTypeId> {
    let variants = |long: &ConcreteTypeLongId| {
        long.generic_args.iter().filter(|argument| matches!(argument, GenericArg::Type(_))).count()
    };
    types(program)
        .filter(|(_, long)| long.generic_id.0 == ENUM && wanted(variants(long)))
        .map(|(id, _)| id)
        .collect()
}

fn types(program: &Program) -> impl Iterator<Item = (&ConcreteTypeId, &ConcreteTypeLongId)> {
    program.type_declarations.iter().map(|declared| (&declared.id, &declared.long_id))
}

fn libfuncs<'a>(program: &'a Program, name: &'a str) -> impl Iterator<Item = &'a LibfuncDeclaration> {
    program.libfunc_declarations.iter().filter(move |declared| declared.long_id.generic_id.0 == name)
}

#[cfg(test)]
#[path = "values_tests.rs"]
mod tests;
