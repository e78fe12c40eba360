//! The demo, as people start it and end it. It checks itself what it tells.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use tempfile::TempDir;
use zkthreads_e2e::node::binary;
use zkthreads_e2e::process::{Process, signal};
use zkthreads_e2e::wait::until;

/// What must be in it, in this order.
const TOLD: [&str; 14] = [
    "zkThreads demo: 8 s of trading",
    "A devnet, an order book, and a thread beside it",
    "starting a devnet in ",
    "declaring and deploying an order book ...",
    "21 users deposit both assets ...",
    "starting a thread, and a prover that may take ",
    "20 users trade on the thread for 8 s",
    " closed: ",
    "Everything is settled",
    "light client",
    "What it came to",
    "L2 gas",
    "Done in ",
    "What to try next",
];
/// What it tells of the first sub-block and of the conflict, which come in any order.
const TOLD_MEANWHILE: [&str; 4] = [" proven in ", " settled in block ", "Zoe offers", "Zoe's nonce"];
/// What it says once users trade.
const TRADING: &str = "20 users trade";

/// Where a demo keeps what it does not leave behind: a path with spaces.
struct Place(TempDir);

impl Place {
    fn new() -> Result<Self> {
        Ok(Self(tempfile::Builder::new().prefix("a demo's own ").tempdir()?))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// A demo that keeps it there. No proxy that the environment names has any part in it.
    fn demo(&self) -> Result<Command> {
        let mut command = Command::new(binary()?);
        command.args(["demo", "--seconds", "8"]).env("TMPDIR", self.path());
        command.env("http_proxy", "http://127.0.0.1:9").env_remove("no_proxy").env_remove("NO_PROXY");
        command.env_remove("RUST_LOG").env_remove("NO_COLOR");
        Ok(command)
    }

    /// Whatever was left behind.
    fn left(&self) -> Result<Vec<PathBuf>> {
        fs::read_dir(self.path())?.map(|entry| Ok(entry?.path())).collect()
    }
}

/// Reads until it says something; returns all it said.
fn read_until(demo: &mut Process, text: &str) -> Result<String> {
    let mut said = String::new();
    while !said.contains(text) {
        said.push_str(&demo.line().with_context(|| said.clone())?);
        said.push('\n');
    }
    Ok(said)
}

/// Reads until it ends; returns how it ended.
fn read_to_end(demo: &mut Process) -> String {
    loop {
        if let Err(end) = demo.line() {
            return end.to_string();
        }
    }
}

/// The state of a process and its parent; none if it is gone.
fn state(process: u32) -> Option<(char, u32)> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name before it may contain anything.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}

/// Waits until a process has started others.
async fn children(parent: u32) -> Result<Vec<u32>> {
    until("a prover", async || {
        let mut children = Vec::new();
        for entry in fs::read_dir("/proc")? {
            let process = entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
            children.extend(process.filter(|process| state(*process).is_some_and(|(_, of)| of == parent)));
        }
        Ok(Some(children).filter(|children| !children.is_empty()))
    })
    .await
}

/// Waits until none of the processes runs.
async fn gone(processes: &[u32]) -> Result<()> {
    until("they are gone", async || {
        let runs = |process: &u32| state(*process).is_some_and(|(state, _)| state != 'Z');
        Ok((!processes.iter().any(runs)).then_some(()))
    })
    .await
}

#[test]
fn the_demo_proves_what_it_tells() -> Result<()> {
    let place = Place::new()?;
    let output = place.demo()?.output()?;
    let (text, log) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
    assert!(output.status.success(), "{}\n{text}\n{log}", output.status);
    assert_eq!(log, "");
    let mut rest = text.as_str();
    for told in TOLD {
        let Some((_, after)) = rest.split_once(told) else { panic!("no {told:?} in {rest}") };
        rest = after;
    }
    for told in TOLD_MEANWHILE {
        assert!(text.contains(told), "no {told:?} in {text}");
    }
    assert!(!text.contains('\x1b'), "control codes in {text}");
    // But for a path in a command, which is to be copied as it is.
    let binary = binary()?.display().to_string();
    let is_long = |line: &&str| line.chars().count() > 80 && !line.contains(&binary);
    assert_eq!(text.lines().find(is_long), None);
    assert_eq!(place.left()?, [""; 0].map(PathBuf::from));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_demos_at_once_leave_nothing_when_they_are_interrupted() -> Result<()> {
    let place = Place::new()?;
    let mut demos = [Process::start(place.demo()?)?, Process::start(place.demo()?)?];
    let mut addresses = Vec::new();
    let mut provers = Vec::new();
    for demo in &mut demos {
        let said = read_until(demo, TRADING)?;
        let words = said.split([' ', '\n', ',']);
        addresses.extend(words.filter(|word| word.ends_with("/rpc")).map(str::to_owned));
        provers.extend(children(demo.id()).await?);
    }
    addresses.sort_unstable();
    addresses.dedup();
    assert_eq!(addresses.len(), 4, "a node and a thread each: {addresses:?}");
    for (demo, signal_name) in demos.iter_mut().zip(["-INT", "-TERM"]) {
        signal(signal_name, demo.id())?;
        read_until(demo, "interrupted; ending")?;
        assert_eq!(read_to_end(demo), "it ended: exit status: 1");
        until("its last words", async || Ok((demo.log() == "error: interrupted\n").then_some(()))).await?;
    }
    gone(&provers).await?;
    assert_eq!(place.left()?, [""; 0].map(PathBuf::from));
    Ok(())
}

#[test]
fn a_demo_can_be_interrupted_from_its_first_line_on() -> Result<()> {
    for line in ["zkThreads demo", "starting a devnet", "declaring", "deposit both", "starting a thread"] {
        let place = Place::new()?;
        let mut demo = Process::start(place.demo()?)?;
        read_until(&mut demo, line)?;
        signal("-INT", demo.id())?;
        assert_eq!(read_to_end(&mut demo), "it ended: exit status: 1", "{line}");
        assert_eq!(place.left()?, [""; 0].map(PathBuf::from), "{line}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_that_is_killed_leaves_no_process() -> Result<()> {
    let place = Place::new()?;
    let mut demo = Process::start(place.demo()?)?;
    read_until(&mut demo, TRADING)?;
    let provers = children(demo.id()).await?;
    demo.kill()?;
    gone(&provers).await
}

#[test]
fn a_demo_ends_when_nobody_reads_it_any_more() -> Result<()> {
    let place = Place::new()?;
    let mut command = place.demo()?;
    let mut demo = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut first = String::new();
    BufReader::new(demo.stdout.take().context("no output")?).read_line(&mut first)?;
    assert!(first.contains("zkThreads demo"), "{first}");
    // Its end of the pipe is closed.
    let output = demo.wait_with_output()?;
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8(output.stderr)?, "error: nobody reads the demo's output any more\n");
    assert_eq!(place.left()?, [""; 0].map(PathBuf::from));
    Ok(())
}

#[test]
fn what_is_in_the_way_of_a_demo_is_named() -> Result<()> {
    let place = Place::new()?;
    let refused = |command: &mut Command| -> Result<String> {
        let output = command.output()?;
        assert_eq!(output.status.code(), Some(1));
        Ok(String::from_utf8(output.stderr)?)
    };
    let missing = place.path().join("not here");
    let reason = refused(place.demo()?.env("TMPDIR", &missing))?;
    assert!(reason.contains(&missing.display().to_string()), "{reason}");
    assert!(reason.contains("No such file or directory") && reason.contains("TMPDIR"), "{reason}");

    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -d 4000000 && exec \"$0\" demo"]).arg(binary()?);
    let reason = refused(limited.env("TMPDIR", place.path()))?;
    assert!(reason.contains("needs 5.5 GiB of memory") && reason.contains("but 3.8 GiB are"), "{reason}");
    assert_eq!(place.left()?, [""; 0].map(PathBuf::from));
    Ok(())
}

/// A demo on a terminal, which is somebody else's window: `script` keeps it open.
struct Window {
    script: Child,
    written: Arc<Mutex<String>>,
}

impl Window {
    fn open(place: &Place, columns: u16, no_color: &str) -> Result<Self> {
        let mut script = Command::new("script");
        let run = format!("stty cols {columns} rows 24 && exec \"$DEMO\" demo --seconds 8");
        script.args(["-qefc", &run, "/dev/null"]).env("DEMO", binary()?).env("TERM", "xterm");
        script.env("TMPDIR", place.path()).env("SHELL", "/bin/sh").env("NO_COLOR", no_color);
        let mut script = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("script")?;
        let mut output = script.stdout.take().context("no output")?;
        let written = Arc::<Mutex<String>>::default();
        let write = Arc::clone(&written);
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut buffer) {
                bytes.extend_from_slice(&buffer[..read]);
                if let Ok(mut written) = write.lock() {
                    *written = String::from_utf8_lossy(&bytes).into_owned();
                }
            }
        });
        Ok(Self { script, written })
    }

    fn written(&self) -> String {
        self.written.lock().map(|written| written.clone()).unwrap_or_default()
    }

    /// The connection is lost.
    fn close(mut self) -> Result<()> {
        self.script.kill()?;
        self.script.wait()?;
        Ok(())
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let _ = self.script.kill();
    }
}

/// What is written between line ends and whatever moves the cursor. Styles take no columns.
fn stretches(written: &str) -> Vec<String> {
    let mut stretches = vec![String::new()];
    let mut rest = written.chars();
    while let Some(character) = rest.next() {
        let is_style = match character {
            '\r' | '\n' => false,
            '\x1b' => rest.by_ref().find(|character| character.is_ascii_alphabetic()) == Some('m'),
            shown => {
                stretches.last_mut().unwrap().push(shown);
                continue;
            }
        };
        if !is_style {
            stretches.push(String::new());
        }
    }
    stretches
}

/// Whether the terminal breaks a word. A line with spaces up to the last column needs no line end after it.
fn is_broken(stretch: &str, columns: usize) -> bool {
    let shown: Vec<bool> = stretch.chars().map(|character| character != ' ').collect();
    (columns..shown.len()).step_by(columns).any(|next| shown[next - 1] && shown[next])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_fits_its_terminal_and_ends_with_it() -> Result<()> {
    let place = Place::new()?;
    for (columns, no_color, bar) in [(80, "1", "["), (40, "", "clock")] {
        let window = Window::open(&place, columns, no_color)?;
        // Rows change while users trade.
        let what = format!("a clock in {columns} columns");
        until(&what, async || Ok(window.written().contains("s of trading;").then_some(()))).await?;
        let demo = children(window.script.id()).await?;
        until(&what, async || Ok(window.written().contains(" closed: ").then_some(()))).await?;
        let mut provers = Vec::new();
        for process in &demo {
            provers.extend(children(*process).await?);
        }
        let written = window.written();
        let stretches = stretches(&written);
        assert_eq!(stretches.iter().find(|stretch| is_broken(stretch, columns.into())), None);
        assert!(stretches.iter().any(|text| text.contains("clock") && text.contains(bar)), "{stretches:#?}");
        let has_colours = written.contains("\x1b[1;36m");
        assert_eq!(has_colours, no_color.is_empty(), "{written}");
        window.close()?;
        gone(&demo).await?;
        gone(&provers).await?;
        assert_eq!(place.left()?, [""; 0].map(PathBuf::from));
    }
    Ok(())
}
