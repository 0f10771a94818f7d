//! What is checked on this machine: folders, flows, a running host. What the configuration says of a model is told,
//! and no model is asked, for that costs money.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use pesto_engine::model::FlowName;

use super::Finding;
use crate::config::{Config, DEFAULT_FILE, Llm};
use crate::socket::Client;
use crate::watch;

/// What was looked up.
struct Facts {
    writable: io::Result<()>,
    flows: io::Result<Vec<watch::Found>>,
    host: bool,
}

/// Looks at this machine. Nothing is left changed but that the data folder may be made, as the host would make it.
pub async fn local(config: &Config) -> Vec<Finding> {
    let facts = Facts {
        writable: try_to_write(&config.data),
        flows: watch::scan(&config.flows),
        host: Client::connect(&config.socket()).await.is_ok_and(|client| client.is_some()),
    };
    judge(config, &facts)
}

fn try_to_write(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let file = folder.join(format!(".doctor-{}", std::process::id()));
    let written = File::create_new(&file).and_then(|mut open| open.write_all(b"?"));
    // Also where the disk is full the empty file must go.
    let removed = fs::remove_file(&file);
    written.and(removed)
}

fn judge(config: &Config, facts: &Facts) -> Vec<Finding> {
    let file = config.file.as_ref().map(|file| file.display().to_string());
    let file = file.unwrap_or_else(|| format!("no {DEFAULT_FILE} here: all is by default"));
    let mut findings = vec![Finding::ok("configuration", file)];
    let flows: &[watch::Found] = facts.flows.as_ref().map(Vec::as_slice).unwrap_or_default();
    let present: BTreeSet<FlowName> = flows.iter().filter_map(|found| found.name.clone().ok()).collect();
    // They end in their remedies.
    findings.extend(config.warnings(&present).into_iter().map(|warning| Finding::warn("configuration", warning, "")));
    let data = config.data.display();
    findings.push(match &facts.writable {
        Ok(()) => Finding::ok("data", format!("{data} can be written")),
        Err(error) => Finding::fail(
            "data",
            format!("{data} cannot be written: {error}"),
            "Let this user write there, or name another folder: data in the configuration.",
        ),
    });
    findings.push(flows_found(config, facts, &present));
    let model = match &config.llm {
        Llm::None => "none: there is no [llm]".to_owned(),
        Llm::Scripted => "none: answers are canned".to_owned(),
        Llm::Provider(provider) => {
            let key = if provider.key.is_some() { "with a key" } else { "without a key" };
            format!("{} at {}, {key}; not asked, for that costs", provider.model, provider.base_url)
        }
    };
    findings.push(Finding::ok("model", model));
    findings.push(Finding::ok("host", if facts.host { "runs on this data folder" } else { "does not run" }));
    findings
}

fn flows_found(config: &Config, facts: &Facts, present: &BTreeSet<FlowName>) -> Finding {
    let folder = config.flows.display();
    let remedy = "Put components there: `pesto build` does it.";
    match &facts.flows {
        Err(error) => Finding::fail(
            "flows",
            format!("{folder} cannot be read: {error}"),
            "Let this user read it, or name another folder: flows in the configuration.",
        ),
        Ok(_) if present.is_empty() => Finding::warn("flows", format!("none in {folder}"), remedy),
        Ok(_) => {
            let names = present.iter().map(ToString::to_string).collect::<Vec<_>>();
            Finding::ok("flows", format!("{} in {folder}: {}", names.len(), names.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::config::Environment;
    use crate::doctor::Level;

    fn levels(findings: &[Finding]) -> Vec<(&'static str, Level)> {
        findings.iter().map(|finding| (finding.subject, finding.level)).collect()
    }

    #[tokio::test]
    async fn an_empty_folder_has_no_flows_and_no_host() {
        let top = tempfile::tempdir().unwrap();
        let file = top.path().join("pesto.toml");
        fs::write(&file, "default_flow = \"ask\"\n").unwrap();
        let config = Config::load(Some(&file), &Environment::default()).unwrap();
        let found = local(&config).await;
        let expected = [
            ("configuration", Level::Ok),
            ("configuration", Level::Warn),
            ("data", Level::Ok),
            ("flows", Level::Warn),
            ("model", Level::Ok),
            ("host", Level::Ok),
        ];
        assert_eq!(levels(&found), expected);
        assert_eq!(fs::read_dir(top.path().join("data")).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn folders_that_cannot_be_used_are_named() {
        let top = tempfile::tempdir().unwrap();
        let file = top.path().join("pesto.toml");
        fs::write(&file, "data = \"taken/data\"\nflows = \"taken\"\n").unwrap();
        fs::write(top.path().join("taken"), "a file").unwrap();
        let config = Config::load(Some(&file), &Environment::default()).unwrap();
        let found = local(&config).await;
        let failed: Vec<_> = found.iter().filter(|finding| finding.level == Level::Fail).collect();
        assert_eq!(failed.iter().map(|finding| finding.subject).collect::<Vec<_>>(), ["data", "flows"]);
        assert!(failed.iter().all(|finding| finding.what.contains("taken") && !finding.remedy.is_empty()));
    }
}
