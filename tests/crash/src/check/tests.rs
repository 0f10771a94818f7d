//! Forged evidence: a day on which all went well, and for each fault one on which it did not.
#![allow(clippy::unwrap_used)]

use serde_json::json;

use super::{FAULTS, Verdict, check};
use crate::records::{Ack, Asked, Deed, Evidence, Fault, Kind, Micros, Phase, Planned, Post, Recorded, Seen, Struck};

const ANN: &str = "U1";
const SECOND: Micros = 1_000_000;

/// Evidence in the making: each deed is a second after the one before.
#[derive(Default)]
struct Forged {
    all: Evidence,
    at: Micros,
}

impl Forged {
    /// Two questions, a survey of two questions that is submitted, and a form: all answered as they should be.
    fn good() -> Self {
        let mut forged = Self::default();
        forged.says(0, Kind::Ask, "one");
        forged.asked("h0.1", "one");
        forged.posts("t1/m0", "You said: one");
        forged.says(0, Kind::Ask, "two");
        forged.asked("h0.1", "two");
        forged.posts("t2/m0", "You said: one / two");
        forged.says(0, Kind::Cancel, "cancel");
        forged.posts("t3/m0", "Cancelled.");

        forged.plans(1, &["name", "review"], json!({ "name": "Ann" }));
        forged.says(1, Kind::Start, "start onboarding-survey");
        forged.posts("t4/m0", "Welcome! What should we call you?");
        forged.says(1, Kind::Answer, "Ann");
        forged.posts("t5/m0", "Please check your answers. Shall I submit them?");
        forged.clicks(1, "Submit", true);
        forged.asked("h0.1", "closing Ann");
        forged.posts("t6/m0", "Thank you, Ann. Your desk is waiting.");
        forged.all.recorded.push(record("onboarding-survey", json!({ "name": "Ann" })));
        forged.says(2, Kind::Start, "start feedback");
        forged.posts("t7/m0", "Please tell us how it was.");
        forged.says(2, Kind::Cancel, "cancel");
        forged.posts("t8/m0", "All right. Nothing was recorded.");
        forged.all.last.doubts = Some(Vec::new());
        forged.all.last.lease = 10 * SECOND;
        forged
    }

    fn tick(&mut self) -> Micros {
        self.at += SECOND;
        self.at
    }

    fn does(&mut self, talk: usize, kind: Kind, words: &str) -> &mut Deed {
        let (at, person, words) = (self.tick(), ANN.to_owned(), words.to_owned());
        let deed = Deed { at, person, talk, flow: String::new(), kind, words, moment: None, acked: false };
        self.all.deeds.push(deed);
        self.all.deeds.last_mut().unwrap()
    }

    /// It is acknowledged at once.
    fn says(&mut self, talk: usize, kind: Kind, words: &str) {
        let deed = self.does(talk, kind, words);
        let moment = deed.at.to_string();
        deed.moment = Some(moment.clone());
        let (sent_at, acked_at) = (self.at, Some(self.at));
        self.all.acks.push(Ack { person: ANN.to_owned(), moment, attempt: 0, sent_at, acked_at });
    }

    fn clicks(&mut self, talk: usize, words: &str, acked: bool) {
        self.does(talk, Kind::Answer, words).acked = acked;
    }

    fn posts(&mut self, id: &str, text: &str) {
        self.posts_by("h0.1", id, text);
        let (person, id, text) = (ANN.to_owned(), Some(id.to_owned()), text.to_owned());
        self.all.seen.push(Seen { person, ts: self.at.to_string(), id, text });
    }

    fn posts_by(&mut self, run: &str, id: &str, text: &str) {
        let (at, person, run) = (self.tick(), ANN.to_owned(), run.to_owned());
        self.all.posts.push(Post { at, run, person, id: Some(id.to_owned()), text: text.to_owned() });
    }

    fn plans(&mut self, talk: usize, path: &[&str], answers: serde_json::Value) {
        let (flow, person) = ("onboarding-survey".to_owned(), ANN.to_owned());
        let path = path.iter().map(|&key| key.to_owned()).collect();
        self.all.planned.push(Planned { talk, flow, person, path, answers });
    }

    fn asks(&mut self, run: &str, about: &str, phase: Phase) {
        let asks = self.all.asked.iter().filter(|asked| asked.phase == Phase::Asked).count() as u64;
        let request = if phase == Phase::Asked { asks } else { asks - 1 };
        let (at, run, about) = (self.tick(), run.to_owned(), about.to_owned());
        self.all.asked.push(Asked { at, run, request, phase, about });
    }

    fn asked(&mut self, run: &str, about: &str) {
        self.asks(run, about, Phase::Asked);
        self.asks(run, about, Phase::Answered);
    }

    fn struck(&mut self, fault: Fault, run: &str) {
        let (at, run) = (self.tick(), run.to_owned());
        self.all.struck.push(Struck { at, fault, run, turns: Some(3), replayed: Some(2) });
    }

    fn post(&mut self, id: &str) -> &mut Post {
        self.all.posts.iter_mut().find(|post| post.id.as_deref() == Some(id)).unwrap()
    }

    fn forget(&mut self, id: &str) {
        self.all.posts.retain(|post| post.id.as_deref() != Some(id));
        self.all.seen.retain(|seen| seen.id.as_deref() != Some(id));
    }

    fn found(&self) -> Verdict {
        check(&self.all)
    }

    /// Only these faults are found, and each once.
    #[track_caller]
    fn shows(&self, faults: &[&str]) {
        let verdict = self.found();
        for name in FAULTS {
            let expected = if faults.contains(&name) { 1.0 } else { 0.0 };
            assert_eq!(verdict.of(name), expected, "{name}: {:?}", verdict.evidence);
        }
        assert_eq!(verdict.is_good(), faults.is_empty());
    }
}

fn record(flow: &str, answers: serde_json::Value) -> Recorded {
    Recorded { flow: flow.to_owned(), person: ANN.to_owned(), answers }
}

#[test]
fn a_good_day_shows_nothing() {
    let mut forged = Forged::good();
    forged.struck(Fault::Kill, "h0.1");
    forged.shows(&[]);
    let verdict = forged.found();
    assert_eq!((verdict.of("accepted"), verdict.of("conversations")), (8.0, 3.0));
    assert_eq!((verdict.of("kills_in_flight"), verdict.of("replayed_calls")), (1.0, 2.0));
}

#[test]
fn an_acknowledged_question_without_an_answer_is_lost() {
    let mut forged = Forged::good();
    forged.says(3, Kind::Ask, "three");
    forged.shows(&["lost"]);
    forged.all.acks.last_mut().unwrap().acked_at = None;
    forged.shows(&[]);
}

#[test]
fn what_a_cancel_cut_may_be_answered_or_not() {
    let mut forged = Forged::good();
    forged.says(3, Kind::Loose, "three");
    forged.says(3, Kind::Cancel, "cancel");
    forged.posts("t9/m0", "Cancelled.");
    forged.shows(&[]);
    forged.posts("t10/m0", "You said: three");
    forged.shows(&[]);
}

#[test]
fn a_deed_that_leads_to_nothing_is_lost() {
    let mut forged = Forged::good();
    forged.says(3, Kind::Start, "start feedback");
    forged.does(3, Kind::GaveUp, "");
    forged.shows(&["lost"]);
}

#[test]
fn an_end_that_is_not_told_is_lost_and_one_too_many_is_doubled() {
    let mut forged = Forged::good();
    forged.forget("t8/m0");
    forged.shows(&["lost"]);
    let mut forged = Forged::good();
    forged.posts("t9/m0", "All right. Nothing was recorded.");
    forged.shows(&["duplicate_effects"]);
}

#[test]
fn answers_that_are_not_on_record_are_lost_and_others_are_stale() {
    let mut forged = Forged::good();
    let record = forged.all.recorded.pop().unwrap();
    forged.shows(&["lost"]);
    forged.all.recorded = vec![record.clone(), record];
    forged.shows(&["duplicate_effects"]);
    forged.all.recorded[1].answers = json!({ "name": "Bob" });
    forged.shows(&["stale_writes"]);
}

#[test]
fn a_dead_letter_and_what_is_not_done_are_lost() {
    let mut forged = Forged::good();
    forged.all.last.dead.push(json!([1, {}]));
    forged.shows(&["lost"]);
    let mut forged = Forged::good();
    forged.all.last.unfinished = 7;
    forged.shows(&["lost"]);
}

/// Two questions at once, answered the wrong way round.
fn overtaken(acked: Micros) -> Forged {
    let mut forged = Forged::good();
    forged.says(3, Kind::Ask, "three");
    forged.says(3, Kind::Ask, "four");
    let [.., one, other] = forged.all.acks.as_mut_slice() else { panic!() };
    one.acked_at = Some(other.sent_at + acked);
    forged.posts("t9/m0", "You said: four");
    forged.posts("t10/m0", "You said: four / three");
    forged
}

#[test]
fn what_was_stored_in_time_keeps_its_order() {
    overtaken(5_000).shows(&["reordered"]);
    overtaken(3 * SECOND).shows(&[]);
}

#[test]
fn a_survey_asks_in_its_order() {
    let mut forged = Forged::good();
    forged.post("t5/m0").text = "What will you work on?".to_owned();
    forged.shows(&["reordered"]);
    let mut forged = Forged::good();
    forged.forget("t5/m0");
    forged.shows(&["reordered"]);
}

#[test]
fn an_answer_that_knows_another_history_is_stale() {
    for text in ["You said: two", "You said: one / one / two", "You said: zero / two"] {
        let mut forged = Forged::good();
        forged.post("t2/m0").text = text.to_owned();
        forged.shows(&["stale_writes"]);
    }
    let mut forged = Forged::good();
    forged.post("t3/m0").text = "We are in the middle of ask.".to_owned();
    assert_eq!(forged.found().of("stale_writes"), 1.0);
}

#[test]
fn only_a_click_of_which_nobody_is_sure_may_come_too_late() {
    let mut forged = Forged::good();
    forged.posts("t9/m0", "That question is no longer open.");
    forged.shows(&["stale_writes"]);
    forged.clicks(1, "Submit", false);
    forged.shows(&[]);
}

#[test]
fn a_question_that_is_answered_twice_was_handled_twice() {
    let mut forged = Forged::good();
    forged.says(3, Kind::Ask, "three");
    forged.posts("t9/m0", "You said: three");
    forged.posts("t10/m0", "You said: three / three");
    forged.shows(&["duplicate_effects"]);
}

/// A second copy of the last message of somebody's question, and what had happened to its host before.
fn copied(before: impl FnOnce(&mut Forged), run: &str, seen: bool) -> Forged {
    let mut forged = Forged::good();
    forged.says(3, Kind::Ask, "three");
    before(&mut forged);
    forged.posts("t9/m0", "You said: three");
    forged.posts_by(run, "t9/m0", "You said: three");
    if seen {
        forged.all.seen.push(forged.all.seen.last().unwrap().clone());
    }
    forged
}

#[test]
fn a_copy_is_a_fault_unless_its_host_had_been_stopped_or_killed() {
    copied(|_| (), "h1.1", true).shows(&["duplicate_effects"]);
    copied(|_| (), "h1.1", false).shows(&["duplicate_effects"]);
    copied(|forged| forged.struck(Fault::Stop, "h2.1"), "h1.1", false).shows(&["duplicate_effects"]);
    let stopped = |seen| copied(|forged| forged.struck(Fault::Stop, "h1.1"), "h1.1", seen);
    stopped(false).shows(&[]);
    assert_eq!(stopped(false).found().of("late_sends"), 1.0);
    stopped(true).shows(&["late_sends_left"]);
    // Long after its death nothing comes of a host.
    copied(|forged| forged.struck(Fault::Kill, "h1.1"), "h1.1", false).shows(&["duplicate_effects"]);
}

#[test]
fn a_call_in_doubt_is_listed() {
    let mut forged = Forged::good();
    forged.asked("h1.1", "two");
    forged.shows(&["in_doubt_unreported"]);
    assert_eq!(forged.found().of("in_doubt"), 1.0);
    forged.all.last.doubts = Some(vec![json!({ "effect": "t22/c1" })]);
    forged.shows(&["in_doubt_unreported"]);
    forged.all.last.doubts = Some(vec![json!({ "effect": "t2/c1" })]);
    forged.shows(&[]);
    forged.all.last.doubts = None;
    forged.shows(&["in_doubt_unreported"]);
}

#[test]
fn a_takeover_ends_with_the_next_request_or_the_answer() {
    let mut forged = Forged::good();
    forged.says(3, Kind::Ask, "three");
    forged.asks("h1.1", "three", Phase::Asked);
    forged.struck(Fault::Kill, "h1.1");
    forged.at += 6 * SECOND;
    forged.asked("h0.1", "three");
    forged.posts("t9/m0", "You said: three");
    forged.all.last.doubts = Some(vec![json!({ "effect": "t9/c1" })]);
    forged.shows(&[]);
    assert_eq!(forged.found().of("takeover_p99_s"), 7.0);
}

#[test]
fn stops_past_the_lease_are_counted() {
    let mut forged = Forged::good();
    for long in [5, 15] {
        forged.struck(Fault::Stop, "h1.1");
        forged.at += long * SECOND;
        forged.struck(Fault::Continue, "h1.1");
    }
    let verdict = forged.found();
    assert_eq!((verdict.of("stops"), verdict.of("stops_past_lease")), (2.0, 1.0));
}
