//! Attempts that fail: when a turn is tried again, and what giving it up leaves.

use super::*;

#[test]
fn what_is_given_up_leaves_the_conversation_and_a_letter() {
    let call = Call { number: 1, name: "llm.complete".into(), request: "{}".into(), result: None };
    let claim = Claim { attempt: 2, journal: vec![call.clone()], ..within(said("x")) };
    let route = Route::Run(run(said_event("x")));
    let commit = give_up(&claim, Some(&route), &GuestFault::Trap("unreachable".into()), NOW + 1);
    assert_eq!((&commit.conversation, &commit.follow, &commit.exchange), (&After::Unchanged, &None, &None));
    assert_eq!(commit.messages.len(), 1);
    assert!(commit.messages[0].text.contains("goes on as if you had not sent it"));
    let letter = commit.dead.unwrap();
    assert_eq!((letter.at, letter.error.as_str(), letter.attempts), (NOW + 1, "trap", 2));
    assert_eq!(
        (letter.flow, letter.letter, letter.journal),
        (Some((flow(), digest())), Letter::Event(claim.inbound), vec![call])
    );
}

#[test]
fn nobody_hears_of_what_nobody_said() {
    let timer = Body::Timer { generation: 2, name: "nag".into(), due: NOW };
    let undelivered = Body::Undelivered { generation: 2, key: "k".into(), reason: "gone".into() };
    for body in [timer, undelivered] {
        let commit = give_up(&within(body), None, &GuestFault::NeverEnds(10), NOW);
        assert_eq!(commit.messages, []);
        assert!(commit.dead.is_some());
    }
    assert!(
        give_up(&claim(said("x")), None, &GuestFault::NeverEnds(10), NOW).messages[0].text.contains("try again later")
    );
}

#[test]
fn a_broken_flow_holds_nobody() {
    let follow = Some(Body::Start { flow: flow(), arguments: String::new() });
    let route = Route::Run(Run { begin: None, event: FlowEvent::Cancelled, follow, quiet: false, moved: None });
    let commit = give_up(&within(Body::Control(Control::Restart)), Some(&route), &GuestFault::CpuDeadline(1), NOW);
    assert_eq!((&commit.conversation, commit.drops), (&After::Closed(2), Some(2)));
    assert_eq!(commit.messages[0].text, texts::DEFAULT.cancelled());
    assert!(commit.follow.is_some());
    assert!(commit.dead.unwrap().settled, "put back, it would cancel the next conversation");
}

#[test]
fn a_flow_that_fails_at_a_control_word_holds_nobody_with_it() {
    let route = Route::Run(run(said_event("cancel")));
    let commit = give_up(&within(said("Cancel")), Some(&route), &GuestFault::Trap("held".into()), NOW);
    let After::Open(open) = commit.conversation else { panic!("it goes on") };
    assert_eq!(open.passed, Some(Control::Cancel));
    let again = route_of(&said("cancel"), &open);
    assert!(matches!(again, Route::Run(Run { event: FlowEvent::Cancelled, .. })), "{again:?}");
}

fn route_of(body: &Body, open: &Conversation) -> Route {
    crate::router::route(body, Some(open), &crate::flow::Offers::default(), texts::DEFAULT)
}

#[test]
fn what_fails_on_another_version_stays_on_its_own_for_good() {
    let (own, other) = (digest(), Digest::of(b"another"));
    let moved = Some(Move::Taken(other.clone()));
    let way = Route::Run(Run { moved, ..run(said_event("x")) });
    let commit = give_up(&within(said("x")), Some(&way), &GuestFault::StackOverflow, NOW);
    let After::Open(open) = commit.conversation else { panic!("it goes on") };
    assert_eq!(
        (&open.digest, open.state.as_slice(), open.tried.as_slice()),
        (&own, b"old".as_slice(), [other.clone()].as_slice())
    );
    assert_eq!(commit.dead.unwrap().flow, Some((flow(), other)), "it failed there");
    let ours = GuestFault::HostFailed { attempts: 10, reason: String::new() };
    let commit = give_up(&within(said("x")), Some(&way), &ours, NOW);
    assert_eq!(commit.conversation, After::Unchanged, "that was not the version's fault");
}

#[test]
fn backoff_doubles_to_a_minute_and_is_spread() {
    let wait = |attempt| backoff(&Claim { attempt, ..claim(said("x")) }, NOW) - NOW;
    for (attempt, least) in [(1, 200), (2, 400), (5, 3_200), (9, 51_200), (10, 60_000), (60, 60_000)] {
        assert!((least..=least + least / 4).contains(&wait(attempt)), "{attempt}: {}", wait(attempt));
    }
}

#[test]
fn only_a_turn_that_computed_is_soon_blamed_for_the_end_of_its_host() {
    let after = |attempt, result: Option<&str>| {
        let result = result.map(|answer| CallResult { answer: answer.to_owned(), at: NOW });
        let call = Call { number: 1, name: "llm".into(), request: "{}".into(), result };
        never_ends(&Claim { attempt, journal: vec![call], ..claim(said("x")) })
    };
    assert!(!never_ends(&Claim { attempt: 10, ..claim(said("x")) }));
    assert!(never_ends(&Claim { attempt: 11, ..claim(said("x")) }) && after(11, Some("answered")));
    assert!(!after(100, None), "it waited");
    assert!(after(101, None));
}
