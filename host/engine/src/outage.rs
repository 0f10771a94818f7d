//! A store that fails for a while is spoken of when that begins, once a minute, and when it is over.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::engine::Engine;
use crate::model::Millis;
use crate::ports::StoreError;

/// The pause after the store failed.
const PAUSE: Millis = 1_000;
/// So often what still fails in the same way is spoken of again.
const AGAIN: Millis = 60_000;

/// What fails at present, by what was asked for.
#[derive(Default)]
pub(crate) struct Outages(Mutex<HashMap<&'static str, Outage>>);

struct Outage {
    since: Millis,
    told: Millis,
    error: StoreError,
}

impl Outages {
    fn all(&self) -> MutexGuard<'_, HashMap<&'static str, Outage>> {
        // Nothing between lock and unlock can panic and leave the map half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is to be told.
    fn failed(&self, what: &'static str, error: &StoreError, now: Millis) -> bool {
        let mut all = self.all();
        let outage = all.entry(what).or_insert_with(|| Outage { since: now, told: 0, error: StoreError::Stale });
        let tells = outage.error != *error || now.saturating_sub(outage.told) >= AGAIN;
        if tells {
            (outage.told, outage.error) = (now, error.clone());
        }
        tells
    }

    /// Since when it had failed.
    fn worked(&self, what: &str) -> Option<Millis> {
        self.all().remove(what).map(|outage| outage.since)
    }
}

impl Engine {
    /// Takes a step of the store for who asks again; nothing, after a pause, where it fails.
    pub async fn of_store<T>(
        &self,
        what: &'static str,
        step: impl Future<Output = Result<T, StoreError>>,
    ) -> Option<T> {
        let answer = step.await;
        let now = self.ports.clock.now();
        match answer {
            Ok(answer) => {
                if let Some(since) = self.outages.worked(what) {
                    tracing::info!("{what} works again, after {} s", now.saturating_sub(since) / 1_000);
                }
                Some(answer)
            }
            Err(error) => {
                if self.outages.failed(what, &error, now) {
                    tracing::error!(%error, "{what} failed; trying again every {PAUSE} ms");
                }
                self.ports.clock.until(now + PAUSE).await;
                None
            }
        }
    }

    /// Takes a step of the store again and again, as long as the store is away.
    pub(crate) async fn insist<T, F: Future<Output = Result<T, StoreError>>>(
        &self,
        what: &'static str,
        step: impl Fn() -> F,
    ) -> Result<T, StoreError> {
        loop {
            let once = async {
                match step().await {
                    Err(error @ StoreError::Unavailable(_)) => Err(error),
                    answer => Ok(answer),
                }
            };
            if let Some(answer) = self.of_store(what, once).await {
                return answer;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_is_told_when_it_begins_when_it_changes_and_once_a_minute() {
        let outages = Outages::default();
        let away = |words: &str| StoreError::Unavailable(words.to_owned());
        let told = |now, words| outages.failed("claiming", &away(words), now);
        assert!(told(1_000, "refused") && !told(2_000, "refused"));
        assert!(outages.failed("sending", &away("refused"), 2_000), "another loop");
        assert!(told(3_000, "full") && !told(62_999, "full") && told(63_000, "full"));
        assert_eq!((outages.worked("claiming"), outages.worked("claiming")), (Some(1_000), None));
        assert!(told(64_000, "full"), "it begins anew");
    }
}
