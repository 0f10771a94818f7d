//! What a turn leads to: conclusions, answers, and what is given up.
#![allow(clippy::unwrap_used)]

mod bounds;
mod given_up;

use super::*;
use crate::flow::LocalTime;
use crate::model::{
    Call, CallResult, Choice, Choices, Control, Digest, EffectId, Field, FieldKind, FlowName, Form, Manner, Person,
    Place, Seq, Values,
};
use crate::ports::Fence;

const NOW: Millis = 1_000_000;

pub(super) fn flow() -> FlowName {
    "survey".parse().unwrap()
}

fn digest() -> Digest {
    Digest::of(b"survey")
}

/// A claim of an event, with no conversation open; the latest one was the second.
pub(super) fn claim(body: Body) -> Claim {
    let place = Place::direct("T1", "ann").unwrap();
    let person = Person {
        id: "ann".into(),
        name: "Ann".into(),
        locale: String::new(),
        time_zone: String::new(),
        utc_offset: None,
        groups: Vec::new(),
    };
    Claim {
        fence: Fence { place: place.clone(), epoch: 1 },
        seq: Seq { number: 7, step: 0 },
        inbound: Inbound { id: "e7".into(), place, person, at: NOW, sent: None, manner: Manner::default(), body },
        attempt: 1,
        generation: 2,
        conversation: None,
        journal: vec![],
        pin: None,
    }
}

pub(super) fn said(text: &str) -> Body {
    Body::Said { text: text.to_owned(), files: vec![] }
}

fn red() -> Choices {
    Choices { options: vec![Choice { value: "r".into(), label: "Red".into() }], least: 1, most: 1 }
}

fn asked(message: &str, key: &str) -> OpenQuestion {
    OpenQuestion { message: EffectId::stored(message.to_owned()), key: key.to_owned(), asks: Asks::Choices(red()) }
}

/// A claim with an open conversation that asked a question, in which a timer runs.
pub(crate) fn within(body: Body) -> Claim {
    let conversation = Conversation {
        generation: 2,
        flow: flow(),
        digest: digest(),
        state: b"old".to_vec(),
        literal_next: true,
        questions: vec![asked("m1", "colour")],
        switch_to: None,
        timers: [("nag".to_owned(), NOW - 5)].into(),
        began: Beginning { at: 1, sent: None, by: "ann".into(), ..Beginning::default() },
        last: 1,
        alone: 0,
        passed: None,
        spoken: None,
        asked: String::new(),
        tried: Vec::new(),
    };
    Claim { conversation: Some(conversation), ..claim(body) }
}

/// It is in the history and below the question as a click of it would be.
#[test]
fn what_is_typed_at_choices_is_told_by_its_label() {
    for text in ["1", "red!", "Red"] {
        let mut claim = within(said(text));
        claim.conversation.as_mut().unwrap().literal_next = false;
        let event = FlowEvent::Picked { key: "colour".into(), values: vec!["r".into()] };
        let (commit, open) = concluded(&claim, event, Outcome { messages: vec![reply("Good.")], ..Outcome::default() });
        assert_eq!(commit.exchange.unwrap().said, "Red");
        let closing = commit.messages.iter().find(|message| message.closes.is_some()).unwrap();
        assert_eq!((closing.text.as_str(), closing.closes.as_ref().unwrap().as_str()), ("Red", "m1"));
        assert_eq!(open.questions, vec![]);
    }
}

fn asked_to_switch() -> Claim {
    let mut claim = within(said("hm"));
    let open = claim.conversation.as_mut().unwrap();
    let message = EffectId::stored("m2".to_owned());
    let asks = Asks::Choices(switch_choices(texts::DEFAULT));
    open.questions.push(OpenQuestion { message: message.clone(), key: "host".into(), asks });
    open.switch_to = Some(Switch { flow: Some(flow()), arguments: String::new(), message });
    claim
}

pub(super) fn run(event: FlowEvent) -> Run {
    Run { begin: None, event, follow: None, quiet: false, moved: None }
}

pub(super) fn said_event(text: &str) -> FlowEvent {
    FlowEvent::Said { text: text.to_owned(), files: vec![] }
}

pub(super) fn reply(text: &str) -> Reply {
    Reply { key: "k".into(), text: text.into(), choices: None, form: None }
}

pub(super) fn conclude_with(claim: &Claim, run: &Run, outcome: Outcome) -> Result<Commit, GuestFault> {
    let conversation = conversation(claim, run).unwrap();
    conclude(claim, run, conversation, outcome, &Bounds::default())
}

fn concluded(claim: &Claim, event: FlowEvent, outcome: Outcome) -> (Commit, Conversation) {
    let commit = conclude_with(claim, &run(event), outcome).unwrap();
    let After::Open(open) = commit.conversation.clone() else { panic!("not open: {commit:?}") };
    (commit, *open)
}

#[test]
fn a_first_turn_opens_the_next_generation() {
    let claim = claim(said("poll"));
    let begin = Some((flow(), digest()));
    let run =
        Run { begin, event: FlowEvent::Started { arguments: "all".into() }, follow: None, quiet: false, moved: None };
    let outcome =
        Outcome { state: b"s".to_vec(), messages: vec![reply("Hello"), reply("Who are you?")], ..Outcome::default() };
    let commit = conclude_with(&claim, &run, outcome).unwrap();
    let After::Open(open) = &commit.conversation else { panic!("{commit:?}") };
    assert_eq!((open.generation, open.state.as_slice(), open.began.at), (3, b"s".as_slice(), NOW));
    assert_eq!((&open.flow, &open.digest), (&flow(), &digest()));
    let ids: Vec<_> = commit.messages.iter().map(|message| (message.id.as_str(), message.generation)).collect();
    assert_eq!(ids, [("T1/ann@7/m0", 3), ("T1/ann@7/m1", 3)]);
    let exchange = commit.exchange.unwrap();
    assert_eq!((exchange.said.as_str(), exchange.answered.as_str()), ("all", "Hello\n\nWho are you?"));
    assert_eq!((commit.completion, commit.follow, commit.dead), (None, None, None));
}

#[test]
fn what_is_said_closes_the_questions_so_far() {
    let choices = Some(red());
    let asks = Outcome { messages: vec![Reply { choices, ..reply("Which?") }], ..Outcome::default() };
    let (_, open) = concluded(&within(said("x")), said_event("x"), asks.clone());
    let keys: Vec<_> = open.questions.iter().map(|open| (open.message.as_str(), open.key.as_str())).collect();
    assert_eq!(keys, [("T1/ann@7/m0", "k")]);
    assert!(!open.literal_next, "it counts for one text");

    let timer = FlowEvent::Timer { name: "nag".into(), due: NOW - 5 };
    let (_, open) = concluded(&within(said("x")), timer, asks);
    assert_eq!(open.questions.len(), 2, "a reminder does not close what was asked");
}

#[test]
fn the_oldest_questions_are_closed_where_there_are_too_many() {
    let choices = Some(red());
    let ask = Outcome { messages: vec![Reply { choices, ..reply("?") }; contract::MESSAGES], ..Outcome::default() };
    let timer = FlowEvent::Timer { name: "nag".into(), due: NOW - 5 };
    let (_, open) = concluded(&within(said("x")), timer, ask);
    assert_eq!(open.questions.len(), contract::OPEN_QUESTIONS);
    assert_eq!(open.questions[0].message.as_str(), "T1/ann@7/m0");
}

#[test]
fn the_hosts_question_goes_with_what_the_person_says_and_stands_otherwise() {
    let (_, open) = concluded(&asked_to_switch(), said_event("hm"), Outcome::default());
    assert_eq!((open.switch_to, open.questions), (None, vec![]));
    let timer = FlowEvent::Timer { name: "nag".into(), due: NOW - 5 };
    let (_, open) = concluded(&asked_to_switch(), timer, Outcome::default());
    assert!(open.switch_to.is_some(), "or a pick of it would reach the flow");
    assert_eq!(open.questions.len(), 2);
}

#[test]
fn a_form_is_asked_answered_and_closed_as_choices_are() {
    let options = red().options;
    let field =
        |key: &str, label: &str, kind| Field { key: key.into(), label: label.into(), hint: None, required: true, kind };
    let text = FieldKind::Text { multiline: true, least: 0, most: 100 };
    let fields = vec![field("c", "Colour", FieldKind::OneOf(options)), field("w", "Why", text)];
    let form = Form { title: "Colours".into(), submit: "Send".into(), fields };
    let asks = Reply { form: Some(form.clone()), ..reply("Please:") };
    let ask = Outcome { messages: vec![asks.clone()], ..Outcome::default() };
    let (commit, open) = concluded(&within(said("x")), said_event("x"), ask);
    assert_eq!(commit.messages[0].form, Some(form.clone()));
    assert_eq!(open.form(&commit.messages[0].id), Some(&form));

    let values = Values::from([("c".to_owned(), vec!["r".to_owned()]), ("w".to_owned(), vec!["Just so".to_owned()])]);
    let message = commit.messages[0].id.clone();
    let claim = Claim { conversation: Some(open), ..claim(Body::Filled { message: message.clone(), values }) };
    let event = FlowEvent::Filled { key: "k".into(), values: vec![] };
    let (commit, open) = concluded(&claim, event, Outcome::default());
    assert_eq!(commit.exchange.unwrap().said, "Colour: Red\nWhy: Just so");
    assert_eq!(open.questions, vec![]);
    let closing = &commit.messages[0];
    assert_eq!((closing.closes.as_ref(), closing.text.as_str()), (Some(&message), texts::DEFAULT.filled()));
    assert_eq!(closing.form, None);

    let both = Reply { choices: Some(red()), ..asks };
    let both = Outcome { messages: vec![both], ..Outcome::default() };
    let fault = conclude_with(&within(said("x")), &run(said_event("x")), both).unwrap_err();
    assert!(fault.to_string().contains("choices and a form"), "{fault}");
    let empty = Reply { form: Some(Form { fields: vec![], ..form }), ..reply("Please:") };
    let empty = Outcome { messages: vec![empty], ..Outcome::default() };
    let fault = conclude_with(&within(said("x")), &run(said_event("x")), empty).unwrap_err();
    assert_eq!(fault.name(), "bad-outcome");
    assert!(fault.to_string().contains("the message `k`: its form: it has 0 fields"), "{fault}");
}

#[test]
fn a_day_is_shown_where_it_was_asked_for() {
    let kind = FieldKind::Date { least: None, most: None };
    let field = Field { key: "d".into(), label: "Day".into(), hint: None, required: true, kind };
    let form = Form { title: "Day".into(), submit: "OK".into(), fields: vec![field] };
    let ask = Outcome { messages: vec![Reply { form: Some(form), ..reply("When?") }], ..Outcome::default() };
    let (commit, open) = concluded(&within(said("x")), said_event("x"), ask);
    let values = Values::from([("d".to_owned(), vec!["2026-12-07".to_owned()])]);
    let message = commit.messages[0].id.clone();
    let claim = Claim { conversation: Some(open), ..claim(Body::Filled { message, values }) };
    let (commit, _) = concluded(&claim, FlowEvent::Filled { key: "k".into(), values: vec![] }, Outcome::default());
    assert_eq!(commit.messages[0].text, "2026-12-07");
    assert_eq!(commit.exchange.unwrap().said, "Day: 2026-12-07");
}

#[test]
fn a_pick_is_remembered_by_its_labels() {
    let (claim, event) = pick(&["r", "unknown"]);
    let (commit, _) = concluded(&claim, event, Outcome::default());
    assert_eq!(commit.exchange.unwrap().said, "Red, unknown");
}

/// A pick of the open question, and what the flow is told of it.
fn pick(values: &[&str]) -> (Claim, FlowEvent) {
    let values: Vec<_> = values.iter().map(|&value| value.to_owned()).collect();
    let body = Body::Picked { message: EffectId::stored("m1".to_owned()), values: values.clone() };
    (within(body), FlowEvent::Picked { key: "colour".into(), values })
}

#[test]
fn choices_that_are_no_longer_open_are_closed() {
    let closed = |messages: &[Message]| -> Vec<(String, String)> {
        let closings =
            messages.iter().filter_map(|one| Some((one.closes.as_ref()?.as_str().to_owned(), one.text.clone())));
        closings.collect()
    };
    let pair = |id: &str, chosen: &str| (id.to_owned(), chosen.to_owned());
    let (claim, event) = pick(&["r"]);
    let (commit, _) = concluded(&claim, event.clone(), Outcome { messages: vec![reply("Good")], ..Outcome::default() });
    assert_eq!(closed(&commit.messages), [pair("m1", "Red")]);
    assert_eq!((commit.messages[0].text.as_str(), commit.messages[1].id.as_str()), ("Good", "T1/ann@7/x0"));
    let over = conclude_with(&claim, &run(event), Outcome { finished: true, ..Outcome::default() }).unwrap();
    assert_eq!(closed(&over.messages), [pair("m1", "Red")], "at the end too");
    let (typed, _) = concluded(&within(said("red")), said_event("red"), Outcome::default());
    assert_eq!(closed(&typed.messages), [pair("m1", "")], "a typed answer is no choice");
    let timer = FlowEvent::Timer { name: "nag".into(), due: NOW };
    assert_eq!(closed(&concluded(&within(said("x")), timer, Outcome::default()).0.messages), [], "it is still open");

    let (failed, _) = pick(&["r"]);
    let given_up = give_up(&failed, None, &GuestFault::NeverEnds(10), NOW);
    assert_eq!(closed(&given_up.messages), [], "the person may pick again");
    let settled = Answer { text: "Good.".into(), switch: SwitchQuestion::Settled };
    let mut no = asked_to_switch();
    no.inbound.body = Body::Picked { message: EffectId::stored("m2".into()), values: vec!["no".into()] };
    assert_eq!(closed(&answer(&no, &settled).messages), [pair("m2", "No")], "the host's own question");
}

#[test]
fn long_texts_are_cut_in_the_history() {
    let long = "é".repeat(contract::EXCHANGE);
    let outcome = Outcome { messages: vec![reply(&long)], ..Outcome::default() };
    let (commit, _) = concluded(&within(said(&long)), said_event(&long), outcome);
    let exchange = commit.exchange.unwrap();
    assert!(exchange.said.len() <= contract::EXCHANGE && exchange.said.ends_with('…'));
    assert!(exchange.answered.len() <= contract::EXCHANGE && exchange.answered.ends_with('…'));
}

#[test]
fn timers_are_set_from_the_turns_now() {
    let set = |name: &str, after| TimerWish::Set(name.into(), after);
    let timers = vec![set("a", 60), TimerWish::Stop("nag".into()), set("a", 61), TimerWish::Stop("never set".into())];
    let (commit, open) = concluded(&within(said("x")), said_event("x"), Outcome { timers, ..Outcome::default() });
    assert_eq!(open.timers, [("a".to_owned(), NOW + 61_000)].into());
    let expected = [
        TimerChange::Set("a".into(), NOW + 60_000),
        TimerChange::Stop("nag".into()),
        TimerChange::Set("a".into(), NOW + 61_000),
        TimerChange::Stop("never set".into()),
    ];
    assert_eq!(commit.timers, expected);
}

#[test]
fn what_no_person_caused_counts_as_such() {
    let timer = |name: &str, due| Body::Timer { generation: 2, name: name.into(), due };
    let fired = FlowEvent::Timer { name: "nag".into(), due: NOW - 5 };
    let timers = vec![TimerWish::Set("nag".into(), 0)];
    let outcome = Outcome { timers, ..Outcome::default() };
    let mut claim = within(timer("nag", NOW - 5));
    claim.conversation.as_mut().unwrap().passed = Some(Control::Help);
    let (_, open) = concluded(&claim, fired.clone(), outcome.clone());
    assert_eq!((open.last, open.alone, open.passed), (1, NOW + 10_000, Some(Control::Help)), "nobody was heard");
    assert_eq!(open.timers["nag"], NOW + 1_000, "a timer takes a second at least");
    claim.conversation.as_mut().unwrap().alone = NOW + 700_000;
    let (_, open) = concluded(&claim, fired, outcome.clone());
    assert_eq!((open.alone, open.timers["nag"]), (NOW + 710_000, NOW + 110_000), "and longer where there were many");
    let mut claim = within(said("help"));
    claim.conversation.as_mut().unwrap().alone = NOW + 700_000;
    let (_, open) = concluded(&claim, said_event("help"), outcome.clone());
    assert_eq!((open.last, open.alone, open.passed), (NOW, 0, Some(Control::Help)));
    assert_eq!(open.timers["nag"], NOW + 1_000);
    let (_, open) = concluded(&within(said("helpless")), said_event("helpless"), outcome);
    assert_eq!(open.passed, None);
}

#[test]
fn only_what_ends_a_conversation_drops_what_it_has_not_sent() {
    let finished = Outcome { finished: true, ..Outcome::default() };
    let commit = conclude_with(&within(said("x")), &run(said_event("x")), finished).unwrap();
    assert_eq!(commit.drops, None, "its last words are for the person");
    let cancelled = within(Body::Control(Control::Cancel));
    let commit = conclude_with(&cancelled, &run(FlowEvent::Cancelled), Outcome::default()).unwrap();
    assert_eq!(commit.drops, Some(2));
    assert_eq!(end(&within(Body::Reset), texts::DEFAULT.reset()).drops, Some(2));
    assert_eq!(end(&claim(Body::Reset), texts::DEFAULT.reset()).drops, None);
}

#[test]
fn a_timer_that_fired_runs_no_more_unless_it_was_set_anew() {
    let fired = |due| FlowEvent::Timer { name: "nag".into(), due };
    let (_, open) = concluded(&within(said("x")), fired(NOW - 5), Outcome::default());
    assert_eq!(open.timers, [].into());
    let (_, open) = concluded(&within(said("x")), fired(NOW - 9), Outcome::default());
    assert_eq!(open.timers.len(), 1, "set anew after this firing");
}

#[test]
fn a_finished_conversation_leaves_its_answers() {
    let outcome = Outcome {
        finished: true,
        answers: Some(r#"{"a":1}"#.into()),
        messages: vec![reply("Thanks")],
        ..Outcome::default()
    };
    let commit = conclude_with(&within(said("x")), &run(said_event("x")), outcome).unwrap();
    assert_eq!(commit.conversation, After::Closed(2));
    assert_eq!((commit.exchange, commit.timers), (None, vec![]));
    let completion = commit.completion.unwrap();
    assert_eq!((completion.conversation.as_str(), completion.answers.as_str()), ("T1/ann#2", r#"{"a":1}"#));
    assert_eq!((completion.flow, completion.digest, completion.at), (flow(), digest(), NOW));
}

#[test]
fn a_cancelled_conversation_is_over_whatever_the_flow_answers() {
    let cancel = |follow, messages| {
        let run = Run { begin: None, event: FlowEvent::Cancelled, follow, quiet: false, moved: None };
        conclude_with(&within(said("cancel")), &run, Outcome { messages, ..Outcome::default() }).unwrap()
    };
    let texts_of = |commit: &Commit| {
        let messages = commit.messages.iter().filter(|message| message.closes.is_none());
        messages.map(|message| message.text.clone()).collect::<Vec<_>>()
    };
    let silent = cancel(None, vec![]);
    assert_eq!(
        (&silent.conversation, texts_of(&silent)),
        (&After::Closed(2), vec![texts::DEFAULT.cancelled().to_owned()])
    );
    assert_eq!(texts_of(&cancel(None, vec![reply("Bye")])), ["Bye"]);
    let next = Body::Start { flow: flow(), arguments: "again".into() };
    let switched = cancel(Some(next.clone()), vec![]);
    assert_eq!(texts_of(&switched), [] as [&str; 0], "the next flow speaks");
    let follow = switched.follow.unwrap();
    assert_eq!((follow.id.as_str(), follow.body), ("T1/ann@7/f", next));
}

#[test]
fn an_answer_of_the_host_leaves_the_conversation_alone() {
    let kept = Answer { text: "We are here.".into(), switch: SwitchQuestion::Kept };
    for claim in [claim(said("status")), within(said("status")), asked_to_switch()] {
        let commit = answer(&claim, &kept);
        assert_eq!(commit.conversation, After::Unchanged);
        assert_eq!((commit.messages.len(), commit.messages[0].generation), (1, 0));
        assert_eq!((commit.exchange, commit.timers), (None, vec![]));
    }
}

#[test]
fn what_a_click_leads_to_in_vain_is_for_whoever_clicked() {
    let answered = |body, switch| {
        let commit = answer(&within(body), &Answer { text: "No longer.".into(), switch });
        commit.messages[0].aim.only_for.clone()
    };
    let message = EffectId::stored("m".to_owned());
    let picked = || Body::Picked { message: message.clone(), values: vec![] };
    let filled = Body::Filled { message: message.clone(), values: Values::new() };
    let person = within(picked()).inbound.person.id;
    assert_eq!(answered(picked(), SwitchQuestion::Kept), Some(person.clone()));
    assert_eq!(answered(filled, SwitchQuestion::Kept), Some(person));
    assert_eq!(answered(picked(), SwitchQuestion::Settled), None, "a click that counts is everybody's");
    assert_eq!(answered(said("status"), SwitchQuestion::Kept), None);
}

#[test]
fn the_host_asks_whether_to_switch_once() {
    let ask =
        Answer { text: "Shall I?".into(), switch: SwitchQuestion::Asked { flow: Some(flow()), arguments: "x".into() } };
    let commit = answer(&asked_to_switch(), &ask);
    let After::Open(open) = &commit.conversation else { panic!("{commit:?}") };
    let keys: Vec<_> = open.questions.iter().map(|open| open.message.as_str()).collect();
    assert_eq!(keys, ["m1", "T1/ann@7/m0"], "the earlier question is gone");
    assert_eq!(open.switch_to.as_ref().unwrap().message, commit.messages[0].id);
    assert_eq!(commit.messages[0].choices, Some(switch_choices(texts::DEFAULT)));
    assert!(open.literal_next, "the flow's wish is still open");

    let settled = Answer { text: "Good.".into(), switch: SwitchQuestion::Settled };
    let After::Open(open) = answer(&asked_to_switch(), &settled).conversation else { panic!() };
    assert_eq!((open.switch_to, open.questions.len()), (None, 1));
}

#[test]
fn a_turn_knows_the_persons_offset_and_sets_timers_by_their_clocks() {
    // 2026-03-02T20:00:00Z: five in the morning of the next day in Tokyo.
    let now = 1_772_481_600_000;
    let mut claim = within(said("x"));
    claim.inbound.at = now;
    claim.inbound.person.time_zone = "Asia/Tokyo".into();
    let open = conversation(&claim, &run(said_event("x"))).unwrap();
    assert_eq!(context(&claim, &open).utc_offset, Some(9 * 3_600));
    let set = |date: &str, time: &str| {
        let time = LocalTime { date: date.into(), time: time.into() };
        Outcome { timers: vec![TimerWish::SetAt("nag".into(), time)], ..Outcome::default() }
    };
    let (commit, open) = concluded(&claim, said_event("x"), set("2026-03-03", "09:30"));
    let due = now + 4 * 3_600_000 + 30 * 60_000;
    assert_eq!(open.timers, [("nag".to_owned(), due)].into());
    assert_eq!(commit.timers, [TimerChange::Set("nag".into(), due)]);
    let (_, open) = concluded(&claim, said_event("x"), set("2026-03-03", "04:59"));
    assert_eq!(open.timers, [("nag".to_owned(), now + 1_000)].into(), "it is past there, and a timer takes a second");
    let refused = conclude_with(&claim, &run(said_event("x")), set("2026-02-30", "09:30")).unwrap_err();
    assert_eq!(refused, GuestFault::BadOutcome("the timer `nag`: `2026-02-30` is no date such as 2026-03-31".into()));
    let refused = conclude_with(&claim, &run(said_event("x")), set("2027-03-04", "05:01")).unwrap_err();
    assert!(matches!(refused, GuestFault::BadOutcome(reason) if reason.contains("a year ahead")));
}

#[test]
fn an_edit_that_its_flow_does_not_heed_is_told_and_closes_nothing() {
    let claim = within(Body::Edited { text: "new".to_owned(), was: 7 });
    let event = || FlowEvent::Edited { text: "new".to_owned() };
    let (commit, after) = concluded(&claim, event(), Outcome::default());
    assert_eq!(commit.messages.len(), 1);
    assert_eq!(commit.messages[0].text, texts::DEFAULT.edited());
    assert_eq!(commit.messages[0].aim.only_for.as_ref(), Some(&claim.inbound.person.id));
    assert_eq!((commit.exchange, after.spoken), (None, Some(7)));
    assert_eq!(after.questions, claim.conversation.as_ref().unwrap().questions);

    let heeds = Outcome { messages: vec![reply("anew")], ..Outcome::default() };
    let (commit, after) = concluded(&claim, event(), heeds);
    assert_eq!(commit.messages[0].text, "anew");
    assert!(commit.exchange.is_some() && after.questions.is_empty());
}

#[test]
fn a_quiet_end_says_nothing() {
    let claim = within(Body::Timer { generation: 2, name: crate::life::EXPIRY.to_owned(), due: 0 });
    let run = Run { quiet: true, ..run(FlowEvent::Cancelled) };
    let says = Outcome { messages: vec![reply("Bye.")], ..Outcome::default() };
    let commit = conclude_with(&claim, &run, says).unwrap();
    assert!(commit.messages.iter().all(|message| message.closes.is_some()), "{:?}", commit.messages);
}
