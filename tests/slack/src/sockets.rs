use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::delivery::Outgoing;
use crate::ids::now_micros;
use crate::records::Ack;
use crate::state::State;

/// What a socket's task is told to do.
#[derive(Debug)]
pub(crate) enum Order {
    Send(String),
    /// From now on neither sends nor answers, and does not close.
    Silence,
    /// Ends the connection without a word.
    Cut,
    /// Closes it as WebSockets are closed.
    Close,
}

#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) orders: mpsc::UnboundedSender<Order>,
    /// It was asked to refresh: nothing new is sent to it.
    pub(crate) draining: bool,
    pub(crate) silent: bool,
    /// Slack, too, takes a socket for dead at which envelopes go unanswered.
    pub(crate) dead: bool,
}

#[derive(Debug)]
struct Envelope {
    acked: mpsc::UnboundedSender<Value>,
    /// Socket and index of the record, of each copy.
    copies: Vec<(u64, usize)>,
}

/// The app's sockets and what is on its way over them.
#[derive(Debug, Default)]
pub(crate) struct Sockets {
    count: u64,
    pub(crate) tickets: HashSet<String>,
    pub(crate) open: BTreeMap<u64, Socket>,
    envelopes: HashMap<String, Envelope>,
    /// How many of the next sockets are told that there are too many.
    pub(crate) refuse: u32,
}

impl Sockets {
    pub(crate) fn add(&mut self) -> (u64, mpsc::UnboundedReceiver<Order>) {
        let (orders, taken) = mpsc::unbounded_channel();
        self.count += 1;
        self.open.insert(self.count, Socket { orders, draining: false, silent: false, dead: false });
        (self.count, taken)
    }

    /// How many Slack takes for connected.
    pub(crate) fn connected(&self) -> usize {
        self.open.values().filter(|socket| !socket.dead).count()
    }

    /// The sockets that may get something new.
    pub(crate) fn usable(&self) -> Vec<u64> {
        self.open.iter().filter(|(_, socket)| !socket.draining && !socket.dead).map(|(&id, _)| id).collect()
    }

    pub(crate) fn new_envelope(&mut self, acked: mpsc::UnboundedSender<Value>) -> String {
        let id = uuid::Uuid::new_v4().to_string();
        self.envelopes.insert(id.clone(), Envelope { acked, copies: Vec::new() });
        id
    }

    pub(crate) fn went_unanswered(&mut self, socket: u64) {
        if let Some(socket) = self.open.get_mut(&socket) {
            socket.dead = socket.silent;
        }
    }

    /// Whether the socket is there to hear it.
    pub(crate) fn order(&self, socket: u64, order: Order) -> bool {
        self.open.get(&socket).is_some_and(|socket| socket.orders.send(order).is_ok())
    }
}

impl State {
    /// Sends nothing more to a socket, whenever its task gets to close it.
    pub(crate) fn retire(&mut self, id: u64) {
        if let Some(socket) = self.sockets.open.get_mut(&id) {
            socket.dead = true;
        }
    }

    /// Sends one copy to a socket drawn at random, another one than `avoid` if there is one. None without a socket.
    pub(crate) fn send_envelope(
        &mut self,
        outgoing: &Outgoing,
        envelope: &str,
        attempt: u32,
        reason: &str,
        avoid: Option<u64>,
    ) -> Option<u64> {
        let usable = self.sockets.usable();
        let others: Vec<_> = usable.iter().copied().filter(|id| Some(*id) != avoid).collect();
        let among = if others.is_empty() { usable } else { others };
        if among.is_empty() {
            return None;
        }
        let socket = among[self.random.below(among.len())];
        let mut text = json!({
            "envelope_id": envelope, "type": outgoing.sort.name(), "payload": outgoing.payload,
            "accepts_response_payload": outgoing.accepts_answer,
        });
        if outgoing.sort == crate::delivery::Sort::Event {
            text["retry_attempt"] = attempt.into();
            text["retry_reason"] = reason.into();
        }
        self.sockets.order(socket, Order::Send(text.to_string()));
        self.count("envelopes");
        let index = self.acks.len();
        self.acks.push(Ack {
            envelope: envelope.to_owned(),
            kind: outgoing.sort.name().to_owned(),
            event: outgoing.event.clone(),
            user: outgoing.user.clone(),
            moment: outgoing.moment.clone(),
            attempt,
            socket: Some(socket),
            sent_at: now_micros(),
            acked_at: None,
            status: None,
            answer: Value::Null,
        });
        if let Some(envelope) = self.sockets.envelopes.get_mut(envelope) {
            envelope.copies.push((socket, index));
        }
        Some(socket)
    }

    /// Takes an acknowledgement that came over a socket.
    pub(crate) fn take_ack(&mut self, socket: u64, envelope: &str, answer: Value) {
        let Some(sent) = self.sockets.envelopes.get(envelope) else {
            self.count("acks_unknown");
            return;
        };
        let copy = sent.copies.iter().find(|(to, index)| *to == socket && self.acks[*index].acked_at.is_none());
        let Some(&(_, index)) = copy else {
            self.count("acks_repeated");
            return;
        };
        // The delivery may be over, and then nobody listens.
        let _ = sent.acked.send(answer.clone());
        let ack = &mut self.acks[index];
        ack.acked_at = Some(now_micros());
        ack.answer = answer;
        let late = ack.took().is_some_and(|took| took > self.options.ack_timeout.as_micros() as u64);
        self.count(if late { "acks_late" } else { "acks" });
        self.ring("");
    }
}
