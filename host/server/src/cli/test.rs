//! `pesto test`: holds the scenarios of flows.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use pesto_engine::model::FlowName;

use crate::cli::deploy::{Deploy, younger_source};
use crate::scenario::{Bench, Scenario, StoreKind};

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

/// Prints a line a scenario, and what differs. A difference is an error.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let (suites, flows) = (suites(&args)?, args.deploy.folder()?);
    let bench = Bench::new(args.store).await?;
    let (mut passed, mut failed, mut crashes, mut losses) = (0, 0, 0, 0);
    for suite in suites {
        let component = flows.join(format!("{}.wasm", suite.flow));
        let flow = bench.load(suite.flow.clone(), &component).await?;
        if let Some(source) = younger_source(&component, &suite.folder) {
            eprintln!(
                "warning: {} is older than {}: this tests what was built before. Run `pesto build` to test the change",
                component.display(),
                source.display()
            );
        }
        for path in suite.scenarios {
            let scenario = Scenario::read(&path)?;
            let held = if args.crash_everywhere {
                bench.run_with_crashes(&flow, &scenario).await
            } else {
                bench.run(&flow, &scenario).await
            };
            match held {
                Ok(held) => {
                    passed += 1;
                    crashes += held.crashes;
                    losses += held.losses;
                    let note = match (held.crashes, held.losses) {
                        (0, 0) => String::new(),
                        (crashes, 0) => format!(" ({crashes} crashes)"),
                        (crashes, losses) => format!(" ({crashes} crashes, {losses} lost steps)"),
                    };
                    println!("ok    {}: {}{note}", suite.flow, scenario.name);
                }
                Err(failure) => {
                    failed += 1;
                    println!("FAIL  {}: {} ({})\n{failure}", suite.flow, scenario.name, path.display());
                }
            }
        }
    }
    bench.clean().await?;
    println!("{passed} passed, {failed} failed");
    if args.crash_everywhere {
        println!("figure scenario_crashes {crashes} crashes");
    }
    if losses > 0 {
        println!("figure scenario_losses {losses} lost steps");
    }
    anyhow::ensure!(failed == 0, "{failed} of {} scenarios failed", passed + failed);
    anyhow::ensure!(passed > 0, "there was no scenario to hold");
    Ok(())
}

fn suites(args: &Args) -> anyhow::Result<Vec<Suite>> {
    if !args.paths.is_empty() {
        return args
            .paths
            .iter()
            .map(|path| suite(path).map_err(|error| anyhow::anyhow!("{error:#}. {}", known(&args.plugins))))
            .collect();
    }
    let folders = with_scenarios(&args.plugins).context("name a flow's folder, or where flows are with --plugins")?;
    folders.iter().map(|path| suite(path)).collect()
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
    let path = path.canonicalize().map_err(|_| anyhow::anyhow!("there is no file or folder {}", path.display()))?;
    let (folder, scenarios) = if path.is_dir() {
        let is_scenario = |path: &PathBuf| path.extension().is_some_and(|end| end == "yaml" || end == "yml");
        let found = list(&path.join("scenarios"));
        let found = found.with_context(|| format!("{} is no flow with scenarios", path.display()))?;
        let scenarios = found.into_iter().filter(is_scenario).collect();
        (path, scenarios)
    } else {
        let folder = path.parent().and_then(Path::parent).context("a scenario lies in a flow's folder `scenarios`")?;
        (folder.to_owned(), vec![path])
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
