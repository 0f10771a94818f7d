//! What a file in the flows folder means: whether, and how, it is deployed. Pure.
//!
//! Where hosts share a store, their folders differ for as long as a rollout takes, and a host that is started again
//! with an old file must not undo what was deployed meanwhile. So there a file counts as what somebody did to it:
//! changing it under a running host is a deploy, and removing it then ends the flow.

use pesto_engine::ports::Deploy;

/// Who knows which version of a flow is current.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    /// The folder, for its host has the store for itself.
    Folder,
    /// The store, which hosts with other folders share.
    Store,
}

/// Tells states of a file apart: its size, and [`Found::change`](crate::watch::Found::change).
pub type Stamp = (u64, (u64, i64, i64));

/// A file as it was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// What it looked like.
    pub stamp: Stamp,
    /// When this state of it becomes current.
    pub deploy: Deploy,
    /// It was deployed or refused: there is nothing to do until it changes.
    pub done: bool,
}

/// Looks at a file. `before` is the look before this one, if there was one, and the file in it, if it was there.
pub fn look(authority: Authority, before: Option<Option<&Look>>, stamp: Stamp) -> Look {
    let deploy = match (before, authority) {
        (Some(Some(before)), _) if before.stamp == stamp => return *before,
        (None, Authority::Store) => Deploy::IfNew,
        _ => Deploy::Always,
    };
    Look { stamp, deploy, done: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Stamp = (1, (1, 1, 1));
    const TOUCHED: Stamp = (1, (1, 2, 1));

    #[test]
    fn a_file_is_deployed_by_what_was_done_to_it() {
        use Authority::{Folder, Store};
        use Deploy::{Always, IfNew};
        let look = |authority, before: Option<Option<Look>>, stamp| {
            let Look { deploy, done, .. } = super::look(authority, before.as_ref().map(Option::as_ref), stamp);
            (deploy, done)
        };
        let was = |deploy, done| Some(Some(Look { stamp: ONE, deploy, done }));
        let rows = [
            ("there at the start, alone", Folder, None, ONE, (Always, false)),
            ("there at the start, among others", Store, None, ONE, (IfNew, false)),
            ("came under the host, alone", Folder, Some(None), ONE, (Always, false)),
            ("came under the host, among others", Store, Some(None), ONE, (Always, false)),
            ("stays", Store, was(IfNew, true), ONE, (IfNew, true)),
            ("stays, and could not be deployed", Store, was(IfNew, false), ONE, (IfNew, false)),
            ("changes, alone", Folder, was(Always, true), TOUCHED, (Always, false)),
            ("changes, among others", Store, was(IfNew, true), TOUCHED, (Always, false)),
            ("changes before it could be deployed", Store, was(IfNew, false), TOUCHED, (Always, false)),
        ];
        for (what, authority, before, stamp, expected) in rows {
            assert_eq!(look(authority, before, stamp), expected, "{what}");
        }
    }
}
