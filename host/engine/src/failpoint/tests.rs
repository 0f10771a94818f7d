//! What rules do to steps and to what is around them.
#![allow(clippy::unwrap_used)]

use futures_util::FutureExt as _;

use super::*;

fn points(rule: &str) -> Arc<Failpoints> {
    Failpoints::new(vec![rule.parse().unwrap()])
}

#[test]
fn a_rule_says_what_happens() {
    let action = |text: &str| text.parse::<Rule>().map(|rule| rule.action);
    assert_eq!(action("store.commit:after@2"), Ok(Action::Hang));
    assert_eq!(action("store.commit:after@2!"), Ok(Action::Crash));
    assert_eq!(action("store.commit:after@2!stop"), Ok(Action::Stop));
    assert_eq!(action("redis.commit:after@2!lose"), Ok(Action::Lose));
    assert!(action("store.commit:after@2!eat").unwrap_err().contains("neither `stop` nor `lose`"));
    assert!(action("store.commit:after").is_err() && action("store.commit:after@x").is_err());
}

#[tokio::test]
async fn a_step_is_lost_once_before_it_or_after_it() {
    for (rule, done) in [("a.step:before@2!lose", 2), ("a.step:after@2!lose", 3)] {
        let points = points(rule);
        let mut count = 0;
        let mut answers = Vec::new();
        for _ in 0..3 {
            answers.push(points.step("a.step", async { count += 1 }).await);
        }
        assert_eq!((answers, count), (vec![Ok(()), Err(NoAnswer::Lost), Ok(())], done), "{rule}");
        assert!(!points.has_crashed());
        let book = points.arm(Vec::new());
        assert_eq!((book.rules.len(), book.done, book.hits.values().max()), (0, vec![rule.parse().unwrap()], Some(&3)));
        assert_eq!(points.arm(Vec::new()), Book::default(), "it is a new book");
    }
}

#[tokio::test]
async fn a_crash_in_a_step_ends_the_method_and_nobody_hears_of_it() {
    let points = points("a.step:after@1!");
    let mut done = Vec::new();
    let method = points.around("a.method", async {
        for step in 0..2 {
            let _ = points.step("a.step", async { done.push(step) }).await;
        }
    });
    assert_eq!(method.now_or_never(), None, "it is held where it ends");
    assert_eq!(done, [0], "nothing is done after the crash");
    assert_eq!(points.crashed().now_or_never(), Some(()), "nothing is under way");
    points.arm(Vec::new());
    assert!(points.has_crashed(), "and it stays dead");
}
