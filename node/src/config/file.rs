//! The configuration file: its values become clap's defaults.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Command;
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
    /// A value that no option has.
    #[error("configuration file {path}: {key}{} must be a string, a number, a boolean or a list of these", in_section(.section))]
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
///
/// # Errors
/// See [`FileError`].
pub fn apply(mut command: Command, path: &Path) -> Result<Command, FileError> {
    let text = fs::read_to_string(path).map_err(|source| FileError::Io { path: path.to_owned(), source })?;
    let table: Table = text.parse().map_err(|source| FileError::Toml { path: path.to_owned(), source })?;
    for (key, value) in table {
        command = match value {
            Value::Table(options) => {
                if command.find_subcommand(&key).is_none() {
                    return Err(FileError::UnknownSection { path: path.to_owned(), section: key });
                }
                let mut result = Ok(());
                command = command.mut_subcommand(&key, |mut subcommand| {
                    for (option, value) in &options {
                        if result.is_ok() {
                            result = Place { path, section: &key }.set(&mut subcommand, option, value);
                        }
                    }
                    subcommand
                });
                result?;
                command
            }
            value => {
                Place { path, section: "" }.set(&mut command, &key, &value)?;
                command
            }
        };
    }
    Ok(command)
}

/// Where in which file a value is.
#[derive(Clone, Copy)]
struct Place<'a> {
    path: &'a Path,
    section: &'a str,
}

impl Place<'_> {
    fn set(self, command: &mut Command, key: &str, value: &Value) -> Result<(), FileError> {
        let Self { path, section } = self;
        let texts = match value {
            Value::Array(values) => values.iter().map(text).collect::<Option<Vec<_>>>(),
            value => text(value).map(|text| vec![text]),
        };
        let (path, section, key) = (path.to_owned(), section.to_owned(), key.to_owned());
        let Some(texts) = texts else { return Err(FileError::Value { path, section, key }) };
        // In a section, the options of the subcommand's own subcommands; at the top, those of all.
        if set_default(command, &key, &texts, !section.is_empty()) {
            Ok(())
        } else {
            Err(FileError::UnknownKey { path, section, key })
        }
    }
}

/// Sets the default of the option `--key`, wherever it is in `command`; `false` if it is nowhere.
fn set_default(command: &mut Command, key: &str, values: &[&'static str], deep: bool) -> bool {
    let id = command
        .get_arguments()
        // An option that names the file is read before the file is.
        .find(|argument| argument.get_long() == Some(key) && key != "config")
        .map(|argument| argument.get_id().clone());
    let mut found = id.is_some();
    if let Some(id) = id {
        let taken = std::mem::take(command);
        *command =
            taken.mut_arg(id, |argument| argument.required(false).default_values(values.iter().copied()));
    }
    if deep {
        for subcommand in command.get_subcommands_mut() {
            found |= set_default(subcommand, key, values, deep);
        }
    }
    found
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
