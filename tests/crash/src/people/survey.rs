//! The survey, by a plan: four roles and two workplaces make eight paths through its branches.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use slack_double::Message;

use super::ask::cancel;
use super::{GaveUp, Talk};
use crate::records::Kind;
use crate::words::{Heard, read};

/// The flow's name.
pub const FLOW: &str = "onboarding-survey";

/// How an answer is given.
enum Reply {
    Say(String),
    Click(&'static str),
    Mark(&'static [&'static str]),
}

struct Plan {
    number: usize,
    start: String,
}

/// Holds the survey to its end, or breaks it off somewhere.
pub async fn hold(talk: &mut Talk<'_>) -> Result<(), GaveUp> {
    let plan = Plan::new(talk.number);
    talk.plans(plan.path(), plan.record());
    let cancels = talk.happens(8).then(|| 1 + talk.number % 9);
    let mut restarts = talk.happens(5).then(|| 1 + talk.number % 9);
    talk.says(Kind::Start, &format!("start {FLOW}")).await;
    let (mut count, mut last) = (0, None);
    loop {
        let message = talk.hears().await?;
        let (key, asked) = match read(&message.shown()) {
            Heard::Question(key, _) => (key, message),
            // The host gave up what was said last, so it is said again.
            Heard::Failed => match last.take() {
                Some(asked) => asked,
                None => continue,
            },
            Heard::Closing(_) => return Ok(()),
            _ => continue,
        };
        talk.thinks().await;
        count += 1;
        if cancels == Some(count) {
            return cancel(talk).await;
        }
        if restarts == Some(count) {
            restarts = None;
            talk.says(Kind::Restart, "restart").await;
            continue;
        }
        match plan.reply(key) {
            Reply::Say(words) => drop(talk.says(Kind::Answer, &words).await),
            Reply::Click(label) => talk.operates(Some(Kind::Answer), &asked, label, &Value::Null).await,
            Reply::Mark(labels) => mark(talk, &asked, labels).await,
        }
        last = Some((key, asked));
    }
}

/// Marks are told to the bot one by one, and mean nothing before the button below them is clicked.
async fn mark(talk: &Talk<'_>, asked: &Message, labels: &[&str]) {
    talk.operates(None, asked, "mark", &json!(labels)).await;
    talk.operates(Some(Kind::Answer), asked, "done", &Value::Null).await;
}

impl Plan {
    fn new(number: usize) -> Self {
        // The survey takes dates of the year to come, so the day hangs on today.
        let day = SystemTime::now() + Duration::from_secs(86_400 * (2 + number as u64 % 20));
        let start = humantime::format_rfc3339_seconds(day).to_string()[..10].to_owned();
        Self { number, start }
    }

    fn role(&self) -> &'static str {
        ["Engineering", "Design", "Sales", "Other"][self.number % 4]
    }

    fn is_remote(&self) -> bool {
        (self.number / 4).is_multiple_of(2)
    }

    /// The keys of what must be asked, in order.
    fn path(&self) -> Vec<String> {
        let branch = ["languages", "portfolio", "region", "job"][self.number % 4];
        let place: &[_] = if self.is_remote() { &["address"] } else { &["office-days", "parking"] };
        let path = [&["name", "role", branch, "workplace"], place, &["start", "tools", "confidence", "diet", "review"]];
        path.concat().into_iter().map(str::to_owned).collect()
    }

    fn reply(&self, key: &str) -> Reply {
        use Reply::{Click, Mark, Say};
        let number = self.number;
        match key {
            "name" => Say(format!("Name {number}")),
            "role" => Click(self.role()),
            "languages" => Mark(&["Rust", "Go"]),
            "portfolio" => Say("skip".to_owned()),
            "region" => Click("Europe"),
            "job" => Say(format!("Job {number}")),
            "workplace" => Click(if self.is_remote() { "At home" } else { "In the office" }),
            "address" => Say(format!("{number} Long Road")),
            "office-days" | "confidence" => Say((1 + number % 5).to_string()),
            "parking" => Say("yes".to_owned()),
            "start" => Say(self.start.clone()),
            "tools" => Say("laptop, phone".to_owned()),
            "diet" => Say(format!("Diet {number}")),
            _ => Click("Submit"),
        }
    }

    /// What must be on record, exactly.
    fn record(&self) -> Value {
        let number = self.number;
        let mut record = json!({
            "name": format!("Name {number}"),
            "role": self.role(),
            "start": self.start,
            "tools": ["Laptop", "Phone"],
            "confidence": 1 + number % 5,
            "diet": format!("Diet {number}"),
        });
        match self.role() {
            "Engineering" => record["languages"] = json!(["Rust", "Go"]),
            "Design" => record["portfolio"] = Value::Null,
            "Sales" => record["region"] = json!("Europe"),
            _ => record["job"] = json!(format!("Job {number}")),
        }
        if self.is_remote() {
            record["workplace"] = json!("remote");
            record["address"] = json!(format!("{number} Long Road"));
        } else {
            record["workplace"] = json!("office");
            record["office-days"] = json!(1 + number % 5);
            record["parking"] = json!(true);
        }
        record
    }
}
