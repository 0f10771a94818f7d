//! A conversation's silence, event by event.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::fault::GuestFault;
use crate::flow::{Offers, Outcome, Reply};
use crate::model::Digest;
use crate::policy::Bounds;
use crate::router::{Route, expire, route};
use crate::turn::tests::within;

const DAY: Millis = 86_400_000;
const WEEK: Millis = 7 * DAY;
const SOME: Option<Expiry> = Some(Expiry { after: 2 * WEEK, remind: Some(WEEK) });
const SILENT: Option<Expiry> = Some(Expiry { after: WEEK, remind: None });

fn reply(text: &str) -> Reply {
    Reply { key: "k".into(), text: text.into(), choices: None, form: None }
}

/// A conversation that heard something at `last`, and has these timers.
fn open(last: Millis, timers: &[(&str, Millis)]) -> Conversation {
    let timers = timers.iter().map(|(name, due)| ((*name).to_owned(), *due)).collect();
    let conversation = within(Body::Reset).conversation.unwrap();
    Conversation { last, timers, digest: Digest::of(b"life"), ..conversation }
}

/// What a turn leaves of these timers.
fn after_a_turn(last: Millis, timers: &[(&str, Millis)], expiry: Option<Expiry>) -> (Vec<TimerChange>, Conversation) {
    let mut commit = Commit { conversation: After::Open(Box::new(open(last, timers))), ..Commit::default() };
    heard(&mut commit, expiry, true);
    let After::Open(conversation) = commit.conversation else { panic!("it goes on") };
    (commit.timers, *conversation)
}

fn sets(name: &str, due: Millis) -> TimerChange {
    TimerChange::Set(name.to_owned(), due)
}

#[test]
fn a_turn_sets_the_timer_once_and_stops_the_end() {
    let stop = || TimerChange::Stop(EXPIRY.to_owned());
    let cases = [
        ("a first turn", 0, vec![], SOME, vec![sets(SILENCE, WEEK)]),
        ("a later turn writes nothing", DAY, vec![(SILENCE, WEEK)], SOME, vec![]),
        ("less patience than before", DAY, vec![(SILENCE, 9 * WEEK)], SOME, vec![sets(SILENCE, DAY + WEEK)]),
        ("a timer that was lost", 2 * DAY, vec![(SILENCE, DAY)], SOME, vec![sets(SILENCE, 2 * DAY + WEEK)]),
        ("after the reminder", WEEK, vec![(EXPIRY, 2 * WEEK)], SOME, vec![stop(), sets(SILENCE, 2 * WEEK)]),
        ("no reminder", 0, vec![], SILENT, vec![sets(SILENCE, WEEK)]),
        ("no end", 0, vec![], None, vec![]),
        ("no end any more", 0, vec![(EXPIRY, WEEK)], None, vec![stop()]),
        ("a flow's own timers stay", DAY, vec![("nag", WEEK), (SILENCE, WEEK)], SOME, vec![]),
    ];
    for (what, last, timers, expiry, wanted) in cases {
        let (changes, conversation) = after_a_turn(last, &timers, expiry);
        assert_eq!(changes, wanted, "{what}");
        // What the conversation remembers is what the store does.
        let mut left = open(last, &timers).timers;
        for change in changes {
            match change {
                TimerChange::Set(name, due) => left.insert(name, due),
                TimerChange::Stop(name) => left.remove(&name),
            };
        }
        assert_eq!(conversation.timers, left, "{what}");
    }
    let mut over = Commit { conversation: After::Closed(1), ..Commit::default() };
    heard(&mut over, SOME, true);
    assert!(over.timers.is_empty());
}

#[test]
fn what_no_person_caused_is_no_sign_of_life() {
    for timers in [[(EXPIRY, 2 * WEEK)], [(SILENCE, WEEK)]] {
        let after = After::Open(Box::new(open(DAY, &timers)));
        let mut commit = Commit { conversation: after.clone(), ..Commit::default() };
        heard(&mut commit, SOME, false);
        assert_eq!((commit.timers, commit.conversation), (vec![], after));
    }
    let mut first = Commit { conversation: After::Open(Box::new(open(DAY, &[]))), ..Commit::default() };
    heard(&mut first, SOME, false);
    assert_eq!(first.timers, [sets(SILENCE, DAY + WEEK)], "one that has no end yet gets it");
}

/// The host's timer fires at `now` in a conversation that knows these timers.
fn fires(
    (name, due): (&str, Millis),
    now: Millis,
    last: Millis,
    timers: &[(&str, Millis)],
    expiry: Option<Expiry>,
) -> Option<Step> {
    let open = open(last, timers);
    let mut claim = within(Body::Timer { generation: open.generation, name: name.to_owned(), due });
    claim.inbound.at = now;
    claim.conversation = Some(open.clone());
    step(&claim, &open, expiry)
}

fn commits(step: Option<Step>) -> Commit {
    match step {
        Some(Step::Commit(commit)) => *commit,
        other => panic!("no commit: {other:?}"),
    }
}

#[test]
fn silence_is_measured_from_what_was_heard_last() {
    let commit = commits(fires((SILENCE, WEEK), WEEK, DAY, &[(SILENCE, WEEK)], SOME));
    assert_eq!((commit.timers, commit.messages.len()), (vec![sets(SILENCE, WEEK + DAY)], 0));
    let After::Open(open) = commit.conversation else { panic!("it goes on") };
    assert_eq!(open.timers, [(SILENCE.to_owned(), WEEK + DAY)].into());
}

#[test]
fn the_person_is_reminded_and_has_time_then() {
    // The host was down for a month, and still reminds first.
    for now in [WEEK, 5 * WEEK] {
        let commit = commits(fires((SILENCE, WEEK), now, 0, &[(SILENCE, WEEK)], SOME));
        assert_eq!(commit.timers, [sets(EXPIRY, now + WEEK)]);
        let text = "We are still in the middle of survey. If I hear nothing from you, I will end it in 7 days.";
        assert_eq!(commit.messages[0].text, text);
        let After::Open(open) = commit.conversation else { panic!("it goes on") };
        assert_eq!(open.timers, [(EXPIRY.to_owned(), now + WEEK)].into());
    }
    assert_eq!(fires((EXPIRY, WEEK), WEEK, 0, &[(EXPIRY, WEEK)], SOME), Some(Step::Expire));
    assert_eq!(fires((SILENCE, WEEK), WEEK, 0, &[(SILENCE, WEEK)], SILENT), Some(Step::Expire));
}

#[test]
fn a_timer_that_means_nothing_any_more_does_nothing() {
    let stale = [
        (fires((EXPIRY, WEEK), WEEK, DAY, &[(SILENCE, 2 * WEEK)], SOME), "it was stopped"),
        (fires((SILENCE, WEEK), WEEK, DAY, &[(SILENCE, 2 * WEEK)], SOME), "it was set anew"),
    ];
    for (step, what) in stale {
        assert_eq!(commits(step), Commit::default(), "{what}");
    }
    let commit = commits(fires((EXPIRY, WEEK), WEEK, 0, &[(EXPIRY, WEEK)], None));
    assert!(commit.timers.is_empty() && commit.messages.is_empty(), "the operator thought better of it");
    assert_eq!(fires(("nag", WEEK), WEEK, 0, &[("nag", WEEK)], SOME), None, "it is the flow's");
    let open = open(0, &[(SILENCE, WEEK)]);
    let claim = within(Body::Timer { generation: open.generation + 1, name: SILENCE.into(), due: WEEK });
    assert_eq!(step(&claim, &open, SOME), None, "the router drops it");
}

#[test]
fn the_person_hears_of_the_end_whatever_the_flow_does() {
    let body = Body::Timer { generation: 2, name: EXPIRY.to_owned(), due: WEEK };
    let claim = within(body);
    let Route::Run(run) = expire(false) else { panic!("the flow hears of it") };
    let outcome = Outcome { messages: vec![reply("Bye.")], ..Outcome::default() };
    let open = claim.conversation.clone().unwrap();
    let commit = turn::conclude(&claim, &run, open, outcome, &Bounds::default()).unwrap();
    assert_eq!(commit.conversation, After::Closed(2));
    let texts: Vec<_> = commit.messages.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(texts[..2], [texts::DEFAULT.expired("survey").as_str(), "Bye."]);
    let commit = turn::give_up(&claim, Some(&expire(false)), &GuestFault::CpuDeadline(1), WEEK);
    assert_eq!(
        (commit.conversation, commit.messages[0].text.as_str()),
        (After::Closed(2), &*texts::DEFAULT.expired("survey"))
    );
    // Which way the turn would have taken is not known: nothing is over.
    let commit = turn::give_up(&claim, None, &GuestFault::NeverEnds(10), WEEK);
    assert_eq!((commit.conversation, commit.messages), (After::Unchanged, Vec::new()));
}

#[test]
fn an_operator_ends_what_is_open_without_the_flow() {
    let claim = within(Body::Reset);
    assert_eq!(
        route(&Body::Reset, claim.conversation.as_ref(), &Offers::default(), texts::DEFAULT),
        Route::End(texts::DEFAULT.reset().to_owned())
    );
    let commit = turn::end(&claim, texts::DEFAULT.reset());
    assert_eq!((commit.conversation, commit.messages[0].text.as_str()), (After::Closed(2), texts::DEFAULT.reset()));
    assert!(commit.messages[1].closes.is_some(), "what it asked can be answered no more");
    assert!(matches!(route(&Body::Reset, None, &Offers::default(), texts::DEFAULT), Route::Answer(_)));
}
