//! A conversation on a screen. What people and models wrote is hostile text, and short here.

use pesto_engine::life::host_timer;
use pesto_engine::model::{Asks, Call, Millis, OpenQuestion, Place};
use pesto_engine::ports::Underway;
use pesto_engine::text::line;

use crate::admin::ConversationView;
use crate::cli::answers::time;
use crate::cli::dead::body;

/// The width of the first column, and of what stands beside it.
const NAMES: usize = 12;
const TEXT: usize = 86;

/// All that goes on at a place, in lines of at most 100 columns.
pub(super) fn whole(place: &Place, view: &ConversationView) -> String {
    let mut page = Page::default();
    page.row("place", place.as_str());
    match &view.open {
        Some(open) => {
            page.row("flow", &format!("{} ({}), conversation {}", open.flow, open.digest.short(), open.generation));
            page.row("person", &format!("{} ({})", open.person_id, open.person_name));
            page.row("since", &time(open.since));
            page.row("last event", &time(open.last));
            page.row("keeps", &format!("{} bytes", view.state_bytes));
        }
        None => page.row("flow", "none: no conversation is open"),
    }
    page.row("waiting", &format!("events: {}, messages not yet sent: {}", view.events, view.messages));
    page.part("Open questions", &view.questions, |page, question| page.row(&question.key, &asked(question)));
    page.part("Timers", &view.timers, |page, (name, due): (&String, &Millis)| {
        page.row(&time(*due), &host_timer(name).map_or_else(|| name.clone(), |name| format!("the host's: {name}")));
    });
    page.part("Last said", &view.history, |page, exchange| {
        page.row(&time(exchange.at), "");
        page.row("  person", &exchange.said);
        page.row("  flow", &exchange.answered);
    });
    if let Some(turn) = &view.underway {
        underway(&mut page, turn, view.running);
    }
    page.text
}

fn underway(page: &mut Page, turn: &Underway, running: bool) {
    let state = if running { "running" } else { "not running: to be tried again" };
    page.head(&format!("Turn {}, attempt {}, {state}", turn.seq, turn.attempt));
    page.row("event", &body(&turn.inbound.body));
    page.row("from", &format!("{} at {}", turn.inbound.person.id, time(turn.inbound.at)));
    for Call { number, name, request, result } in &turn.journal {
        page.row(&format!("call {number}"), &format!("{name} {request}"));
        page.row("  answer", result.as_ref().map_or("no answer yet", |result| &result.answer));
    }
    if turn.journal.is_empty() {
        page.row("calls", "none");
    }
}

fn asked(question: &OpenQuestion) -> String {
    match &question.asks {
        Asks::Choices(choices) => {
            choices.options.iter().map(|option| option.label.as_str()).collect::<Vec<_>>().join(" | ")
        }
        Asks::Form(form) => {
            let labels: Vec<_> = form.fields.iter().map(|field| field.label.as_str()).collect();
            format!("the form “{}”: {}", form.title, labels.join(", "))
        }
    }
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn row(&mut self, name: &str, value: &str) {
        let (name, value) = (line(name, 40), narrow(value));
        self.text.push_str(format!("{name:<NAMES$}  {value}").trim_end());
        self.text.push('\n');
    }

    fn head(&mut self, title: &str) {
        self.text.push_str(&format!("\n{title}\n"));
    }

    fn part<T>(&mut self, title: &str, items: impl IntoIterator<Item = T>, mut show: impl FnMut(&mut Self, T)) {
        let mut items = items.into_iter().peekable();
        if items.peek().is_some() {
            self.head(title);
        }
        items.for_each(|item| show(self, item));
    }
}

/// A line that fits beside the names, with an ellipsis where it was cut.
fn narrow(text: &str) -> String {
    let clean = line(text, 4 * TEXT);
    if clean.chars().count() <= TEXT {
        return clean;
    }
    clean.chars().take(TEXT - 1).chain(['…']).collect()
}
