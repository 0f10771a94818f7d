//! What hosts share by count. It lies in a slot of its own.

use std::time::Duration;

use pesto_engine::ports::{Seats, StoreError};

use super::script::SEATS;
use super::{RedisStore, length};

pub(super) async fn seats(store: &RedisStore, seats: Seats, lease: Duration) -> Result<usize, StoreError> {
    let Seats { all, held, wanted } = seats;
    let step = store.step_at(&SEATS, &store.keys.of_hosts()).arg(all).arg(held).arg(wanted).arg(length(lease));
    store.run(step).await?.fields.number()
}
