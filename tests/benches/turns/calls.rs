//! Host calls, each journaled before and after, to a port that answers at once.

use std::time::Instant;

use super::Figure;
use super::rig::{On, Rig};

/// In one conversation, and in as many as share a sync well.
pub(crate) async fn measure(component: &[u8]) -> anyhow::Result<Vec<Figure>> {
    Ok(vec![
        ("host_calls_per_s_1", rate(component, 1, 3_000).await?, "1/s"),
        ("host_calls_per_s_64", rate(component, 64, 400).await?, "1/s"),
    ])
}

async fn rate(component: &[u8], people: usize, calls: usize) -> anyhow::Result<f64> {
    let rig = Rig::new(On::Embedded, component).await?;
    rig.begin(people).await?;
    // The first round brings the log to its size.
    round(&rig, people, 1, calls / 4).await?;
    let start = Instant::now();
    round(&rig, people, 2, calls).await?;
    Ok((people * calls) as f64 / start.elapsed().as_secs_f64())
}

/// One turn of each, with so many calls, until all are committed.
async fn round(rig: &Rig, people: usize, number: usize, calls: usize) -> anyhow::Result<()> {
    let target = rig.engine.gauges().turns_committed() + people as u64;
    for person in 0..people {
        rig.say(person, number, &calls.to_string()).await?;
    }
    rig.committed(target).await;
    anyhow::ensure!(rig.engine.ports().store.dead(0, 1).await?.is_empty(), "a turn failed");
    rig.settle(people).await
}
