//! The pages of the documentation that are made from the code: as they are committed, or, with `ZKTHREADS_REGENERATE`
//! set, written anew.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::{Arg, Command, CommandFactory};
use zkthreads_node::config::Cli;
use zkthreads_node::metrics::{Kind, METRICS};

const NOTE: &str =
    "<!-- Made from the code: ZKTHREADS_REGENERATE=1 cargo nextest run --release --workspace references -->";

fn compare(page: &str, made: &str) -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
    if std::env::var_os("ZKTHREADS_REGENERATE").is_some() {
        return fs::write(&path, made).with_context(|| path.display().to_string());
    }
    let committed = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    for (number, (committed, made)) in committed.lines().zip(made.lines()).enumerate() {
        assert_eq!(committed, made, "docs/{page}:{}; ZKTHREADS_REGENERATE=1 makes it anew", number + 1);
    }
    if committed != made {
        bail!("docs/{page} is longer or shorter than it should be; ZKTHREADS_REGENERATE=1 makes it anew");
    }
    Ok(())
}

/// Text for a cell of a table.
fn cell(text: impl ToString) -> String {
    text.to_string().split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn row(page: &mut String, argument: &Arg) -> std::fmt::Result {
    let name = match (argument.get_long(), argument.get_value_names()) {
        (Some(long), Some(values)) => format!("`--{long} {}`", cell(values.join(" "))),
        (Some(long), None) => format!("`--{long}`"),
        (None, _) => format!("`{}`", argument.get_id().as_str().to_uppercase()),
    };
    let variable = argument.get_env().map(|name| format!("`{}`", name.to_string_lossy())).unwrap_or_default();
    let defaults = argument.get_default_values().iter().map(|value| format!("`{}`", value.to_string_lossy()));
    let default = if argument.is_required_set() {
        "required".to_owned()
    } else {
        defaults.collect::<Vec<_>>().join(", ")
    };
    let help = argument.get_long_help().or_else(|| argument.get_help()).map(cell).unwrap_or_default();
    writeln!(page, "| {name} | {variable} | {default} | {help} |")
}

fn options(page: &mut String, command: &Command) -> std::fmt::Result {
    let shown = |argument: &&Arg| {
        !argument.is_hide_set() && !["help", "version"].contains(&argument.get_id().as_str())
    };
    let mut arguments = command.get_arguments().filter(shown).peekable();
    if arguments.peek().is_some() {
        writeln!(page, "\n| option | environment | default | |\n|---|---|---|---|")?;
        arguments.try_for_each(|argument| row(page, argument))?;
    }
    Ok(())
}

/// The subcommands that are for people.
fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set())
}

fn section(page: &mut String, path: &str, command: &Command) -> std::fmt::Result {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    writeln!(page, "\n## `{path}`\n\n{about}.")?;
    options(page, command)?;
    for subcommand in shown(command) {
        section(page, &format!("{path} {}", subcommand.get_name()), subcommand)?;
    }
    Ok(())
}

#[test]
fn options_page() -> Result<()> {
    let command = Cli::command();
    let mut page = format!("# Options\n\n{NOTE}\n\n");
    page.push_str(
        "Each option is also an environment variable and a key of the configuration file, in the section of its\n\
         subcommand; `[db]` holds the options of all `zkthreads db` subcommands. What the command line says goes before\n\
         the environment, the environment before the file, the file before the default.\n\n\
         ## Every subcommand\n\nIn the configuration file these are at the top, before any section.\n",
    );
    options(&mut page, &command)?;
    for subcommand in shown(&command) {
        section(&mut page, &format!("zkthreads {}", subcommand.get_name()), subcommand)?;
    }
    compare("options.md", &page)
}

#[test]
fn metrics_page() -> Result<()> {
    let mut page = format!("# Metrics\n\n{NOTE}\n\n");
    page.push_str(
        "What `--metrics HOST:PORT` serves at `/metrics`, in Prometheus' format. Besides these there are those of the\n\
         process that Prometheus' clients have by custom: `process_resident_memory_bytes`, `process_cpu_seconds_total`,\n\
         `process_open_fds`, `process_start_time_seconds` and so on; other libraries may add theirs. A counter that\n\
         nothing has counted yet is absent.\n\n| name | kind | labels | |\n|---|---|---|---|\n",
    );
    for metric in METRICS {
        let kind = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        writeln!(page, "| `{}` | {kind} | {} | {} |", metric.name, cell(metric.labels), cell(metric.text))?;
    }
    compare("metrics.md", &page)
}
