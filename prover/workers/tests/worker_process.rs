//! The worker's process alone: what it reads, and when it ends.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Output, Stdio};

use crate::worker_support::{eventually, is_running, kill, program};

fn start() -> Child {
    Command::new(program())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the worker starts")
}

fn given(input: &[u8]) -> Output {
    let mut worker = start();
    worker.stdin.take().expect("a pipe").write_all(input).expect("it reads");
    worker.wait_with_output().expect("it ends")
}

/// A frame of this version.
fn frame(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("short").to_le_bytes();
    [b"zkp\x01", &length[..], message].concat()
}

/// Terms: 8 GiB and one thread.
fn terms() -> Vec<u8> {
    frame(b"\xa2\x6cmemory_bytes\x1b\0\0\0\x02\0\0\0\0\x67threads\x01")
}

#[test]
fn what_is_no_order_ends_it() {
    let long = [b"zkp\x01", &u32::MAX.to_le_bytes()[..]].concat();
    let newer = [b"zkp\x02", &terms()[4..]].concat();
    for (first, complaint) in [
        (b"{\"jsonrpc\":\"2.0\"}".to_vec(), "a frame begins with"),
        (newer, "a frame begins with"),
        (long, "it would have"),
        (b"zkp".to_vec(), "it ends before its end"),
        (terms()[..20].to_vec(), "it ends before its end"),
        (frame(b"\xa0"), "it is not understood"),
        (frame(b"\xff\xff"), "it is not understood"),
    ] {
        let output = given(&first);
        assert_eq!(output.status.code(), Some(1), "{complaint}");
        assert!(output.stdout.is_empty(), "{complaint}");
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(log.contains(complaint), "{complaint}: {log}");
    }
}

#[test]
fn garbage_after_the_terms_ends_it() {
    let output = given(&[terms(), b"garbage!".to_vec()].concat());
    assert_eq!(output.status.code(), Some(1));
    // It was ready before it looked.
    assert_eq!(output.stdout, frame(b"\x65Ready"));
}

#[test]
fn it_ends_with_its_input() {
    for input in [Vec::new(), terms()] {
        let output = given(&input);
        assert!(output.status.success(), "{output:?}");
    }
}

/// Its input stays open: the test holds the other end.
#[tokio::test]
async fn it_ends_with_its_parent() {
    let script = "exec 3<&0; \"$0\" <&3 & echo $!; wait";
    let mut parent = Command::new("sh")
        .args(["-c", script])
        .arg(program())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell");
    let input = parent.stdin.take().expect("a pipe");
    let mut pid = String::new();
    let mut output = BufReader::new(parent.stdout.take().expect("a pipe"));
    output.read_line(&mut pid).expect("the shell says which");
    let pid: u32 = pid.trim().parse().expect("a number");
    let has_yielded = || {
        let score = fs::read_to_string(format!("/proc/{pid}/oom_score_adj")).unwrap_or_default();
        score.trim() == "1000"
    };
    eventually("the worker has said that it will", has_yielded).await;
    assert!(is_running(pid));
    kill(parent.id());
    parent.wait().expect("it is killed");
    eventually("the worker is gone", || !is_running(pid)).await;
    drop(input);
}
