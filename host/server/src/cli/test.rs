//! `pesto test`: holds the scenarios of flows.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use pesto_engine::model::FlowName;
use serde::Serialize;

use crate::cli::deploy::{Deploy, younger_source};
use crate::out::{errln, outln};
use crate::scenario::{Bench, Difference, Failure, Flow, Passed, Scenario, StoreKind};

/// Holds the scenarios of flows, on the components that would be deployed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Flows' folders or scenario files; all flows of the plugins folder where none is named.
    pub paths: Vec<PathBuf>,
    /// Where flows' folders are.
    #[arg(long, value_name = "DIR", default_value = "plugins")]
    pub plugins: PathBuf,
    #[command(flatten)]
    deploy: Deploy,
    /// Only scenarios with this text in their flow's name, their own name or their file's path, in any case.
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// Prints one JSON object a line: for each scenario, and the counts at the end.
    #[arg(long)]
    pub json: bool,
    /// Holds each scenario once more for each failpoint, with a crash there.
    #[arg(long)]
    pub crash_everywhere: bool,
    /// Where conversations are kept: `memory`; `embedded`, a temporary file; or the URL of an empty database in Redis,
    /// which is emptied in the end.
    #[arg(long, value_name = "STORE", default_value = "memory")]
    pub store: StoreKind,
}

/// A flow's folder and the scenarios to hold.
struct Suite {
    flow: FlowName,
    folder: PathBuf,
    scenarios: Vec<PathBuf>,
}

/// What became of a scenario, or of what could not be held at all.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    flow: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    scenario: &'a str,
    file: &'a str,
    passed: bool,
    crashes: u32,
    losses: usize,
    #[serde(flatten)]
    failure: Option<&'a Failure>,
}

/// Counts, and prints as it was asked to.
struct Report {
    json: bool,
    passed: u32,
    failed: u32,
    crashes: u32,
    losses: usize,
}

/// Prints a line a scenario, and all that differs. A difference is an error; so is a scenario or a flow that cannot be
/// used, which keeps no other from being held.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let (suites, flows) = (suites(&args)?, args.deploy.folder()?);
    let mut report = Report { json: args.json, passed: 0, failed: 0, crashes: 0, losses: 0 };
    let wanted = |flow: &FlowName, name: &str, path: &Path| {
        let filter = args.filter.as_ref().map(|filter| filter.to_lowercase());
        let all = format!("{flow}: {name}\n{}", path.display()).to_lowercase();
        filter.is_none_or(|filter| all.contains(&filter))
    };
    let bench = Bench::new(args.store).await?;
    for (path, suite) in suites {
        let Suite { flow: name, folder, scenarios } = match suite {
            Ok(suite) => suite,
            Err(error) => {
                report.unusable("", &path.display().to_string(), None, &format!("{error:#}"));
                continue;
            }
        };
        let component = flows.join(format!("{name}.wasm"));
        // It is loaded when the first of its scenarios is to be held.
        let mut flow: Option<Option<Flow>> = None;
        for path in scenarios {
            let file = path.display().to_string();
            let scenario = Scenario::read(&path);
            let title = scenario.as_ref().map_or("", |scenario| scenario.name.as_str());
            if !wanted(&name, title, &path) {
                continue;
            }
            let scenario = match scenario {
                Ok(scenario) => scenario,
                Err(error) => {
                    report.unusable(name.as_str(), &file, error.line(), &error.reason());
                    continue;
                }
            };
            if flow.is_none() {
                flow = Some(match load(&bench, &name, &component, &folder).await {
                    Ok(flow) => Some(flow),
                    Err(error) => {
                        let component = component.display().to_string();
                        report.unusable(
                            name.as_str(),
                            &component,
                            None,
                            &rooted(&format!("{error:#}"), &name, &folder),
                        );
                        None
                    }
                });
            }
            let Some(Some(flow)) = &flow else { continue };
            let held = match args.crash_everywhere {
                true => bench.run_with_crashes(flow, &scenario).await,
                false => bench.run(flow, &scenario).await,
            };
            report.held(&name, &folder, &scenario.name, &file, held);
        }
    }
    bench.clean().await?;
    report.end(args.crash_everywhere)
}

async fn load(bench: &Bench, name: &FlowName, component: &Path, folder: &Path) -> anyhow::Result<Flow> {
    anyhow::ensure!(component.exists(), "the flow is not built: run `pesto build {}`", folder.display());
    if let Some(source) = younger_source(component, folder) {
        errln!(
            "warning: {} is older than {}: this tests what was built before. Run `pesto build` to test the change",
            component.display(),
            source.display()
        );
    }
    bench.load(name.clone(), component).await
}

/// The compiler names sources from the workspace's folder on. An editor finds them from the current folder.
fn rooted(text: &str, flow: &FlowName, folder: &Path) -> String {
    text.replace(&format!(" {flow}/src/"), &format!(" {}/src/", folder.display()))
}

impl Report {
    fn line(&self, line: &Line<'_>) {
        // Texts and numbers can always be written as JSON.
        outln!("{}", serde_json::to_string(line).unwrap_or_default());
    }

    /// A file or a flow that nothing can be held with.
    fn unusable(&mut self, flow: &str, file: &str, line: Option<usize>, why: &str) {
        self.failed += 1;
        let difference = Difference { line, step: None, what: why.to_owned() };
        let failure = Failure { during: None, differences: vec![difference], transcript: String::new() };
        if self.json {
            let failure = Some(&failure);
            self.line(&Line { flow, scenario: "", file, passed: false, crashes: 0, losses: 0, failure });
        } else {
            let flow = if flow.is_empty() { file } else { flow };
            outln!("FAIL  {flow}: cannot be tested\n{}", failure.show(file));
        }
    }

    fn held(&mut self, flow: &FlowName, folder: &Path, scenario: &str, file: &str, held: Result<Passed, Failure>) {
        let rooted = |text: &str| rooted(text, flow, folder);
        let failure = held.as_ref().err().map(|failure| Failure {
            during: failure.during.clone(),
            differences: failure.differences.iter().map(|one| Difference { what: rooted(&one.what), ..*one }).collect(),
            transcript: rooted(&failure.transcript),
        });
        let Passed { crashes, losses } = held.unwrap_or_default();
        self.crashes += crashes;
        self.losses += losses;
        match &failure {
            None => self.passed += 1,
            Some(_) => self.failed += 1,
        }
        if self.json {
            let (passed, failure) = (failure.is_none(), failure.as_ref());
            self.line(&Line { flow: flow.as_str(), scenario, file, passed, crashes, losses, failure });
            return;
        }
        let note = match (crashes, losses) {
            (0, 0) => String::new(),
            (crashes, 0) => format!(" ({})", count(crashes, "crash", "crashes")),
            (crashes, losses) => {
                format!(" ({}, {})", count(crashes, "crash", "crashes"), count(losses, "lost step", "lost steps"))
            }
        };
        match failure {
            None => outln!("ok    {flow}: {scenario}{note}"),
            Some(failure) => outln!("FAIL  {flow}: {scenario}\n{}", failure.show(file)),
        }
    }

    fn end(&self, crash_everywhere: bool) -> anyhow::Result<()> {
        let Self { passed, failed, crashes, losses, json } = self;
        if *json {
            let counts = serde_json::json!({"passed": passed, "failed": failed, "crashes": crashes, "losses": losses});
            outln!("{counts}");
        } else {
            outln!("{passed} passed, {failed} failed");
            if crash_everywhere {
                outln!("figure scenario_crashes {crashes} crashes");
            }
            if *losses > 0 {
                outln!("figure scenario_losses {losses} lost steps");
            }
        }
        anyhow::ensure!(*failed == 0, "{failed} of {} failed", count(passed + failed, "scenario", "scenarios"));
        anyhow::ensure!(*passed > 0, "there was no scenario to hold");
        Ok(())
    }
}

fn count<N: std::fmt::Display + PartialEq + From<u8>>(number: N, one: &str, more: &str) -> String {
    let word = if number == N::from(1) { one } else { more };
    format!("{number} {word}")
}

/// What was named, and the scenarios there; or why there are none.
fn suites(args: &Args) -> anyhow::Result<Vec<(PathBuf, anyhow::Result<Suite>)>> {
    let named = !args.paths.is_empty();
    let paths = match named {
        true => args.paths.clone(),
        false => with_scenarios(&args.plugins).context("name a flow's folder, or where flows are with --plugins")?,
    };
    let explained = |error| if named { anyhow::anyhow!("{error:#}. {}", known(&args.plugins)) } else { error };
    Ok(paths.into_iter().map(|path| (path.clone(), suite(&path).map_err(explained))).collect())
}

fn with_scenarios(plugins: &Path) -> anyhow::Result<Vec<PathBuf>> {
    Ok(list(plugins)?.into_iter().filter(|path| path.join("scenarios").is_dir()).collect())
}

/// What could have been named.
fn known(plugins: &Path) -> String {
    let folders = with_scenarios(plugins).unwrap_or_default();
    if folders.is_empty() {
        return "Name a flow's folder or a scenario file".to_owned();
    }
    let folders: Vec<_> = folders.iter().map(|folder| folder.display().to_string()).collect();
    format!("Name a flow's folder or a scenario file; there are {}", folders.join(", "))
}

fn suite(path: &Path) -> anyhow::Result<Suite> {
    let whole = path.canonicalize().map_err(|_| anyhow::anyhow!("there is no file or folder {}", path.display()))?;
    // Named from the current folder on, where they lie below it.
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    let short = here.ok().and_then(|here| whole.strip_prefix(here).ok().map(Path::to_owned));
    let path = short.filter(|short| short.file_name().is_some()).unwrap_or_else(|| whole.clone());
    let (folder, scenarios) = if path.is_dir() {
        let is_scenario = |path: &PathBuf| path.extension().is_some_and(|end| end == "yaml" || end == "yml");
        let found = list(&path.join("scenarios"));
        let found = found.with_context(|| format!("{} is no flow with scenarios", path.display()))?;
        let scenarios = found.into_iter().filter(is_scenario).collect();
        (path, scenarios)
    } else {
        let folder = whole.parent().and_then(Path::parent).context("a scenario lies in a flow's folder `scenarios`")?;
        let short = path.parent().and_then(Path::parent).filter(|short| short.file_name().is_some());
        (short.unwrap_or(folder).to_owned(), vec![path])
    };
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Suite { flow: name.try_into()?, folder, scenarios })
}

fn list(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
