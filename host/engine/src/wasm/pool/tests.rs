#![allow(clippy::unwrap_used)]

use std::pin::Pin;

use super::*;

fn flow(name: &str) -> FlowName {
    name.parse().unwrap()
}

fn bounds(instances: usize, pages: usize) -> Bounds {
    Bounds { instances, memory_total: pages * PAGE, ..Bounds::default() }
}

fn now<T>(admit: impl Future<Output = T>) -> Option<T> {
    use futures_util::FutureExt as _;
    admit.now_or_never()
}

const ONE: Needs = Needs { slots: 1, bytes: PAGE };

/// A turn of the flow that waits for no other thing.
async fn turn(pool: &Pool, name: &'static str, needs: Needs) -> (Admitted, Memories) {
    let flow = flow(name);
    pool.admit(&flow, needs, 0, None, false).await
}

type Turn<'a> = Pin<Box<dyn Future<Output = (Admitted, Memories)> + 'a>>;

/// The same, one that has to wait.
fn waiting<'a>(pool: &'a Pool, name: &'static str, needs: Needs) -> Turn<'a> {
    let mut turn: Turn<'a> = Box::pin(turn(pool, name, needs));
    assert!(now(turn.as_mut()).is_none(), "{name} has room");
    turn
}

/// As many turns as the flow can have at once.
fn all(pool: &Pool, name: &'static str, needs: Needs) -> Vec<(Admitted, Memories)> {
    std::iter::from_fn(|| now(turn(pool, name, needs))).collect()
}

#[test]
fn no_flow_has_more_than_half_of_the_instances() {
    let pool = Pool::new(&bounds(4, 100));
    let one = flow("one");
    let held = all(&pool, "one", ONE);
    assert_eq!(held.len(), 2);
    let slot = pool.instances().clone().try_acquire_owned().unwrap();
    assert!(now(pool.admit(&one, ONE, 0, Some(slot), false)).is_none());
    assert_eq!(pool.instances().available_permits(), 2, "who waits holds nothing");
    let _other = now(turn(&pool, "other", ONE)).unwrap();
    drop(held);
    assert!(now(turn(&pool, "one", ONE)).is_some());
}

#[test]
fn two_names_of_one_component_do_not_have_everything() {
    let pool = Pool::new(&bounds(1_000, 1_000_000));
    let held = ["one", "two", "three"].map(|name| all(&pool, name, ONE));
    assert_eq!(held.each_ref().map(Vec::len), [500, 250, 125]);
    assert!(now(turn(&pool, "bob", ONE)).is_some());
    let pool = Pool::new(&bounds(1_000_000, 1_000));
    let held = ["one", "two", "three"].map(|name| all(&pool, name, ONE));
    assert_eq!(held.each_ref().map(Vec::len), [500, 250, 125]);
    assert!(now(turn(&pool, "bob", ONE)).is_some());
}

#[test]
fn whoever_runs_nothing_finds_one_instance_where_others_have_all_they_can_get() {
    let pool = Pool::new(&bounds(100, 100_000));
    let held = ["a", "b", "c", "d", "e", "f"].map(|name| all(&pool, name, ONE));
    assert_eq!(held.each_ref().map(Vec::len), [50, 25, 13, 6, 1, 1], "{} are left", pool.slots.available_permits());
    assert_eq!(all(&pool, "bob", ONE).len(), 1);
}

#[test]
fn who_waits_for_a_share_goes_on_when_others_have_less() {
    let pool = Pool::new(&bounds(64, 100_000));
    let mut one = all(&pool, "one", ONE);
    let mut two = all(&pool, "two", ONE);
    assert_eq!((one.len(), two.len()), (32, 16));
    let (mut first, mut second) = (waiting(&pool, "two", ONE), waiting(&pool, "two", ONE));
    drop(one.pop());
    two.push(now(first.as_mut()).unwrap());
    assert!(now(second.as_mut()).is_none(), "half of what 31 leave of 64 is 17");
    drop(two.pop());
    assert!(now(second.as_mut()).is_some());
}

#[test]
fn who_came_first_goes_on_first_and_who_has_its_share_holds_up_nobody() {
    let pool = Pool::new(&bounds(4, 100_000));
    let mut held = all(&pool, "one", ONE);
    held.extend(all(&pool, "two", ONE));
    held.extend(all(&pool, "three", ONE));
    assert_eq!(held.len(), 4);
    let mut again = waiting(&pool, "one", ONE);
    let (mut bob, mut eve) = (waiting(&pool, "bob", ONE), waiting(&pool, "eve", ONE));
    // What three had was kept.
    drop(held.pop());
    let bobs = now(bob.as_mut()).unwrap();
    assert!(now(eve.as_mut()).is_none() && now(again.as_mut()).is_none());
    drop(bobs);
    assert!(now(eve.as_mut()).is_some());
}

#[test]
fn who_does_not_wait_any_more_takes_nothing_and_holds_up_nobody() {
    let pool = Pool::new(&bounds(4, 100_000));
    let held = all(&pool, "one", ONE);
    let (gone, unseen, late) = (waiting(&pool, "one", ONE), waiting(&pool, "one", ONE), waiting(&pool, "one", ONE));
    let mut late = late;
    drop(gone);
    drop(held);
    // This one was granted room, and never looked.
    drop(unseen);
    assert!(now(late.as_mut()).is_some());
    drop(late);
    assert_eq!(all(&pool, "one", ONE).len(), 2);
}

#[test]
fn one_that_needs_much_is_not_overtaken_for_ever() {
    let pool = Pool::new(&bounds(1_000, 160));
    let large = Needs { slots: 1, bytes: 75 * PAGE };
    let one = all(&pool, "one", Needs { slots: 1, bytes: 20 * PAGE });
    let two = all(&pool, "two", Needs { slots: 1, bytes: 20 * PAGE });
    assert_eq!((one.len(), two.len()), (4, 2));
    let mut heavy = waiting(&pool, "heavy", large);
    // There are twenty pages for a share of its own, but heavy came first.
    let mut light = waiting(&pool, "light", Needs { slots: 1, bytes: 5 * PAGE });
    let small = now(turn(&pool, "small", ONE));
    assert!(small.is_some(), "what is kept is for who runs nothing");
    drop(two);
    assert!(now(heavy.as_mut()).is_none() && now(light.as_mut()).is_none());
    drop(one);
    let _heavy = now(heavy.as_mut()).unwrap();
    assert!(now(light.as_mut()).is_some());
}

#[test]
fn what_needs_more_counts_more() {
    let pool = Pool::new(&bounds(8, 100));
    let heavy = Needs { slots: 3, bytes: PAGE };
    let held = now(turn(&pool, "one", heavy)).unwrap();
    let again = waiting(&pool, "one", heavy);
    let other = now(turn(&pool, "other", heavy)).unwrap();
    drop((held, other, again));
    let largest = Needs { slots: 64, bytes: 1_000 * PAGE };
    assert!(now(turn(&pool, "third", largest)).is_some(), "it takes what there is for one flow");
    assert_eq!(pool.instances().available_permits(), 8);
}

#[test]
fn memory_is_waited_for_at_the_beginning_and_refused_later() {
    let pool = Pool::new(&bounds(100, 20));
    let (_first, mut first) = now(turn(&pool, "one", ONE)).unwrap();
    let (_second, mut second) = now(turn(&pool, "one", ONE)).unwrap();
    first.instance.grow(9 * PAGE).unwrap();
    let refused = second.instance.grow(PAGE + 1).unwrap_err();
    assert!(refused.to_string().contains("limits.memory_total_mib"), "{refused}");
    let mut more = waiting(&pool, "one", ONE);
    let (_other, mut other) = now(turn(&pool, "other", ONE)).unwrap();
    other.instance.grow(8 * PAGE).unwrap();
    let mut third = waiting(&pool, "third", ONE);
    drop(first);
    assert!(now(third.as_mut()).is_some());
    assert!(now(more.as_mut()).is_some());
}

#[test]
fn journals_count_as_the_memory_of_instances_does() {
    let pool = Pool::new(&bounds(100, 64));
    let one = flow("one");
    let (_admitted, Memories { mut instance, mut journal }) =
        now(pool.admit(&one, ONE, 3 * PAGE, None, false)).unwrap();
    assert_eq!((instance.bytes(), journal.bytes()), (PAGE, 3 * PAGE));
    let _second = now(turn(&pool, "one", ONE)).unwrap();
    journal.grow(30 * PAGE).unwrap();
    assert!(journal.grow(31 * PAGE).is_err() && instance.grow(2 * PAGE).is_err(), "together they have half");
    // An answer that came is in memory, and others wait for it.
    journal.set(100 * PAGE);
    let mut next = waiting(&pool, "one", ONE);
    assert!(now(turn(&pool, "bob", ONE)).is_some(), "what is kept is not touched by it");
    journal.set(10 * PAGE);
    assert!(now(next.as_mut()).is_some());
}

#[test]
fn turns_that_did_not_end_before_go_a_few_at_a_time() {
    let pool = Pool::new(&bounds(1_000, 1_000));
    let (one, other) = (flow("one"), flow("other"));
    let held: Vec<_> = (0..AGAIN).map(|_| now(pool.admit(&one, ONE, 0, None, true)).unwrap()).collect();
    assert!(now(pool.admit(&other, ONE, 0, None, true)).is_none());
    assert!(now(pool.admit(&other, ONE, 0, None, false)).is_some());
    let (slot, free) = (pool.instances().clone().try_acquire_owned().unwrap(), pool.instances().available_permits());
    let mut waiting = Box::pin(pool.admit(&other, ONE, 0, Some(slot), true));
    assert!(now(waiting.as_mut()).is_none());
    assert_eq!(pool.instances().available_permits(), free + 1, "who waits holds nothing");
    drop(waiting);
    drop(held);
    assert!(now(pool.admit(&other, ONE, 0, None, true)).is_some());
}
