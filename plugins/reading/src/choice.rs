//! One of the options that are offered.

use crate::language::{ALL, Language, behind, has};
use crate::typo::is_near;
use crate::{Answer, plain, whole, yes_no};

/// The longest text that names one option, in bytes: four for each of a label's letters, and what stands around it.
const LONG: usize = 400;
/// The shortest beginning of a label that stands for it, in characters.
const BEGINNING: usize = 3;

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
/// position (`2`, `two`, `option 2`, `#2`, `the second`) where no option is named by a number, words out of a label, and a
/// label with one typing error.
pub fn one(text: &str, options: &[Named<'_>]) -> Answer<usize> {
    Names::of(options).read(text, true)
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
        let lists: [fn(&Language) -> &'static [&'static str]; 3] =
            [|language| language.option, |language| language.only, |language| language.about];
        let rest = lists.into_iter().find_map(|list| behind(&plain, list)).filter(|_| closed);
        rest.and_then(|rest| self.plainly(text, rest, closed)).unwrap_or_else(|| nothing(text))
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
        let seen = self.all.iter().any(|name| digits(&name.plain).or_else(|| name.number_in_parts()).is_some());
        match (found, digits(lower).and_then(|number| self.at(number))) {
            (Answer::Found(at), Some(position)) if !seen && at != position => Some(Answer::Ambiguous {
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
            .or_else(|| self.which(text, |name| name.begins(plain)).filter(|_| !moves(plain)))
            .or_else(|| self.position(plain))
            .or_else(|| if closed { self.by_words(text, plain) } else { None })
            .or_else(|| self.which(text, |name| name.is_near(plain)))
    }

    fn by_words(&self, text: &str, plain: &str) -> Option<Answer<usize>> {
        let wanted: Vec<&str> = words(plain).collect();
        let enough = plain.chars().count() >= BEGINNING && !wanted.is_empty();
        if enough { self.which(text, |name| name.has_words(&wanted)) } else { None }
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
            let number = whole(plain, "", top)?;
            let at = self.all.iter().position(|name| name.number() == Some(number))?;
            return Some(Answer::Found(at));
        }
        let bare = plain.strip_suffix(" one").unwrap_or(plain);
        let rest = behind(bare, |language| language.option).unwrap_or(bare);
        let number = whole(rest.trim_start_matches('#'), "", None).or_else(|| ordinal(rest))?;
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
        Self { option, plain, label, value, parts, words }
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

    /// A number is not begun: `1` is not `10`.
    fn begins(&self, plain: &str) -> bool {
        let begins = |name: &str| {
            let rest = name.strip_prefix(plain);
            rest.is_some_and(|rest| {
                let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
                !(digit(plain.chars().next_back()) && digit(rest.chars().next()))
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

/// `first`, `2nd`, `dritte`.
fn ordinal(word: &str) -> Option<i64> {
    let number = ["st", "nd", "rd", "th"].iter().find_map(|end| digits(word.strip_suffix(end)?));
    let named = || {
        let is = |name: &&str| *name == word || word.strip_suffix(['r', 's', 'n']) == Some(name);
        ALL.iter().find_map(|language| language.ordinals.iter().position(is)).and_then(|at| i64::try_from(at + 1).ok())
    };
    number.or_else(named)
}

pub(crate) fn nothing<T>(text: &str) -> Answer<T> {
    Answer::Nothing { part: text.trim().chars().take(LONG).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Options<'a> = &'a [(&'a str, &'a str)];

    fn names<'a>(options: Options<'a>) -> Vec<Named<'a>> {
        options.iter().map(|(value, label)| Named::new(value, label)).collect()
    }

    fn found(text: &str, options: Options<'_>) -> Option<usize> {
        one(text, &names(options)).found()
    }

    const ROLES: Options<'_> = &[("eng", "Engineering"), ("art", "Design"), ("sell", "Sales"), ("else", "Other")];

    #[test]
    fn as_people_name_a_choice() {
        for (at, texts) in [
            (
                0,
                &[
                    "Engineering",
                    "engineering",
                    "ENG",
                    "1",
                    "1.",
                    "1)",
                    "(1)",
                    "#1",
                    "one",
                    "One.",
                    "option 1",
                    "option one",
                    "Engineering.",
                    "Engineering!",
                    "eng",
                    "engin",
                    "Enginering",
                    "Enginereing",
                    "engineerings",
                    "*Engineering*",
                    "_Engineering_",
                    "`Engineering`",
                    "\"Engineering\"",
                    "“Engineering”",
                    "1. Engineering",
                    "1) Engineering",
                    "- Engineering",
                    "• Engineering",
                    ":one:",
                    "1️⃣",
                    "Engineering please",
                    "Engineering, thanks",
                    "first",
                    "1st",
                    "the first",
                    "the first one",
                    "number 1",
                    "no. 1",
                    "I'd say Engineering",
                    "nummer eins",
                    "die erste",
                ][..],
            ),
            (
                1,
                &["2 please", "two", "design", "Desing", "des", "zwei", "option 2", "second", "art", "it's Design"][..],
            ),
            (3, &["4", "other", "Other…", "oth", "four", "vier", "fourth"][..]),
        ] {
            for text in texts {
                assert_eq!(found(text, ROLES), Some(at), "{text}");
            }
        }
    }

    #[test]
    fn what_names_none_of_them() {
        for text in [
            "",
            " ",
            "?",
            "pilot",
            "0",
            "5",
            "-1",
            "1 2",
            "1-3",
            "1 or 2",
            "maybe",
            "yes",
            "no",
            "e",
            "en",
            "engeneeering",
            "18446744073709551616",
            "Engineering and Design",
            "not Engineering",
            "none",
            "anything",
            "1.5",
            "option",
            "option 9",
            "the",
            "ngineering",
            "Designer wanted",
            "10",
            "a",
            "options",
            "no engineering",
            "sale of the day",
        ] {
            assert_eq!(one(text, &names(ROLES)), nothing(text), "{text}");
        }
        assert_eq!(found(&"Engineering ".repeat(1_000), ROLES), None);
    }

    #[test]
    fn a_name_wins_over_every_tolerance() {
        let odd = &[("a", "Two"), ("b", "1"), ("c", "Tw"), ("d", "Please"), ("e", "1. Floor")];
        for (text, at) in [("two", 0), ("1", 1), ("tw", 2), ("please", 3), ("1. Floor", 4), ("1. floor", 4)] {
            assert_eq!(found(text, odd), Some(at), "{text}");
        }
        // Labels that differ by a capital letter alone.
        let capitals = &[("1a", "US"), ("1b", "us")];
        assert_eq!((found("us", capitals), found("US", capitals)), (Some(1), Some(0)));
        assert_eq!(found("second", &[("x", "Second-hand"), ("y", "New")]), Some(0));
        assert_eq!(found("back", &[("x", "Backend"), ("y", "Frontend")]), None);
        assert_eq!(found("back", &[("x", "Back"), ("y", "Backend")]), Some(0));
        assert_eq!(found("skip", &[("x", "Yes"), ("y", "Skip")]), Some(1));
    }

    #[test]
    fn numbers_that_are_names_are_no_positions() {
        let sizes = &[("10", "10"), ("20", "20"), ("30", "30")];
        for (text, at) in
            [("20", Some(1)), ("twenty", Some(1)), ("20.", Some(1)), ("2", None), ("two", None), ("1", None)]
        {
            assert_eq!(found(text, sizes), at, "{text}");
        }
        let points = &[("1", "1 (not at all)"), ("2", "2"), ("3", "3"), ("4", "4"), ("5", "5 (very well)")];
        for (text, at) in [
            ("5", Some(4)),
            ("five", Some(4)),
            ("4.", Some(3)),
            ("5/5", Some(4)),
            ("4 out of 5", Some(3)),
            ("a 4", Some(3)),
            ("very well", Some(4)),
            ("Not at all.", Some(0)),
            ("⭐⭐⭐⭐", Some(3)),
            ("1 (NOT AT ALL)", Some(0)),
            ("6", None),
            ("0", None),
            ("4/10", None),
            ("3.5", None),
            ("well, I don't know", None),
            ("2-3", None),
        ] {
            assert_eq!(found(text, points), at, "{text}");
        }
    }

    #[test]
    fn a_hidden_value_that_is_another_position_is_asked_back() {
        let colours = names(&[("0", "Red"), ("1", "Blue")]);
        assert_eq!(one("1", &colours), Answer::Ambiguous { part: "1".to_owned(), among: vec![0, 1] });
        assert_eq!(one("1.", &colours), Answer::Ambiguous { part: "1.".to_owned(), among: vec![0, 1] });
        assert_eq!(one("blue", &colours), Answer::Found(1));
        assert_eq!(one("2", &names(&[("1", "Red"), ("2", "Blue")])), Answer::Found(1));
    }

    #[test]
    fn yes_and_no_have_synonyms_where_they_are_offered() {
        let plain = &[("yes", "Yes"), ("no", "No"), ("survey/skip", "Skip")];
        let long = &[("a", "Yes, end it"), ("b", "No, go on")];
        for (text, at) in
            [("yep", 0), ("yes!!", 0), ("👍", 0), ("ja", 0), ("No thanks", 1), ("nope", 1), ("нет", 1), ("n", 1)]
        {
            assert_eq!((found(text, plain), found(text, long)), (Some(at), Some(at)), "{text}");
        }
        for text in ["maybe", "yes and no", "3 or so", "vielleicht"] {
            assert_eq!(found(text, plain), None, "{text}");
        }
        assert_eq!(found("no", &[("a", "Never"), ("b", "Sometimes"), ("c", "Of course")]), None);
        assert_eq!(found("nope", &[("a", "OK"), ("b", "Cancel")]), None);
    }

    #[test]
    fn what_may_be_two_is_neither() {
        let pets = names(&[("a", "Cats"), ("b", "Cattle"), ("c", "Dogs"), ("d", "Water dogs")]);
        let ambiguous =
            |text: &str, among: &[usize]| Answer::Ambiguous { part: text.to_owned(), among: among.to_vec() };
        assert_eq!(one("cat", &pets), ambiguous("cat", &[0, 1]));
        assert_eq!(one(" cat ", &pets), ambiguous("cat", &[0, 1]));
        assert_eq!(one("dogs", &pets), Answer::Found(2));
        let typos = names(&[("a", "Monday"), ("b", "Mondaz")]);
        assert_eq!(one("mondax", &typos), ambiguous("mondax", &[0, 1]));
    }

    #[test]
    fn words_out_of_a_label_are_enough_where_nothing_else_is_an_answer() {
        let places = &[("remote", "At home"), ("office", "In the office"), ("no", "Not in a hotel")];
        for (text, at) in [("home", 0), ("office", 1), ("the office", 1), ("at  HOME", 0), ("in the", 1)] {
            assert_eq!(found(text, places), Some(at), "{text}");
        }
        assert_eq!(found("hotel", places), None);
        assert_eq!(found("not in a hotel", places), Some(2));
        let open = names(&[("a", "Tell me more about York"), ("b", "Enough")]);
        assert_eq!(pick("york", &open), nothing("york"));
        assert_eq!(pick("tell me", &open), Answer::Found(0));
        assert_eq!(pick("2", &open), Answer::Found(1));
    }

    #[test]
    fn ornaments_and_prefixes_of_numbers() {
        let food = &[("a", "🍕 Pizza"), ("b", "🥗 Salad"), ("c", ".NET")];
        assert_eq!((found("pizza", food), found("net", food), found("🍕 pizza", food)), (Some(0), Some(2), Some(0)));
        let rooms = &[("a", "Room 1"), ("b", "Room 10"), ("c", "Hall")];
        assert_eq!((found("room 1", rooms), found("Room 10", rooms), found("room 2", rooms)), (Some(0), Some(1), None));
        assert_eq!(found("room 1", &[("b", "Room 10"), ("c", "Hall")]), None);
    }
}
