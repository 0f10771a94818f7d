//! Components, and what is forgotten with time.

use std::collections::BTreeSet;

use super::{Component, State};
use crate::model::{Digest, FlowName, Millis};
use crate::ports::Deploy;
use crate::store::{CLOSABLE, DOUBTS_KEPT, KEPT, REMEMBERED};

impl State {
    /// Answers what is current then.
    pub(super) fn put_component(
        &mut self,
        now: Millis,
        flow: &FlowName,
        bytes: &[u8],
        deploy: Deploy,
    ) -> Option<Digest> {
        let digest = Digest::of(bytes);
        let deployed = self.deployed.entry(flow.clone()).or_default();
        if deploy == Deploy::IfNew && deployed.contains(&digest) {
            return self.current.get(flow).cloned();
        }
        deployed.retain(|before| *before != digest);
        deployed.push(digest.clone());
        deployed.drain(..deployed.len().saturating_sub(REMEMBERED));
        self.components.entry(digest.clone()).or_insert_with(|| Component { bytes: bytes.to_vec(), held: now });
        if let Some(former) = self.current.insert(flow.clone(), digest.clone()) {
            self.let_go_of(&former, now);
        }
        Some(digest)
    }

    pub(super) fn drop_current(&mut self, now: Millis, flow: &FlowName) {
        if let Some(former) = self.current.remove(flow) {
            self.let_go_of(&former, now);
        }
    }

    pub(super) fn sweep(&mut self, now: Millis, offered: &[Digest]) {
        offered.iter().for_each(|digest| self.let_go_of(digest, now));
        let State { seen, posted, doubts, places, components, current, .. } = self;
        seen.retain(|_, at| now.saturating_sub(*at) < KEPT);
        posted.retain(|_, (at, _)| now.saturating_sub(*at) < CLOSABLE);
        doubts.retain(|_, doubt| now.saturating_sub(doubt.at) < DOUBTS_KEPT);
        let talks = places.values().filter_map(|place| place.talk.as_ref());
        let held: BTreeSet<_> = talks.map(|talk| &talk.conversation.digest).chain(current.values()).collect();
        components.retain(|digest, component| held.contains(digest) || now.saturating_sub(component.held) < KEPT);
    }
}
