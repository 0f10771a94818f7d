//! Turns without calls to the outside: how long one takes, and how many there are in a second. Blocks of turns and of
//! the floor's come in turns, A B A B, so that the machine's moods strike both.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::Figure;
use super::floor::{self, Floor};
use super::guest::Guest;
use super::redis_floor::{Counts, RedisFloor, payloads};
use super::rig::{On, Rig, cpu, median_us};

const ROUNDS: usize = 60;
const BLOCK: usize = 25;
const WARM: usize = 300;

/// In flight where many are. There are more people, so that none waits behind another turn of the same person.
const MANY: usize = 256;
const PEOPLE: usize = 4 * MANY;
const MANY_ROUNDS: usize = 6;
const MANY_BLOCK: usize = 8 * MANY;

/// On the embedded store.
pub(crate) fn measure_embedded(runtime: &Runtime, component: &[u8]) -> anyhow::Result<Vec<Figure>> {
    let folder = tempfile::tempdir_in(super::scratch())?;
    let pages = runtime.block_on(floor::pages(folder.path()))?;
    println!("a turn's writes to SQLite, in pages: {pages:?}");
    let guest = Guest::new(component)?;
    guest.times(WARM)?;
    println!("of the floor, instantiating and calling takes {:.0} us", median_us(guest.times(WARM)?));
    let mut floor = Floor::new(guest, folder.path(), pages)?;
    let rig = Arc::new(runtime.block_on(Rig::new(On::Embedded, component))?);
    let (floor, turn) = one_in_flight(runtime, &rig, |turns| floor.turns(turns))?;
    let (many, cpu) = many_in_flight(runtime, &rig, |_| Ok(()))?;
    Ok(vec![
        ("turn_floor_us", floor, "us"),
        ("turn_us", turn, "us"),
        ("turn_ratio", turn / floor, ""),
        ("embedded_turns_per_s", 1e6 / many, "1/s"),
        ("cpu_us_per_turn", cpu, "us"),
    ])
}

/// In Redis.
pub(crate) fn measure_redis(runtime: &Runtime, component: &[u8]) -> anyhow::Result<Vec<Figure>> {
    let rig = Arc::new(runtime.block_on(Rig::new(On::Redis, component))?);
    let server = rig.server()?;
    let payloads = runtime.block_on(payloads(server))?;
    println!("what Redis gets for the least turn, in bytes: {payloads:?}");
    let floor = Arc::new(runtime.block_on(RedisFloor::new(Guest::new(component)?, server, &payloads))?);
    let floors = |turns| {
        let floor = floor.clone();
        // On the runtime's threads, as the engine's input and output are.
        runtime.block_on(runtime.spawn(async move { floor.turns(turns).await }))?
    };
    let (floor_1, turn_1) = one_in_flight(runtime, &rig, floors)?;
    let mut counts = Counts::of(server)?;
    let calls_1 = calls_per_turn(runtime, &rig, &mut counts, 1)?;
    let mut floors = Vec::new();
    let (turn_256, cpu_256) = many_in_flight(runtime, &rig, |turns| {
        floors.push(runtime.block_on(floor.many(turns, MANY))? / u32::try_from(turns)?);
        Ok(())
    })?;
    let floor_256 = median_us(floors);
    let calls_256 = calls_per_turn(runtime, &rig, &mut counts, MANY)?;
    Ok(vec![
        ("redis_turn_floor_us_1", floor_1, "us"),
        ("redis_turn_us_1", turn_1, "us"),
        ("redis_turn_ratio_1", turn_1 / floor_1, ""),
        ("redis_turn_floor_us_256", floor_256, "us"),
        ("redis_turn_us_256", turn_256, "us"),
        ("redis_turn_ratio_256", turn_256 / floor_256, ""),
        ("redis_turns_per_s", 1e6 / turn_256, "1/s"),
        ("redis_cpu_us_per_turn", cpu_256, "us"),
        ("redis_calls_per_turn_1", calls_1, "calls"),
        ("redis_calls_per_turn_256", calls_256, "calls"),
    ])
}

/// How long the floor's turn and ours take, from before accept until after commit, one at a time: medians in
/// microseconds. Each of ours waits until the one before is delivered.
fn one_in_flight(
    runtime: &Runtime,
    rig: &Arc<Rig>,
    mut floor: impl FnMut(usize) -> anyhow::Result<Vec<Duration>>,
) -> anyhow::Result<(f64, f64)> {
    runtime.block_on(rig.begin(1))?;
    let block = |turns: usize| {
        let rig = rig.clone();
        // On the runtime's threads, as ingress is.
        let block = runtime.spawn(async move { one_after_the_other(&rig, turns).await });
        runtime.block_on(block)?
    };
    floor(WARM)?;
    block(WARM)?;
    let (mut floors, mut turns) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        floors.extend(floor(BLOCK)?);
        turns.extend(block(BLOCK)?);
    }
    Ok((median_us(floors), median_us(turns)))
}

async fn one_after_the_other(rig: &Rig, turns: usize) -> anyhow::Result<Vec<Duration>> {
    let mut times = Vec::with_capacity(turns);
    for _ in 0..turns {
        let target = rig.engine.gauges().turns_committed() + 1;
        let start = Instant::now();
        rig.say(0, rig.number(), "hello").await?;
        rig.committed(target).await;
        times.push(start.elapsed());
        rig.settle(1).await?;
    }
    Ok(times)
}

/// How long a turn of ours takes where many are in flight, by their rate, and the CPU time of this process for it until
/// all is delivered: the medians of blocks, in microseconds. Another process, such as Redis, is not in it.
fn many_in_flight(
    runtime: &Runtime,
    rig: &Arc<Rig>,
    mut floor: impl FnMut(usize) -> anyhow::Result<()>,
) -> anyhow::Result<(f64, f64)> {
    runtime.block_on(rig.begin(PEOPLE))?;
    runtime.block_on(at_once(rig, MANY_BLOCK, MANY))?;
    let (mut blocks, mut computed) = (Vec::new(), Vec::new());
    for _ in 0..MANY_ROUNDS {
        floor(MANY_BLOCK)?;
        let before = cpu();
        let took = runtime.block_on(at_once(rig, MANY_BLOCK, MANY))?;
        computed.push((cpu() - before) / u32::try_from(MANY_BLOCK)?);
        blocks.push(took / u32::try_from(MANY_BLOCK)?);
    }
    Ok((median_us(blocks), median_us(computed)))
}

/// Steps that the server is asked for in a turn, delivery included, with so many in flight.
fn calls_per_turn(runtime: &Runtime, rig: &Arc<Rig>, counts: &mut Counts, in_flight: usize) -> anyhow::Result<f64> {
    let turns = 10 * MANY;
    let before = (counts.steps()?, counts.commands()?);
    runtime.block_on(at_once(rig, turns, in_flight))?;
    // Waiting until all is delivered asks once for each person, and hardly more.
    let (steps, commands) = (counts.steps()? - before.0 - PEOPLE, counts.commands()? - before.1);
    println!("with {in_flight} in flight Redis does {:.0} commands a turn", commands as f64 / turns as f64);
    Ok(steps as f64 / turns as f64)
}

/// Does so many turns with so many in flight, and waits until all is delivered. How long it took until all were
/// committed.
async fn at_once(rig: &Arc<Rig>, turns: usize, in_flight: usize) -> anyhow::Result<Duration> {
    let before = rig.engine.gauges().turns_committed();
    let room = Arc::new(Semaphore::new(in_flight));
    let mut commits = rig.engine.gauges().commits();
    let freed = room.clone();
    let free = tokio::spawn(async move {
        let mut last = before;
        while last < before + turns as u64 && commits.changed().await.is_ok() {
            let now = *commits.borrow_and_update();
            freed.add_permits(usize::try_from(now - last).unwrap_or(0));
            last = now;
        }
    });
    let start = Instant::now();
    let mut accepts = JoinSet::new();
    for turn in 0..turns {
        room.acquire().await?.forget();
        let rig = rig.clone();
        accepts.spawn(async move { rig.say(turn % PEOPLE, rig.number(), "hello").await });
    }
    while let Some(accepted) = accepts.join_next().await {
        accepted??;
    }
    free.await?;
    let took = start.elapsed();
    rig.settle(PEOPLE).await?;
    Ok(took)
}
