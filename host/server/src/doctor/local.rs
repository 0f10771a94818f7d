//! What is checked on this machine: folders, flows, a running host. What the configuration says of a model is told,
//! and no model is asked, for that costs money.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use pesto_engine::model::FlowName;
use pesto_engine::text::line;

use super::Finding;
use crate::config::{Config, DEFAULT_FILE, Llm};
use crate::folder::{self, Tried};
use crate::private;
use crate::socket::Client;
use crate::store;
use crate::watch;

/// What was looked up.
struct Facts {
    writable: io::Result<()>,
    /// Others on this machine can read what people said.
    is_open: bool,
    flows: io::Result<Vec<watch::Found>>,
    /// What a host would say of them.
    tried: anyhow::Result<Tried>,
    host: bool,
}

/// Looks at this machine. Nothing is left changed but that the data folder may be made, as the host would make it.
pub async fn local(config: &Config) -> Vec<Finding> {
    let flows = watch::scan(&config.flows);
    let tried = folder::tried(flows.as_ref().map(Vec::as_slice).unwrap_or_default(), config).await;
    let facts = Facts {
        writable: try_to_write(&config.data),
        is_open: is_open(&config.data),
        flows,
        tried,
        host: Client::connect(&config.socket()).await.is_ok_and(|client| client.is_some()),
    };
    judge(config, &facts)
}

fn try_to_write(folder: &Path) -> io::Result<()> {
    private::folder(folder)?;
    let file = folder.join(format!(".doctor-{}", std::process::id()));
    let written = File::create_new(&file).and_then(|mut open| open.write_all(b"?"));
    // Also where the disk is full the empty file must go.
    let removed = fs::remove_file(&file);
    written.and(removed)
}

/// Whether others can go into the folder and read the store there.
fn is_open(folder: &Path) -> bool {
    let is_open = |path: &Path| fs::metadata(path).is_ok_and(|there| private::is_open(&there.permissions()));
    is_open(folder) && is_open(&folder.join(store::FILE))
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
    if facts.is_open {
        findings.push(Finding::warn(
            "data",
            format!("others on this machine can read what people said, in {data}"),
            format!("Take that away: chmod -R go= {data}. A host that starts does it for its own file."),
        ));
    }
    findings.extend(flows_found(config, facts));
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

fn flows_found(config: &Config, facts: &Facts) -> Vec<Finding> {
    let folder = config.flows.display();
    let (found, Tried { refused, advice }) = match (&facts.flows, &facts.tried) {
        (Ok(found), Ok(tried)) => (found, tried),
        (Err(error), _) => {
            return vec![Finding::fail(
                "flows",
                format!("{folder} cannot be read: {error}"),
                "Let this user read it, or name another folder: flows in the configuration.",
            )];
        }
        (_, Err(error)) => {
            return vec![Finding::fail(
                "flows",
                format!("they cannot be tried: {error:#}"),
                "Lower limits.memory_mib in the configuration.",
            )];
        }
    };
    let bad = |found: &watch::Found| refused.iter().any(|(file, _)| *file == folder::file_name(&found.path));
    let good = found.iter().filter(|found| !bad(found)).filter_map(|found| found.name.as_ref().ok());
    let good: Vec<_> = good.map(ToString::to_string).collect();
    let count = if good.is_empty() && refused.is_empty() {
        Some(Finding::warn("flows", format!("none in {folder}"), "Put components there: `pesto build` does it."))
    } else {
        (!good.is_empty()).then(|| Finding::ok("flows", format!("{} in {folder}: {}", good.len(), good.join(", "))))
    };
    let refused = refused.iter().map(|(file, reason)| {
        let remedy =
            "Mend it and build it again, or take the file away. A good version that the host had before stays.";
        Finding::fail("flows", format!("{file} is refused: {}", line(reason, 1_000)), remedy)
    });
    let advice = advice.iter().map(|advice| Finding::warn("flows", advice.clone(), ""));
    count.into_iter().chain(refused).chain(advice).collect()
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

    #[test]
    fn a_store_that_others_can_read_is_told() {
        use std::os::unix::fs::PermissionsExt as _;
        let top = tempfile::tempdir().unwrap();
        let file = top.path().join(store::FILE);
        fs::write(&file, "").unwrap();
        for (folder, mode, open) in [(0o755, 0o644, true), (0o700, 0o644, false), (0o755, 0o600, false)] {
            fs::set_permissions(top.path(), fs::Permissions::from_mode(folder)).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(is_open(top.path()), open, "{folder:o} {mode:o}");
        }
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

    #[tokio::test]
    async fn what_a_host_would_refuse_is_no_flow() {
        let top = tempfile::tempdir().unwrap();
        let file = top.path().join("pesto.toml");
        fs::write(&file, "").unwrap();
        fs::create_dir(top.path().join("flows")).unwrap();
        for name in ["broken.wasm", "Bad Name.wasm"] {
            fs::write(top.path().join("flows").join(name), "not Wasm at all").unwrap();
        }
        let config = Config::load(Some(&file), &Environment::default()).unwrap();
        let found = local(&config).await;
        let flows: Vec<_> = found.iter().filter(|finding| finding.subject == "flows").collect();
        assert!(flows.iter().all(|finding| finding.level == Level::Fail), "{flows:?}");
        let said: Vec<_> = flows.iter().map(|finding| finding.what.as_str()).collect();
        assert!(said[0].starts_with("Bad Name.wasm is refused: ") && said[0].ends_with("rename the file"), "{said:?}");
        assert!(said[1].starts_with("broken.wasm is refused: not-wasm: "), "{said:?}");
    }
}
