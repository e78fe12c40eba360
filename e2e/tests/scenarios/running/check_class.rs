//! `zkthreads check-class`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::process::{outcome, run};
use crate::page_of_classes::is_in_the_page;

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

/// What Hyperlane has in its package: bridges, tokens, vaults, and what it tests them with.
const HYPERLANE: &str = "e2e/js/node_modules/@hyperlane-xyz/starknet-core/dist/artifacts";

/// Its classes are modules of JavaScript that export a text of JSON. Most are there several times, under other names.
#[test]
fn threads_run_every_class_of_hyperlane() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let (mut artifacts, mut classes) = (0_usize, BTreeMap::new());
    for entry in std::fs::read_dir(at(HYPERLANE)?).context("run `make setup` first")? {
        let entry = entry?;
        let name = entry.file_name().into_string().unwrap_or_default();
        let Some(name) = name.strip_suffix(".contract_class.js") else { continue };
        artifacts += 1;
        let module = std::fs::read_to_string(entry.path())?;
        let (_, class) = module.split_once(" = ").context("it exports something")?;
        let class = class.trim_end().trim_end_matches(';').to_owned();
        classes.entry(class).or_insert_with(|| name.to_owned());
    }
    let mut arguments = vec!["check-class".to_owned(), "--json".to_owned()];
    for (class, name) in &classes {
        let path = directory.path().join(format!("{name}.contract_class.json"));
        std::fs::write(&path, class)?;
        arguments.push(path.to_str().context("UTF-8")?.to_owned());
    }
    let output = run(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), &[])?;
    let told = String::from_utf8(output.stdout)?;
    assert!(output.status.success(), "{told}");
    let told: Vec<Value> = told.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    assert_eq!(told.len(), classes.len());
    assert!(told.iter().all(|class| class["verdict"] == "runs" && class["sierra_version"] == "1.7.0"));
    let sum = |field: &str| told.iter().filter_map(|class| class[field].as_u64()).sum::<u64>();
    let row = format!(
        "| Hyperlane 44.0.2 | 1.7.0 | {artifacts}, {} different | {} | {} | yes |\n",
        classes.len(),
        sum("felts"),
        sum("hardened_felts")
    );
    let columns = ["package", "Sierra", "classes", "felts", "hardened", "in a thread"];
    is_in_the_page("classes of packages", columns, &row)
}
