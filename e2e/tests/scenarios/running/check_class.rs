//! `zkthreads check-class`.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::process::{outcome, run};

fn at(path: &str) -> Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    Ok(path.to_str().context("UTF-8")?.to_owned())
}

#[test]
fn it_says_of_each_class_whether_threads_run_it() -> Result<()> {
    let argent = at("target/third-party/contracts/argent_account_0.4.0.sierra")?;
    let wide = at("contracts/metered/too_wide.sierra.json")?;
    let (code, told) = outcome(&["check-class", &argent])?;
    assert_eq!(code, 0, "{told}");
    let class = "class 0x36078334509b514626504edc9fb252328d1a240e4e948bef8d0c08dff45927f of Sierra 1.5.0";
    assert!(told.starts_with("runs in threads ") && told.contains(class), "{told}");

    // What is no class, and what is not there, do not keep it from the others.
    let [legacy, nothing] = [at("target/third-party/contracts/udc_legacy.json")?, at("nothing")?];
    let (code, told) = outcome(&["check-class", &legacy, &wide, &nothing, &argent])?;
    assert_eq!(code, 3, "{told}");
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines.len(), 4, "{told}");
    assert!(lines[0].starts_with("no class "), "{told}");
    assert!(
        lines[1].starts_with("runs on the chain only ") && lines[1].contains("matches 65 variants"),
        "{told}"
    );
    assert!(lines[2].starts_with("no class ") && lines[2].contains("No such file"), "{told}");
    assert!(lines[3].starts_with("runs in threads "), "{told}");

    let output = run(&["check-class", "--json", &argent, &wide, &nothing], &[])?;
    assert_eq!(output.status.code(), Some(3));
    let told = String::from_utf8(output.stdout)?;
    let told: Vec<Value> = told.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    assert_eq!(told.iter().map(|line| &line["verdict"]).collect::<Vec<_>>(), ["runs", "refused", "invalid"]);
    assert_eq!(told[0]["file"], argent.as_str());
    assert!(told[0]["hardened_felts"].as_u64() > told[0]["felts"].as_u64());
    assert_eq!(outcome(&["check-class"])?.0, 2, "no file");
    Ok(())
}
