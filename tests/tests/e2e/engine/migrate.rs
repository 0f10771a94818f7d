//! Conversations move to a version that takes them over, in the turn that comes next, or stay where they are.

use pesto_engine::fault::Fault;
use pesto_engine::flow::Former;
use pesto_engine::model::{Body, Control, Conversation, Digest};
use pesto_engine::ports::{Deploy, Store};
use pesto_tests::guests;

use super::World;

/// A conversation of `tally`, with one text counted by its first version.
async fn tallied() -> (World, Digest) {
    let mut world = World::new(guests::version("tally_1")).await;
    world.begin().await;
    let first = world.ready.digest.clone();
    assert_eq!(answer(&mut world, "one").await, "1: 1");
    (world, first)
}

async fn answer(world: &mut World, text: &str) -> String {
    world.say(text).await;
    world.settled().await.join("\n")
}

/// The version and the state of the conversation, and what it does not move to.
async fn stands(world: &World) -> (Digest, String, Vec<Digest>) {
    let open = world.conversation().await.unwrap();
    (open.digest, String::from_utf8(open.state).unwrap(), open.tried)
}

/// The second version in other bytes.
fn third() -> Vec<u8> {
    guests::padded(guests::version("tally_2"), 1)
}

#[tokio::test]
async fn a_conversation_moves_with_its_next_turn() {
    let (mut world, first) = tallied().await;
    let second = world.deploy(guests::version("tally_2")).await;
    assert_eq!(stands(&world).await, (first.clone(), r#"{"texts":1}"#.into(), vec![]), "it waits for its turn");
    assert_eq!(answer(&mut world, "two").await, "2: 2 of 3 bytes, from `1`");
    let state = r#"{"texts":2,"bytes":3,"from":"1"}"#;
    assert_eq!(stands(&world).await, (second.clone(), state.into(), vec![first.clone()]));
    assert_eq!(answer(&mut world, "three").await, "2: 3 of 8 bytes, from `1`", "once");

    // Its history is what it was, and another version takes it over from this one.
    let history = world.store.history(&super::place(), 1, 9).await.unwrap();
    assert_eq!(history.iter().map(|one| one.said.as_str()).collect::<Vec<_>>(), ["", "one", "two", "three"]);
    let last = world.deploy(third()).await;
    assert_eq!(answer(&mut world, "4").await, "2: 4 of 9 bytes, from `2`");
    assert_eq!(stands(&world).await.0, last);
    assert_eq!(stands(&world).await.2, [first, second]);
}

#[tokio::test]
async fn a_crash_leaves_the_old_or_the_new_and_no_mix() {
    for (point, committed) in [("store.commit:before@1!", false), ("store.commit:after@1!", true)] {
        let (mut world, first) = tallied().await;
        let second = world.deploy(guests::version("tally_2")).await;
        world.crash().await;
        let points = world.start_crashing(point);
        world.say("two").await;
        super::timely(points.crashed()).await;
        world.crash().await;
        let moved = (second.clone(), r#"{"texts":2,"bytes":3,"from":"1"}"#.to_owned(), vec![first.clone()]);
        let before = (first, r#"{"texts":1}"#.to_owned(), vec![]);
        assert_eq!(stands(&world).await, if committed { moved.clone() } else { before }, "{point}");
        world.start();
        assert_eq!(world.settled().await, ["2: 2 of 3 bytes, from `1`"], "{point}");
        assert_eq!(stands(&world).await, moved, "{point}");
    }
}

#[tokio::test]
async fn a_turn_with_a_journal_stays_on_the_version_that_wrote_it() {
    let (mut world, first) = tallied().await;
    world.say("ask").await;
    world.llm.asked().await;
    world.crash().await;
    let second = world.deploy(guests::version("tally_2")).await;
    world.start();
    world.llm.asked().await;
    world.llm.answer(1);
    let heard = world.settled().await.join("\n");
    assert!(heard.starts_with("1: 2 "), "it does not move: {heard}");
    assert_eq!(stands(&world).await.0, first);

    // This one moves, and makes its call on the new version.
    world.say("ask").await;
    world.llm.asked().await;
    world.crash().await;
    world.deploy(third()).await;
    world.start();
    world.llm.asked().await;
    world.llm.answer(1);
    let heard = world.settled().await.join("\n");
    assert!(heard.starts_with("2: 3 of 3 bytes, from `1` "), "the newest is not asked: {heard}");
    assert_eq!(stands(&world).await.0, second);
    assert_eq!(stands(&world).await.2, [first]);
    assert_eq!(answer(&mut world, "x").await, "2: 4 of 4 bytes, from `2`", "but now it is");
    assert_eq!(world.dead().await, []);
}

#[tokio::test]
async fn what_was_refused_before_a_call_is_refused_when_the_turn_is_run_again() {
    let mut world = World::new(guests::padded(guests::version("tally_1"), 1)).await;
    world.begin().await;
    let stubborn = guests::migrating("", NONE).unwrap();
    let refused = world.deploy(stubborn).await;
    world.say("ask").await;
    world.llm.asked().await;
    world.crash().await;
    world.start();
    world.llm.asked().await;
    world.llm.answer(1);
    world.settled().await;
    assert_eq!(stands(&world).await.2, [refused]);
}

/// An answer of `$migrate`: its bytes, and where they stand.
const TAKEN: &str = r#"(data (memory $main) (i32.const 0x500) "\00\00\00\00\00\00\00\00\10\05\00\00\03\00\00\00new")
    (func $migrate (result i32) (i32.const 0x500))"#;
const NONE: &str = r#"(data (memory $main) (i32.const 0x500) "\00\00\00\00\01\00\00\00")
    (func $migrate (result i32) (i32.const 0x500))"#;
const FAILING: &str = r#"(data (memory $main) (i32.const 0x500) "\01\00\00\00\20\05\00\00\03\00\00\00\00\00\00\00\00\00\00\00")
    (data (memory $main) (i32.const 0x520) "why")
    (func $migrate (result i32) (i32.const 0x500))"#;
const UNKNOWN: &str = r#"(data (memory $main) (i32.const 0x500) "\00\00\00\00\02\00\00\00\20\05\00\00\03\00\00\00\20\05\00\00\03\00\00\00")
    (data (memory $main) (i32.const 0x520) "new")
    (func $migrate (result i32) (i32.const 0x500))"#;
const TRAPPING: &str = "(func $migrate (result i32) (unreachable))";
const LOOPING: &str = "(func $migrate (result i32) (loop $again (br $again)) (unreachable))";
const LARGE: &str = r#"(data (memory $main) (i32.const 0x500) "\00\00\00\00\00\00\00\00\00\00\00\00\01\00\01\00")
    (func $migrate (result i32) (drop (memory.grow $main (i32.const 1))) (i32.const 0x500))"#;
const GREEDY: &str = "(func $migrate (result i32) (drop (memory.grow $main (i32.const 2000))) (i32.store8 (i32.const 99999999) (i32.const 0)) (i32.const 0))";
const CALLING: &str =
    "(func $migrate (result i32) (call $recent (i32.const 0) (i32.const 0) (i32.const 0x500)) (unreachable))";
const RECENT: &str = r#"(import "pesto:flow/history@0.1.0" "recent" (func $recent (param i32 i32 i32)))"#;

/// How the newest version fails to take a conversation over, if it fails.
async fn fault(world: &World) -> Option<&'static str> {
    let former = Former { version: String::new(), state: Vec::new() };
    match world.sandbox.migrate(&world.ready, "test".into(), former).await {
        Ok(_) => None,
        Err(Fault::Guest(fault)) => Some(fault.name()),
        Err(other) => panic!("{other}"),
    }
}

/// The polite flow that answers `02`, or whatever stands here, instead of `ok`.
fn saying(word: &[u8; 2], mut component: Vec<u8>) -> Vec<u8> {
    let at = component.windows(7).position(|window| window == b"okready").unwrap();
    component[at..at + 2].copy_from_slice(word);
    component
}

#[tokio::test]
async fn whoever_cannot_take_a_conversation_over_leaves_it_as_it_was() {
    let cases = [
        (None, "", NONE),
        (Some("flow-failed"), "", FAILING),
        (Some("bad-outcome"), "", UNKNOWN),
        (Some("trap"), "", TRAPPING),
        (Some("cpu-deadline"), "", LOOPING),
        (Some("state-too-large"), "", LARGE),
        (Some("memory-limit"), "", GREEDY),
        (Some("trap"), RECENT, CALLING),
    ];
    let mut world = World::new(guests::polite()).await;
    world.begin().await;
    let first = world.ready.digest.clone();
    let mut tried = Vec::new();
    for (what, imports, migrate) in cases {
        tried.push(world.deploy(saying(b"no", guests::migrating(imports, migrate).unwrap())).await);
        assert_eq!(fault(&world).await, what, "{migrate}");
        assert_eq!(answer(&mut world, "hello").await, "ok", "{what:?}");
        assert_eq!(stands(&world).await, (first.clone(), String::new(), tried.clone()), "{what:?}");
    }
    assert_eq!(world.dead().await, [], "the turns went well");
    let last = world.deploy(saying(b"up", guests::migrating("", TAKEN).unwrap())).await;
    assert_eq!(answer(&mut world, "hello").await, "up");
    assert_eq!(stands(&world).await.0, last);
}

#[tokio::test]
async fn what_cannot_be_loaded_any_more_can_be_taken_over() {
    let mut world = World::new(guests::polite()).await;
    world.begin().await;
    let lost = Conversation { digest: Digest::of(b"lost"), ..world.conversation().await.unwrap() };
    world.crash().await;
    world.commit(lost).await;
    world.deploy(saying(b"up", guests::migrating("", TAKEN).unwrap())).await;
    world.start();
    assert_eq!(answer(&mut world, "hello").await, "up");
    assert_eq!(world.dead().await, []);
}

#[tokio::test]
async fn a_migration_of_another_contract_refuses_a_component() {
    let world = World::new(guests::polite()).await;
    let mut bytes = guests::migrating("", TAKEN).unwrap();
    let name = b"pesto:flow/migration@0.1.0";
    for at in 0..bytes.len() - name.len() {
        if bytes[at..].starts_with(name) {
            bytes[at + name.len() - 3] = b'2';
        }
    }
    let refused = world.sandbox.load(bytes).await.err().unwrap();
    assert_eq!(refused.name(), "wrong-world", "{refused}");
    let refused = world.sandbox.load(guests::migrating_otherwise().unwrap()).await.err().unwrap();
    assert_eq!(refused.name(), "does-not-fit", "{refused}");
}

#[tokio::test]
async fn a_flow_that_cannot_migrate_leaves_conversations_alone() {
    let (mut world, first) = tallied().await;
    world.deploy(guests::polite()).await;
    assert_eq!(answer(&mut world, "two").await, "1: 2");
    assert_eq!(stands(&world).await, (first, r#"{"texts":2}"#.into(), vec![]), "it is not even asked");
}

#[tokio::test]
async fn a_version_on_which_the_turn_fails_is_left_again() {
    let (mut world, first) = tallied().await;
    let second = world.deploy(guests::version("tally_2")).await;
    let heard = answer(&mut world, "trap").await;
    assert!(heard.starts_with("Sorry"), "{heard}");
    let dead = world.dead().await.pop().unwrap();
    assert_eq!((dead.error.as_str(), dead.flow.unwrap().1), ("trap", second.clone()));
    assert_eq!(stands(&world).await, (first, r#"{"texts":1}"#.into(), vec![second]));
    assert_eq!(answer(&mut world, "two").await, "1: 2", "its own version goes on");
    assert_eq!(world.dead().await.len(), 1);
}

#[tokio::test]
async fn no_conversation_goes_back() {
    let mut world = World::new(guests::version("tally_2")).await;
    world.begin().await;
    assert_eq!(answer(&mut world, "x").await, "2: 1 of 1 bytes, from ``");
    let third = world.deploy(third()).await;
    assert_eq!(answer(&mut world, "x").await, "2: 2 of 2 bytes, from `2`");
    let second = world.deploy(guests::version("tally_2")).await;
    for _ in 0..2 {
        answer(&mut world, "x").await;
        assert_eq!(
            (stands(&world).await.0, stands(&world).await.2),
            (third.clone(), vec![second.clone()]),
            "rolled back"
        );
    }
    world.deploy(guests::padded(guests::version("tally_2"), 2)).await;
    answer(&mut world, "x").await;
    assert_eq!(stands(&world).await.2, [second, third], "what is new takes it on");
}

#[tokio::test]
async fn a_host_that_has_not_heard_of_the_latest_deploy_moves_nothing() {
    let (mut world, first) = tallied().await;
    let second = world.deploy(guests::version("tally_2")).await;
    let latest = Digest::of(&third());
    world.store.put_component(&super::flow(), &third(), Deploy::Always).await.unwrap();
    assert_eq!(answer(&mut world, "two").await, "1: 2");
    assert_eq!(stands(&world).await, (first.clone(), r#"{"texts":2}"#.into(), vec![]), "{second} is not asked");
    assert_eq!(world.deploy(third()).await, latest);
    answer(&mut world, "three").await;
    assert_eq!((stands(&world).await.0, stands(&world).await.2), (latest, vec![first]));
}

#[tokio::test]
async fn a_conversation_that_ends_ends_on_its_version() {
    let (mut world, _) = tallied().await;
    world.deploy(guests::version("tally_2")).await;
    world.happens(Body::Control(Control::Cancel)).await;
    assert_eq!(world.settled().await, ["1: over at 1"]);
    assert_eq!(world.conversation().await, None);
    world.begin().await;
    assert_eq!(answer(&mut world, "x").await, "2: 1 of 1 bytes, from ``", "a new one begins on the new version");
}
