//! Turns an outcome, an answer or a failure into the one write that ends a turn. Pure.

mod check;

use std::collections::BTreeMap;

use crate::alone;
use crate::fault::GuestFault;
use crate::flow::{Context, Outcome, Reply, TimerWish};
use crate::form;
use crate::letters;
use crate::life;
use crate::local;
use crate::migrate::{self, Move};
use crate::model::{
    Aim, Asks, Beginning, Body, Completion, Conversation, DeadLetter, EffectId, Exchange, Inbound, Letter, Message,
    Millis, OpenQuestion, Switch, TurnId,
};
use crate::policy::{Bounds, contract};
use crate::ports::{After, Claim, Commit, TimerChange};
use crate::router::{Answer, FlowEvent, Route, Run, SwitchQuestion, as_pick, control_of, switch_choices};
use crate::text::{cut, line};
use crate::texts;

/// How often a turn is tried when the host fails or goes down in it.
pub const MOST_ATTEMPTS: u32 = 10;
/// The same for a turn that waited for a call when the host went down: its guest did nothing then.
const MOST_WAITS: u32 = 100;
/// How often a turn is tried when the guest is at fault: a trap is deterministic, but for the CPU's mood.
pub const MOST_GUEST_ATTEMPTS: u32 = 2;

/// So much is kept of what the flow said last, in characters.
const ASKED: usize = 200;

/// Whether a turn may be what the host goes down with each time.
pub fn never_ends(claim: &Claim) -> bool {
    let waited = claim.journal.last().is_some_and(|call| call.result.is_none());
    claim.attempt > if waited { MOST_WAITS } else { MOST_ATTEMPTS }
}

/// The conversation that a run is about: a new one, or the open one. None where there is none to go on with,
/// which the router does not let happen.
pub fn conversation(claim: &Claim, run: &Run) -> Option<Conversation> {
    match &run.begin {
        Some((flow, digest)) => Some(Conversation {
            generation: claim.generation + 1,
            flow: flow.clone(),
            digest: digest.clone(),
            state: Vec::new(),
            literal_next: false,
            questions: Vec::new(),
            switch_to: None,
            timers: BTreeMap::new(),
            began: Beginning::of(&claim.inbound),
            last: claim.inbound.at,
            alone: 0,
            passed: None,
            spoken: None,
            asked: String::new(),
            tried: Vec::new(),
        }),
        None => claim.conversation.clone(),
    }
}

/// What the flow may know.
pub fn context(claim: &Claim, conversation: &Conversation) -> Context {
    let turn = TurnId::new(&claim.fence.place, claim.seq);
    Context {
        conversation: conversation.id(&claim.fence.place),
        place: claim.fence.place.clone(),
        person: claim.inbound.person.clone(),
        utc_offset: local::offset(&claim.inbound.person, claim.inbound.at),
        now: claim.inbound.at,
        seed: turn.seed(),
        turn,
    }
}

/// The end of a turn that a flow handled.
pub fn conclude(
    claim: &Claim,
    run: &Run,
    mut conversation: Conversation,
    outcome: Outcome,
    bounds: &Bounds,
) -> Result<Commit, GuestFault> {
    check::check(&outcome, bounds)?;
    let cancelled = run.event == FlowEvent::Cancelled;
    let by_person = claim.inbound.body.is_a_persons();
    let generation = conversation.generation;
    let over = outcome.finished || cancelled;
    let place = &claim.fence.place;
    let turn = TurnId::new(place, claim.seq);
    let said = said(&run.event, claim);
    let words = texts::of(&claim.inbound.person.locale);

    let mut replies = outcome.messages;
    if cancelled && life::is_hosts(&claim.inbound.body) {
        replies.insert(0, host_reply(&words.expired(conversation.title())));
    }
    if cancelled && replies.is_empty() && run.follow.is_none() {
        replies.push(host_reply(words.cancelled()));
    }
    if run.quiet {
        replies.clear();
    }
    let answered = replies.iter().map(|reply| reply.text.as_str()).collect::<Vec<_>>().join("\n\n");
    let mut messages: Vec<Message> = replies
        .into_iter()
        .enumerate()
        .map(|(at, reply)| message(claim, &turn, at, conversation.generation, reply))
        .collect();

    // What it does not heed, the person hears of.
    let unheeded = matches!(run.event, FlowEvent::Edited { .. }) && messages.is_empty() && !over;
    let completion = outcome.answers.map(|answers| Completion {
        conversation: conversation.id(place),
        flow: conversation.flow.clone(),
        digest: conversation.digest.clone(),
        person: conversation.began.owner(&claim.inbound.person),
        at: claim.inbound.at,
        answers,
    });

    let (after, timers) = if over {
        messages.extend(closings(claim, None));
        (After::Closed(conversation.generation), Vec::new())
    } else {
        conversation.alone = alone::spent(conversation.alone, by_person, claim.inbound.at);
        let timers = set_timers(&mut conversation, &run.event, outcome.timers, &claim.inbound)?;
        conversation.state = outcome.state;
        if by_person {
            conversation.spoken = match (&claim.inbound.body, &run.event) {
                (Body::Said { .. }, FlowEvent::Said { .. } | FlowEvent::Picked { .. }) => claim.inbound.sent,
                (Body::Edited { was, .. }, _) => Some(*was),
                _ => None,
            };
            conversation.last = claim.inbound.at;
            conversation.passed = control_of(&claim.inbound.body);
        }
        conversation.literal_next = outcome.literal_next;
        if let Some(last) = messages.last() {
            conversation.asked = line(&last.text, ASKED);
        }
        open_questions(&mut conversation, &run.event, &messages);
        messages.extend(closings(claim, Some(&conversation)));
        if unheeded {
            messages.push(aside(claim, words.edited()));
        }
        (After::Open(Box::new(conversation)), timers)
    };
    Ok(Commit {
        conversation: after,
        drops: cancelled.then_some(generation),
        messages,
        timers,
        exchange: (!over && !unheeded).then(|| Exchange {
            said: cut(&said, contract::EXCHANGE),
            answered: cut(&answered, contract::EXCHANGE),
            at: claim.inbound.at,
        }),
        completion,
        follow: follow(claim, run),
        dead: None,
    })
}

/// The end of a turn that the host answers by itself.
pub fn answer(claim: &Claim, answer: &Answer) -> Commit {
    let turn = TurnId::new(&claim.fence.place, claim.seq);
    let mut reply = host_reply(&answer.text);
    let mut conversation = claim.conversation.clone();
    if let Some(open) = &mut conversation {
        if !matches!(answer.switch, SwitchQuestion::Kept)
            && let Some(asked) = open.switch_to.take()
        {
            open.questions.retain(|question| question.message != asked.message);
        }
        if let SwitchQuestion::Asked { flow, arguments } = &answer.switch {
            let message = turn.message(0);
            let choices = switch_choices(texts::of(&claim.inbound.person.locale));
            reply.choices = Some(choices.clone());
            open.questions.push(OpenQuestion {
                message: message.clone(),
                key: reply.key.clone(),
                asks: Asks::Choices(choices),
            });
            open.switch_to = Some(Switch { flow: flow.clone(), arguments: arguments.clone(), message });
        }
    }
    let unchanged = conversation == claim.conversation;
    let mut words = message(claim, &turn, 0, 0, reply);
    // A click that leads to nothing is nobody else's business, and others did not see it.
    if matches!(claim.inbound.body, Body::Picked { .. } | Body::Filled { .. }) && answer.switch == SwitchQuestion::Kept
    {
        words.aim.only_for = Some(claim.inbound.person.id.clone());
    }
    let mut messages = vec![words];
    messages.extend(closings(claim, conversation.as_ref()));
    Commit {
        conversation: match conversation {
            Some(open) if !unchanged => After::Open(Box::new(open)),
            _ => After::Unchanged,
        },
        messages,
        ..Commit::default()
    }
}

/// The end of a turn that the host answers before that person alone.
pub fn whisper(claim: &Claim, text: &str) -> Commit {
    Commit { messages: vec![aside(claim, text)], ..Commit::default() }
}

/// The host's words before that person alone.
fn aside(claim: &Claim, text: &str) -> Message {
    let mut message = notice(claim, text);
    message.aim.only_for = Some(claim.inbound.person.id.clone());
    message
}

/// The end of a turn with which the host ends the conversation by itself.
pub fn end(claim: &Claim, text: &str) -> Commit {
    let mut messages = vec![notice(claim, text)];
    messages.extend(closings(claim, None));
    let drops = claim.conversation.as_ref().map(|open| open.generation);
    Commit { conversation: drops.map_or(After::Unchanged, After::Closed), drops, messages, ..Commit::default() }
}

/// The end of a turn that is given up: the event goes to the dead letters, and the conversation stays as it was, also on
/// the version on which it was. One that was to be cancelled is cancelled all the same, for a broken flow must not hold a
/// person.
pub fn give_up(claim: &Claim, route: Option<&Route>, fault: &GuestFault, at: Millis) -> Commit {
    let run = match route {
        Some(Route::Run(run)) => Some(run),
        _ => None,
    };
    let chosen = run.and_then(|run| conversation(claim, run)).map(|chosen| (chosen.flow, chosen.digest));
    let moved = run.and_then(|run| run.moved.as_ref());
    let ours = matches!(fault, GuestFault::HostFailed { .. });
    let cancelled = run.is_some_and(|run| run.event == FlowEvent::Cancelled);
    let quiet = run.is_some_and(|run| run.quiet);
    let expired = cancelled && life::is_hosts(&claim.inbound.body);
    let words = texts::of(&claim.inbound.person.locale);
    let text = match &claim.conversation {
        Some(open) if expired => words.expired(open.title()),
        _ if cancelled => words.cancelled().to_owned(),
        open => words.gave_up(open.is_some()).to_owned(),
    };
    let told = expired && !quiet || claim.inbound.body.is_a_persons();
    let mut messages: Vec<_> = told.then(|| notice(claim, &text)).into_iter().collect();
    if cancelled {
        messages.extend(closings(claim, None));
    }
    // A flow that fails at a control word must not hold a person with it.
    let passed = control_of(&claim.inbound.body).filter(|_| run.is_some());
    Commit {
        conversation: match &claim.conversation {
            Some(open) if cancelled => After::Closed(open.generation),
            Some(open) => {
                let mut left = Conversation { passed: passed.or(open.passed), ..open.clone() };
                // A version on which a turn fails is not asked again: its own may do better with what comes next.
                if let Some(moved) = moved.filter(|_| !ours) {
                    left = migrate::tried(left, moved.version().clone());
                }
                if left == *open { After::Unchanged } else { After::Open(Box::new(left)) }
            }
            None => After::Unchanged,
        },
        drops: claim.conversation.as_ref().filter(|_| cancelled).map(|open| open.generation),
        messages,
        follow: run.and_then(|run| follow(claim, run)),
        dead: Some(DeadLetter {
            at,
            flow: chosen.map(|(flow, digest)| match moved {
                Some(Move::Taken(version)) => (flow, version.clone()),
                _ => (flow, digest),
            }),
            error: fault.name().to_owned(),
            reason: fault.to_string(),
            attempts: claim.attempt,
            letter: Letter::Event(claim.inbound.clone()),
            journal: letters::journal(claim.journal.clone()),
            settled: cancelled,
        }),
        ..Commit::default()
    }
}

/// When a turn may be tried again after the host failed in it: doubling from 200 ms to a minute, and spread by a
/// quarter so that turns that failed together do not come back together.
pub fn backoff(claim: &Claim, now: Millis) -> Millis {
    let wait = (100_u64 << claim.attempt.min(10)).min(60_000);
    let spread = TurnId::new(&claim.fence.place, claim.seq).seed() % (wait / 4 + 1);
    now + wait + spread
}

fn follow(claim: &Claim, run: &Run) -> Option<Inbound> {
    let body = run.follow.clone()?;
    let id = format!("{}/f", TurnId::new(&claim.fence.place, claim.seq));
    Some(Inbound { id, body, ..claim.inbound.clone() })
}

fn host_reply(text: &str) -> Reply {
    Reply { key: "host".to_owned(), text: text.to_owned(), choices: None, form: None }
}

/// The only message of a turn, in the host's own words.
pub(crate) fn notice(claim: &Claim, text: &str) -> Message {
    message(claim, &TurnId::new(&claim.fence.place, claim.seq), 0, 0, host_reply(text))
}

fn message(claim: &Claim, turn: &TurnId, at: usize, generation: u64, reply: Reply) -> Message {
    let Reply { key, text, choices, form } = reply;
    let (id, place) = (turn.message(at), claim.fence.place.clone());
    let aim = Aim::answers(&claim.inbound);
    Message { id, place, generation, key, text, choices, form, closes: None, aim }
}

/// What the person did, in words: for the history.
fn said(event: &FlowEvent, claim: &Claim) -> String {
    match event {
        FlowEvent::Started { arguments } => arguments.clone(),
        FlowEvent::Said { text, .. } | FlowEvent::Edited { text } => text.clone(),
        FlowEvent::Picked { .. } | FlowEvent::Filled { .. } => {
            answered(claim).map(|answered| answered.said).unwrap_or_default()
        }
        FlowEvent::Timer { .. } | FlowEvent::Cancelled | FlowEvent::Undelivered { .. } => String::new(),
    }
}

/// An open question that the event answers with a pick, clicked or typed, or with what is filled in.
struct Answered<'a> {
    question: &'a OpenQuestion,
    /// The answer in words: labels of what is picked, a line for each field of a form.
    said: String,
    /// What the question shows from then on.
    shown: String,
}

fn answered(claim: &Claim) -> Option<Answered<'_>> {
    let find = |message: &EffectId| claim.conversation.as_ref()?.questions.iter().find(|open| open.message == *message);
    let typed = claim.conversation.as_ref().and_then(|open| as_pick(&claim.inbound.body, open));
    match typed.as_ref().unwrap_or(&claim.inbound.body) {
        Body::Picked { message, values } => {
            let question = find(message)?;
            let Asks::Choices(choices) = &question.asks else { return None };
            let label = |value: &String| {
                let option = choices.options.iter().find(|option| option.value == *value);
                option.map_or_else(|| value.clone(), |option| option.label.clone())
            };
            let said = values.iter().map(label).collect::<Vec<_>>().join(", ");
            Some(Answered { question, shown: said.clone(), said })
        }
        Body::Filled { message, values } => {
            let question = find(message)?;
            let Asks::Form(form) = &question.asks else { return None };
            // In a channel others may read along, so what was filled in is not shown there; a day is, like a pick.
            let day = form.day().and_then(|field| values.get(&field.key)?.first());
            let shown = day.cloned().unwrap_or_else(|| texts::of(&claim.inbound.person.locale).filled().to_owned());
            Some(Answered { question, said: form::in_words(form, values), shown })
        }
        _ => None,
    }
}

/// Questions that were open before the turn and are not after it: the person must not be offered controls any longer.
fn closings(claim: &Claim, after: Option<&Conversation>) -> Vec<Message> {
    let turn = TurnId::new(&claim.fence.place, claim.seq);
    let before = claim.conversation.iter().flat_map(|open| open.questions.iter().map(|one| (open.generation, one)));
    let still =
        |one: &OpenQuestion| after.is_some_and(|after| after.questions.iter().any(|o| o.message == one.message));
    let answered = answered(claim);
    let shown = |one: &OpenQuestion| {
        let this = answered.as_ref().filter(|answered| answered.question.message == one.message);
        this.map(|answered| answered.shown.clone()).unwrap_or_default()
    };
    let closed = before.filter(|(_, one)| !still(one)).enumerate();
    let closing = |(index, (generation, one)): (usize, (u64, &OpenQuestion))| Message {
        id: turn.closing(index),
        place: claim.fence.place.clone(),
        generation,
        key: one.key.clone(),
        text: shown(one),
        choices: None,
        form: None,
        closes: Some(one.message.clone()),
        aim: Aim::default(),
    };
    closed.map(closing).collect()
}

/// What the person says, picks or fills in closes the questions asked so far; what this turn asks is open.
fn open_questions(conversation: &mut Conversation, event: &FlowEvent, messages: &[Message]) {
    let answers = match event {
        FlowEvent::Said { .. } | FlowEvent::Picked { .. } | FlowEvent::Filled { .. } => true,
        // Where the flow heeds it, it asks anew.
        FlowEvent::Edited { .. } => !messages.is_empty(),
        FlowEvent::Started { .. } | FlowEvent::Timer { .. } | FlowEvent::Cancelled | FlowEvent::Undelivered { .. } => {
            false
        }
    };
    if answers {
        conversation.questions.clear();
        // The host's question stands below the others, and goes with them: a pick of it must not reach the flow.
        conversation.switch_to = None;
    }
    for message in messages {
        if let Some(asks) = message.asks() {
            let (key, message) = (message.key.clone(), message.id.clone());
            conversation.questions.push(OpenQuestion { message, key, asks });
        }
    }
    let excess = conversation.questions.len().saturating_sub(contract::OPEN_QUESTIONS);
    conversation.questions.drain(..excess);
}

fn set_timers(
    conversation: &mut Conversation,
    event: &FlowEvent,
    wishes: Vec<TimerWish>,
    inbound: &Inbound,
) -> Result<Vec<TimerChange>, GuestFault> {
    if let FlowEvent::Timer { name, due } = event
        && conversation.timers.get(name) == Some(due)
    {
        conversation.timers.remove(name);
    }
    let mut changes = Vec::with_capacity(wishes.len());
    for wish in wishes {
        let now = inbound.at;
        let (name, due) = match wish {
            TimerWish::Set(name, after) => (name, alone::due(now, after, conversation.alone)),
            TimerWish::SetAt(name, time) => {
                let due = local::due(&inbound.person, &time, now);
                let due = due.map_err(|fault| check::bad(format!("the timer `{name}`: {fault}")))?;
                (name, alone::later(due, now, conversation.alone))
            }
            TimerWish::Stop(name) => {
                conversation.timers.remove(&name);
                changes.push(TimerChange::Stop(name));
                continue;
            }
        };
        conversation.timers.insert(name.clone(), due);
        changes.push(TimerChange::Set(name, due));
    }
    let running = conversation.timers.keys().filter(|name| life::host_timer(name).is_none()).count();
    if running > contract::TIMERS {
        return Err(check::bad(format!(
            "{running} timers would run, and a conversation may have {}",
            contract::TIMERS
        )));
    }
    Ok(changes)
}

#[cfg(test)]
pub(crate) mod tests;
