//! Reads the Sierra that the tests beside it write: declarations and straight-line code, one statement after the other.

use cairo_lang_sierra::ids::UserTypeId;
use cairo_lang_sierra::program::{
    ConcreteLibfuncLongId, ConcreteTypeLongId, Function, GenBranchInfo, GenBranchTarget, GenInvocation,
    GenStatement, GenericArg, LibfuncDeclaration, Param, Program, StatementIdx, TypeDeclaration,
};

/// The program that a text says, in the notation of Sierra's own printer.
///
/// # Panics
/// If the text is none.
pub(super) fn program(text: &str) -> Program {
    let mut program = Program {
        type_declarations: vec![],
        libfunc_declarations: vec![],
        statements: vec![],
        funcs: vec![],
    };
    for statement in text.split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
        if let Some(declared) = statement.strip_prefix("type ") {
            let (id, generic, generic_args) = declaration(declared);
            let long_id = ConcreteTypeLongId { generic_id: generic.into(), generic_args };
            program.type_declarations.push(TypeDeclaration {
                id: id.into(),
                long_id,
                declared_type_info: None,
            });
        } else if let Some(declared) = statement.strip_prefix("libfunc ") {
            let (id, generic, generic_args) = declaration(declared);
            let long_id = ConcreteLibfuncLongId { generic_id: generic.into(), generic_args };
            program.libfunc_declarations.push(LibfuncDeclaration { id: id.into(), long_id });
        } else if let Some((name, rest)) = statement.split_once('@') {
            program.funcs.push(function(name, rest));
        } else if let Some(values) = statement.strip_prefix("return") {
            program.statements.push(GenStatement::Return(list(values, |value| value.into())));
        } else {
            let (call, results) = statement.split_once(" -> ").expect("a call has results");
            let (libfunc, values) = call.split_at(call.find('(').expect("a call has arguments"));
            program.statements.push(GenStatement::Invocation(GenInvocation {
                libfunc_id: libfunc.into(),
                args: list(values, |value| value.into()),
                branches: vec![GenBranchInfo {
                    target: GenBranchTarget::Fallthrough,
                    results: list(results, |value| value.into()),
                }],
            }));
        }
    }
    program
}

/// `name = generic` or `name = generic<arguments>`.
fn declaration(text: &str) -> (&str, &str, Vec<GenericArg>) {
    let (id, long) = text.split_once(" = ").expect("a declaration says what is declared");
    let Some((generic, arguments)) = long.split_once('<') else { return (id, long, vec![]) };
    let arguments = arguments.strip_suffix('>').expect("arguments end").split(", ");
    (id, generic, arguments.map(argument).collect())
}

fn argument(text: &str) -> GenericArg {
    if let Some(user) = text.strip_prefix("ut@") {
        return GenericArg::UserType(UserTypeId::from_string(user));
    }
    text.parse().map_or_else(|_| GenericArg::Type(text.into()), GenericArg::Value)
}

/// `0(value: type, ...) -> (type, ...)` of a function that begins with the first statement.
fn function(name: &str, text: &str) -> Function {
    let (parameters, results) = text.split_once(" -> ").expect("a function has results");
    let parameters = parameters.strip_prefix('0').expect("a function begins with the first statement");
    let parameter = |text: &str| {
        let (id, ty) = text.split_once(": ").expect("a parameter has a type");
        Param { id: id.into(), ty: ty.into() }
    };
    Function::new(name.into(), list(parameters, parameter), list(results, |ty| ty.into()), StatementIdx(0))
}

/// `(item, ...)`.
fn list<T>(text: &str, item: impl Fn(&str) -> T) -> Vec<T> {
    let items =
        text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).expect("a list is in brackets");
    items.split(", ").filter(|text| !text.is_empty()).map(item).collect()
}
