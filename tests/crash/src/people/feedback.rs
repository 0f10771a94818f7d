//! The form: opened, filled in and submitted, again and again where nobody answers.

use std::time::Duration;

use serde_json::{Value, json};
use slack_double::{Message, Submitted};

use super::ask::{cancel, until};
use super::{GaveUp, Talk};
use crate::records::Kind;
use crate::words::{Heard, read};

/// The flow's name.
pub const FLOW: &str = "feedback";

/// How long a window may take to open.
const OPENING: Duration = Duration::from_secs(3);
/// After a submission that seems to have failed, how long somebody waits for a sign of the contrary.
const DOUBT: Duration = Duration::from_secs(4);

/// Gives feedback, or thinks better of it.
pub async fn give(talk: &mut Talk<'_>) -> Result<(), GaveUp> {
    let record = json!({ "score": 4, "why": why(talk), "day": "2026-01-05", "contact": true });
    talk.plans(Vec::new(), record);
    talk.says(Kind::Start, &format!("start {FLOW}")).await;
    let asked = loop {
        let message = talk.hears().await?;
        if read(&message.shown()) == Heard::Form {
            break message;
        }
    };
    talk.thinks().await;
    if talk.happens(8) {
        return cancel(talk).await;
    }
    fill(talk, &asked).await?;
    // A window that was asked for twice is there twice.
    while talk.person.form().is_some() {
        talk.person.closes_form().await;
    }
    Ok(())
}

fn why(talk: &Talk<'_>) -> String {
    format!("talk {} was good", talk.number)
}

async fn fill(talk: &Talk<'_>, asked: &Message) -> Result<(), GaveUp> {
    let fields = json!({ "score": "4", "why": why(talk), "day": "2026-01-05", "contact": "yes" });
    let until_thanks = || until(talk, |heard| *heard == Heard::Thanks);
    let doubt = async || tokio::time::timeout(DOUBT, until_thanks()).await.is_ok_and(|heard| heard.is_ok());
    let began = tokio::time::Instant::now();
    while began.elapsed() < talk.street.patience {
        if talk.person.form().is_none() {
            talk.operates(None, asked, "form", &Value::Null).await;
            if talk.person.gets_form_within(OPENING).await.is_none() {
                // There is no window to open any more where an earlier submission was taken.
                if doubt().await {
                    return Ok(());
                }
                continue;
            }
        }
        let submitted = talk.person.submits(fields.clone()).await;
        talk.note(Kind::Answer, &why(talk), None, submitted == Submitted::Closed);
        if submitted == Submitted::Closed {
            until_thanks().await?;
            return Ok(());
        }
        if doubt().await {
            return Ok(());
        }
    }
    Err(GaveUp)
}
