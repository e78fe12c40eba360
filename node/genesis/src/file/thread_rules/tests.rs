use std::fs;

use starknet_api::block::BlockTimestamp;
use zkthreads_execution::RuleLine;

use super::*;

const CHAIN: &str = "chain-id = \"A\"\naccounts = []\n";

fn read(content: &str) -> Result<Genesis, GenesisFileError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("g.toml");
    fs::write(&path, content).unwrap();
    Genesis::read(&path)
}

/// A genesis file with lines of rules: from which block on, and the lag.
fn with_lags(lines: &[(u64, u64)]) -> Result<Genesis, GenesisFileError> {
    let table =
        |(from, lag): &(u64, u64)| format!("[[thread-rules]]\nfrom = {from}\nmax-age = 7\nmax-lag = {lag}\n");
    read(&format!("{CHAIN}{}", lines.iter().map(table).collect::<String>()))
}

/// Starts a chain once more that has all blocks up to `latest`.
fn start(directory: &Path, file: &Genesis, latest: Option<u64>) -> Result<RuleLines, GenesisFileError> {
    let mut genesis = Genesis::open(directory, Some(file.clone()), BlockTimestamp(7))?;
    if let Some(wished) = file.thread_rules.clone() {
        genesis.change_thread_rules(directory, wished, latest.map(BlockNumber))?;
    }
    Ok(genesis.thread_rules())
}

/// What the copy in the data directory says.
fn kept(directory: &Path) -> RuleLines {
    Genesis::open(directory, None, BlockTimestamp(7)).unwrap().thread_rules()
}

#[test]
fn lines_are_read() {
    let genesis = with_lags(&[(0, 60), (100, 0)]).unwrap();
    let line = |from, max_lag| RuleLine { from: BlockNumber(from), rules: ThreadRules::new(7, max_lag) };
    assert_eq!(genesis.thread_rules().lines(), [line(0, 60), line(100, 0)]);
    let usual = RuleLine { from: BlockNumber(0), rules: ThreadRules::new(10_000, 60) };
    assert_eq!(read(CHAIN).unwrap().thread_rules().lines(), [usual]);
}

#[test]
fn mistakes_are_named() {
    for (lines, expected) in [
        (&[(1, 60)][..], "the first line of the thread rules must be from block 0"),
        (&[(0, 60), (9, 1), (9, 2)], "9 is not above the one before it"),
        (
            &[(0, 60), (9, HIGHEST_THREAD_LAG + 1)],
            "max-lag 315360001 of the thread rules is more than 315360000",
        ),
    ] {
        let error = with_lags(lines).unwrap_err().to_string();
        assert!(error.contains(expected), "{lines:?}: {error}");
    }
    assert!(with_lags(&[(0, HIGHEST_THREAD_LAG)]).is_ok());
    let error = read(&format!("{CHAIN}[[thread-rules]]\nfrom = 0\nmax-age = 7\n")).unwrap_err().to_string();
    assert!(error.contains("missing field `max-lag`"), "{error}");
    let unknown = format!("{CHAIN}[[thread-rules]]\nfrom = 0\nmax-age = 7\nmax-lag = 7\nmax-lags = 8\n");
    let error = read(&unknown).unwrap_err().to_string();
    assert!(error.contains("unknown field `max-lags`"), "{error}");
    let error = read(&format!("{CHAIN}thread-rules = []\n")).unwrap_err().to_string();
    assert!(error.contains("must be from block 0"), "{error}");
}

#[test]
fn rules_of_blocks_to_come_may_change() {
    let directory = tempfile::tempdir().unwrap();
    let (data, file) = (directory.path(), |lines: &[_]| with_lags(lines).unwrap());
    let first = start(data, &file(&[(0, 60), (100, 0)]), None).unwrap();
    assert_eq!(kept(data), first);
    // Before block 0 is made, everything may.
    let first = start(data, &file(&[(0, 50), (100, 0)]), None).unwrap();
    assert_eq!(kept(data), first);

    let added = start(data, &file(&[(0, 50), (100, 0), (200, 30)]), Some(150)).unwrap();
    assert_eq!((kept(data), added.lines().len()), (added, 3));
    let changed = start(data, &file(&[(0, 50), (100, 0), (151, 9)]), Some(150)).unwrap();
    assert_eq!(kept(data), changed);
    let fewer = start(data, &file(&[(0, 50), (100, 0)]), Some(150)).unwrap();
    assert_eq!((kept(data), fewer), (first.clone(), first));
}

#[test]
fn rules_of_blocks_that_are_there_do_not_change() {
    let directory = tempfile::tempdir().unwrap();
    let (data, file) = (directory.path(), |lines: &[_]| with_lags(lines).unwrap());
    let first = start(data, &file(&[(0, 60), (100, 0)]), None).unwrap();
    for (lines, expected) in [
        (&[(0, 59), (100, 0)][..], (0, 60, 59)),
        (&[(0, 60)], (100, 0, 60)),
        (&[(0, 60), (99, 0)], (99, 60, 0)),
        (&[(0, 60), (100, 0), (150, 9)], (150, 0, 9)),
    ] {
        match start(data, &file(lines), Some(150)).unwrap_err() {
            GenesisFileError::ThreadRules { height, stored, wished } => {
                assert_eq!((height.0, stored.max_lag, wished.max_lag), expected);
            }
            other => panic!("{lines:?}: {other}"),
        }
        assert_eq!(kept(data), first, "nothing is written");
    }
    let error = start(data, &file(&[(0, 60), (100, 5)]), Some(100)).unwrap_err().to_string();
    assert_eq!(
        error,
        "block 100 of this chain has the thread rules max-age 7, max-lag 0 and hardening 1, not max-age 7, max-lag 5 and hardening 1; \
         those of later blocks may change"
    );
    // What a file does not mention it does not contradict.
    assert_eq!(start(data, &read(CHAIN).unwrap(), Some(150)).unwrap(), first);
}

#[test]
fn a_chain_from_before_there_were_rules_has_the_usual_ones() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    fs::write(data.join("genesis.toml"), format!("timestamp = 5\n{CHAIN}")).unwrap();
    let before = kept(data);
    assert_eq!(before, usual_rules());
    let error = start(data, &with_lags(&[(0, 60)]).unwrap(), Some(3)).unwrap_err();
    assert!(matches!(error, GenesisFileError::ThreadRules { height: BlockNumber(0), .. }), "{error}");

    let usual = "[[thread-rules]]\nfrom = 0\nmax-age = 10000\nmax-lag = 60\n";
    let file =
        read(&format!("{CHAIN}{usual}[[thread-rules]]\nfrom = 4\nmax-age = 9\nmax-lag = 0\n")).unwrap();
    let after = start(data, &file, Some(3)).unwrap();
    assert_eq!(
        (after.at(BlockNumber(3)), after.at(BlockNumber(4)).is_strict()),
        (before.at(BlockNumber(3)), true)
    );
    assert_eq!(kept(data), after);
}
