//! What can be said of the files in `docker/` without an engine: they parse, they agree with each other, with the
//! options of the binary and with its metrics. `tools/check-docker` runs the image's steps.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::CommandFactory;
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value};
use zkthreads_genesis::Genesis;
use zkthreads_node::config::{Cli, Command, NodeArgs, ThreadArgs};
use zkthreads_node::metrics::{Kind, METRICS};

fn docker() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docker")
}

fn read(file: &str) -> Result<String> {
    let path = docker().join(file);
    std::fs::read_to_string(&path).with_context(|| path.display().to_string())
}

fn yaml(file: &str) -> Result<Value> {
    let text = read(file)?;
    let documents = Yaml::load_from_str(&text).with_context(|| file.to_owned())?;
    ensure!(documents.len() == 1, "{file} holds one document");
    json(&documents[0])
}

fn json(yaml: &Yaml<'_>) -> Result<Value> {
    Ok(match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => (*value).into(),
        Yaml::Value(Scalar::Integer(value)) => (*value).into(),
        Yaml::Value(Scalar::FloatingPoint(value)) => value.into_inner().into(),
        Yaml::Value(Scalar::String(value)) => value.as_ref().into(),
        Yaml::Sequence(values) => values.iter().map(json).collect::<Result<Vec<_>>>()?.into(),
        Yaml::Mapping(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                map.insert(key.as_str().context("a key that is no string")?.to_owned(), json(value)?);
            }
            map.into()
        }
        other => anyhow::bail!("{other:?} has no place here"),
    })
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn services(compose: &Value) -> Result<&Map<String, Value>> {
    compose["services"].as_object().context("services")
}

/// Every environment variable that the binary reads.
fn variables() -> BTreeSet<String> {
    fn collect(command: &clap::Command, found: &mut BTreeSet<String>) {
        let names = command.get_arguments().filter_map(clap::Arg::get_env);
        found.extend(names.filter_map(|name| name.to_str()).map(str::to_owned));
        command.get_subcommands().for_each(|subcommand| collect(subcommand, found));
    }
    let mut found = BTreeSet::new();
    collect(&Cli::command(), &mut found);
    found
}

/// What a subcommand of the compose file runs with.
fn options(subcommand: &str) -> Result<Command> {
    let config = docker().join("zkthreads.toml");
    let arguments = ["zkthreads".as_ref(), subcommand.as_ref(), "--config".as_ref(), config.as_os_str()];
    Ok(Cli::load(arguments)?.command)
}

/// What the node of the compose file runs with.
fn node_options() -> Result<NodeArgs> {
    match options("node")? {
        Command::Node(options) => Ok(options),
        other => anyhow::bail!("{other:?}"),
    }
}

/// What the thread of the compose file runs with.
fn thread_options() -> Result<ThreadArgs> {
    match options("thread")? {
        Command::Thread(options) => Ok(*options),
        other => anyhow::bail!("{other:?}"),
    }
}

#[test]
fn every_service_is_whole() -> Result<()> {
    let compose = yaml("compose.yaml")?;
    let volumes = compose["volumes"].as_object().context("volumes")?;
    for (name, service) in services(&compose)? {
        let image = service["image"].as_str().with_context(|| format!("{name} has an image"))?;
        if service["build"].is_null() {
            let (_, tag) = image.rsplit_once(':').with_context(|| format!("{image} has a version"))?;
            assert!(
                tag.starts_with(|first: char| first == 'v' || first.is_ascii_digit()),
                "{image} is pinned"
            );
        } else {
            let context = docker().join(service["build"]["context"].as_str().context("context")?);
            assert!(context.join("Cargo.toml").is_file());
            assert!(context.join(service["build"]["dockerfile"].as_str().context("dockerfile")?).is_file());
        }
        let test = strings(&service["healthcheck"]["test"]);
        assert!(test.first() == Some(&"CMD") && test.len() > 1, "{name} has a health check");
        for (dependency, condition) in service["depends_on"].as_object().into_iter().flatten() {
            assert!(services(&compose)?.contains_key(dependency), "{name} waits for {dependency}");
            assert_eq!(condition["condition"], "service_healthy");
        }
        for mount in strings(&service["volumes"]) {
            let parts: Vec<_> = mount.split(':').collect();
            assert!(parts[1].starts_with('/'), "{mount}");
            if parts[0].starts_with("./") {
                assert!(docker().join(parts[0]).exists(), "{mount} of {name}");
                assert_eq!(parts.get(2), Some(&"ro"), "{mount}: a service does not change our files");
            } else {
                assert!(volumes.contains_key(parts[0]), "{mount} of {name} is declared");
            }
        }
        for port in strings(&service["ports"]) {
            let parts: Vec<_> = port.split(':').collect();
            assert_eq!(
                parts[0], "127.0.0.1",
                "{name} is for this machine, unless somebody decides otherwise"
            );
            assert!(
                parts.len() == 3 && parts[1..].iter().all(|number| number.parse::<u16>().is_ok()),
                "{port}"
            );
        }
    }
    for volume in volumes.keys() {
        let used = services(&compose)?.values().any(|service| {
            strings(&service["volumes"]).iter().any(|mount| mount.split(':').next() == Some(volume))
        });
        assert!(used, "the volume {volume} is used");
    }
    Ok(())
}

/// Where the services' mounts have our files and volumes.
fn mounts(service: &Value) -> BTreeMap<&str, &str> {
    let mounts = strings(&service["volumes"]).into_iter();
    mounts
        .filter_map(|mount| {
            let mut parts = mount.split(':');
            Some((parts.nth(1)?, mount.split(':').next()?))
        })
        .collect()
}

#[test]
fn the_node_finds_its_files_and_the_others_find_the_node() -> Result<()> {
    let compose = yaml("compose.yaml")?;
    let node = &compose["services"]["node"];
    assert_eq!(strings(&node["command"]), ["node"]);
    let mounts = mounts(node);
    let config = node["environment"]["ZKTHREADS_CONFIG"].as_str().context("ZKTHREADS_CONFIG")?;
    assert_eq!(mounts.get(config), Some(&"./zkthreads.toml"));

    let options = node_options()?;
    let genesis = options.genesis.context("genesis")?;
    let genesis = mounts.get(genesis.to_str().context("UTF-8")?).context("the genesis file is mounted")?;
    Genesis::read(&docker().join(genesis))?;
    let data = options.data_dir.to_str().context("UTF-8")?;
    assert!(
        mounts.iter().any(|(to, from)| data.starts_with(to) && *from == "chain"),
        "{data} is in the volume"
    );

    let dockerfile = read("Dockerfile")?;
    assert!(
        dockerfile.contains(&format!("ZKTHREADS_PORT={}", options.rpc.port)),
        "the image's port is the default"
    );
    assert!(strings(&node["ports"]).iter().all(|port| port.ends_with(&format!(":{}", options.rpc.port))));

    let prometheus = yaml("prometheus.yaml")?;
    let targets = &prometheus["scrape_configs"][0]["static_configs"][0]["targets"];
    let mut expected = Vec::new();
    for (name, metrics) in [("node", options.metrics.metrics), ("thread", thread_options()?.metrics.metrics)]
    {
        let metrics = metrics.context("metrics")?;
        assert!(metrics.ip().is_unspecified(), "other containers reach it");
        expected.push(format!("{name}:{}", metrics.port()));
    }
    assert_eq!(strings(targets), expected);

    let datasource = &yaml("grafana/datasource.yaml")?["datasources"][0];
    assert_eq!(datasource["url"], "http://prometheus:9090");
    Ok(())
}

#[test]
fn the_thread_finds_its_node_and_its_files() -> Result<()> {
    let compose = yaml("compose.yaml")?;
    let thread = &compose["services"]["thread"];
    assert_eq!(strings(&thread["command"]), ["thread"]);
    let mounts = mounts(thread);
    let config = thread["environment"]["ZKTHREADS_CONFIG"].as_str().context("ZKTHREADS_CONFIG")?;
    assert_eq!(mounts.get(config), Some(&"./zkthreads.toml"));

    let options = thread_options()?;
    assert_eq!(options.node, format!("http://node:{}/rpc", node_options()?.rpc.port));
    let data_dir = options.data_dir.context("data-dir")?;
    for kept in [&data_dir, &options.submitter_key_file] {
        let kept = kept.to_str().context("UTF-8")?;
        let is_kept = mounts.iter().any(|(to, from)| kept.starts_with(to) && *from == "thread");
        assert!(is_kept, "{kept} is in the volume");
    }
    let port = thread["environment"]["ZKTHREADS_PORT"].as_str().context("ZKTHREADS_PORT")?;
    assert!(strings(&thread["ports"]).iter().all(|mapped| mapped.ends_with(&format!(":{port}"))));
    let genesis = read("genesis.toml")?;
    let submitter = format!("{:#066x}", options.submitter.0.key());
    assert!(genesis.contains(&submitter), "the submitter {submitter} has an account");
    Ok(())
}

#[test]
fn variables_in_the_image_and_the_compose_file_exist() -> Result<()> {
    let known = variables();
    let compose = yaml("compose.yaml")?;
    let mut used = BTreeSet::new();
    for service in services(&compose)?.values() {
        used.extend(service["environment"].as_object().into_iter().flatten().map(|(name, _)| name.clone()));
    }
    let dockerfile = read("Dockerfile")?;
    let lines = dockerfile.lines().filter_map(|line| line.strip_prefix("ENV "));
    used.extend(
        lines.flat_map(str::split_whitespace).filter_map(|pair| Some(pair.split_once('=')?.0.to_owned())),
    );
    let ours: BTreeSet<_> = used.into_iter().filter(|name| name.starts_with("ZKTHREADS_")).collect();
    assert!(ours.len() >= 3, "{ours:?}");
    assert!(ours.is_subset(&known), "{ours:?} in {known:?}");
    Ok(())
}

#[test]
fn the_image_copies_what_is_there() -> Result<()> {
    let dockerfile = read("Dockerfile")?;
    let copies: Vec<Vec<&str>> = dockerfile
        .lines()
        .filter_map(|line| line.strip_prefix("COPY "))
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert!(copies.len() > 1);
    for copy in copies.iter().filter(|copy| !copy[0].starts_with("--from")) {
        assert!(docker().join("..").join(copy[0]).exists(), "{copy:?}");
    }
    let last_user = dockerfile.lines().rev().find_map(|line| line.strip_prefix("USER "));
    assert_eq!(last_user, Some("zkthreads"), "the node is nobody in particular");
    Ok(())
}

/// Names of metrics in a PromQL expression.
fn metrics_in(expression: &str) -> impl Iterator<Item = &str> {
    expression
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| word.starts_with("zkthreads_") || word.starts_with("process_"))
}

#[test]
fn the_dashboard_shows_metrics_that_exist_and_all_of_them() -> Result<()> {
    let dashboard: Value = serde_json::from_str(&read("grafana/dashboards/node.json")?)?;
    let mut shown = BTreeSet::new();
    for panel in dashboard["panels"].as_array().context("panels")? {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let expression = target["expr"].as_str().context("expr")?;
            assert_eq!(panel["datasource"]["uid"], "prometheus", "{}", panel["title"]);
            let mut names = metrics_in(expression).peekable();
            assert!(names.peek().is_some(), "{expression}");
            shown.extend(names.map(str::to_owned));
        }
    }
    let mut exist = BTreeSet::new();
    for metric in METRICS {
        let name = metric.name;
        match metric.kind {
            Kind::Histogram => {
                let series = ["bucket", "count", "sum"].map(|part| format!("{name}_{part}"));
                assert!(series.iter().any(|series| shown.contains(series)), "{name} is not shown");
                exist.extend(series);
            }
            Kind::Counter | Kind::Gauge => {
                assert!(shown.contains(name), "{name} is not shown");
                exist.insert(name.to_owned());
            }
        }
    }
    for name in shown.iter().filter(|name| name.starts_with("zkthreads_")) {
        assert!(exist.contains(name), "{name} is no metric");
    }

    let compose = yaml("compose.yaml")?;
    let grafana = &compose["services"]["grafana"];
    let provider = &yaml("grafana/dashboards.yaml")?["providers"][0];
    let directory = provider["options"]["path"].as_str().context("path")?;
    assert_eq!(mounts(grafana).get(directory), Some(&"./grafana/dashboards"));
    let home =
        grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"].as_str().context("home")?;
    assert_eq!(home, format!("{directory}/node.json"));
    assert_eq!(yaml("grafana/datasource.yaml")?["datasources"][0]["uid"], "prometheus");
    Ok(())
}
