//! Questions to the model: numbered, so that the answers tell in which order they were handled.

use std::sync::atomic::Ordering;

use super::{GaveUp, Talk};
use crate::records::Kind;
use crate::words::{Heard, read};

/// Asks some questions, sometimes two at once, and ends the conversation in one way or another.
pub async fn converse(talk: &mut Talk<'_>) -> Result<(), GaveUp> {
    let most = 4 + talk.number % 9;
    let mut count = 0;
    while count < most && !talk.street.enough.load(Ordering::SeqCst) {
        let burst = if talk.happens(12) { 2 } else { 1 };
        let mut open = Vec::new();
        for _ in 0..burst {
            open.push(question(talk, count));
            talk.says(Kind::Ask, &question(talk, count)).await;
            count += 1;
        }
        answers(talk, open).await?;
        talk.thinks().await;
    }
    let mut loose = None;
    if talk.happens(10) {
        let words = question(talk, count);
        loose = Some(talk.says(Kind::Loose, &words).await);
    } else if talk.happens(10) {
        talk.says(Kind::Restart, "restart").await;
        until(talk, |heard| *heard == Heard::Greeting).await?;
        let words = question(talk, count);
        talk.says(Kind::Ask, &words).await;
        answers(talk, vec![words]).await?;
    }
    cancel(talk).await?;
    if let Some(loose) = loose {
        // What Slack brought again after the `cancel` has begun a conversation of its own.
        talk.is_heeded(&loose).await;
        cancel(talk).await?;
    }
    Ok(())
}

/// Ends the conversation, if there is one.
pub(super) async fn cancel(talk: &Talk<'_>) -> Result<(), GaveUp> {
    talk.says(Kind::Cancel, "cancel").await;
    until(talk, |heard| matches!(heard, Heard::Ended | Heard::Late)).await.map(drop)
}

fn question(talk: &Talk<'_>, count: usize) -> String {
    format!("talk {} question {count}", talk.number)
}

/// Waits until all of these are answered.
async fn answers(talk: &Talk<'_>, mut open: Vec<String>) -> Result<(), GaveUp> {
    while !open.is_empty() {
        match read(&talk.hears().await?.shown()) {
            Heard::Told(told) => open.retain(|words| Some(words) != told.last()),
            Heard::Sorry | Heard::Failed => drop(open.remove(0)),
            _ => {}
        }
    }
    Ok(())
}

/// Waits for what fits.
pub(super) async fn until(talk: &Talk<'_>, fits: impl Fn(&Heard) -> bool) -> Result<Heard, GaveUp> {
    loop {
        let heard = read(&talk.hears().await?.shown());
        if fits(&heard) {
            return Ok(heard);
        }
    }
}
