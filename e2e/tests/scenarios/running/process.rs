//! The binary as a shell or a service manager has it: options, output, signals, exit codes.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use zkthreads_e2e::node::binary;
use zkthreads_e2e::wait::PATIENCE;

/// A process, and what it writes, line by line.
pub(crate) struct Process {
    child: Child,
    out: Receiver<String>,
    log: Receiver<String>,
}

fn command(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Command> {
    let mut command = Command::new(binary()?);
    command.args(arguments).env_remove("RUST_LOG").envs(environment.iter().copied()).stdin(Stdio::null());
    Ok(command)
}

/// Runs the binary to its end.
pub(crate) fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Output> {
    Ok(command(arguments, environment)?.output()?)
}

/// Its exit code, and what it writes, standard output first.
pub(crate) fn outcome(arguments: &[&str]) -> Result<(i32, String)> {
    let output = run(arguments, &[])?;
    let text = [output.stdout, output.stderr].concat();
    Ok((output.status.code().context("killed")?, String::from_utf8(text)?))
}

fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            // The receiver is gone once nobody waits for lines; reading goes on, so that the pipe never fills.
            let _ = sender.send(line);
        }
    });
    lines
}

fn wait(lines: &Receiver<String>, text: &str) -> Result<String> {
    let deadline = Instant::now() + PATIENCE;
    while let Ok(line) = lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        if let Some((_, rest)) = line.split_once(text) {
            return Ok(rest.trim().to_owned());
        }
    }
    bail!("no line with {text:?}")
}

impl Process {
    pub(crate) fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Self> {
        let mut command = command(arguments, environment)?;
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let out = lines(child.stdout.take().context("standard output")?);
        let log = lines(child.stderr.take().context("standard error")?);
        Ok(Self { child, out, log })
    }

    /// Waits for a line on standard output; gives what follows `text` in it.
    pub(crate) fn says(&self, text: &str) -> Result<String> {
        wait(&self.out, text)
    }

    /// The same on standard error.
    pub(crate) fn logs(&self, text: &str) -> Result<String> {
        wait(&self.log, text)
    }

    pub(crate) fn signal(&self, name: &str) -> Result<()> {
        let status =
            Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status()?;
        ensure!(status.success(), "kill: {status}");
        Ok(())
    }

    /// Waits until it ends by itself; gives its exit code.
    pub(crate) fn end(mut self) -> Result<i32> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                return status.code().with_context(|| format!("ended with {status}"));
            }
            sleep(Duration::from_millis(20));
        }
        bail!("it does not end")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
