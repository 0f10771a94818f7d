//! A flow of the kit sees the person's clocks, and sets its timers by them.

use pesto_engine::model::{Body, Millis};
use pesto_tests::guests;

use super::{World, flow, until};

/// What happens to somebody in this zone.
async fn happens(world: &mut World, zone: &str, body: Body) -> Vec<String> {
    let mut inbound = world.inbound(body);
    inbound.person.time_zone = zone.to_owned();
    world.engine().accept(inbound).await.unwrap();
    world.settled().await
}

/// A conversation that begins at this time, and what the person hears who says this in it.
async fn alarm(zone: &str, now: Millis, text: &str) -> (World, String) {
    let mut world = World::new(guests::version("alarm")).await;
    world.clock.advance_to(now);
    let begun = happens(&mut world, zone, Body::Start { flow: flow(), arguments: String::new() }).await;
    assert_eq!(begun, ["ready"]);
    let heard = happens(&mut world, zone, Body::Said { text: text.to_owned(), files: vec![] }).await;
    let heard = heard.join("\n");
    (world, heard)
}

async fn due(world: &World) -> Option<Millis> {
    world.conversation().await.unwrap().timers.get("alarm").copied()
}

/// 2027-03-13, 20:00 UTC: the evening before summer begins in California.
const NOW: Millis = 1_804_968_000_000;

#[tokio::test]
async fn a_turn_sees_the_persons_clocks() {
    for (zone, shown) in [
        ("Asia/Tokyo", "2027-03-14 05:00 (yours)"),
        ("America/Los_Angeles", "2027-03-13 12:00 (yours)"),
        ("Pacific/Honolulu", "2027-03-13 10:00 (yours)"),
        ("", "2027-03-13 20:00 (UTC)"),
    ] {
        assert_eq!(alarm(zone, NOW, "what time is it?").await.1, shown, "{zone}");
    }
}

#[tokio::test]
async fn a_timer_rings_when_the_persons_clocks_show_its_time() {
    let zone = "America/Los_Angeles";
    // 02:30 is skipped that night: their clocks go from 02:00 to 03:00.
    let (mut world, shown) = alarm(zone, NOW, "2027-03-14 02:30").await;
    assert_eq!(shown, "2027-03-13 12:00 (yours)");
    let due = due(&world).await.unwrap();
    assert_eq!(due, NOW + 14 * 3_600_000 + 30 * 60_000);
    world.clock.advance_to(due - 1);
    assert_eq!(world.settled().await, [] as [&str; 0]);
    world.clock.advance_to(due);
    let rung = until("the alarm", || world.heard().pop()).await;
    assert_eq!(rung, "rings at 2027-03-14 03:30 (yours)");
}

#[tokio::test]
async fn a_time_that_is_past_rings_at_once_and_one_too_far_ahead_is_refused() {
    let (world, _) = alarm("Asia/Tokyo", NOW, "2027-03-14 04:59").await;
    let heard: Vec<_> = world.posted(3).await.into_iter().map(|message| message.text).collect();
    assert_eq!(heard, ["ready", "2027-03-14 05:00 (yours)", "rings at 2027-03-14 05:00 (yours)"]);

    let (world, _) = alarm("Asia/Tokyo", NOW, "2028-03-15 05:00").await;
    let dead = world.dead().await;
    assert!(dead.len() == 1 && dead[0].reason.contains("a year ahead is the most"), "{dead:?}");
    assert_eq!(due(&world).await, None);
}
