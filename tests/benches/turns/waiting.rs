//! The memory of turns that wait for a model.

use std::time::Duration;

use anyhow::Context as _;

use super::Figure;
use super::rig::{On, Rig};

const TURNS: usize = 1_000;

/// A thousand of them.
pub(crate) async fn measure(component: &[u8]) -> anyhow::Result<Vec<Figure>> {
    let rig = Rig::new(On::Embedded, component).await?;
    rig.begin(TURNS).await?;
    let before = resident()?;
    rig.model_answers(false);
    let target = rig.engine.gauges().turns_committed() + TURNS as u64;
    for person in 0..TURNS {
        rig.say(person, 1, "1").await?;
    }
    while rig.engine.gauges().turns_waiting() < TURNS as u64 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let waiting = resident()?;
    println!("resident: {before:.1} MiB with {TURNS} open conversations, {waiting:.1} MiB with their turns waiting");
    rig.model_answers(true);
    rig.committed(target).await;
    rig.settle(TURNS).await?;
    Ok(vec![("waiting_1k_rss_mib", waiting, "MiB")])
}

/// The resident memory of this process, in MiB.
fn resident() -> anyhow::Result<f64> {
    let status =
        std::fs::read_to_string("/proc/self/status").context("the memory of a process is read on Linux only")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("there is no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024.0)
}
