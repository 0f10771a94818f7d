//! Moves an open conversation to its flow's current version, in front of the turn that comes next and as a part of it.
//!
//! A conversation asks each version once, and never goes back to one that it was on; and what is current, the store says,
//! not the host. So hosts that hear of a deploy one after the other do not pass it to and fro.

use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::fault::{Fault, GuestFault};
use crate::flow::Former;
use crate::model::{Conversation, Digest};
use crate::policy::contract;
use crate::ports::Claim;
use crate::router::{FlowEvent, Route, Run};
use crate::turn;
use crate::wasm::Ready;

/// What another version said to a conversation in front of a turn. Pinned with the turn's route: a turn that made a call
/// must be run again by the version that made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Move {
    /// This version took it over.
    Taken(Digest),
    /// This version did not.
    Left(Digest),
}

impl Move {
    /// Which version.
    pub fn version(&self) -> &Digest {
        match self {
            Self::Taken(digest) | Self::Left(digest) => digest,
        }
    }
}

/// Whether a turn asks this version to take the open conversation over. One that it cancels needs no other version.
fn asks(run: &Run, open: &Conversation, version: &Digest) -> bool {
    run.begin.is_none() && run.event != FlowEvent::Cancelled && open.digest != *version && !open.tried.contains(version)
}

/// The conversation, which never asks this version again.
pub(crate) fn tried(mut open: Conversation, version: Digest) -> Conversation {
    open.tried.push(version);
    let excess = open.tried.len().saturating_sub(contract::TRIED);
    open.tried.drain(..excess);
    open
}

/// The conversation on another version, with the state that this one made.
fn taken(mut open: Conversation, version: Digest, state: Vec<u8>) -> Conversation {
    let former = std::mem::replace(&mut open.digest, version);
    open.state = state;
    tried(open, former)
}

impl Engine {
    /// The conversation that a turn is about: a new one, or the open one on the version that goes on with it, which the
    /// route names then. None where there is none to go on with.
    pub(crate) async fn conversation(&self, claim: &Claim, way: &mut Route) -> Result<Option<Conversation>, Fault> {
        let Route::Run(run) = way else { return Ok(None) };
        let Some(open) = turn::conversation(claim, run) else { return Ok(None) };
        if claim.pin.is_some() {
            return self.moved_before(claim, run.moved.as_ref(), open).await.map(Some);
        }
        let current = self.catalog.current(&open.flow).filter(|current| current.migrates());
        let Some(next) = current.filter(|current| asks(run, &open, &current.digest)) else { return Ok(Some(open)) };
        // This host may not have heard of a later deploy, or cannot run what was deployed.
        let deployed = (open.flow.clone(), next.digest.clone());
        if !self.ports.store.current().await?.contains(&deployed) {
            return Ok(Some(open));
        }
        let (place, flow) = (&claim.fence.place, &open.flow);
        let (from, to) = (open.digest.short(), next.digest.short());
        match self.ask(claim, &next, &open).await {
            Ok(Some(state)) => {
                tracing::info!(%place, %flow, from, to, "the conversation goes on with another version");
                run.moved = Some(Move::Taken(next.digest.clone()));
                return Ok(Some(taken(open, next.digest.clone(), state)));
            }
            Ok(None) => {
                tracing::info!(%place, %flow, from, to, "the conversation finishes on its version: the new one does \
                not take it over")
            }
            Err(Fault::Guest(fault)) => {
                let text = format!(
                    "a version could not take a conversation over, which goes on with its own: the new one {fault}"
                );
                if let Some(log) = &self.flow_log {
                    log.push(tracing::Level::ERROR, &text);
                }
                tracing::error!(%place, %flow, from, to, error = fault.name(), "{text}");
            }
            Err(fault) => return Err(fault),
        }
        run.moved = Some(Move::Left(next.digest.clone()));
        Ok(Some(tried(open, next.digest.clone())))
    }

    /// The same for a turn that is run again with a journal.
    async fn moved_before(
        &self,
        claim: &Claim,
        moved: Option<&Move>,
        open: Conversation,
    ) -> Result<Conversation, Fault> {
        match moved {
            None => Ok(open),
            Some(Move::Left(version)) => Ok(tried(open, version.clone())),
            Some(Move::Taken(version)) => {
                let next = self.catalog.ready(version).await?;
                let state = self.ask(claim, &next, &open).await?.ok_or_else(|| GuestFault::NonDeterministic {
                    number: 0,
                    before: "migrate: taken over".to_owned(),
                    now: "migrate: not taken over".to_owned(),
                })?;
                Ok(taken(open, version.clone(), state))
            }
        }
    }

    async fn ask(&self, claim: &Claim, next: &Ready, open: &Conversation) -> Result<Option<Vec<u8>>, Fault> {
        let version = match self.catalog.ready(&open.digest).await {
            Ok(ready) => ready.info.version.clone(),
            // Nothing else could go on with it.
            Err(Fault::Guest(_)) => String::new(),
            Err(fault) => return Err(fault),
        };
        let label = format!("{} {}", open.flow, turn::context(claim, open).turn);
        self.sandbox.migrate(next, label, Former { version, state: open.state.clone() }).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Body;
    use crate::turn::tests::within;

    fn run(event: FlowEvent) -> Run {
        Run { begin: None, event, follow: None, quiet: false, moved: None }
    }

    #[test]
    fn a_turn_asks_a_version_that_is_new_to_the_conversation() {
        let version = Digest::of(b"another");
        let timer = || run(FlowEvent::Timer { name: "nag".to_owned(), due: 1 });
        let open = within(Body::Reset).conversation.expect("one is open");
        assert!(asks(&timer(), &open, &version));
        assert!(!asks(&timer(), &open, &open.digest), "it is on it");
        assert!(!asks(&timer(), &tried(open.clone(), version.clone()), &version), "it was asked");
        assert!(!asks(&run(FlowEvent::Cancelled), &open, &version), "it ends");
        let begin = Some((open.flow.clone(), version.clone()));
        assert!(!asks(&Run { begin, ..timer() }, &open, &version), "it begins");
        let moved = taken(open.clone(), version.clone(), b"new".to_vec());
        assert_eq!((&moved.digest, moved.state.as_slice()), (&version, b"new".as_slice()));
        assert!(!asks(&timer(), &moved, &open.digest), "it does not go back");
        assert_eq!(
            Conversation { digest: open.digest.clone(), state: open.state.clone(), tried: vec![], ..moved },
            open
        );
    }

    #[test]
    fn a_conversation_remembers_so_many_versions() {
        let mut open = within(Body::Reset).conversation.expect("one is open");
        for version in 0..=contract::TRIED {
            open = tried(open, Digest::of(&version.to_be_bytes()));
        }
        assert_eq!((open.tried.len(), &open.tried[0]), (contract::TRIED, &Digest::of(&1_usize.to_be_bytes())));
    }
}
