use std::fs;

use clap::Arg;
use starknet_api::core::ChainId;
use tempfile::TempDir;
use zkthreads_devnet::manifest::DevnetRequest;
use zkthreads_fork::ForkRequest;
use zkthreads_producer::BlockMode;

use super::*;
use crate::chain::ChainOrigin;
use crate::launch::NodeConfig;

fn load(arguments: &[&str]) -> Result<Cli, ConfigError> {
    Cli::load(std::iter::once("zkthreads").chain(arguments.iter().copied()))
}

fn devnet(arguments: &[&str]) -> Result<NodeConfig, ConfigError> {
    match load(&[&["devnet"], arguments].concat())?.command {
        Command::Devnet(arguments) => Ok(arguments.into_config()),
        other => panic!("{other:?}"),
    }
}

/// A configuration file, and the options that name it.
fn file(content: &str) -> (TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("zkthreads.toml");
    fs::write(&path, content).unwrap();
    (directory, format!("--config={}", path.display()))
}

fn request(config: NodeConfig) -> DevnetRequest {
    match config.origin {
        ChainOrigin::Devnet { request, .. } => request,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

/// Calls `check` with each option of each subcommand.
fn each_option(command: &clap::Command, check: &mut impl FnMut(&clap::Command, &Arg)) {
    for argument in command.get_arguments().filter(|argument| argument.get_long().is_some()) {
        check(command, argument);
    }
    command.get_subcommands().for_each(|subcommand| each_option(subcommand, check));
}

#[test]
fn options_and_environment_have_the_same_names_and_all_are_explained() {
    let mut count = 0;
    each_option(&Cli::command(), &mut |command, argument| {
        let long = argument.get_long().unwrap();
        let variable = argument.get_env().and_then(|name| name.to_str());
        let expected = match long {
            "log-level" => "RUST_LOG".to_owned(),
            _ => format!("ZKTHREADS_{}", long.replace('-', "_").to_uppercase()),
        };
        assert_eq!(variable, Some(expected.as_str()), "--{long} of {}", command.get_name());
        assert!(argument.get_help().is_some(), "--{long} of {}", command.get_name());
        count += 1;
    });
    assert!(count > 20, "{count}");
}

#[test]
fn devnet_defaults_are_starknet_devnets() {
    let config = devnet(&[]).unwrap();
    assert_eq!(config.address.to_string(), "127.0.0.1:5050");
    assert_eq!(config.block_mode, BlockMode::OnTransaction);
    let request = request(config);
    assert_eq!(request, DevnetRequest::default());
    let manifest = request.into_manifest();
    assert_eq!(manifest.chain_id, ChainId::Sepolia);
    assert_eq!(manifest.accounts, 10);
    assert_eq!(manifest.initial_balance, 1_000_000_000_000_000_000_000.into());
    assert_eq!(manifest.max_thread_lag, 600);
}

#[test]
fn devnet_options_are_read() {
    let options = "--seed 7 --accounts 3 --initial-balance 5 --chain-id MY_CHAIN --block-time 0.5 --host localhost \
                   --port 0 --data-dir here --max-thread-lag 0";
    let config = devnet(&options.split_whitespace().collect::<Vec<_>>()).unwrap();
    assert_eq!(config.address.to_string(), "127.0.0.1:0");
    assert_eq!(config.block_mode, BlockMode::Interval(std::time::Duration::from_millis(500)));
    assert_eq!(config.data_dir, Some(PathBuf::from("here")));
    let expected = DevnetRequest {
        chain_id: Some(ChainId::Other("MY_CHAIN".to_owned())),
        seed: Some(7),
        accounts: Some(3),
        initial_balance: Some(5.into()),
        account_class: None,
        predeclare_argent: false,
        max_thread_lag: Some(0),
        fork: ForkRequest::default(),
    };
    assert_eq!(request(config), expected);
}

#[test]
fn nonsense_is_refused() {
    for wrong in [
        ["--block-time", "0"],
        ["--block-time", "-1"],
        ["--host", "nowhere"],
        ["--seed", "x"],
        ["--max-thread-lag", "-1"],
        ["--max-thread-lag", "315360001"],
    ] {
        assert!(matches!(devnet(&wrong), Err(ConfigError::Options(_))), "{wrong:?}");
    }
}

#[test]
fn the_file_beats_defaults_and_the_command_line_beats_the_file() {
    let (_directory, config) = file(
        "log-format = \"json\"\n[devnet]\nport = 7000\nseed = 1\naccounts = 2\nblock-time = 0.5\nhost = \"::1\"\n\
         [node]\nport = 7001\n",
    );
    let from_file = devnet(&[&config]).unwrap();
    assert_eq!(from_file.address.to_string(), "[::1]:7000");
    assert_eq!(from_file.block_mode, BlockMode::Interval(std::time::Duration::from_millis(500)));
    assert_eq!(request(from_file).seed, Some(1));

    let overridden = devnet(&["--seed", "9", &config, "--port", "7002"]).unwrap();
    assert_eq!(overridden.address.port(), 7002);
    let request = request(overridden);
    assert_eq!((request.seed, request.accounts), (Some(9), Some(2)));
    let cli = load(&["devnet", &config]).unwrap();
    assert_eq!(cli.general.log_format, LogFormat::Json);
    let cli = load(&[&config, "--log-format", "text", "devnet"]).unwrap();
    assert_eq!(cli.general.log_format, LogFormat::Text);
}

#[test]
fn the_file_may_give_what_is_required() {
    assert!(matches!(load(&["node"]), Err(ConfigError::Options(_))));
    let (_directory, config) = file("[node]\ndata-dir = \"there\"\n");
    match load(&["node", &config]).unwrap().command {
        Command::Node(arguments) => assert_eq!(arguments.data_dir, PathBuf::from("there")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_wrong_file_is_refused_and_the_message_says_what_is_wrong() {
    for (content, expected) in [
        ("prot = 1\n", "there is no option prot"),
        ("[devnet]\nprot = 1\n", "there is no option prot in [devnet]"),
        ("[devnet]\nconfig = \"x\"\n", "there is no option config in [devnet]"),
        ("config = \"x\"\n", "there is no option config"),
        ("[devnet]\ngenesis = \"x\"\n", "there is no option genesis in [devnet]"),
        ("[develop]\n", "there is no subcommand for the section [develop]"),
        ("[devnet]\nport = { number = 1 }\n", "port in [devnet] must be a string, a number"),
        ("[devnet\n", "TOML parse error at line 1"),
        ("[devnet]\nport = 70000\n", "invalid value '70000' for '--port <PORT>'"),
        ("[devnet]\nmax-thread-lag = 315360001\n", "for '--max-thread-lag <SECONDS>'"),
        ("[devnet]\nblock-time = 0\n", "invalid value '0' for '--block-time <SECONDS>'"),
    ] {
        let (_directory, config) = file(content);
        let error = devnet(&[&config]).unwrap_err().to_string();
        assert!(error.contains(expected), "{content}: {error}");
    }
    let error = devnet(&["--config=/nowhere/at/all.toml"]).unwrap_err().to_string();
    assert!(error.starts_with("configuration file /nowhere/at/all.toml: "), "{error}");
}

#[test]
fn options_that_exclude_each_other_do_so_wherever_they_come_from() {
    let (_directory, config) = file("[devnet]\nblock-time = 2\n");
    let given = devnet(&[&config, "--block-generation-on", "demand"]).unwrap();
    assert_eq!(given.block_mode, BlockMode::OnDemand, "the command line beats the file");
    let error = devnet(&["--block-time", "2", "--block-generation-on", "demand"]).unwrap_err();
    assert!(matches!(error, ConfigError::Options(_)));
    let (_directory, config) = file("[devnet]\nblock-time = 2\nblock-generation-on = \"demand\"\n");
    let error = devnet(&[&config]).unwrap_err().to_string();
    assert!(error.ends_with("block-time in [devnet] cannot be used with block-generation-on"), "{error}");
}

#[test]
fn a_section_reaches_the_subcommands_of_its_subcommand() {
    let (_directory, config) = file("[db]\ndata-dir = \"there\"\nstate-history = 5\n");
    match load(&["db", "prune", &config]).unwrap().command {
        Command::Db(DbCommand::Prune(arguments)) => {
            assert_eq!(arguments.chain.data_dir, PathBuf::from("there"));
            assert_eq!(arguments.state_history, 5);
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(load(&["db", "stats", &config]).unwrap().command, Command::Db(DbCommand::Stats(_))));
}

#[test]
fn help_needs_nothing_else() {
    for arguments in [&["--help"][..], &["node", "--help"], &["help", "node"], &["prove", "-h"]] {
        match load(arguments) {
            Err(ConfigError::Options(error)) => {
                assert_eq!(error.kind(), clap::error::ErrorKind::DisplayHelp, "{arguments:?}");
                assert_eq!(error.exit_code(), 0);
            }
            other => panic!("{arguments:?}: {other:?}"),
        }
    }
}
