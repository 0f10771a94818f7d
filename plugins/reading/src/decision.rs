//! Yes, no, and what is neither: wishes to send, to leave, to be helped.

use crate::language::{ALL, Language, has};
use crate::plain;

/// Longer texts are stories, not decisions: in words, and in bytes.
const MOST_WORDS: usize = 6;
const LONG: usize = 200;

/// Yes or no, in the words and signs of any language. None for whatever says neither, or both.
pub fn yes_no(text: &str) -> Option<bool> {
    let text = short(text)?;
    match (says(&text, |language| language.yes), says(&text, |language| language.no)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

/// Agrees to send what was shown: yes, or a word such as `submit`, or both.
pub fn agrees(text: &str) -> bool {
    let Some(text) = short(text) else { return false };
    let parts: Vec<_> = parts(&text).collect();
    let one = |part: &&str| says(part, |language| language.yes) || says(part, |language| language.send);
    let words = |part: &&str| {
        let (first, rest) = part.split_once(' ').unwrap_or((part, ""));
        one(&first) && one(&rest)
    };
    (1..=MOST_WORDS).contains(&parts.len()) && parts.iter().all(|part| one(part) || words(part))
}

/// Does not agree to send what was shown.
pub fn declines(text: &str) -> bool {
    yes_no(text) == Some(false)
}

/// Yes or no with an explanation behind it, for a question that takes nothing else: `yes, one for my car`, `No, I take the
/// train`, `yes I need one`.
///
/// None where the explanation takes the decision back (`yes, and no`, `yes, maybe`) or asks for something else (`no, go
/// back`), and for everything of which [`yes_no`] says nothing and that does not begin with a clear yes or no.
pub fn yes_no_explained(text: &str) -> Option<bool> {
    if let Some(decision) = yes_no(text) {
        return Some(decision);
    }
    let (decision, rest, mark) = decided(text)?;
    let moves = says(&rest, |language| language.back)
        || says(&rest, |language| language.skip)
        || says(&rest, |language| language.help)
        || leaves(&rest)
        || wants_restart(&rest);
    let explains = mark || has(rest.split(' ').next().unwrap_or_default(), |language| language.myself);
    (explains && !moves).then_some(decision)
}

/// What a text answers to the host's own "Shall I end it?": yes, no, or none where neither is clear and the question is to
/// be asked again.
///
/// A text answers if it is a decision, begins with a clear yes or no (`no I want to go on`, `yes please end it`), says to go on
/// (`continue`, `not yet`, `weiter`: no) or to end (`stop`, `end it`: yes). It answers nothing if its parts contradict each
/// other: `no, end it`, `yes, go on`, `yes but not now`.
pub fn answers_yes_no(text: &str) -> Option<bool> {
    let whole = short(text)?;
    if says(&whole, |language| language.go_on) {
        return Some(false);
    }
    if let Some(decision) = yes_no(text) {
        return Some(decision);
    }
    if let Some((decision, rest, _)) = decided(text) {
        let (ends, goes_on) = (leaves(&rest), says(&rest, |language| language.go_on));
        let contradicts = if decision { goes_on } else { ends && !goes_on };
        // `no more` begins with a no and wants to leave.
        return (!contradicts && !leaves(&whole)).then_some(decision);
    }
    let refuses = whole.split(' ').next().is_some_and(|word| has(word, |language| language.negations));
    (leaves(&whole) && !refuses).then_some(true)
}

/// The clear yes or no that a text begins with, the plain text behind it, and whether a comma or an end of a sentence
/// stands between them. None where the rest takes it back.
fn decided(text: &str) -> Option<(bool, String, bool)> {
    let text = short(text)?;
    let length = |list| beginning(&text, list);
    let (decision, length) = match (length(|language| language.clear_yes), length(|language| language.clear_no)) {
        (Some(yes), None) => (true, yes),
        (None, Some(no)) => (false, no),
        _ => return None,
    };
    let (_, rest) = text.split_at_checked(length)?;
    let behind = rest.trim_start();
    let mark = behind.starts_with(|c| is_mark(c) || matches!(c, '-' | '–' | '—'));
    let rest = plain(behind.trim_start_matches(|c: char| is_mark(c) || c.is_whitespace()));
    let words = || rest.split([' ', ',', '.', ';', '!']).filter(|word| !word.is_empty());
    let first = words().next()?;
    let other: fn(&Language) -> &'static [&'static str] =
        if decision { |language| language.clear_no } else { |language| language.clear_yes };
    let contrary = words().any(|word| has(word, other));
    let doubtful = beginning(&rest, |language| language.hedges).is_some();
    let excepts = !mark && (has(first, |language| language.except) || has(first, |language| language.and));
    // `no problem` and `no idea` are no refusals, and `no one` names somebody.
    let idiom = !decision && !mark && has(first, |language| language.idioms);
    let reversed = yes_no(&rest) == Some(!decision);
    (!contrary && !doubtful && !excepts && !idiom && !reversed).then_some((decision, rest, mark))
}

/// The bytes of the longest word of a list that a text begins with and that ends there.
fn beginning(text: &str, list: fn(&Language) -> &'static [&'static str]) -> Option<usize> {
    let words = ALL.iter().flat_map(|language| list(language));
    let ends = |rest: &str| rest.chars().next().is_none_or(|c| c == ' ' || is_mark(c));
    words.filter(|word| text.strip_prefix(**word).is_some_and(ends)).map(|word| word.len()).max()
}

fn is_mark(letter: char) -> bool {
    matches!(letter, ',' | '.' | ';' | '!' | ':')
}

/// Wants to leave the conversation: `stop`, `stop the survey`, `never mind`, `lass mich in Ruhe`. It should be asked back,
/// because the words may be an answer.
pub fn wants_out(text: &str) -> bool {
    short(text).is_some_and(|text| leaves(&text))
}

fn leaves(text: &str) -> bool {
    says(text, |language| language.leave) || of_conversation(text, |language| language.ends)
}

/// Wants to begin the conversation again, and says nothing else: `start over`, `restart the survey`, `von vorn`.
pub fn wants_restart(text: &str) -> bool {
    short(text).is_some_and(|text| {
        has(&text, |language| language.restart) || of_conversation(&text, |language| language.restart)
    })
}

/// Whether a plain text has a word of the list, and beside it only what the conversation is called: `stop the survey`, `Umfrage
/// beenden`, `brich die Umfrage ab`.
fn of_conversation(text: &str, list: fn(&Language) -> &'static [&'static str]) -> bool {
    let text = text.strip_suffix(" ab").unwrap_or(text);
    let names = |rest: &str| has(rest.trim(), |language| language.conversation);
    ALL.iter().flat_map(|language| list(language)).any(|word| {
        let front = text.strip_prefix(word).is_some_and(|rest| rest.starts_with(' ') && names(rest));
        front || text.strip_suffix(word).is_some_and(|rest| rest.ends_with(' ') && names(rest))
    })
}

/// Wants to know what can be done: `help me`, `?`.
pub fn wants_help(text: &str) -> bool {
    let trimmed = text.trim();
    let questions = (1..=5).contains(&trimmed.len()) && trimmed.bytes().all(|byte| byte == b'?');
    questions || short(text).is_some_and(|text| says(&text, |language| language.help))
}

fn short(text: &str) -> Option<String> {
    (text.len() <= LONG).then(|| plain(text))
}

/// Whether a plain text is of this list, once or more often: `yes`, `yes yes`, `no, no, no`, `👍👍`.
fn says(text: &str, list: fn(&Language) -> &'static [&'static str]) -> bool {
    if text.is_empty() || text.split(' ').count() > MOST_WORDS {
        return false;
    }
    let signs = || {
        let many = (2..=5).contains(&text.chars().count()) && !text.chars().any(char::is_alphanumeric);
        many && text.chars().all(|sign| has(sign.encode_utf8(&mut [0; 4]), list))
    };
    let words = || text.split([' ', ',']).filter(|word| !word.is_empty()).all(|word| has(word, list));
    let each = || parts(text).next().is_some() && parts(text).all(|part| has(part, list));
    has(text, list) || each() || words() || signs()
}

/// What stands between commas and ends of sentences, plain.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ';', '.', '!']).map(str::trim).filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests;
