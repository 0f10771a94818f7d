use std::sync::Arc;

use crate::core::Core;
use crate::faults::{DeliveryFault, Fault, Times};
use crate::link;
use crate::people::Person;
use crate::sockets::Order;
use crate::state::State;

/// Orders faults. Each one that strikes is counted by kind, and [`SlackDouble::injected`](crate::SlackDouble::injected) has the counts.
pub struct Faults<'a> {
    core: &'a Arc<Core>,
}

impl<'a> Faults<'a> {
    pub(crate) fn of(core: &'a Arc<Core>) -> Self {
        Self { core }
    }

    /// Strikes the next call of a method; of one caller, as in
    /// [`SlackDouble::api_url_of`](crate::SlackDouble::api_url_of), with `CALLER/METHOD`.
    pub fn next(&self, method: &str, fault: Fault) {
        self.next_n(method, 1, fault);
    }

    /// Strikes the next calls of a method.
    pub fn next_n(&self, method: &str, count: u32, fault: Fault) {
        self.core.act(|state| state.orders.call(Some(method.to_owned()), Times::Next(count), fault));
    }

    /// Strikes each call of a method with this probability, from 0 to 1.
    pub fn sometimes(&self, method: &str, probability: f64, fault: Fault) {
        self.core.act(|state| state.orders.call(Some(method.to_owned()), Times::Probability(probability), fault));
    }

    /// Strikes each call of any method with this probability.
    pub fn sometimes_any(&self, probability: f64, fault: Fault) {
        self.core.act(|state| state.orders.call(None, Times::Probability(probability), fault));
    }

    /// Strikes the next events of this person on their way to the app.
    pub fn next_events(&self, person: &Person, count: u32, fault: DeliveryFault) {
        let user = Some(person.id().to_owned());
        self.core.act(|state| state.orders.delivery(user, Times::Next(count), fault));
    }

    /// Strikes the next events of anybody.
    pub fn next_events_of_any(&self, count: u32, fault: DeliveryFault) {
        self.core.act(|state| state.orders.delivery(None, Times::Next(count), fault));
    }

    /// Strikes each event of anybody with this probability.
    pub fn sometimes_events(&self, probability: f64, fault: DeliveryFault) {
        self.core.act(|state| state.orders.delivery(None, Times::Probability(probability), fault));
    }

    /// Takes back all orders.
    pub fn clear(&self) {
        self.core.act(|state| state.orders.clear());
    }

    /// Makes a socket fall silent: it neither sends nor answers pings, and does not close. Events still go to it, until
    /// one was not acknowledged. False where there is no socket.
    pub fn silence_socket(&self) -> bool {
        self.core.act(|state| {
            let Some(id) = state.any_socket() else { return false };
            if let Some(socket) = state.sockets.open.get_mut(&id) {
                socket.silent = true;
            }
            state.count_fault("silent_socket");
            state.sockets.order(id, Order::Silence)
        })
    }

    /// Breaks a socket's connection. False where there is no socket.
    pub fn cut_socket(&self) -> bool {
        self.core.act(|state| {
            let Some(id) = state.any_socket() else { return false };
            state.count_fault("cut_socket");
            state.drop_socket(id, Order::Cut)
        })
    }

    /// Asks a socket to refresh, and closes it after `Options::refresh_grace`. False where there is no socket.
    pub fn refresh_socket(&self) -> bool {
        let Some(id) = self.core.act(State::any_socket) else { return false };
        self.core.lock().count_fault("refresh_requested");
        link::refresh(self.core, id);
        true
    }

    /// Warns a socket, and asks it to refresh after `Options::refresh_grace`. False where there is no socket.
    pub fn warn_socket(&self) -> bool {
        let Some(id) = self.core.act(State::any_socket) else { return false };
        self.core.lock().count_fault("warning");
        link::warn(self.core, id);
        true
    }

    /// The next sockets are told that there are too many.
    pub fn too_many_sockets(&self, count: u32) {
        self.core.act(|state| state.sockets.refuse += count);
    }

    /// Turns Socket Mode off: every socket hears `link_disabled` and is closed, and no new one is given.
    pub fn disable_link(&self) {
        self.core.act(State::disable_link);
    }

    /// Turns Socket Mode on again.
    pub fn enable_link(&self) {
        self.core.act(|state| state.app.socket_mode = true);
    }
}

impl State {
    pub(crate) fn any_socket(&mut self) -> Option<u64> {
        let usable: Vec<_> = self.sockets.usable().into_iter().filter(|id| !self.sockets.open[id].silent).collect();
        if usable.is_empty() { None } else { Some(usable[self.random.below(usable.len())]) }
    }

    pub(crate) fn drop_socket(&mut self, id: u64, order: Order) -> bool {
        self.retire(id);
        self.sockets.order(id, order)
    }

    pub(crate) fn disable_link(&mut self) {
        self.app.socket_mode = false;
        self.count_fault("link_disabled");
        let open: Vec<_> = self.sockets.open.keys().copied().collect();
        for id in open {
            self.sockets.order(id, Order::Send(link::disconnect("link_disabled")));
            self.drop_socket(id, Order::Close);
        }
    }
}
