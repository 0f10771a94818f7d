//! Turns without calls to the outside: how long one takes, and how many there are in a second.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

use super::Figure;
use super::floor::{self, Floor};
use super::rig::{Rig, median_us};

const ROUNDS: usize = 60;
const BLOCK: usize = 25;
const WARM: usize = 300;
const IN_FLIGHT: usize = 64;
const MANY: usize = 12_000;

/// One turn in flight, in turns with the floor: A B A B, so that the machine's moods strike both.
pub(crate) fn measure_one(runtime: &Runtime, component: &[u8]) -> anyhow::Result<Vec<Figure>> {
    let folder = tempfile::tempdir_in(super::scratch())?;
    let pages = runtime.block_on(floor::pages(folder.path()))?;
    println!("a turn's writes, in pages: {pages:?}");
    let mut floor = Floor::new(component, folder.path(), pages)?;
    let rig = Arc::new(runtime.block_on(Rig::new(component))?);
    runtime.block_on(rig.begin(1))?;
    (0..WARM).try_for_each(|_| floor.turn())?;
    let mut next = 1;
    let mut block = |turns: usize| {
        let (rig, first) = (rig.clone(), next);
        next += turns;
        // On the runtime's threads, as ingress is.
        let block = runtime.spawn(async move { one_after_the_other(&rig, first, turns).await });
        runtime.block_on(block)?
    };
    block(WARM)?;
    let (mut floors, mut calls, mut turns) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for _ in 0..BLOCK {
            let start = Instant::now();
            floor.turn()?;
            floors.push(start.elapsed());
        }
        for _ in 0..BLOCK {
            let start = Instant::now();
            floor.call(Some(br#"{"texts":7}"#))?;
            calls.push(start.elapsed());
        }
        turns.extend(block(BLOCK)?);
    }
    println!("of the floor, instantiating and calling takes {:.0} us", median_us(calls));
    let (floor, turn) = (median_us(floors), median_us(turns));
    Ok(vec![("turn_floor_us", floor, "us"), ("turn_us", turn, "us"), ("turn_ratio", turn / floor, "")])
}

/// From before accept until after commit; each waits until the one before is delivered.
async fn one_after_the_other(rig: &Rig, first: usize, turns: usize) -> anyhow::Result<Vec<Duration>> {
    let mut times = Vec::with_capacity(turns);
    for number in first..first + turns {
        let target = rig.engine.gauges().turns_committed() + 1;
        let start = Instant::now();
        rig.say(0, number, "hello").await?;
        rig.committed(target).await;
        times.push(start.elapsed());
        rig.settle(1).await?;
    }
    Ok(times)
}

/// As many in flight as share a sync well.
pub(crate) async fn measure_many(component: &[u8]) -> anyhow::Result<Vec<Figure>> {
    let rig = Arc::new(Rig::new(component).await?);
    // More people than turns in flight, so that none waits behind another of the same person.
    let people = 4 * IN_FLIGHT;
    rig.begin(people).await?;
    let before = rig.engine.gauges().turns_committed();
    let room = Arc::new(Semaphore::new(IN_FLIGHT));
    let mut commits = rig.engine.gauges().commits();
    let freed = room.clone();
    let free = tokio::spawn(async move {
        let mut last = before;
        while last < before + MANY as u64 && commits.changed().await.is_ok() {
            let now = *commits.borrow_and_update();
            freed.add_permits(usize::try_from(now - last).unwrap_or(0));
            last = now;
        }
    });
    let start = Instant::now();
    let mut accepts = tokio::task::JoinSet::new();
    for turn in 0..MANY {
        room.acquire().await?.forget();
        let rig = rig.clone();
        accepts.spawn(async move { rig.say(turn % people, 1 + turn / people, "hello").await });
    }
    while let Some(accepted) = accepts.join_next().await {
        accepted??;
    }
    free.await?;
    let rate = MANY as f64 / start.elapsed().as_secs_f64();
    rig.settle(people).await?;
    Ok(vec![("turns_per_s", rate, "1/s")])
}
