//! What anybody can cause is logged seldom, with a count.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Between two lines.
const PAUSE: Duration = Duration::from_secs(10);

/// Something that may happen often.
#[derive(Debug, Default)]
pub(crate) struct Seldom(Mutex<(Option<Instant>, u64)>);

impl Seldom {
    /// It happened: how often since the last line, where a line is due.
    pub(crate) fn happens(&self) -> Option<u64> {
        // Nothing between lock and unlock can panic.
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, count) = &mut *state;
        *count += 1;
        if last.is_some_and(|last| last.elapsed() < PAUSE) {
            return None;
        }
        *last = Some(Instant::now());
        Some(std::mem::take(count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_line_stands_for_many() {
        let seldom = Seldom::default();
        assert_eq!((seldom.happens(), seldom.happens(), seldom.happens()), (Some(1), None, None));
        tokio::time::advance(PAUSE).await;
        assert_eq!(seldom.happens(), Some(3));
    }
}
