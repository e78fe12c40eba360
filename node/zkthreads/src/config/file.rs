//! The configuration file: its values become clap's defaults.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, Id};
use toml::{Table, Value};

/// Why a configuration file is refused.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("configuration file {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// It is not TOML.
    #[error("configuration file {path}: {source}")]
    Toml {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: toml::de::Error,
    },
    /// There is no such option.
    #[error("configuration file {path}: there is no option {key}{}", in_section(.section))]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// Its section, empty at the top.
        section: String,
        /// The key.
        key: String,
    },
    /// There is no such subcommand.
    #[error("configuration file {path}: there is no subcommand for the section [{section}]")]
    UnknownSection {
        /// The file.
        path: PathBuf,
        /// The section.
        section: String,
    },
    /// Two options that cannot stand beside each other.
    #[error("configuration file {path}: {key}{} cannot be used with {other}", in_section(.section))]
    Conflict {
        /// The file.
        path: PathBuf,
        /// The section of both, empty at the top.
        section: String,
        /// The one key.
        key: String,
        /// The other.
        other: String,
    },
    /// A value that no option has.
    #[error("configuration file {path}: {key}{} must be a string, a number, a boolean or a list of some of these", in_section(.section))]
    Value {
        /// The file.
        path: PathBuf,
        /// Its section, empty at the top.
        section: String,
        /// The key.
        key: String,
    },
}

fn in_section(section: &str) -> String {
    if section.is_empty() { String::new() } else { format!(" in [{section}]") }
}

/// `command` with the values of the file as its defaults. Whether they are what the options take is clap's to judge.
/// A value gives way to an option of `given` that it could not stand beside.
///
/// # Errors
/// See [`FileError`].
pub fn apply(mut command: Command, path: &Path, given: &ArgMatches) -> Result<Command, FileError> {
    let text = fs::read_to_string(path).map_err(|source| FileError::Io { path: path.to_owned(), source })?;
    let table: Table = text.parse().map_err(|source| FileError::Toml { path: path.to_owned(), source })?;
    let mut given = explicit(given);
    for (key, value) in &table {
        match value {
            Value::Table(options) => {
                let Some(subcommand) = command.find_subcommand_mut(key) else {
                    return Err(FileError::UnknownSection { path: path.to_owned(), section: key.clone() });
                };
                for (option, value) in options {
                    OptionPlace { path, section: key, key: option }.set(subcommand, value, &mut given)?;
                }
            }
            value => OptionPlace { path, section: "", key }.set(&mut command, value, &mut given)?,
        }
    }
    Ok(command)
}

/// Where an option's value comes from, if not from its default.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Given,
    File,
}

/// The options on the command line and in the environment.
fn explicit(matches: &ArgMatches) -> BTreeMap<Id, Origin> {
    let source = |id: &Id| matches.value_source(id.as_str());
    let given = |id: &&Id| !matches!(source(id), None | Some(ValueSource::DefaultValue));
    let mut options: BTreeMap<_, _> =
        matches.ids().filter(given).map(|id| (id.clone(), Origin::Given)).collect();
    if let Some((_, matches)) = matches.subcommand() {
        options.extend(explicit(matches));
    }
    options
}

/// Where in which file a value is.
#[derive(Clone, Copy)]
struct OptionPlace<'a> {
    path: &'a Path,
    section: &'a str,
    key: &'a str,
}

impl OptionPlace<'_> {
    fn set(
        self,
        command: &mut Command,
        value: &Value,
        options: &mut BTreeMap<Id, Origin>,
    ) -> Result<(), FileError> {
        let (path, section, key) = (self.path.to_owned(), self.section.to_owned(), self.key.to_owned());
        let texts = match value {
            Value::Array(values) => values.iter().map(text).collect::<Option<Vec<_>>>(),
            value => text(value).map(|text| vec![text]),
        };
        // clap would take an empty list for an option that is absent.
        let Some(texts) = texts.filter(|texts| !texts.is_empty()) else {
            return Err(FileError::Value { path, section, key });
        };
        if self.set_default(command, &texts, options)? {
            Ok(())
        } else {
            Err(FileError::UnknownKey { path, section, key })
        }
    }

    /// Sets the default of the option `--key`, wherever it is in `command`; `false` if it is nowhere.
    fn set_default(
        self,
        command: &mut Command,
        values: &[&'static str],
        options: &mut BTreeMap<Id, Origin>,
    ) -> Result<bool, FileError> {
        // The option that names the file is read before the file is.
        let is_it = |argument: &&Arg| argument.get_long() == Some(self.key) && self.key != "config";
        let argument = command.get_arguments().find(is_it).cloned();
        let mut found = argument.is_some();
        if let Some(argument) = argument {
            let id = argument.get_id().clone();
            if !self.gives_way(command, &argument, options)? {
                options.entry(id.clone()).or_insert(Origin::File);
                let set = |argument: Arg| argument.required(false).default_values(values.iter().copied());
                *command = std::mem::take(command).mut_arg(id, set);
            }
        }
        // In a section, the options of the subcommand's own subcommands; at the top, those of all.
        if !self.section.is_empty() {
            for subcommand in command.get_subcommands_mut() {
                found |= self.set_default(subcommand, values, options)?;
            }
        }
        Ok(found)
    }

    /// Whether an option was given that this one cannot stand beside.
    fn gives_way(
        self,
        command: &Command,
        argument: &Arg,
        options: &BTreeMap<Id, Origin>,
    ) -> Result<bool, FileError> {
        let mut rivals =
            rivals(command, argument).filter_map(|rival| Some((rival, *options.get(rival.get_id())?)));
        match rivals.next() {
            None => Ok(false),
            Some((_, Origin::Given)) => Ok(true),
            Some((rival, Origin::File)) => Err(FileError::Conflict {
                path: self.path.to_owned(),
                section: self.section.to_owned(),
                key: self.key.to_owned(),
                other: rival.get_long().unwrap_or_default().to_owned(),
            }),
        }
    }
}

/// The options that cannot stand beside this one, whichever of the two says so.
fn rivals<'a>(command: &'a Command, argument: &'a Arg) -> impl Iterator<Item = &'a Arg> {
    command.get_arguments().filter(move |other| {
        let against = |one: &Arg, other: &Arg| {
            command.get_arg_conflicts_with(one).iter().any(|rival| rival.get_id() == other.get_id())
        };
        against(argument, other) || against(other, argument)
    })
}

/// A value as one would type it. clap keeps defaults for ever, and the file is read once.
fn text(value: &Value) -> Option<&'static str> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => value.to_string(),
        Value::Datetime(_) | Value::Array(_) | Value::Table(_) => return None,
    };
    Some(text.leak())
}
