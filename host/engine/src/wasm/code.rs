//! Room for the compiled code of components that are not current: they are being loaded, or somebody's conversation is
//! still on them. The current ones are counted by the catalog.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// All such code in this process, in bytes.
#[derive(Debug)]
pub(crate) struct Shelf {
    most: usize,
    used: Mutex<usize>,
    freed: Notify,
}

/// A part of it, in bytes. It is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Shelved {
    shelf: Arc<Shelf>,
    bytes: usize,
}

impl Shelf {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, used: Mutex::default(), freed: Notify::new() })
    }

    /// The code of one component at most: while it is loaded it is there twice.
    pub(crate) fn each(&self) -> usize {
        self.most / 2
    }

    /// Waits for room. `make` is called each time that there is too little, and may free some.
    pub(crate) async fn take(self: &Arc<Self>, bytes: usize, make: impl Fn()) -> Shelved {
        loop {
            // What is freed from now on ends this wait.
            let freed = self.freed.notified();
            if let Some(taken) = self.find(bytes) {
                return taken;
            }
            make();
            if let Some(taken) = self.find(bytes) {
                return taken;
            }
            freed.await;
        }
    }

    /// Whether there is so much room.
    pub(crate) fn has(&self, bytes: usize) -> bool {
        *self.used() + bytes <= self.most
    }

    /// Takes it whether there is room or not: it is in use already, and others have to wait.
    pub(crate) fn force(self: &Arc<Self>, bytes: usize) -> Shelved {
        *self.used() += bytes;
        Shelved { shelf: self.clone(), bytes }
    }

    /// Lets those who wait make room once more: there may be something that can go now.
    pub(crate) fn look_again(&self) {
        self.freed.notify_waiters();
    }

    fn find(self: &Arc<Self>, bytes: usize) -> Option<Shelved> {
        let mut used = self.used();
        if *used + bytes > self.most {
            return None;
        }
        *used += bytes;
        Some(Shelved { shelf: self.clone(), bytes })
    }

    fn used(&self) -> MutexGuard<'_, usize> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelved {
    /// Gives back what is more than this.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        let less = self.bytes.saturating_sub(bytes);
        self.bytes -= less;
        *self.shelf.used() -= less;
        self.shelf.look_again();
    }
}

impl Drop for Shelved {
    fn drop(&mut self) {
        self.shrink(0);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn whoever_finds_no_room_waits_for_it() {
        let shelf = Shelf::new(10);
        let mut large = shelf.take(8, || {}).await;
        assert!(shelf.take(3, || {}).now_or_never().is_none());
        let forced = shelf.force(6);
        large.shrink(4);
        let mut waits = Box::pin(shelf.take(3, || {}));
        assert!(waits.as_mut().now_or_never().is_none(), "10 of 10 are taken");
        drop(forced);
        let taken = waits.await;
        let held = Mutex::new(Some(taken));
        let next = shelf.take(4, || drop(held.lock().unwrap_or_else(PoisonError::into_inner).take()));
        assert!(next.now_or_never().is_some(), "room was made");
    }
}
