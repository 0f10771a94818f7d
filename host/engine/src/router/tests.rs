//! Every way that an event can take.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use super::*;
use crate::model::{Beginning, Field, FieldKind, Form, Manner, Switch};

fn route(body: &Body, open: Option<&Conversation>, offers: &Offers) -> Route {
    super::route(body, open, offers, texts::DEFAULT)
}

fn flow(name: &str) -> FlowName {
    name.parse().unwrap()
}

fn offers() -> Offers {
    let offer = |name: &str, triggers: &[&str]| Offer {
        digest: Digest::of(name.as_bytes()),
        title: name.to_owned(),
        summary: "A flow.".to_owned(),
        triggers: triggers.iter().map(|trigger| (*trigger).to_owned()).collect(),
    };
    let flows = [("ask", vec![]), ("survey", vec!["poll", "take part"])];
    Offers {
        flows: flows.iter().map(|(name, triggers)| (flow(name), offer(name, triggers))).collect(),
        ..Offers::default()
    }
}

fn with_default() -> Offers {
    Offers { default: Some(flow("ask")), ..offers() }
}

fn said(text: &str) -> Body {
    Body::Said { text: text.to_owned(), files: Vec::new() }
}

fn with_file(text: &str) -> Body {
    let file = File { id: "F1".into(), name: "cv.pdf".into(), media_type: "application/pdf".into(), size: 1 };
    Body::Said { text: text.to_owned(), files: vec![file] }
}

fn start(name: &str, arguments: &str) -> Body {
    Body::Start { flow: flow(name), arguments: arguments.to_owned() }
}

fn pick(message: &str, values: &[&str]) -> Body {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    Body::Picked { message: EffectId::stored(message.to_owned()), values }
}

fn choices(message: &str, key: &str, choices: Choices) -> OpenQuestion {
    OpenQuestion { message: EffectId::stored(message.to_owned()), key: key.to_owned(), asks: Asks::Choices(choices) }
}

fn several() -> Choices {
    let option = |value: &str| Choice { value: value.to_owned(), label: value.to_uppercase() };
    Choices { options: ["a", "b", "c"].map(option).into(), least: 1, most: 2 }
}

/// The third conversation of its place, on a version that is not current any more; `m1` can be picked from.
fn open() -> Conversation {
    Conversation {
        generation: 3,
        flow: flow("survey"),
        digest: Digest::of(b"an older version"),
        state: vec![],
        literal_next: false,
        questions: vec![choices("m1", "colour", several())],
        switch_to: None,
        timers: BTreeMap::new(),
        began: Beginning { at: 0, sent: None, by: "ann".into(), ..Beginning::default() },
        last: 0,
        alone: 0,
        passed: None,
        spoken: None,
        asked: "Which colour?".into(),
        tried: vec![],
    }
}

/// The same, asked in `m2` whether it is to end for `ask`.
fn asked() -> Conversation {
    let mut open = open();
    open.questions.push(choices("m2", "host", switch_choices(texts::DEFAULT)));
    let message = EffectId::stored("m2".to_owned());
    open.switch_to = Some(Switch { flow: Some(flow("ask")), arguments: "why?".to_owned(), message });
    open
}

fn begins(name: &str, arguments: &str) -> Route {
    let begin = Some((flow(name), Digest::of(name.as_bytes())));
    Route::Run(Run {
        begin,
        event: FlowEvent::Started { arguments: arguments.to_owned() },
        follow: None,
        quiet: false,
        moved: None,
    })
}

fn tells(event: FlowEvent) -> Route {
    Route::Run(Run { begin: None, event, follow: None, quiet: false, moved: None })
}

fn says(text: &str) -> Route {
    tells(FlowEvent::Said { text: text.to_owned(), files: Vec::new() })
}

fn cancels_for(name: &str, arguments: &str) -> Route {
    Route::Run(Run {
        begin: None,
        event: FlowEvent::Cancelled,
        follow: Some(start(name, arguments)),
        quiet: false,
        moved: None,
    })
}

fn text_of(route: &Route) -> &str {
    match route {
        Route::Answer(Answer { text, switch: SwitchQuestion::Kept }) | Route::Whisper(text) => text,
        other => panic!("not a plain answer: {other:?}"),
    }
}

#[test]
fn control_words_are_the_hosts_where_nothing_is_open() {
    for (word, answer) in [
        ("cancel", texts::DEFAULT.nothing_open()),
        ("  Restart\n", texts::DEFAULT.nothing_open()),
        ("STATUS", "There is no open conversation."),
    ] {
        assert_eq!(text_of(&route(&said(word), None, &with_default())), answer, "{word}");
    }
    assert!(text_of(&route(&said("help"), None, &offers())).contains("start survey"));
    for (control, word) in [(Control::Help, "help"), (Control::Status, "status")] {
        let beside = route(&Body::Control(control), None, &offers());
        assert_eq!(beside, route(&said(word), None, &offers()), "beside a turn or behind it");
    }
    for (control, text) in
        [(Control::Cancel, texts::DEFAULT.cancelled()), (Control::Restart, texts::DEFAULT.cut_short())]
    {
        let beside = route(&Body::Control(control), None, &offers());
        assert_eq!(text_of(&beside), text, "it ended the turn that was to begin a conversation");
    }
}

#[test]
fn control_words_are_whole_messages() {
    for text in ["cancel the meeting", "helpful", "status quo", "restarting"] {
        assert_eq!(route(&said(text), Some(&open()), &offers()), says(text));
        assert_eq!(route(&said(text), None, &with_default()), begins("ask", text));
    }
    let file = with_file("cancel");
    assert!(matches!(route(&file, Some(&open()), &offers()), Route::Run(Run { event: FlowEvent::Said { .. }, .. })));
}

#[test]
fn control_words_command_the_open_conversation() {
    assert_eq!(route(&said("Cancel"), Some(&open()), &offers()), tells(FlowEvent::Cancelled));
    assert_eq!(route(&said("restart"), Some(&open()), &offers()), cancels_for("survey", ""));
    assert!(text_of(&route(&said("status"), Some(&open()), &offers())).contains("in the middle of survey"));
    assert!(text_of(&route(&said("status"), Some(&open()), &offers())).ends_with("I wait for you.\n> Which colour?"));
    assert!(text_of(&route(&said("help"), Some(&open()), &offers())).contains("start ask"));
    assert_eq!(route(&Body::Control(Control::Cancel), Some(&open()), &offers()), tells(FlowEvent::Cancelled));
    assert_eq!(route(&Body::Control(Control::Restart), Some(&open()), &offers()), cancels_for("survey", ""));
}

#[test]
fn a_literal_text_is_no_command() {
    let literal = Conversation { literal_next: true, ..open() };
    for text in ["cancel", "restart", "help", "status", "start ask", "poll"] {
        assert_eq!(route(&said(text), Some(&literal), &offers()), says(text));
    }
    // What was taken beside a running turn is a command whatever the flow declared meanwhile.
    assert_eq!(route(&Body::Control(Control::Cancel), Some(&literal), &offers()), tells(FlowEvent::Cancelled));
    let held = Conversation { passed: Some(Control::Cancel), ..literal };
    assert_eq!(route(&said(" Cancel"), Some(&held), &offers()), tells(FlowEvent::Cancelled), "said twice it is one");
    assert_eq!(route(&said("restart"), Some(&held), &offers()), says("restart"), "another word was not said before");
}

#[test]
fn flows_begin_by_name_trigger_or_default() {
    for (text, route_) in [
        ("start survey", begins("survey", "")),
        ("  START  Survey   with  care ", begins("survey", "with  care")),
        ("poll", begins("survey", "")),
        (" Take Part ", begins("survey", "")),
        (" anything else ", begins("ask", "anything else")),
        ("survey", begins("survey", "")),
        ("start with a joke", begins("ask", "start with a joke")),
        ("starting survey", begins("ask", "starting survey")),
        ("poll me", begins("ask", "poll me")),
    ] {
        assert_eq!(route(&said(text), None, &with_default()), route_, "{text:?}");
    }
    assert_eq!(route(&start("ask", "why?"), None, &offers()), begins("ask", "why?"));
}

#[test]
fn what_fits_nothing_is_answered_with_what_there_is() {
    assert!(text_of(&route(&said("anything"), None, &offers())).contains("I don't know what to do"));
    let absent = Offers { default: Some(flow("absent")), ..offers() };
    assert!(text_of(&route(&said("anything"), None, &absent)).contains("I don't know what to do"));
    for body in [said("start absent"), said("start ../../x"), start("absent", "")] {
        assert!(text_of(&route(&body, None, &with_default())).contains("There is no flow"), "{body:?}");
    }
    assert!(text_of(&route(&start("absent", ""), Some(&open()), &offers())).contains("There is no flow"));
    // Within a conversation it may be an answer.
    assert_eq!(route(&said("start absent"), Some(&open()), &offers()), says("start absent"));
    assert_eq!(self::route(&said("poll"), Some(&open()), &offers()), says("poll"));
}

#[test]
fn another_flow_is_asked_about() {
    for (body, name, arguments) in [
        (said("start ask why?"), "ask", "why?"),
        (start("ask", "why?"), "ask", "why?"),
        (start("survey", ""), "survey", ""),
    ] {
        let Route::Answer(answer) = route(&body, Some(&open()), &offers()) else { panic!("{body:?}") };
        assert!(answer.text.contains("Shall I end it"), "{}", answer.text);
        assert_eq!(answer.switch, SwitchQuestion::Asked { flow: Some(flow(name)), arguments: arguments.to_owned() });
    }
}

#[test]
fn nothing_is_ended_for_what_cannot_begin() {
    let none = Offers::default();
    for body in [said("yes"), pick("m2", &["yes"]), said("restart"), Body::Control(Control::Restart)] {
        let Route::Answer(answer) = route(&body, Some(&asked()), &none) else { panic!("{body:?}") };
        assert!(answer.text.starts_with("There is no flow"), "{}", answer.text);
        assert_eq!(answer.switch, SwitchQuestion::Settled);
    }
}

#[test]
fn the_question_whether_to_switch_is_answered() {
    let asked = asked();
    let route = |body: &Body| self::route(body, Some(&asked), &offers());
    for body in [said("yes"), said(" Y "), said("Yep!"), said("ja"), pick("m2", &["yes"])] {
        assert_eq!(route(&body), cancels_for("ask", "why?"), "{body:?}");
    }
    for body in [said("No"), said("n"), said("no, thanks"), said("no, go on"), said("continue"), pick("m2", &["no"])] {
        assert_eq!(route(&body), go_on(&asked, texts::DEFAULT), "{body:?}");
    }
    let Route::Answer(repeats) = route(&said("No")) else { panic!("no answer") };
    assert_eq!(repeats.text, "Good, we go on where we were.\n> Which colour?");
    // Anything else goes its usual way, to the question before it too.
    for text in ["1", "a"] {
        assert_eq!(route(&said(text)), tells(FlowEvent::Picked { key: "colour".into(), values: vec!["a".into()] }));
    }
    assert_eq!(route(&said("perhaps")), says("perhaps"));
    assert_eq!(route(&said("cancel")), tells(FlowEvent::Cancelled));
    assert_eq!(text_of(&route(&pick("m2", &["perhaps"]))), texts::DEFAULT.bad_pick(1, 1));
    assert!(matches!(route(&pick("m1", &["a"])), Route::Run(Run { event: FlowEvent::Picked { .. }, .. })));
    // The question comes first, though the flow wanted the next text as it is: it did not ask this one.
    let literal = Conversation { literal_next: true, ..asked.clone() };
    assert_eq!(self::route(&said("yes"), Some(&literal), &offers()), cancels_for("ask", "why?"));
}

#[test]
fn yes_and_no_are_texts_where_nothing_was_asked() {
    for text in ["yes", "no", "y", "n"] {
        assert_eq!(route(&said(text), Some(&open()), &offers()), says(text));
    }
}

#[test]
fn a_control_word_may_have_something_around_it() {
    for word in ["cancel.", "`cancel`", "*Cancel!*", "cancel please", "Please cancel!", "“cancel”"] {
        assert_eq!(route(&said(word), Some(&open()), &offers()), tells(FlowEvent::Cancelled), "{word}");
        assert_eq!(text_of(&route(&said(word), None, &with_default())), texts::DEFAULT.nothing_open(), "{word}");
    }
    for word in ["help me", "?", "Help!", "Hilfe"] {
        assert!(text_of(&route(&said(word), Some(&open()), &offers())).contains("start ask"), "{word}");
    }
    let literal = Conversation { literal_next: true, ..open() };
    for word in ["cancel.", "?", "stop"] {
        assert_eq!(route(&said(word), Some(&literal), &offers()), says(word));
    }
}

/// In the middle of a survey whose last question is answered in words.
fn at_words() -> Conversation {
    Conversation { questions: vec![], ..open() }
}

#[test]
fn who_wants_to_leave_is_asked_whether_to_end() {
    for word in ["stop", "STOP!", "exit", "quit", "abort", "never mind", "leave me alone", "not now", "aufhören"] {
        let Route::Answer(asks) = route(&said(word), Some(&at_words()), &offers()) else { panic!("{word}") };
        assert_eq!(asks.text, "You are in the middle of survey. Shall I end it?", "{word}");
        assert_eq!(asks.switch, SwitchQuestion::Asked { flow: None, arguments: String::new() });
        assert_eq!(text_of(&route(&said(word), None, &with_default())), texts::DEFAULT.nothing_open(), "{word}");
    }
    for word in ["bus stop", "stop at nothing", "Stopford"] {
        assert_eq!(route(&said(word), Some(&at_words()), &offers()), says(word));
    }
    let message = EffectId::stored("m2".to_owned());
    let switch_to = Some(Switch { flow: None, arguments: String::new(), message });
    let asked = Conversation { switch_to, ..asked() };
    for body in [said("yes"), said("ok"), pick("m2", &["yes"])] {
        assert_eq!(route(&body, Some(&asked), &offers()), tells(FlowEvent::Cancelled), "{body:?}");
    }
    assert_eq!(route(&said("no"), Some(&asked), &offers()), go_on(&asked, texts::DEFAULT));
    assert_eq!(
        open_question(&asked, texts::DEFAULT).as_deref(),
        Some("You are in the middle of survey. Shall I end it?")
    );
}

#[test]
fn what_is_typed_at_open_choices_is_picked() {
    let option = |value: &str, label: &str| Choice { value: value.to_owned(), label: label.to_owned() };
    let options = vec![option("eng", "Engineering"), option("art", "Design"), option("stop", "Stop it")];
    let asks = |least, most| Conversation {
        questions: vec![
            choices("m1", "colour", several()),
            choices("m3", "role", Choices { options: options.clone(), least, most }),
        ],
        ..open()
    };
    let picked = |values: &[&str]| {
        tells(FlowEvent::Picked { key: "role".into(), values: values.iter().map(|value| (*value).into()).collect() })
    };
    for (text, value) in [
        ("Engineering", "eng"),
        ("ENG", "eng"),
        ("1.", "eng"),
        ("two", "art"),
        ("1. Engineering", "eng"),
        ("engin", "eng"),
        ("Enginering", "eng"),
        ("stop", "stop"),
        ("Stop it!", "stop"),
    ] {
        assert_eq!(route(&said(text), Some(&asks(1, 1)), &offers()), picked(&[value]), "{text}");
    }
    assert_eq!(route(&said("1 and design"), Some(&asks(1, 2)), &offers()), picked(&["eng", "art"]));
    // The flow says what is wrong with it, or takes it as it is.
    for text in ["a", "en", "pilot", "4", "maybe", "1 and 2", "engineering or design", "yes"] {
        assert_eq!(route(&said(text), Some(&asks(1, 1)), &offers()), says(text));
    }
    for text in ["all", "1", "none"] {
        assert_eq!(route(&said(text), Some(&asks(2, 2)), &offers()), says(text), "that many must not be picked");
    }
    let literal = Conversation { literal_next: true, ..asks(1, 1) };
    assert_eq!(route(&said("1"), Some(&literal), &offers()), says("1"));
    assert_eq!(route(&said("cancel"), Some(&asks(1, 1)), &offers()), tells(FlowEvent::Cancelled));
    let file = with_file("1");
    assert!(matches!(
        route(&file, Some(&asks(1, 1)), &offers()),
        Route::Run(Run { event: FlowEvent::Said { .. }, .. })
    ));
}

#[test]
fn a_pick_must_be_open_and_allowed() {
    let picked = |values: &[&str]| {
        tells(FlowEvent::Picked { key: "colour".into(), values: values.iter().map(|value| (*value).into()).collect() })
    };
    let route = |body: &Body| self::route(body, Some(&open()), &offers());
    assert_eq!(route(&pick("m1", &["a"])), picked(&["a"]));
    assert_eq!(route(&pick("m1", &["c", "b"])), picked(&["c", "b"]));
    for values in [&[][..], &["a", "b", "c"], &["a", "a"], &["z"], &["a", "z"], &["A"], &[""]] {
        assert_eq!(text_of(&route(&pick("m1", values))), texts::DEFAULT.bad_pick(1, 2), "{values:?}");
    }
    for message in ["m0", "", "m1 "] {
        assert_eq!(text_of(&route(&pick(message, &["a"]))), texts::DEFAULT.stale_pick());
    }
    assert_eq!(text_of(&self::route(&pick("m1", &["a"]), None, &offers())), texts::DEFAULT.stale_pick());
}

#[test]
fn a_timer_that_was_stopped_or_set_anew_after_it_fired_is_dropped() {
    let timer = Body::Timer { generation: 3, name: "nag".into(), due: 7 };
    for timers in [[].into(), [("nag".to_owned(), 8)].into(), [("other".to_owned(), 7)].into()] {
        let open = Conversation { timers, ..open() };
        assert_eq!(self::route(&timer, Some(&open), &with_default()), Route::Drop);
    }
}

#[test]
fn what_belongs_to_an_older_conversation_is_dropped() {
    let timer = |generation| Body::Timer { generation, name: "nag".into(), due: 7 };
    let undelivered = |generation| Body::Undelivered { generation, key: "k".into(), reason: "gone".into() };
    let route = |body: Body, open: Option<&Conversation>| self::route(&body, open, &with_default());
    let open = Conversation { timers: [("nag".to_owned(), 7)].into(), ..open() };
    assert_eq!(route(timer(3), Some(&open)), tells(FlowEvent::Timer { name: "nag".into(), due: 7 }));
    let heard = FlowEvent::Undelivered { key: "k".into(), reason: "gone".into() };
    assert_eq!(route(undelivered(3), Some(&open)), tells(heard));
    for generation in [0, 2, 4] {
        assert_eq!(route(timer(generation), Some(&open)), Route::Drop);
        assert_eq!(route(undelivered(generation), Some(&open)), Route::Drop);
    }
    assert_eq!(route(timer(3), None), Route::Drop);
    assert_eq!(route(undelivered(3), None), Route::Drop);
}

#[test]
fn a_form_that_is_right_reaches_the_flow_and_any_other_the_person() {
    let words = FieldKind::Text { multiline: false, least: 1, most: 5 };
    let field = |key: &str, required, kind| Field {
        key: key.to_owned(),
        label: key.to_uppercase(),
        hint: None,
        required,
        kind,
    };
    let fields = vec![field("name", true, words.clone()), field("nick", false, words)];
    let form = Form { title: "You".to_owned(), submit: "Send".to_owned(), fields };
    let message = EffectId::stored("m3".to_owned());
    let mut conversation = open();
    conversation.questions.push(OpenQuestion { message, key: "you".to_owned(), asks: Asks::Form(form) });
    let fill = |message: &str, values: &[(&str, &str)]| {
        let values = values.iter().map(|(key, value)| ((*key).to_owned(), vec![(*value).to_owned()])).collect();
        Body::Filled { message: EffectId::stored(message.to_owned()), values }
    };
    let clean = vec![("name".to_owned(), vec!["Ada".to_owned()])];
    let filled = tells(FlowEvent::Filled { key: "you".to_owned(), values: clean });
    assert_eq!(route(&fill("m3", &[("nick", " "), ("name", " Ada ")]), Some(&conversation), &offers()), filled);
    for (body, word) in [
        (fill("m3", &[("name", "")]), "NAME: Please fill this in."),
        (fill("m3", &[("name", "Ada"), ("nick", "Countess")]), "NICK: Please write at most 5 characters: these are 8."),
        (fill("m3", &[("name", "Ada"), ("role", "Countess")]), "The form has no such field."),
        (fill("m1", &[("name", "Ada")]), texts::DEFAULT.stale_form()),
        (fill("m9", &[("name", "Ada")]), texts::DEFAULT.stale_form()),
        (pick("m3", &["Ada"]), texts::DEFAULT.stale_pick()),
    ] {
        assert_eq!(text_of(&route(&body, Some(&conversation), &offers())), word);
    }
    assert_eq!(text_of(&route(&fill("m3", &[]), None, &offers())), texts::DEFAULT.stale_form());
}

/// An open conversation of the default flow.
fn idle() -> Conversation {
    Conversation { flow: flow("ask"), ..open() }
}

#[test]
fn a_default_flow_is_never_in_the_middle() {
    let route = |body: &Body| self::route(body, Some(&idle()), &with_default());
    for (body, name, arguments) in [
        (said("start survey  with care"), "survey", "with care"),
        (said("poll"), "survey", ""),
        (said(" Take Part "), "survey", ""),
        (said("start take part"), "survey", ""),
        (start("survey", "now"), "survey", "now"),
        (start("take", "part"), "survey", ""),
        (start("ask", "why?"), "ask", "why?"),
    ] {
        assert_eq!(route(&body), cancels_for(name, arguments), "{body:?}");
    }
    for body in [said("start surveys"), start("surveys", "")] {
        let text = route(&body);
        assert!(text_of(&text).starts_with("There is no flow `surveys`. Did you mean `start survey`?\n"), "{text:?}");
    }
    for text in ["poll me", "start with a joke", "what is a survey?"] {
        assert_eq!(route(&said(text)), says(text));
    }
    assert!(text_of(&route(&said("start"))).starts_with("Say which one: "));
    assert_eq!(route(&said("never mind")), tells(FlowEvent::Cancelled), "and nobody asks back");
    // Another flow is asked about first, and its triggers are answers.
    assert_eq!(self::route(&said("poll"), Some(&open()), &with_default()), says("poll"));
    let literal = Conversation { literal_next: true, ..idle() };
    assert_eq!(self::route(&said("poll"), Some(&literal), &with_default()), says("poll"));
    // Its own trigger is said to it.
    let mut own = with_default();
    own.flows.get_mut(&flow("ask")).unwrap().triggers.push("ask".to_owned());
    assert_eq!(self::route(&said("Ask"), Some(&idle()), &own), says("Ask"));
}

#[test]
fn an_unknown_name_gets_a_guess() {
    for (text, guess) in [("start surv", " Did you mean `start survey`?"), ("start zzz", "")] {
        let wanted = format!("There is no flow `{}`.{guess}\n", text.trim_start_matches("start "));
        let answered = route(&said(text), None, &with_default());
        assert!(text_of(&answered).starts_with(&wanted), "{answered:?}");
    }
}

#[test]
fn who_has_no_part_is_heard_only_as_far_as_it_goes() {
    let by = |body: Body, overheard| Inbound {
        body,
        manner: Manner { overheard, below: None },
        ..crate::contract::samples::said("bob", "e1")
    };
    let mut open = open();
    open.began.name = "Xia".to_owned();
    let theirs = Route::Whisper(texts::DEFAULT.somebody_elses(&open.began));
    assert!(matches!(&theirs, Route::Whisper(text) if text.starts_with("This is Xia's conversation")));
    let barred = Route::Whisper(texts::DEFAULT.not_yours().to_owned());
    for text in ["haha", "cancel", "start ask"] {
        for part in [Part::Nothing, Part::Words, Part::Barred] {
            assert_eq!(route_aside(&by(said(text), true), part, &open, &offers()), Route::Drop, "{text}");
        }
        assert_eq!(route_aside(&by(said(text), false), Part::Nothing, &open, &offers()), theirs, "{text}");
        assert_eq!(route_aside(&by(said(text), false), Part::Barred, &open, &offers()), barred, "{text}");
    }
    assert_eq!(route_aside(&by(said("haha"), false), Part::Words, &open, &offers()), says("haha"));
    for body in [said("cancel"), said("start ask"), pick("m1", &["a"]), Body::Control(Control::Restart)] {
        assert_eq!(route_aside(&by(body, false), Part::Words, &open, &offers()), theirs);
    }
    open.began.name.clear();
    assert!(refusal(Part::Nothing, &open, texts::DEFAULT).starts_with("This is somebody else's conversation"));
}

#[test]
fn in_the_middle_only_what_may_name_a_flow_is_no_answer() {
    let open = open();
    let route = |text: &str| self::route(&said(text), Some(&open), &with_default());
    assert!(matches!(route("START ASK!"), Route::Answer(Answer { switch: SwitchQuestion::Asked { .. }, .. })));
    assert!(text_of(&route("start surveyy")).starts_with("There is no flow `surveyy`. Did you mean `start survey`?"));
    for text in ["start", "start early", "survey", "cancel ask", "cancel my lunch"] {
        assert_eq!(route(text), says(text));
    }
    assert_eq!(route("Cancel survey!"), tells(FlowEvent::Cancelled), "it is called so");
    let Route::Answer(Answer { text, switch: SwitchQuestion::Asked { flow, .. } }) = route("start over") else {
        panic!("it is asked back")
    };
    assert_eq!((flow, text.ends_with("Shall I end it and begin it again?")), (Some(open.flow.clone()), true));
}

#[test]
fn only_the_last_words_can_be_edited() {
    let open = Conversation { spoken: Some(7), ..open() };
    let edit = |was| Body::Edited { text: "new".to_owned(), was };
    assert_eq!(route(&edit(7), Some(&open), &offers()), tells(FlowEvent::Edited { text: "new".to_owned() }));
    let cancel = Body::Edited { text: "Cancel!".to_owned(), was: 7 };
    assert_eq!(route(&cancel, Some(&open), &offers()), tells(FlowEvent::Cancelled));
    assert_eq!(route(&edit(6), Some(&open), &offers()), Route::Whisper(texts::DEFAULT.edited().to_owned()));
    assert_eq!(route(&edit(7), None, &offers()), Route::Drop);
}
