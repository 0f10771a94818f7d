//! What a person's line means, by what was asked last. Pure.

use std::collections::BTreeSet;
use std::time::SystemTime;

use pesto_engine::form::check;
use pesto_engine::model::{Asks, Choices, Control, EffectId, FlowName, Form, Values};
use pesto_engine::router::{is_switch, typed};
use pesto_reading::wants_out;

use super::filling::{Filled, Filling};
use super::view::Style;

/// What a line of the person is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// Nothing.
    Empty,
    /// Text.
    Say(String),
    /// A choice of the message that is asked about now.
    Pick(EffectId, Vec<String>),
    /// An entry in the form that is being filled in; this is to be shown.
    Ask(String),
    /// All that the form of a message asks for.
    Fill(EffectId, Values),
}

/// What can be picked or filled in now.
#[derive(Debug, Default)]
pub(super) struct Asked {
    question: Option<Question>,
    flows: BTreeSet<FlowName>,
}

#[derive(Debug)]
enum Question {
    /// The last is what was open when the host asked whether to end the conversation; a `no` goes back to it.
    Choices(EffectId, Choices, Option<Box<Question>>),
    Form(EffectId, Filling),
    /// One day and nothing else.
    Day(EffectId, Form),
}

impl Asked {
    /// These are the flows that the person can start.
    pub(super) fn offered(&mut self, flows: BTreeSet<FlowName>) {
        self.flows = flows;
    }

    /// A message was shown that asks for this: it is what lines answer now.
    pub(super) fn shown(&mut self, message: EffectId, asks: Asks) {
        let before = self.question.take();
        self.question = Some(match asks {
            Asks::Choices(choices) => {
                let before = before.filter(|_| is_switch(&choices)).map(Box::new);
                Question::Choices(message, choices, before)
            }
            Asks::Form(form) if form.day().is_some() => Question::Day(message, form),
            Asks::Form(form) => Question::Form(message, Filling::new(form)),
        });
    }

    /// The field of a form that is asked for again, after something else was said.
    pub(super) fn again(&self, style: Style) -> Option<String> {
        match &self.question {
            Some(Question::Form(_, filling)) => Some(style.field(filling)),
            _ => None,
        }
    }

    /// Whether entries of a form would be lost now: nobody has them but this terminal.
    pub(super) fn holds_entries(&self) -> bool {
        matches!(&self.question, Some(Question::Form(_, filling)) if filling.is_begun())
    }

    /// What a line means at this time, the person's as if it were UTC: a pick, as the host reads it in every channel; an
    /// entry in a form; the day that is asked for, as `2026-03-31`, while its words are the flow's to know; else it is
    /// text. What is picked or filled in can be once. The host's commands are never entries.
    pub(super) fn read(&mut self, line: &str, now: SystemTime, style: Style) -> Line {
        let line = line.trim();
        if line.is_empty() {
            return Line::Empty;
        }
        let control = Control::parse(line);
        // The host asks back, and may come back to the question.
        let asked_back = self.starts(line) || wants_out(line);
        match &mut self.question {
            Some(Question::Choices(message, choices, before)) => {
                if let Some(values) = typed(line, choices) {
                    let answer = Line::Pick(message.clone(), values.clone());
                    self.question = before.take().filter(|_| values == ["no"]).map(|before| *before);
                    return answer;
                }
            }
            Some(Question::Form(message, filling)) if control.is_none() && !asked_back => {
                return match filling.enter(line, now) {
                    Filled::Whole(values) => {
                        let answer = Line::Fill(message.clone(), values);
                        self.question = None;
                        answer
                    }
                    Filled::Again(words) => Line::Ask(style.aside(&words) + &style.field(filling)),
                    Filled::Next(note) => {
                        let note = note.map(|note| style.aside(&note)).unwrap_or_default();
                        Line::Ask(note + &style.field(filling))
                    }
                };
            }
            Some(Question::Day(message, form)) => {
                let key = form.day().map(|field| field.key.clone()).unwrap_or_default();
                let values = Values::from([(key, vec![line.to_owned()])]);
                if check(form, &values).is_ok() {
                    let answer = Line::Fill(message.clone(), values);
                    self.question = None;
                    return answer;
                }
            }
            _ => {}
        }
        // The host answers these beside the question, which stays open.
        if !asked_back && !matches!(control, Some(Control::Help | Control::Status)) {
            self.question = None;
        }
        Line::Say(line.to_owned())
    }

    /// `start NAME`, where there is such a flow: any other name may be meant for the flow that is open.
    fn starts(&self, line: &str) -> bool {
        let mut words = line.split_whitespace();
        let start = words.next().is_some_and(|word| word.eq_ignore_ascii_case("start"));
        let name = words.next().and_then(|name| name.to_lowercase().parse().ok());
        start && name.is_some_and(|name: FlowName| self.flows.contains(&name))
    }
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used)]

    use pesto_engine::model::{Choice, Field, FieldKind, Form};
    use pesto_engine::router::switch_choices;
    use pesto_engine::texts::DEFAULT;

    use super::*;

    pub(in super::super) fn choices(labels: &[&str], least: u32, most: u32) -> Choices {
        let option = |label: &&str| Choice { value: format!("v-{label}"), label: (*label).to_owned() };
        Choices { options: labels.iter().map(option).collect(), least, most }
    }

    fn id(id: &str) -> EffectId {
        EffectId::stored(id.into())
    }

    fn asked(asks: Asks) -> Asked {
        let mut asked = Asked::default();
        asked.offered(["ask".parse().unwrap()].into());
        asked.shown(id("m"), asks);
        asked
    }

    fn say(asked: &mut Asked, line: &str) -> Line {
        asked.read(line, SystemTime::UNIX_EPOCH, Style { colour: false, width: None })
    }

    fn read(line: &str, labels: &[&str], most: u32) -> Line {
        say(&mut asked(Asks::Choices(choices(labels, 1, most))), line)
    }

    fn pick(values: &[&str]) -> Line {
        Line::Pick(id("m"), values.iter().map(|value| (*value).to_owned()).collect())
    }

    fn form() -> Asked {
        let field = |key: &str| Field {
            key: key.to_owned(),
            label: key.to_uppercase(),
            hint: None,
            required: true,
            kind: FieldKind::Text { multiline: false, least: 1, most: 99 },
        };
        let fields = vec![field("name"), field("wish")];
        asked(Asks::Form(Form { title: "Kit".to_owned(), submit: "Send".to_owned(), fields }))
    }

    #[test]
    fn numbers_and_words_pick() {
        assert_eq!(read("2", &["Red", "Blue"], 1), pick(&["v-Blue"]));
        assert_eq!(read(" blue ", &["Red", "Blue"], 1), pick(&["v-Blue"]));
        assert_eq!(read("1, blue", &["Red", "Blue"], 2), pick(&["v-Red", "v-Blue"]));
        assert_eq!(read("red and blue.", &["Red", "Blue"], 2), pick(&["v-Red", "v-Blue"]));
    }

    #[test]
    fn an_option_called_by_a_number_is_not_counted() {
        assert_eq!(read("1", &["0", "1", "2"], 1), pick(&["v-1"]));
        assert_eq!(read("3", &["1 (low)", "2", "3 (high)"], 1), pick(&["v-3 (high)"]));
    }

    #[test]
    fn what_picks_nothing_is_said() {
        assert_eq!(read("3", &["Red", "Blue"], 1), Line::Say("3".into()));
        assert_eq!(read("1,2", &["Red", "Blue"], 1), Line::Say("1,2".into()));
        assert_eq!(read("0", &["Red"], 1), Line::Say("0".into()));
        assert_eq!(read("  ", &["Red"], 1), Line::Empty);
    }

    #[test]
    fn a_choice_is_picked_once() {
        let mut asked = asked(Asks::Choices(choices(&["Red"], 1, 1)));
        assert!(matches!(say(&mut asked, "1"), Line::Pick(..)));
        assert_eq!(say(&mut asked, "1"), Line::Say("1".into()));
    }

    #[test]
    fn asking_for_help_leaves_the_question_open() {
        let mut asked = asked(Asks::Choices(choices(&["Red", "Blue"], 1, 1)));
        assert_eq!(say(&mut asked, "help"), Line::Say("help".into()));
        assert_eq!(say(&mut asked, "2"), pick(&["v-Blue"]));
        assert_eq!(say(&mut asked, "status"), Line::Say("status".into()));
        assert_eq!(say(&mut asked, "2"), Line::Say("2".into()));
    }

    #[test]
    fn a_form_is_asked_again_after_help_and_keeps_its_entries() {
        let mut asked = form();
        assert!(!asked.holds_entries());
        say(&mut asked, "Ada");
        assert!(asked.holds_entries());
        assert_eq!(say(&mut asked, "help"), Line::Say("help".into()));
        assert_eq!(asked.again(Style { colour: false, width: None }).unwrap(), "      2/2 WISH\n");
        let Line::Fill(_, values) = say(&mut asked, "Peace") else { panic!("{asked:?}") };
        assert_eq!(values["name"], ["Ada"]);
        assert_eq!(asked.again(Style { colour: false, width: None }), None);
    }

    #[test]
    fn a_day_alone_is_filled_in_and_its_words_are_said() {
        let day = || {
            let kind = FieldKind::Date { least: Some("2026-03-02".to_owned()), most: None };
            let field = Field { key: "day".to_owned(), label: "Day".to_owned(), hint: None, required: true, kind };
            let (title, submit) = ("Day".to_owned(), "OK".to_owned());
            asked(Asks::Form(Form { title, submit, fields: vec![field] }))
        };
        let Line::Fill(_, values) = say(&mut day(), "2026-03-31") else { panic!("it is a day") };
        assert_eq!(values["day"], ["2026-03-31"]);
        for words in ["next monday", "2026-03-01", "2026-02-31", "back"] {
            let mut asked = day();
            assert_eq!(say(&mut asked, words), Line::Say(words.to_owned()));
            assert_eq!(asked.again(Style { colour: false, width: None }), None);
            assert_eq!(say(&mut asked, "2026-03-31"), Line::Say("2026-03-31".to_owned()), "words close the form");
        }
    }

    #[test]
    fn a_flow_can_be_started_out_of_a_form_and_a_no_goes_on_with_it() {
        let mut asked = form();
        say(&mut asked, "Ada");
        assert_eq!(say(&mut asked, "Start ASK now"), Line::Say("Start ASK now".into()));
        asked.shown(id("switch"), Asks::Choices(switch_choices(DEFAULT)));
        assert_eq!(say(&mut asked, "no"), Line::Pick(id("switch"), vec!["no".to_owned()]));
        // Of no flow's name: an entry.
        let Line::Fill(_, values) = say(&mut asked, "start early") else { panic!("{asked:?}") };
        assert_eq!(values["wish"], ["start early"]);

        let mut asked = form();
        assert_eq!(say(&mut asked, "stop!"), Line::Say("stop!".into()), "and no entry");
        asked.shown(id("switch"), Asks::Choices(switch_choices(DEFAULT)));
        assert_eq!(say(&mut asked, "nope"), Line::Pick(id("switch"), vec!["no".to_owned()]));
        assert!(asked.again(Style { colour: false, width: None }).is_some());

        let mut asked = form();
        say(&mut asked, "start ask");
        asked.shown(id("switch"), Asks::Choices(switch_choices(DEFAULT)));
        assert_eq!(say(&mut asked, "1"), Line::Pick(id("switch"), vec!["yes".to_owned()]));
        assert_eq!(say(&mut asked, "Ada"), Line::Say("Ada".into()));
    }
}
