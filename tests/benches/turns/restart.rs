//! A host that starts again with ten flows in JavaScript. Each component holds a whole engine of the language, which
//! makes it slow to compile; the code of all is kept since they were put there, one after the other.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;
use pesto_server::app::App;
use pesto_server::config::{Config, Environment};
use tokio::time::Instant;

use super::Figure;

const FLOWS: u8 = 10;
/// For one that must be compiled, on a slow machine.
const PATIENCE: Duration = Duration::from_secs(600);

pub(crate) async fn measure() -> anyhow::Result<Vec<Figure>> {
    let component = std::fs::read(component()?)?;
    let folder = tempfile::tempdir_in(super::scratch())?;
    let flows = folder.path().join("flows");
    std::fs::create_dir(&flows)?;
    let file = folder.path().join("pesto.toml");
    std::fs::write(&file, "data = \"data\"\nflows = \"flows\"\n")?;
    let config = Config::load(Some(&file), &Environment::default())?;
    for number in 0..FLOWS {
        std::fs::write(flows.join(format!("js-{number}.wasm")), numbered(&component, number))?;
        start(&config, usize::from(number) + 1).await?;
    }
    Ok(vec![("restart_10_js_flows_s", start(&config, usize::from(FLOWS)).await?, "s")])
}

/// Until all flows are current, of which there are so many.
async fn start(config: &Config, flows: usize) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let mut app = App::new(config).await?;
    app.folder.sync(PATIENCE).await?;
    let took = begun.elapsed().as_secs_f64();
    let refused = app.folder.refusals().list();
    anyhow::ensure!(refused.is_empty(), "flows are refused: {refused:?}");
    let current = app.engine.ports().store.current().await?.len();
    anyhow::ensure!(current == flows, "{current} flows are current, and {flows} are there");
    Ok(took)
}

/// The same component with other bytes: a custom section of this number at its end.
fn numbered(component: &[u8], number: u8) -> Vec<u8> {
    let section = [0, 3, 1, b'n', number];
    [component, &section].concat()
}

/// The flow, made by jco; once, for that takes a while.
fn component() -> anyhow::Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = root.join("benches/js");
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-js");
    let (component, stamp) = (out.join("flow.wasm"), out.join("made-from"));
    let made_from =
        std::fs::read_to_string(source.join("flow.js"))? + &std::fs::read_to_string(source.join("package-lock.json"))?;
    if component.is_file() && std::fs::read_to_string(&stamp).is_ok_and(|stamp| stamp == made_from) {
        return Ok(component);
    }
    std::fs::create_dir_all(&out)?;
    let made = Command::new(source.join("node_modules/.bin/jco"))
        .arg("componentize")
        .arg(source.join("flow.js"))
        .arg("--wit")
        .arg(root.join("../wit/since-v0.1"))
        .args(["--world-name", "flow", "--disable", "all", "--out"])
        .arg(&component)
        .output()
        .context("jco is not there: run scripts/test-setup --bench")?;
    anyhow::ensure!(made.status.success(), "jco: {}", String::from_utf8_lossy(&made.stderr));
    std::fs::write(stamp, made_from)?;
    Ok(component)
}
