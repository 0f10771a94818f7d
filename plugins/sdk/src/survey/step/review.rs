//! When all is answered: to submit the answers, or to change one.

use pesto_reading::language::{ALL, Language, behind, has};
use pesto_reading::{Answer, Named, agrees, declines, one, plain, whole};

use super::super::question::{Kind, Question};
use super::super::read::which;
use super::super::script::{At, Interview, Script};
use super::super::words;
use super::{Input, Step, chosen, go_to, is};
use crate::Date;

/// Longer texts name no question, in bytes.
const LONG: usize = 400;
/// Words such as `ok, but` and `change my` in front of a name, at most.
const FILLERS: usize = 6;

impl Script {
    pub(super) fn at_review(&self, interview: &mut Interview, input: &Input<'_>, today: Date) -> Step {
        match chosen(self, interview, input).as_deref() {
            Some(words::SUBMIT) => return Step::Submit,
            Some(words::CHANGE) => return go_to(interview, At::Which),
            _ => {}
        }
        let Input::Wrote(text) = input else { return Step::ask() };
        if is(text, |language| language.back) {
            let last = self.applying(&interview.answers).last().map(|question| At::question(question));
            return last.map_or_else(Step::ask, |last| go_to(interview, last));
        }
        if let Answer::Found(at) = self.exactly(interview, text.trim()) {
            return go_to(interview, at);
        }
        if agrees(text) {
            return Step::Submit;
        }
        if declines(text) || is(text, |language| language.change) {
            return go_to(interview, At::Which);
        }
        let wanted = self.to_change(interview, text);
        self.change(interview, wanted, text, self.phrases.submit_or_change, today)
    }

    pub(super) fn at_which(&self, interview: &mut Interview, input: &Input<'_>, today: Date) -> Step {
        let wanted = match (chosen(self, interview, input), input) {
            (Some(value), _) => value,
            (None, Input::Wrote(text))
                if is(text, |language| language.back) || is(text, |language| language.none) || declines(text) =>
            {
                words::RETURN.to_owned()
            }
            (None, Input::Wrote(text)) => (*text).to_owned(),
            (None, Input::Picked { .. }) => return Step::ask(),
        };
        if wanted == words::RETURN {
            return go_to(interview, At::Review);
        }
        let found = match self.named(interview, &wanted) {
            Answer::Nothing { .. } => self.to_change(interview, &wanted),
            found => found,
        };
        self.change(interview, found, &wanted, self.phrases.none_of_these, today)
    }

    /// To the question that is named. Where its new answer stands beside it, that is taken at once.
    fn change(&self, interview: &mut Interview, named: Answer<At>, text: &str, unclear: &str, today: Date) -> Step {
        match named {
            Answer::Found(at) => go_to(interview, at),
            Answer::Ambiguous { part, among } => Step::note(self.could_be(interview, &part, &among)),
            Answer::Nothing { .. } => match self.with_answer(interview, text) {
                Some((question, answer)) => {
                    go_to(interview, At::Question { id: question.id.clone(), changing: true });
                    self.at_question(interview, question, true, &Input::Wrote(answer), today)
                }
                None => Step::note(unclear),
            },
        }
    }

    /// `change my name`, `ok, but the date`, `the role is wrong`, or just `name`; a number alone may be meant for something
    /// else.
    fn to_change(&self, interview: &Interview, text: &str) -> Answer<At> {
        let nothing = || Answer::Nothing { part: text.to_owned() };
        if text.len() > LONG {
            return nothing();
        }
        let plain = plain(text);
        // A label may begin with a word that is taken away below: `No smoking`.
        let whole_name = std::iter::successors(Some(plain.as_str()), |text| behind(text, |language| language.change));
        if let Some(name) = whole_name.skip(1).take(FILLERS).last() {
            match self.named(interview, name) {
                Answer::Nothing { .. } => {}
                answer => return answer,
            }
        }
        let name = to_be_changed(&plain);
        if name == plain && whole(&plain, "", None).is_some() {
            return nothing();
        }
        self.named(interview, name)
    }

    /// `Name: Joe`, `change role to Design`: the question, and its new answer as it was written.
    fn with_answer<'a, 'b>(&'a self, interview: &Interview, text: &'b str) -> Option<(&'a Question, &'b str)> {
        let changes = || has_change(&plain(text)).then(|| divided(text)).flatten();
        let (name, answer) = text.split_once(':').or_else(changes)?;
        let name = plain(name.get(..LONG.min(name.len()))?);
        let Answer::Found(At::Question { id, .. }) = self.named(interview, to_be_changed(&name)) else { return None };
        self.question(&id).zip(Some(answer.trim()).filter(|answer| !answer.is_empty()))
    }

    /// The question that goes by exactly this id or label.
    fn exactly(&self, interview: &Interview, wanted: &str) -> Answer<At> {
        let wanted = wanted.to_lowercase();
        let is = |question: &&&Question| [&question.id, &question.label].iter().any(|it| it.to_lowercase() == wanted);
        let applying = self.applying(&interview.answers);
        let found = applying.iter().find(is).map(|question| Answer::Found(changing(question)));
        found.unwrap_or_else(|| Answer::Nothing { part: wanted.clone() })
    }

    /// The question that goes by this id or label as a colleague would understand it. The only date needs no name.
    fn named(&self, interview: &Interview, wanted: &str) -> Answer<At> {
        let applying = self.applying(&interview.answers);
        let names: Vec<_> = applying.iter().map(|question| Named::new(&question.id, &question.label)).collect();
        match one(wanted, &names) {
            Answer::Found(found) => match applying.get(found) {
                Some(question) => Answer::Found(changing(question)),
                None => Answer::Nothing { part: wanted.to_owned() },
            },
            Answer::Ambiguous { part, among } => Answer::Ambiguous { part, among },
            Answer::Nothing { part } => {
                let article = |word: &&str| has(word, |language| language.light);
                let words: Vec<&str> = wanted.split(' ').skip_while(article).collect();
                let mut dates = applying.iter().filter(|question| matches!(question.kind, Kind::Date { .. }));
                match (dates.next(), dates.next()) {
                    (Some(date), None) if has(&words.join(" "), |language| language.date) => {
                        Answer::Found(changing(date))
                    }
                    _ => Answer::Nothing { part },
                }
            }
        }
    }

    fn could_be(&self, interview: &Interview, part: &str, among: &[usize]) -> String {
        let applying = self.applying(&interview.answers);
        let labels: Vec<_> = among.iter().filter_map(|at| applying.get(*at)).map(|it| it.label.as_str()).collect();
        which(part, &labels, self.phrases)
    }
}

fn changing(question: &Question) -> At {
    At::Question { id: question.id.clone(), changing: true }
}

/// Of a plain text what is to be changed: without `ok, but`, `change my` and `is wrong`.
fn to_be_changed(plain: &str) -> &str {
    type List = fn(&Language) -> &'static [&'static str];
    let lists: [List; 4] =
        [|language| language.yes, |language| language.no, |language| language.but, |language| language.change];
    let shorter = |text: &&'_ str| {
        let words = lists.iter().flat_map(|list| ALL.iter().flat_map(move |language| list(language)));
        let rests =
            words.filter_map(|word| text.strip_prefix(word)).filter(|rest| rest.starts_with([' ', ',', '.', '!']));
        rests.map(|rest| rest.trim_start_matches([' ', ',', '.', '!'])).min_by_key(|rest| rest.len()).map(str::len)
    };
    let mut text = plain;
    for _ in 0..FILLERS {
        let Some(length) = shorter(&text).filter(|length| *length > 0) else { break };
        text = &text[text.len() - length..];
    }
    let ends = ALL.iter().flat_map(|language| language.is_wrong);
    let name = ends.filter_map(|word| text.strip_suffix(word)?.strip_suffix(' ')).min_by_key(|rest| rest.len());
    name.unwrap_or(text)
}

fn has_change(plain: &str) -> bool {
    behind(plain, |language| language.change).is_some() || to_be_changed(plain) != plain
}

/// What stands before and behind `to`.
fn divided(text: &str) -> Option<(&str, &str)> {
    let words = ALL.iter().flat_map(|language| language.change_to);
    let parts = words.filter_map(|word| text.split_once(&format!(" {word} ")));
    parts.min_by_key(|(name, _)| name.len())
}
