//! The files of a crate, as modules: their public types, what each imports of which other, and whether that goes round in a circle.
//!
//! `crate::`, `self::` and `super::` paths are followed through `pub use`, to the file that defines what they name. What only
//! tests see is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use syn::visit::{Visit, visit_expr_method_call, visit_item, visit_path};
use syn::{Attribute, Expr, ExprField, ExprMethodCall, Item, Member, Meta, UseTree, Visibility};

use super::sources;

/// What databases are called.
const DATABASES: [&str; 2] = ["storage", "journal"];

/// A module by its path in its crate; the crate's root is empty.
type Module = Vec<String>;

/// A path as a file writes it, by its parts.
type Written = Vec<String>;

/// What a file names.
#[derive(Default)]
struct Names {
    /// Public structs, enums, traits and aliases.
    public: Vec<String>,
    /// Everything that it names.
    used: Vec<Written>,
    /// What it does with a database: methods called on what is called so, as `storage.follow`.
    database_calls: Vec<String>,
    /// What it hands on, by the name that it has here.
    handed_on: Vec<(String, Written)>,
}

impl<'a> Visit<'a> for Names {
    fn visit_item(&mut self, item: &'a Item) {
        if attributes(item).iter().any(is_for_tests) {
            return;
        }
        if let Item::Use(item) = item {
            let mut leaves = Vec::new();
            flatten(&item.tree, &mut Vec::new(), &mut leaves);
            if matches!(item.vis, Visibility::Inherited) {
                self.used.extend(leaves.into_iter().map(|(_, path)| path));
            } else {
                self.handed_on.extend(leaves);
            }
        }
        self.public.extend(public_type(item));
        visit_item(self, item);
    }

    fn visit_expr_method_call(&mut self, call: &'a ExprMethodCall) {
        let receiver = match call.receiver.as_ref() {
            Expr::MethodCall(call) => Some(&call.method),
            Expr::Field(ExprField { member: Member::Named(name), .. }) => Some(name),
            Expr::Path(path) => path.path.get_ident(),
            _ => None,
        };
        let receiver = receiver.map(ToString::to_string).filter(|name| DATABASES.contains(&name.as_str()));
        self.database_calls.extend(receiver.map(|name| format!("{name}.{}", call.method)));
        visit_expr_method_call(self, call);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        if path.segments.len() > 1 {
            self.used.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit_path(self, path);
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// The name of a public type.
fn public_type(item: &Item) -> Option<String> {
    let (name, visibility) = match item {
        Item::Enum(item) => (&item.ident, &item.vis),
        Item::Struct(item) => (&item.ident, &item.vis),
        Item::Trait(item) => (&item.ident, &item.vis),
        Item::Type(item) => (&item.ident, &item.vis),
        _ => return None,
    };
    matches!(visibility, Visibility::Public(_)).then(|| name.to_string())
}

/// `#[cfg(test)]`
fn is_for_tests(attribute: &Attribute) -> bool {
    matches!(&attribute.meta, Meta::List(list) if list.path.is_ident("cfg") && list.tokens.to_string() == "test")
}

/// The paths of an import, each with the name that it gets.
fn flatten(tree: &UseTree, before: &mut Written, leaves: &mut Vec<(String, Written)>) {
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            flatten(&path.tree, before, leaves);
            before.pop();
        }
        UseTree::Name(name) if name.ident == "self" => {
            leaves.push((before.last().cloned().unwrap_or_default(), before.clone()));
        }
        UseTree::Name(name) => {
            leaves.push((name.ident.to_string(), [&before[..], &[name.ident.to_string()]].concat()));
        }
        UseTree::Rename(name) => {
            leaves.push((name.rename.to_string(), [&before[..], &[name.ident.to_string()]].concat()));
        }
        UseTree::Glob(_) => leaves.push(("*".to_owned(), before.clone())),
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, before, leaves)),
    }
}

/// The files of a crate, as modules.
struct Files(BTreeMap<Module, Names>);

impl Files {
    fn read(directory: &Path) -> Result<Self> {
        let mut paths = Vec::new();
        sources(directory, &mut paths)?;
        let mut files = BTreeMap::new();
        for path in paths {
            let relative = path.strip_prefix(directory)?.with_extension("");
            let mut module: Module =
                relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            let is_test =
                |part: &String| part == "tests" || part.ends_with("_tests") || part == "test_support";
            if module.iter().any(is_test) {
                continue;
            }
            if module.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
                module.pop();
            }
            let file = syn::parse_file(&fs::read_to_string(&path)?);
            let file = file.with_context(|| path.display().to_string())?;
            let mut names = Names::default();
            names.visit_file(&file);
            // A binary beside a library: both are the crate's root.
            let known: &mut Names = files.entry(module).or_default();
            known.public.extend(names.public);
            known.database_calls.extend(names.database_calls);
            known.used.extend(names.used);
            known.handed_on.extend(names.handed_on);
        }
        Ok(Self(files))
    }

    /// The file that defines what `written` in `here` names; `None` if that is no file of the crate.
    fn defines(&self, here: &Module, written: &[String]) -> Option<Module> {
        let (mut at, mut rest) = match written.split_first()? {
            (first, rest) if first == "crate" => (Module::new(), rest),
            (first, rest) if first == "self" => (here.clone(), rest),
            (first, _) if first == "super" || self.has(here, first) => (here.clone(), written),
            _ => return None,
        };
        while let Some((first, after)) = rest.split_first() {
            if first == "super" {
                at.pop()?;
            } else if self.has(&at, first) {
                at.push(first.clone());
            } else {
                break;
            }
            rest = after;
        }
        let handed_on = rest.split_first().and_then(|(first, after)| {
            let (_, path) = self.0.get(&at)?.handed_on.iter().find(|(name, _)| name == first)?;
            self.defines(&at, &[&path[..], after].concat())
        });
        handed_on.or(Some(at))
    }

    fn has(&self, module: &Module, child: &str) -> bool {
        self.0.contains_key(&[&module[..], &[child.to_owned()]].concat())
    }

    /// Who imports from whom; a module and what is inside it belong together, and are left out.
    fn arrows(&self) -> BTreeMap<&Module, BTreeSet<&Module>> {
        let mut arrows: BTreeMap<&Module, BTreeSet<&Module>> = BTreeMap::new();
        for (here, names) in &self.0 {
            let arrows = arrows.entry(here).or_default();
            for written in &names.used {
                let there = self.defines(here, written).and_then(|there| self.0.get_key_value(&there));
                if let Some((there, _)) = there
                    && !there.starts_with(here)
                    && !here.starts_with(there)
                {
                    arrows.insert(there);
                }
            }
        }
        arrows
    }
}

/// The names of the public types under `directory`, as often as there are.
pub(super) fn public_types(directory: &Path) -> Result<Vec<String>> {
    Ok(Files::read(directory)?.0.into_values().flat_map(|names| names.public).collect())
}

/// The modules under `directory` that name something of `std::env` which the process was started with.
pub(super) fn read_environment(directory: &Path) -> Result<Vec<String>> {
    let is_read = |path: &Written| {
        path.windows(2)
            .any(|two| two[0] == "env" && ["var", "vars", "args"].iter().any(|it| two[1].starts_with(it)))
    };
    let files = Files::read(directory)?.0.into_iter();
    let readers = files.filter(|(_, names)| {
        names.used.iter().chain(names.handed_on.iter().map(|(_, path)| path)).any(is_read)
    });
    Ok(readers.map(|(module, _)| shown(&module)).collect())
}

/// The calls of these methods on databases under `directory`, each with its module.
pub(super) fn database_calls(directory: &Path, methods: &[&str]) -> Result<Vec<(String, String)>> {
    let is_meant = |call: &String| methods.iter().any(|method| call.ends_with(&format!(".{method}")));
    let files = Files::read(directory)?.0.into_iter();
    let calls = files.flat_map(|(module, names)| {
        names.database_calls.into_iter().filter(is_meant).map(move |call| (shown(&module), call))
    });
    Ok(calls.collect())
}

fn shown(module: &Module) -> String {
    if module.is_empty() { "the root".to_owned() } else { module.join("::") }
}

/// The modules under `directory` that are in a circle of imports, each with what it imports there. None of a module and its own
/// children alone.
pub(super) fn circles(directory: &Path) -> Result<Vec<String>> {
    let files = Files::read(directory)?;
    let mut arrows = files.arrows();
    // What imports from nobody that is left, or is imported by nobody that is left, is in no circle.
    loop {
        let left: BTreeSet<&Module> = arrows.keys().copied().collect();
        let imported: BTreeSet<&Module> = arrows.values().flatten().copied().collect();
        for there in arrows.values_mut() {
            there.retain(|module| left.contains(module));
        }
        let before = arrows.len();
        arrows.retain(|module, there| !there.is_empty() && imported.contains(module));
        if arrows.len() == before {
            break;
        }
    }
    let line = |(module, there): (&Module, BTreeSet<&Module>)| {
        format!(
            "{} imports from {}",
            shown(module),
            there.into_iter().map(shown).collect::<Vec<_>>().join(", ")
        )
    };
    Ok(arrows.into_iter().map(line).collect())
}
