//! `pesto check`: are the configuration and the flows right? Starts nothing and changes nothing.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use pesto_engine::model::FlowName;

use crate::config::{Config, DEFAULT_FILE, Environment, Llm, Storage};
use crate::folder::{self, Tried};
use crate::out::out;
use crate::watch;

/// Checks the configuration and the flows, and prints what is in force.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The configuration file; pesto.toml of the current folder if it is there.
    #[arg(long, value_name = "FILE", env = "PESTO_CONFIG")]
    pub config: Option<PathBuf>,
}

/// Prints a summary and the warnings. Fails where the configuration is wrong, or a flow is.
pub async fn run(args: &Args, environment: &Environment) -> anyhow::Result<()> {
    let config = Config::load(args.config.as_deref(), environment)?;
    let found = watch::scan(&config.flows)?;
    let tried = folder::tried(&found, &config).await?;
    let present = found.into_iter().filter_map(|found| found.name.ok()).collect();
    out!("{}", report(&config, &present, &tried));
    let refused: Vec<_> = tried.refused.iter().map(|(file, _)| pesto_engine::text::line(file, 100)).collect();
    anyhow::ensure!(refused.is_empty(), "a host would refuse {}; the warnings say why", refused.join(", "));
    Ok(())
}

/// What is in force, and the warnings. Holds no secret. `present` are the flows by their files' names, `tried` what a host
/// would say of them.
fn report(config: &Config, present: &BTreeSet<FlowName>, Tried { refused, advice }: &Tried) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{name:<14}{value}");
    };
    let none = || "none".to_owned();
    let file = config.file.as_ref().map(|file| file.display().to_string());
    line("file", file.unwrap_or_else(|| format!("none ({DEFAULT_FILE} is not there): all by default")));
    line("data", config.data.display().to_string());
    line(
        "store",
        match &config.store {
            Storage::Embedded => "in the data folder".to_owned(),
            Storage::Redis(_) => "in Redis".to_owned(),
        },
    );
    let good = |flow: &&FlowName| !refused.iter().any(|(file, _)| *file == format!("{flow}.wasm"));
    let flows = present.iter().filter(good).map(ToString::to_string).collect::<Vec<_>>();
    let flows = if flows.is_empty() { "no flows yet".to_owned() } else { flows.join(", ") };
    line("flows", format!("{}: {flows}", config.flows.display()));
    line("default flow", config.default_flow.as_ref().map_or_else(none, ToString::to_string));
    for (flow, rights) in &config.grants {
        let rights = rights.iter().cloned().collect::<Vec<_>>();
        line("grant", format!("{flow}: {}", if rights.is_empty() { none() } else { rights.join(", ") }));
    }
    line(
        "model",
        match &config.llm {
            Llm::None => "none: there is no [llm]".to_owned(),
            Llm::Scripted => "canned answers".to_owned(),
            Llm::Provider(provider) => {
                let key = if provider.key.is_some() { "with a key" } else { "without a key" };
                format!("{} at {}, {key}, within {} s", provider.model, provider.base_url, provider.timeout.as_secs())
            }
        },
    );
    let limits = &config.limits;
    line(
        "limits",
        format!(
            "memory {} MiB, and {} MiB of all turns together, CPU {} ms, {} host calls, state {} KiB, component {} MiB, code of all {} MiB, {} turns in flight, {} \
             instances, parked after {} ms, turn {} s, start {} s",
            limits.memory >> 20,
            limits.memory_total >> 20,
            limits.cpu.as_millis(),
            limits.host_calls,
            limits.state >> 10,
            limits.component >> 20,
            limits.code >> 20,
            limits.turns_in_flight,
            limits.instances,
            limits.park_after.as_millis(),
            limits.turn.as_secs(),
            limits.start.as_secs()
        ),
    );
    line("log", format!("{:?}, {}", config.log.format, config.log.level).to_lowercase());
    let mut warnings = config.warnings(present);
    warnings.extend(refused.iter().map(|(file, reason)| {
        let path = config.flows.join(file);
        let clean = |text: &str| pesto_engine::text::line(text, 1_000);
        format!("{} is refused: {}", clean(&path.display().to_string()), clean(reason))
    }));
    warnings.extend(advice.iter().cloned());
    for warning in &warnings {
        line("warning", warning.clone());
    }
    line(
        "result",
        match warnings.len() {
            0 => "the configuration is right".to_owned(),
            1 => "the configuration is right, with 1 warning".to_owned(),
            more => format!("the configuration is right, with {more} warnings"),
        },
    );
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn tells_what_is_in_force_and_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mine.toml");
        let text =
            "default_flow = \"gone\"\n[llm]\nmodel = \"small\"\napi_key_env = \"KEY\"\n[flow.ask]\ngrant = [\"llm\"]\n";
        std::fs::write(&file, text).unwrap();
        let environment = [("KEY", "sk-key")].into_iter().collect();
        let config = Config::load(Some(&file), &environment).unwrap();
        let refused = vec![("bad.wasm".to_owned(), "not-wasm: it ends too early".to_owned())];
        let advice = vec!["`lunch` begins `aa` and not `b`".to_owned()];
        let text = report(
            &config,
            &BTreeSet::from(["ask".parse().unwrap(), "bad".parse().unwrap()]),
            &Tried { refused, advice },
        );
        assert!(text.contains("small at https://api.openai.com/v1, with a key, within 60 s"), "{text}");
        assert!(text.contains("mine.toml:1: default_flow: there is no flow `gone` yet."), "{text}");
        assert!(text.contains("/flows: ask\n"), "{text}");
        assert!(text.contains("bad.wasm is refused: not-wasm: it ends too early\n"), "{text}");
        assert!(text.ends_with("the configuration is right, with 3 warnings\n"), "{text}");
        assert!(text.contains("warning       `lunch` begins `aa` and not `b`\n"), "{text}");
        assert!(!text.contains("sk-key"), "{text}");
    }
}
