//! What Prometheus sees of a node that has done a bit of everything.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::json;
use starknet_rust::core::types::ConfirmedBlockId;
use starknet_rust_tokio_tungstenite::TungsteniteStream;
use zkthreads_e2e::wait::PATIENCE;
use zkthreads_e2e::{TestNode, sub_block};
use zkthreads_node::metrics::{Kind, METRICS};

/// Counted by reason, so there is nothing to see before anything happens.
const RARE: &[&str] = &["zkthreads_rpc_refused_total", "zkthreads_ws_dropped_total"];
/// What only a thread's daemon reports.
const THREADS: &str = "zkthreads_thread_";

/// Every series with its value.
async fn scrape(url: &str) -> Result<BTreeMap<String, f64>> {
    let response = reqwest::get(url).await?.error_for_status()?;
    assert!(response.headers()["content-type"].to_str()?.starts_with("text/plain; version=0.0.4"));
    let text = response.text().await?;
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').context("a value")?;
            Ok((series.to_owned(), value.parse()?))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_of_the_dashboard_is_served() -> Result<()> {
    let node = TestNode::options().with(&["--metrics", "127.0.0.1:0"]).start()?;
    let url = node.metrics.as_deref().context("it says where its metrics are")?;
    let fresh = scrape(url).await?;
    assert_eq!(fresh["zkthreads_block_height"], 0.0);
    assert_eq!(fresh["zkthreads_conflicts_total"], 0.0);

    let stream = TungsteniteStream::connect(
        node.rpc.url().replace("http://", "ws://").replace("/rpc", "/ws"),
        PATIENCE,
    )
    .await?;
    let mut heads = stream.subscribe_new_heads(ConfirmedBlockId::Latest).await?;
    let package = sub_block::standard(&node).await?.encode();
    for nonce in 0..2 {
        let thread = node.account(0).thread(nonce, sub_block::os_program_hash(), &package)?;
        node.rpc.settle(&thread).await?;
    }
    node.rpc.refusal("starknet_getNonce", json!({})).await?;
    // A subscription is counted by the time it tells something.
    heads.recv().await?;

    let seen = scrape(url).await?;
    let has = |name: &str| seen.keys().any(|series| series.split('{').next() == Some(name));
    let expected = |name: &str| !RARE.contains(&name) && !name.starts_with(THREADS);
    for metric in METRICS.iter().filter(|metric| expected(metric.name)) {
        let name = metric.name;
        match metric.kind {
            Kind::Histogram => {
                for part in ["bucket", "sum", "count"] {
                    assert!(has(&format!("{name}_{part}")), "{name}_{part}: {seen:#?}");
                }
            }
            Kind::Counter | Kind::Gauge => assert!(has(name), "{name}: {seen:#?}"),
        }
    }
    for name in ["resident_memory_bytes", "cpu_seconds_total", "open_fds", "max_fds", "start_time_seconds"] {
        assert!(has(&format!("process_{name}")), "{name}");
    }

    let value = |series: &str| seen.get(series).copied().with_context(|| format!("{series}: {seen:#?}"));
    let threads =
        |outcome| value(&format!("zkthreads_transactions_total{{kind=\"thread\",outcome=\"{outcome}\"}}"));
    assert_eq!((threads("succeeded")?, threads("reverted")?), (1.0, 1.0));
    assert_eq!(value("zkthreads_inner_transactions_total")?, 12.0);
    assert_eq!(value("zkthreads_conflicts_total")?, 1.0);
    assert_eq!(value("zkthreads_block_height")?, node.rpc.block_number().await? as f64);
    assert_eq!(
        value("zkthreads_verifications_total{outcome=\"accepted\"}")?,
        1.0,
        "the second verdict is known"
    );
    assert_eq!(value("zkthreads_ws_connections")?, 1.0);
    assert!(value("process_resident_memory_bytes")? > 1e6);
    Ok(())
}
