//! Several of the options that are offered.

use crate::choice::{Named, Names, nothing};
use crate::language::{ALL, Language, behind, has};
use crate::{Answer, LONGEST, plain};

/// How often a part is compared with all options: the bound of the work on one text.
const READINGS: usize = 300;
/// Words that are taken apart at blanks, in one part.
const WORDS: usize = 24;
/// Words of one name there.
const NAME: usize = 6;

/// The options that a text means, where nothing but the options is an answer; their positions from 0, each once, in the
/// order in which they were named. Empty where the text says `none`, or nothing at all.
///
/// Options are divided by commas, lines, bullets, `and`, `&`, `+`, `/`, and by blanks if all is clear then. `1-3` is a range,
/// `all`, `both` and `all but Go` are what they say, and `just Python` is Python.
pub fn several(text: &str, options: &[Named<'_>]) -> Answer<Vec<usize>> {
    Reader { names: &Names::of(options), closed: true, left: READINGS }.read(text)
}

/// The same where people may also answer in their own words: then blanks divide nothing, and no word out of a label is
/// enough. `none` is then none of the options either.
pub fn pick_several(text: &str, options: &[Named<'_>]) -> Answer<Vec<usize>> {
    match (Reader { names: &Names::of(options), closed: false, left: READINGS }.read(text)) {
        Answer::Found(found) if found.is_empty() => nothing(text),
        answer => answer,
    }
}

struct Reader<'a> {
    names: &'a Names<'a>,
    closed: bool,
    left: usize,
}

impl Reader<'_> {
    fn read(&mut self, text: &str) -> Answer<Vec<usize>> {
        if text.len() > LONGEST {
            return nothing(text);
        }
        if let Some(one) = self.names.in_full(text) {
            return Answer::Found(vec![one]);
        }
        let words = plain(text);
        if has(&words, |language| language.none) {
            return Answer::Found(Vec::new());
        }
        if let Some(all) = self.all(&words) {
            return all;
        }
        if let Answer::Found(one) = self.one(text) {
            return Answer::Found(vec![one]);
        }
        let text = match behind(&words, |language| language.only) {
            Some(rest) => rest.to_owned(),
            None => text.to_owned(),
        };
        self.parts(&text, &[",", ";", "\n", "•"], Self::joined)
    }

    /// All of them, or all but some.
    fn all(&mut self, words: &str) -> Option<Answer<Vec<usize>>> {
        let every = |words: &str| {
            has(words, |language| language.all) || self.names.len() == 2 && has(words, |language| language.both)
        };
        let all = 0..self.names.len();
        if every(words) {
            return Some(Answer::Found(all.collect()));
        }
        let starts = ALL.iter().flat_map(|language| language.all).filter_map(|word| words.strip_prefix(word));
        let rest =
            starts.filter_map(|rest| behind(rest.trim_start_matches([' ', ',']), |language| language.except)).next()?;
        Some(match self.parts(rest, &[",", ";"], Self::joined) {
            Answer::Found(without) => Answer::Found(all.filter(|at| !without.contains(at)).collect()),
            other => other,
        })
    }

    /// What the parts of a text between these marks mean, each by itself or divided further.
    fn parts(
        &mut self,
        text: &str,
        marks: &[&str],
        further: fn(&mut Self, &str) -> Answer<Vec<usize>>,
    ) -> Answer<Vec<usize>> {
        let mut found = Vec::new();
        for part in divide(text, marks) {
            let answer = match self.one(part) {
                Answer::Found(one) => Answer::Found(vec![one]),
                // What is ambiguous as a whole may be clear in its parts.
                ambiguous @ Answer::Ambiguous { .. } => match further(self, part) {
                    Answer::Nothing { .. } => return widen(ambiguous),
                    answer => answer,
                },
                Answer::Nothing { .. } => match self.range(part) {
                    Some(range) => Answer::Found(range),
                    None => further(self, part),
                },
            };
            match answer {
                Answer::Found(some) => {
                    for one in some {
                        if !found.contains(&one) {
                            found.push(one);
                        }
                    }
                }
                other => return other,
            }
        }
        Answer::Found(found)
    }

    /// Divided at `and`, and at signs that stand by themselves.
    fn joined(&mut self, part: &str) -> Answer<Vec<usize>> {
        let words: Vec<String> = ALL.iter().flat_map(|language| language.and).map(|word| format!(" {word} ")).collect();
        let marks: Vec<&str> = [" & ", " + ", " / "].into_iter().chain(words.iter().map(String::as_str)).collect();
        let trimmed = without_and(part);
        let whole = divide(trimmed, &marks).len() == 1 && trimmed.len() == part.trim().len();
        if whole { self.tight(part) } else { self.parts(trimmed, &marks, Self::tight) }
    }

    /// Divided at signs between words. `C++` was found before, or is none of the options.
    fn tight(&mut self, part: &str) -> Answer<Vec<usize>> {
        const SIGNS: [&str; 3] = ["&", "+", "/"];
        match divide(part, &SIGNS).len() {
            0 => nothing(part),
            1 => self.worded(part),
            _ => self.parts(part, &SIGNS, Self::worded),
        }
    }

    /// Divided at blanks: the longest name that begins at each word. A number there is a position among numbers alone. In
    /// front of a name it is an amount (`2 laptops`), and behind one (`laptop 2`) it may be either, which is asked back.
    fn worded(&mut self, part: &str) -> Answer<Vec<usize>> {
        let words: Vec<&str> = part.split_whitespace().collect();
        if !self.closed || !(2..=WORDS).contains(&words.len()) {
            return nothing(part);
        }
        let (mut found, mut numbers, mut at) = (Vec::new(), Vec::new(), 0);
        while at < words.len() {
            let longest = NAME.min(words.len() - at);
            let named = (1..=longest).rev().find_map(|count| {
                let name = words[at..at + count].join(" ");
                self.one(&name).found().map(|one| (one, count))
            });
            let (named, count) = match named {
                Some((one, count)) => (Some(one), count),
                None if self.names.counts(words[at]) => (None, 1),
                None => return nothing(part),
            };
            numbers.push(self.names.counts(&words[at..at + count].join(" ")));
            found.push(named);
            at += count;
        }
        if numbers.iter().all(|number| *number) {
            let all: Option<Vec<usize>> = found.into_iter().collect();
            return all.map_or_else(|| nothing(part), Answer::Found);
        }
        let names: Vec<usize> =
            found.iter().zip(&numbers).filter(|(_, number)| !**number).filter_map(|(named, _)| *named).collect();
        let before_a_name = |at: usize| numbers.get(at + 1) == Some(&false);
        let positions =
            found.iter().enumerate().filter(|(at, _)| numbers.get(*at) == Some(&true) && !before_a_name(*at));
        let mut among: Vec<usize> = positions.filter_map(|(_, named)| *named).chain(names.iter().copied()).collect();
        // A position that is named already, or is none, changes nothing.
        if among.iter().all(|one| names.contains(one)) {
            return Answer::Found(names);
        }
        among.sort_unstable();
        among.dedup();
        Answer::Ambiguous { part: part.to_owned(), among }
    }

    fn one(&mut self, text: &str) -> Answer<usize> {
        let Some(left) = self.left.checked_sub(1) else { return nothing(text) };
        self.left = left;
        self.names.read(text, self.closed)
    }

    /// `1-3`, `2 to 4`: positions, or numbers that are names.
    fn range(&mut self, part: &str) -> Option<Vec<usize>> {
        let plain = plain(part);
        let words: Vec<String> = ALL.iter().flat_map(|language| language.to).map(|word| format!(" {word} ")).collect();
        let marks = ["-", "–", "—", "..", "…"].into_iter().chain(words.iter().map(String::as_str));
        let (first, last) = marks.filter_map(|mark| plain.split_once(mark)).next()?;
        let number = |text: &str| text.trim().parse::<i64>().ok();
        let (first, last) = (number(first)?, number(last)?);
        let position = |number: i64| {
            if self.names.numbered() {
                self.names.read(&number.to_string(), true).found()
            } else {
                self.names.at(number)
            }
        };
        if first >= last || last.checked_sub(first)? > 99 {
            return None;
        }
        (first..=last).map(position).collect()
    }
}

/// `and Go`, behind a comma.
fn without_and(part: &str) -> &str {
    let part = part.trim();
    let rest = |language: &&Language| {
        language.and.iter().find_map(|word| {
            let front = part.get(..word.len())?;
            let rest = &part[word.len()..];
            (front.eq_ignore_ascii_case(word) && rest.starts_with(' ')).then(|| rest.trim())
        })
    };
    ALL.iter().find_map(rest).unwrap_or(part)
}

/// The parts between marks, without those that are empty, in one pass. Words among the marks are met in any case.
fn divide<'a>(text: &'a str, marks: &[&str]) -> Vec<&'a str> {
    let (mut parts, mut start, mut at) = (Vec::new(), 0, 0);
    while let Some(rest) = text.as_bytes().get(at..).filter(|rest| !rest.is_empty()) {
        let begins = |mark: &&&str| rest.get(..mark.len()).is_some_and(|it| it.eq_ignore_ascii_case(mark.as_bytes()));
        match marks.iter().find(begins) {
            Some(mark) => {
                parts.extend(text.get(start..at));
                at += mark.len();
                start = at;
            }
            None => at += 1,
        }
    }
    parts.extend(text.get(start..));
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

fn widen(answer: Answer<usize>) -> Answer<Vec<usize>> {
    match answer {
        Answer::Found(one) => Answer::Found(vec![one]),
        Answer::Ambiguous { part, among } => Answer::Ambiguous { part, among },
        Answer::Nothing { part } => Answer::Nothing { part },
    }
}

#[cfg(test)]
mod tests;
