//! The memory of turns that wait for a model, all at once, and how long the store takes while others compute.

use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::Figure;
use super::rig::{On, Rig, percentile};
use super::samples::place;

/// Between two looks at the store.
const PAUSE: Duration = Duration::from_millis(5);
/// So many looks.
const LOOKS: usize = 2_000;

/// The peak while so many turns wait and are all completed.
pub(crate) async fn memory(component: &[u8], name: &'static str, turns: usize) -> anyhow::Result<Vec<Figure>> {
    let rig = Rig::new(On::Embedded, component).await?;
    rig.begin(turns).await?;
    let before = resident("VmRSS:")?;
    // The peak begins anew: proc(5).
    std::fs::write("/proc/self/clear_refs", "5").context("the peak of memory is measured on Linux only")?;
    let begin = Instant::now();
    let target = wait(&rig, turns).await?;
    let (waiting, waited) = (resident("VmRSS:")?, begin.elapsed());
    rig.model_answers(true);
    rig.committed(target).await;
    rig.settle(turns).await?;
    let (peak, took) = (resident("VmHWM:")?, begin.elapsed() - waited);
    println!(
        "{turns} conversations: {before:.0} MiB open, {waiting:.0} MiB when their turns waited after {:.1} s, {peak:.0} MiB \
         at most until all were completed {:.1} s later",
        waited.as_secs_f64(),
        took.as_secs_f64()
    );
    Ok(vec![(name, peak, "MiB")])
}

/// How long a look at Redis takes while so many turns wait and `busy` others compute without end.
pub(crate) async fn store(component: &[u8], turns: usize, busy: usize) -> anyhow::Result<Vec<Figure>> {
    let rig = Rig::new(On::Redis, component).await?;
    rig.begin(turns + busy).await?;
    let target = wait(&rig, turns).await?;
    let calm = looks(&rig).await?;
    for person in turns..turns + busy {
        // As often as keeps them busy for longer than is measured: each is ended after its second, and tried once more.
        for number in 1..=20 {
            rig.say(person, number, "busy").await?;
        }
    }
    let times = looks(&rig).await?;
    rig.model_answers(true);
    rig.committed(target).await;
    Ok(vec![("store_calm_p99_ms", calm, "ms"), ("store_p99_ms", times, "ms")])
}

/// Each person's turn asks the model, which does not answer yet; answers how many turns are committed when all are.
async fn wait(rig: &Rig, turns: usize) -> anyhow::Result<u64> {
    rig.model_answers(false);
    let target = rig.engine.gauges().turns_committed() + turns as u64;
    for person in 0..turns {
        rig.say(person, 1, "1").await?;
    }
    while rig.engine.gauges().turns_waiting() < turns as u64 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(target)
}

/// The 99th percentile, in milliseconds.
async fn looks(rig: &Rig) -> anyhow::Result<f64> {
    let mut times = Vec::with_capacity(LOOKS);
    for person in 0..LOOKS {
        let start = Instant::now();
        rig.engine.ports().store.glance(&place(person)?).await?;
        times.push(start.elapsed());
        tokio::time::sleep(PAUSE).await;
    }
    percentile(times, 99).context("nothing was measured")
}

/// A line of this process's memory, in MiB.
fn resident(name: &str) -> anyhow::Result<f64> {
    let status =
        std::fs::read_to_string("/proc/self/status").context("the memory of a process is read on Linux only")?;
    let line =
        status.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("there is no {name}"))?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024.0)
}
