use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::random::Random;

/// Whether something goes wrong before the work was done or after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// Nothing was done.
    Before,
    /// It was done, and the caller does not know.
    After,
}

/// What can go wrong in a call of the Web API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Fault {
    /// 429 with this `Retry-After`; nothing is done.
    RateLimited {
        /// Seconds.
        after: u64,
    },
    /// 500.
    ServerError {
        /// Whether the work is done all the same.
        when: When,
    },
    /// The connection breaks without an answer.
    Dropped {
        /// Whether the work is done all the same.
        when: When,
    },
    /// It takes its time.
    Slow {
        /// How long, in milliseconds.
        ms: u64,
        /// Whether the wait is before the work or before the answer.
        when: When,
    },
    /// Slack's `{"ok":false}` with this error; nothing is done.
    Refused {
        /// As `internal_error`.
        error: String,
    },
}

impl Fault {
    /// The name that it is counted by.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::RateLimited { .. } => "rate_limited",
            Self::ServerError { when: When::Before } => "server_error",
            Self::ServerError { when: When::After } => "server_error_after_work",
            Self::Dropped { when: When::Before } => "dropped",
            Self::Dropped { when: When::After } => "dropped_after_work",
            Self::Slow { .. } => "slow",
            Self::Refused { .. } => "refused",
        }
    }
}

/// What can go wrong on an event's way to the app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum DeliveryFault {
    /// It comes twice, both times as the first attempt.
    Duplicate,
    /// It is delivered again as a retry although it was acknowledged. Only events; Slack retries nothing else.
    RetriedThoughAcked,
    /// The person's next event comes before it. Without a next one in `Options::swap_patience` it is sent as it is,
    /// and the fault is spared for another time.
    Swapped,
    /// It comes later.
    Delayed {
        /// How much, in milliseconds.
        ms: u64,
    },
}

impl DeliveryFault {
    /// The name that it is counted by.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::RetriedThoughAcked => "retried_though_acked",
            Self::Swapped => "swapped",
            Self::Delayed { .. } => "delayed",
        }
    }
}

/// When a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Times {
    Next(u32),
    Probability(f64),
}

#[derive(Debug)]
struct Rule<F> {
    /// A method or a user id; none is any.
    on: Option<String>,
    times: Times,
    fault: F,
}

/// The faults that were ordered, of both kinds.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    calls: Vec<Rule<Fault>>,
    deliveries: Vec<Rule<DeliveryFault>>,
}

impl Orders {
    pub(crate) fn call(&mut self, method: Option<String>, times: Times, fault: Fault) {
        self.calls.push(Rule { on: method, times, fault });
    }

    pub(crate) fn delivery(&mut self, user: Option<String>, times: Times, fault: DeliveryFault) {
        self.deliveries.push(Rule { on: user, times, fault });
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn for_call(&mut self, method: &str, random: &mut Random) -> Option<Fault> {
        draw(&mut self.calls, method, random, |_| true)
    }

    /// `name` is caller and method, divided by a slash: only what was ordered for just this one strikes.
    pub(crate) fn for_caller(&mut self, name: &str, random: &mut Random) -> Option<Fault> {
        let ordered = self.calls.iter().any(|rule| rule.on.as_deref() == Some(name));
        if ordered { self.for_call(name, random) } else { None }
    }

    pub(crate) fn for_delivery(&mut self, user: &str, is_event: bool, random: &mut Random) -> Option<DeliveryFault> {
        draw(&mut self.deliveries, user, random, |fault| {
            is_event || matches!(fault, DeliveryFault::Duplicate | DeliveryFault::Delayed { .. })
        })
    }
}

/// The first rule that strikes; the scripted ones are used up.
fn draw<F: Clone>(rules: &mut Vec<Rule<F>>, on: &str, random: &mut Random, fits: impl Fn(&F) -> bool) -> Option<F> {
    let index = rules.iter().position(|rule| {
        rule.on.as_deref().is_none_or(|wanted| wanted == on)
            && fits(&rule.fault)
            && match rule.times {
                Times::Next(left) => left > 0,
                Times::Probability(probability) => random.happens(probability),
            }
    })?;
    let fault = rules[index].fault.clone();
    if let Times::Next(left) = &mut rules[index].times {
        *left -= 1;
        if *left == 0 {
            rules.remove(index);
        }
    }
    Some(fault)
}

/// A wait that a fault asks for.
pub(crate) fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripted_faults_strike_in_order_and_are_used_up() {
        let mut orders = Orders::default();
        let mut random = Random::new(1);
        orders.call(Some("chat.update".to_owned()), Times::Next(1), Fault::ServerError { when: When::After });
        orders.call(None, Times::Next(2), Fault::RateLimited { after: 1 });
        assert_eq!(orders.for_call("chat.delete", &mut random), Some(Fault::RateLimited { after: 1 }));
        assert_eq!(orders.for_call("chat.update", &mut random), Some(Fault::ServerError { when: When::After }));
        assert_eq!(orders.for_call("chat.update", &mut random), Some(Fault::RateLimited { after: 1 }));
        assert_eq!(orders.for_call("chat.update", &mut random), None);
    }

    #[test]
    fn interactions_are_never_retried_or_swapped() {
        let mut orders = Orders::default();
        let mut random = Random::new(1);
        orders.delivery(None, Times::Next(1), DeliveryFault::Swapped);
        assert_eq!(orders.for_delivery("U1", false, &mut random), None);
        assert_eq!(orders.for_delivery("U1", true, &mut random), Some(DeliveryFault::Swapped));
    }
}
