//! What a file in the flows folder means: whether, and how, it is deployed. Pure.
//!
//! Where hosts share a store, their folders differ for as long as a rollout takes, and a host that is started again
//! with an old file must not undo what was deployed meanwhile. So there a file counts as what somebody did to it:
//! changing it under a running host is a deploy, and removing it then ends the flow, if the file was what is current.

use pesto_engine::model::Digest;
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// What it looked like.
    pub stamp: Stamp,
    /// When this state of it becomes current.
    pub deploy: Deploy,
    /// It was deployed or refused: there is nothing to do until it changes.
    pub done: bool,
    /// What it held, if that could be deployed.
    pub digest: Option<Digest>,
}

impl Look {
    /// Whether the flow ends with the file: unless the file is known to be another version than the current one, which
    /// somebody else deployed.
    pub fn ends(&self, current: Option<&Digest>) -> bool {
        self.digest.is_none() || current.is_none() || self.digest.as_ref() == current
    }
}

/// Looks at a file. `before` is the look before this one, if there was one, and the file in it, if it was there.
pub fn look(authority: Authority, before: Option<Option<&Look>>, stamp: Stamp) -> Look {
    let deploy = match (before, authority) {
        (Some(Some(before)), _) if before.stamp == stamp => return before.clone(),
        (None, Authority::Store) => Deploy::IfNew,
        _ => Deploy::Always,
    };
    Look { stamp, deploy, done: false, digest: None }
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
        let was = |deploy, done| Some(Some(Look { stamp: ONE, deploy, done, digest: None }));
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

    #[test]
    fn a_flow_ends_with_its_current_file() {
        let [one, two] = [b"one", b"two"].map(|bytes| Digest::of(bytes));
        let rows = [
            ("the current one", Some(&one), Some(&one), true),
            ("another one", Some(&one), Some(&two), false),
            ("of a flow that is over", Some(&one), None, true),
            ("one that was refused", None, Some(&two), true),
        ];
        for (what, digest, current, ends) in rows {
            let look = Look { stamp: ONE, deploy: Deploy::Always, done: true, digest: digest.cloned() };
            assert_eq!(look.ends(current), ends, "{what}");
        }
    }
}
