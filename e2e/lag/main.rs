//! Measures how a thread fares under the rule of time, and under strangers who write what it reads: `make lag`.
//!
//! Each scenario starts a node and a thread of the release binary, with provers, on a chain whose clock shows the real time. Users
//! pay by way of the thread at an even pace; in some scenarios a stranger changes, by ordinary transactions on the node, what the
//! thread reads. It is counted how many sub-blocks settle at first try, how every payment that the thread acknowledged ends and
//! after how long, and what the submitter loses. It fails if a goal is missed.

mod chain;
mod confirm;
mod goals;
mod ledger;
mod outcome;
mod run;
mod scenario;
mod stranger;
mod sub_blocks;
mod table;
mod users;
mod watch;

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use goals::Demands;
use outcome::Outcome;
use scenario::{SCENARIOS, Scenario};

#[derive(Parser)]
struct Options {
    /// How long users pay in each scenario, seconds.
    #[arg(long, default_value_t = 1200)]
    seconds: u64,
    /// Only these scenarios, separated by commas.
    #[arg(long, value_delimiter = ',')]
    scenario: Vec<String>,
    /// Payments a second, of all users together.
    #[arg(long, default_value_t = 1.0)]
    rate: f64,
    /// Within how many seconds after its acknowledgement each payment has to end.
    #[arg(long, default_value_t = 300)]
    within: u64,
    /// How many of a hundred sub-blocks have to settle at first try, instead of what each scenario demands.
    #[arg(long)]
    first_try: Option<f64>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let (mut interrupted, mut terminated) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    // Whichever ends first takes the other one with it: node and thread are killed when they are dropped.
    tokio::select! {
        done = measure(Options::parse()) => done,
        _ = interrupted.recv() => bail!("interrupted"),
        _ = terminated.recv() => bail!("terminated"),
    }
}

async fn measure(options: Options) -> Result<()> {
    let demands = Demands {
        length: Duration::from_secs(options.seconds),
        within: Duration::from_secs(options.within),
        first_try: options.first_try,
    };
    let (mut outcomes, mut missed) = (Vec::new(), Vec::new());
    for scenario in chosen(&options.scenario)? {
        eprintln!("{}: {} s of payments", scenario.name, options.seconds);
        let outcome = run::run(scenario, demands, options.rate).await;
        let outcome =
            outcome.with_context(|| format!("{}, after these:\n{}", scenario.name, shown(&outcomes)))?;
        println!("{}", scenario.name);
        for line in table::details(&outcome) {
            println!("  {line}");
        }
        for goal in goals::missed(&outcome, demands) {
            println!("  MISSED: {goal}");
            missed.push(format!("{}: {goal}", scenario.name));
        }
        outcomes.push(outcome);
    }
    println!("\n{}", shown(&outcomes));
    println!();
    for goal in &missed {
        println!("MISSED: {goal}");
    }
    ensure!(missed.is_empty(), "{} goals are missed", missed.len());
    println!("all goals are met");
    Ok(())
}

/// The scenarios of these names, or all.
fn chosen(names: &[String]) -> Result<Vec<&'static Scenario>> {
    for name in names {
        let known = || SCENARIOS.map(|scenario| scenario.name).join(", ");
        ensure!(SCENARIOS.iter().any(|scenario| scenario.name == name), "{name} is none of {}", known());
    }
    let is_chosen = |scenario: &&Scenario| names.is_empty() || names.iter().any(|name| name == scenario.name);
    Ok(SCENARIOS.iter().filter(is_chosen).collect())
}

/// The table.
fn shown(outcomes: &[Outcome]) -> String {
    let baseline = |outcome: &Outcome| {
        outcomes.iter().find(|other| {
            !outcome.scenario.is_baseline()
                && other.scenario.is_baseline()
                && other.scenario.block_time == outcome.scenario.block_time
        })
    };
    let rows = outcomes.iter().map(|outcome| table::row(outcome, baseline(outcome)));
    std::iter::once(table::head()).chain(rows).collect::<Vec<_>>().join("\n")
}
