//! When what goes wrong: drawn from the seed, before anything happens. Pure.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::options::Options;

/// What is to go wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Kill a host that has turns in flight.
    Kill,
    /// Stop a host for so long.
    Stop(Duration),
    /// The next host that starts stops itself where it makes its so-manieth post, for so long.
    StopAtSend(u32, Duration),
    /// Stop a host for so long as soon as a post of its own is on the way, which Slack takes in when the stop is nearly over.
    StopInSend(Duration),
    /// In the next host that starts, everything hangs that comes to this point, from its so-manieth time on: a kill meets
    /// it there.
    Hang(String, u32),
    /// Kill Redis.
    RedisKill,
    /// Cut a host's connections to Redis.
    Cut,
    /// Delay what goes between a host and Redis by the first, for the second.
    Delay(Duration, Duration),
}

/// Where things hang: between what was done outside and the note of it, where a crash leaves most in doubt.
const POINTS: [&str; 6] = [
    "store.accept:after",
    "store.journal_intent:after",
    "store.journal_result:before",
    "store.journal_result:after",
    "store.commit:after",
    "store.outbox_sent:before",
];

/// All orders in the order of their times.
pub fn schedule(options: &Options) -> Vec<(Duration, Order)> {
    let mut rng = StdRng::seed_from_u64(options.seed);
    let mut orders = Vec::new();
    let seconds = |rng: &mut StdRng, from: f64, to: f64| Duration::from_secs_f64(rng.random_range(from..to));
    let lease = options.lease as f64;
    let mut add = |rng: &mut StdRng, count: usize, order: &dyn Fn(&mut StdRng, usize) -> Order| {
        let slot = options.duration().as_secs_f64() / count.max(1) as f64;
        for number in 0..count {
            let at = Duration::from_secs_f64((number as f64 + rng.random_range(0.1..0.9)) * slot);
            orders.push((at, order(rng, number)));
        }
    };
    add(&mut rng, options.kills, &|_, _| Order::Kill);
    add(&mut rng, options.redis_kills, &|_, _| Order::RedisKill);
    add(&mut rng, options.stops, &|rng, number| {
        let long = seconds(rng, lease * 1.1 + 1.0, lease * 1.3 + 1.0);
        match number % 4 {
            0 | 2 => Order::Stop(long),
            1 => Order::StopAtSend(rng.random_range(1..=8), long),
            _ => Order::StopInSend(long),
        }
    });
    add(&mut rng, options.kills / 2, &|rng, number| {
        let point = options.hang.as_deref().unwrap_or(POINTS[number % POINTS.len()]);
        // Few people come there seldom.
        let most = u32::try_from(options.people / 5).unwrap_or(u32::MAX);
        Order::Hang(point.to_owned(), rng.random_range(1..=most.max(1)))
    });
    // As often as a quarter of the kills, the network fails.
    add(&mut rng, options.kills.div_ceil(4), &|_, _| Order::Cut);
    add(&mut rng, options.kills.div_ceil(4), &|rng, _| Order::Delay(seconds(rng, 0.05, 1.0), seconds(rng, 1.0, 5.0)));
    orders.sort_by_key(|(at, _)| *at);
    orders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_has_one_schedule_with_all_that_was_asked_for() {
        let options = Options::of("--kills 8 --stops 4 --redis-kills 2");
        let orders = schedule(&options);
        assert_eq!(orders, schedule(&options));
        assert_ne!(orders, schedule(&Options { seed: 2, ..options.clone() }));
        let count = |fits: fn(&Order) -> bool| orders.iter().filter(|(_, order)| fits(order)).count();
        assert_eq!(count(|order| *order == Order::Kill), 8);
        assert_eq!(count(|order| *order == Order::RedisKill), 2);
        assert_eq!(count(|order| matches!(order, Order::Stop(_))), 2);
        assert_eq!(count(|order| matches!(order, Order::StopAtSend(..))), 1);
        assert_eq!(count(|order| matches!(order, Order::StopInSend(_))), 1);
        assert_eq!(count(|order| matches!(order, Order::Hang(..))), 4);
        assert!(orders.is_sorted_by_key(|(at, _)| *at) && orders.iter().all(|(at, _)| *at <= options.duration()));
    }
}
