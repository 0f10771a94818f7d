//! What people answer in the onboarding survey, and what must be on record then.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use pesto_server::admin::{AdminReply, AdminRequest};
use pesto_tests::host::TestHost;
use pesto_tests::person::Person;
use serde_json::{Value, json};

pub(crate) const FLOW: &str = "onboarding-survey";
/// The key of the survey's last words.
pub(crate) const CLOSING: &str = "survey/closing";

/// What one person answers. Four roles and two workplaces make eight paths through the branches.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) id: String,
    number: usize,
    start: String,
}

/// How an answer is given.
pub(crate) enum Reply {
    Say(String),
    Pick(Vec<&'static str>),
}

impl Plan {
    pub(crate) fn new(number: usize) -> Self {
        // The survey takes dates of the year to come, so the day hangs on today.
        let day = SystemTime::now() + Duration::from_secs(86_400 * (2 + number as u64 % 20));
        let start = humantime::format_rfc3339_seconds(day).to_string()[..10].to_owned();
        Self { id: format!("p{number}"), number, start }
    }

    pub(crate) fn name(&self) -> String {
        format!("Name {}", self.number)
    }

    fn role(&self) -> &'static str {
        ["Engineering", "Design", "Sales", "Other"][self.number % 4]
    }

    fn is_remote(&self) -> bool {
        (self.number / 4).is_multiple_of(2)
    }

    /// The keys of the messages that this person must see, in order, each once.
    pub(crate) fn path(&self) -> Vec<&'static str> {
        let branch = ["languages", "portfolio", "region", "job"][self.number % 4];
        let place: &[_] = if self.is_remote() { &["address"] } else { &["office-days", "parking"] };
        [
            &["name", "role", branch, "workplace"],
            place,
            &["start", "tools", "confidence", "diet", "survey/review", CLOSING],
        ]
        .concat()
    }

    pub(crate) fn reply(&self, key: &str) -> Reply {
        use Reply::{Pick, Say};
        match key {
            "name" => Say(self.name()),
            "role" => Pick(vec![self.role()]),
            "languages" => Pick(vec!["Rust", "Go"]),
            "portfolio" => Say("skip".to_owned()),
            "region" => Say("Europe".to_owned()),
            "job" => Say(format!("Job {}", self.number)),
            "workplace" => Pick(vec![if self.is_remote() { "remote" } else { "office" }]),
            "address" => Say(format!("{} Long Road", self.number)),
            "office-days" => Say((1 + self.number % 5).to_string()),
            "parking" => Say("yes".to_owned()),
            "start" => Say(self.start.clone()),
            "tools" => Say("laptop, phone".to_owned()),
            "confidence" => Say((1 + self.number % 5).to_string()),
            "diet" => Say(format!("=SUM({})", self.number)),
            "survey/review" => Pick(vec!["Submit"]),
            other => panic!("{} was asked `{other}`", self.id),
        }
    }

    /// Gives the answer to a question.
    pub(crate) fn answer(&self, person: &mut Person, key: &str) {
        match self.reply(key) {
            Reply::Say(text) => person.say(&text),
            Reply::Pick(values) => person.pick(&values),
        }
    }

    /// Answers whatever is still asked, to the end.
    pub(crate) async fn finish(&self, person: &mut Person) {
        loop {
            let message = person.hear().await;
            match message.key.as_str() {
                CLOSING => break,
                key => self.answer(person, key),
            }
        }
        person.settle().await;
    }

    /// What must be recorded, exactly.
    pub(crate) fn record(&self) -> Value {
        let number = self.number;
        let mut record = json!({
            "name": self.name(),
            "role": self.role(),
            "start": self.start,
            "tools": ["Laptop", "Phone"],
            "confidence": 1 + number % 5,
            "diet": format!("=SUM({number})"),
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

/// What is recorded of the survey, by person.
pub(crate) fn records(host: &TestHost) -> BTreeMap<String, Vec<Value>> {
    let reply = host.ask(AdminRequest::Answers { flow: FLOW.parse().expect("a name"), after: 0 });
    let AdminReply::Answers { page } = reply else { panic!("not answers: {reply:?}") };
    let mut records = BTreeMap::<String, Vec<Value>>::new();
    for (_, completion) in page {
        let answers = serde_json::from_str(&completion.answers).expect("answers are JSON");
        records.entry(completion.person.id).or_default().push(answers);
    }
    records
}
