//! One of the options that are offered.

use crate::filler::{FILLERS, shorter};
use crate::language::{ALL, Language, behind, has};
use crate::number::{count, count_of};
use crate::typo::is_near;
use crate::{Answer, plain, yes_no};

/// The longest text that names one option, in bytes: four for each of a label's letters, and what stands around it.
const LONG: usize = 400;
/// The shortest beginning of a label that stands for it, in characters.
const BEGINNING: usize = 3;

/// More parts that are named side by side are no choice between options.
const MOST_PARTS: usize = 4;

/// An option that is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named<'a> {
    /// What comes back; people may write it too.
    pub value: &'a str,
    /// What people see.
    pub label: &'a str,
}

impl<'a> Named<'a> {
    /// An option of this value and label.
    pub fn new(value: &'a str, label: &'a str) -> Self {
        Self { value, label }
    }
}

/// The option that a text means as a whole, where nothing but the options is an answer; its position from 0.
///
/// In this order: the label exactly, the value exactly, either of them in plain words, a part of the label (`5 (very well)`
/// is `5` and `very well`), a synonym where yes and no are offered, the beginning of a label from three letters on, the
/// position (`2`, `two`, `option 2`, `#2`, `the second`) where no option is named by a number, words out of a label, its words
/// of weight (`from home` is `At home`), and a label with one typing error. Then the same of what is left without words such
/// as `I will work in` and `I guess`.
///
/// Where labels are numbers, as on a scale, the words beside a number are read as a whole: `very` is not `5 (very well)`.
/// Two options that are named at once are [`Answer::Ambiguous`].
pub fn one(text: &str, options: &[Named<'_>]) -> Answer<usize> {
    let names = Names::of(options);
    match names.read(text, true) {
        Answer::Nothing { part } => names.joined(text).unwrap_or(Answer::Nothing { part }),
        answer => answer,
    }
}

/// The same where people may also answer in their own words: a word out of a label is then not enough.
pub fn pick(text: &str, options: &[Named<'_>]) -> Answer<usize> {
    Names::of(options).read(text, false)
}

/// Options, taken apart once for many readings.
pub(crate) struct Names<'a> {
    all: Vec<Name<'a>>,
    /// The positions of yes and no, where both are offered.
    decision: Option<(usize, usize)>,
}

struct Name<'a> {
    option: Named<'a>,
    label: String,
    value: String,
    plain: String,
    parts: Vec<String>,
    words: Vec<String>,
    /// The words that tell it from other names.
    weighty: Vec<String>,
}

impl<'a> Names<'a> {
    pub(crate) fn of(options: &[Named<'a>]) -> Self {
        let all: Vec<Name<'a>> = options.iter().map(|option| Name::of(*option)).collect();
        let single = |yes: bool| {
            let mut found = all.iter().enumerate().filter(|(_, name)| name.decides() == Some(yes));
            found.next().filter(|_| found.next().is_none()).map(|(at, _)| at)
        };
        let decision = single(true).zip(single(false));
        Self { all, decision }
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether options are named by numbers: then a number is no position.
    pub(crate) fn numbered(&self) -> bool {
        self.all.iter().any(|name| name.number().is_some())
    }

    pub(crate) fn read(&self, text: &str, closed: bool) -> Answer<usize> {
        if text.len() > LONG {
            return nothing(text);
        }
        if let Some(answer) = self.exactly(text) {
            return answer;
        }
        let plain = plain(text);
        if plain.is_empty() {
            return nothing(text);
        }
        if let Some(answer) = self.plainly(text, &plain, closed) {
            return answer;
        }
        if closed {
            let mut rest = plain.as_str();
            for _ in 0..FILLERS {
                let Some(left) = shorter(rest) else { break };
                if let Some(answer) = self.plainly(text, left, closed) {
                    return answer;
                }
                rest = left;
            }
        }
        nothing(text)
    }

    /// Options that are named side by side where one is wanted: `sales or design`, `1 and 2`, `both`.
    fn joined(&self, text: &str) -> Option<Answer<usize>> {
        if text.len() > LONG {
            return None;
        }
        let plain = plain(text);
        let mut among: Vec<usize> = if self.len() == 2 && has(&plain, |language| language.both) {
            vec![0, 1]
        } else {
            let parts = side_by_side(&plain);
            if !(2..=MOST_PARTS).contains(&parts.len()) {
                return None;
            }
            parts.into_iter().map(|part| self.read(part, true).found()).collect::<Option<_>>()?
        };
        among.sort_unstable();
        among.dedup();
        match among[..] {
            [one] => Some(Answer::Found(one)),
            _ => Some(Answer::Ambiguous { part: text.trim().to_owned(), among }),
        }
    }

    /// Whether labels are numbers, with words beside some of them perhaps, as on a scale.
    fn points(&self) -> bool {
        self.all.iter().any(|name| digits(&name.plain).or_else(|| name.number_in_parts()).is_some())
    }

    /// Whether a text is a number that stands for a position, and for no name: it could be an amount.
    pub(crate) fn counts(&self, text: &str) -> bool {
        !self.numbered() && self.in_full(text).is_none() && count(&plain(text)).is_some()
    }

    /// The option of which this is the label or the value.
    fn exactly(&self, text: &str) -> Option<Answer<usize>> {
        let written = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let lower = written.to_lowercase();
        self.which(text, |name| name.option.label == written)
            .or_else(|| self.which(text, |name| name.label == lower))
            .or_else(|| self.value(text, &lower))
    }

    /// The option that is named in full, be it with something around it.
    pub(crate) fn in_full(&self, text: &str) -> Option<usize> {
        if text.len() > LONG {
            return None;
        }
        let plain = plain(text);
        let plainly = || self.which(text, |name| name.plain == plain).or_else(|| self.value(text, &plain));
        self.exactly(text).or_else(|| if plain.is_empty() { None } else { plainly() })?.found()
    }

    /// People see labels. A value that is a number, where labels have none, may be meant as a position.
    fn value(&self, text: &str, lower: &str) -> Option<Answer<usize>> {
        let found = self.which(text, |name| name.value == lower)?;
        match (found, digits(lower).and_then(|number| self.at(number))) {
            (Answer::Found(at), Some(position)) if !self.points() && at != position => Some(Answer::Ambiguous {
                part: text.trim().to_owned(),
                among: vec![at.min(position), at.max(position)],
            }),
            (found, _) => Some(found),
        }
    }

    fn plainly(&self, text: &str, plain: &str, closed: bool) -> Option<Answer<usize>> {
        self.which(text, |name| name.plain == plain)
            .or_else(|| self.value(text, plain))
            .or_else(|| self.which(text, |name| name.parts.iter().any(|part| part == plain)))
            .or_else(|| self.decided(plain))
            .or_else(|| self.which(text, |name| name.begins(plain, self.points())).filter(|_| !moves(plain)))
            .or_else(|| self.position(plain))
            .or_else(|| if closed { self.by_words(text, plain) } else { None })
            .or_else(|| self.which(text, |name| name.is_near(plain)))
    }

    fn by_words(&self, text: &str, plain: &str) -> Option<Answer<usize>> {
        let wanted: Vec<&str> = words(plain).collect();
        if self.points() || plain.chars().count() < BEGINNING || wanted.is_empty() {
            return None;
        }
        self.which(text, |name| name.has_words(&wanted)).or_else(|| {
            let wanted = weighty(plain);
            self.which(text, |name| !wanted.is_empty() && name.weighty == wanted)
        })
    }

    /// The options of which this holds; none where it is none.
    fn which(&self, text: &str, is: impl Fn(&Name<'_>) -> bool) -> Option<Answer<usize>> {
        let among: Vec<usize> = self.all.iter().enumerate().filter(|(_, name)| is(name)).map(|(at, _)| at).collect();
        match among[..] {
            [] => None,
            [one] => Some(Answer::Found(one)),
            _ => Some(Answer::Ambiguous { part: text.trim().to_owned(), among }),
        }
    }

    fn decided(&self, plain: &str) -> Option<Answer<usize>> {
        let (yes, no) = self.decision?;
        yes_no(plain).map(|is_yes| Answer::Found(if is_yes { yes } else { no }))
    }

    fn position(&self, plain: &str) -> Option<Answer<usize>> {
        if self.numbered() {
            let top = self.all.iter().filter_map(Name::number).max();
            let number = count_of(plain, top)?;
            let at = self.all.iter().position(|name| name.number() == Some(number))?;
            return Some(Answer::Found(at));
        }
        let bare = plain.strip_suffix(" one").unwrap_or(plain);
        let rest = behind(bare, |language| language.option).unwrap_or(bare);
        let number = count(rest.trim_start_matches('#')).or_else(|| ordinal(rest))?;
        self.at(number).map(Answer::Found)
    }

    /// The option at this position, counted from 1.
    pub(crate) fn at(&self, number: i64) -> Option<usize> {
        usize::try_from(number).ok()?.checked_sub(1).filter(|at| *at < self.all.len())
    }
}

impl<'a> Name<'a> {
    fn of(option: Named<'a>) -> Self {
        let label = option.label.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let value = option.value.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let mut parts = Vec::new();
        if let Some((head, rest)) = label.split_once('(')
            && let Some(inside) = rest.strip_suffix(')')
        {
            parts.extend([plain(head), plain(inside)]);
        }
        // Signs in front are ornaments.
        let bare = label.trim_start_matches(|c: char| !c.is_alphanumeric());
        if bare.len() < label.len() && !bare.starts_with(|c: char| c.is_ascii_digit()) {
            parts.push(plain(bare));
        }
        parts.retain(|part| !part.is_empty());
        let plain = plain(&label);
        let words = words(&plain).map(str::to_owned).collect();
        let weighty = weighty(&plain).into_iter().map(str::to_owned).collect();
        Self { option, plain, label, value, parts, words, weighty }
    }

    /// The number that it is named by.
    fn number(&self) -> Option<i64> {
        digits(&self.plain).or_else(|| digits(&self.value)).or_else(|| self.number_in_parts())
    }

    fn number_in_parts(&self) -> Option<i64> {
        self.parts.iter().find_map(|part| digits(part))
    }

    /// Yes or no, where it says nothing but that first.
    fn decides(&self) -> Option<bool> {
        let head = |text: &str| plain(text.split(',').next().unwrap_or_default());
        let says = |text: String| {
            let first = |words: &[&str]| words.first() == Some(&text.as_str());
            let yes = ALL.iter().any(|language| first(language.yes));
            let no = ALL.iter().any(|language| first(language.no));
            if yes == no { None } else { Some(yes) }
        };
        says(head(&self.label)).or_else(|| says(head(&self.value)))
    }

    /// A number is not begun: `1` is not `10`. To begin in the `last` word is asked of names that are read as a whole.
    fn begins(&self, plain: &str, last: bool) -> bool {
        let begins = |name: &str| {
            let rest = name.strip_prefix(plain);
            rest.is_some_and(|rest| {
                let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
                let within = digit(plain.chars().next_back()) && digit(rest.chars().next());
                let too_early = last && rest.contains(' ');
                !within && !too_early
            })
        };
        plain.chars().count() >= BEGINNING && (begins(&self.plain) || self.parts.iter().any(|part| begins(part)))
    }

    /// Words in a row out of the label; of `not in the office` the word `office` is not meant.
    fn has_words(&self, wanted: &[&str]) -> bool {
        let negation = |word: &str| has(word, |language| language.negations);
        self.words.windows(wanted.len().max(1)).any(|row| row.iter().eq(wanted))
            && self.words.iter().filter(|word| negation(word)).all(|word| wanted.contains(&word.as_str()))
    }

    fn is_near(&self, plain: &str) -> bool {
        is_near(plain, &self.plain) || is_near(plain, &self.value) || self.parts.iter().any(|part| is_near(plain, part))
    }
}

/// Words that move about in a conversation are the beginning of no option: `back` is not `Backend`.
fn moves(plain: &str) -> bool {
    let lists: [fn(&Language) -> &'static [&'static str]; 3] =
        [|language| language.back, |language| language.skip, |language| language.keep];
    lists.into_iter().any(|list| has(plain, list))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|word| !word.is_empty())
}

fn digits(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let good = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if good { text.parse().ok() } else { None }
}

/// The words of a text that tell one place or thing from another. `wfh` and its like are what they stand for.
fn weighty(text: &str) -> Vec<&str> {
    let known = |text| ALL.iter().find_map(|language| language.short_forms.iter().find(|(short, _)| *short == text));
    let text = known(text).map_or(text, |(_, long)| long);
    words(text).filter(|word| !has(word, |language| language.light)).collect()
}

/// The parts of a text between words and signs that join choices.
fn side_by_side(plain: &str) -> Vec<&str> {
    let joins = |word: &str| {
        matches!(word, "&" | "+" | "/" | ",") || has(word, |language| language.and) || has(word, |language| language.or)
    };
    let (mut parts, mut start, mut at) = (Vec::new(), 0, 0);
    for word in plain.split_inclusive([' ', '/', ',', '&']) {
        let (name, sign) = match word.strip_suffix(['/', ',', '&']) {
            Some(name) => (name, true),
            None => (word, false),
        };
        let joining = joins(name.trim());
        if joining || sign {
            let end = if joining { at } else { at + name.len() };
            parts.extend(plain.get(start..end));
            start = at + word.len();
        }
        at += word.len();
    }
    parts.extend(plain.get(start..));
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// `first`, `2nd`, `dritte`.
fn ordinal(word: &str) -> Option<i64> {
    let number = ["st", "nd", "rd", "th"].iter().find_map(|end| digits(word.strip_suffix(end)?));
    number.or_else(|| crate::language::ordinal(word).map(i64::from))
}

pub(crate) fn nothing<T>(text: &str) -> Answer<T> {
    Answer::Nothing { part: text.trim().chars().take(LONG).collect() }
}

#[cfg(test)]
mod tests;
