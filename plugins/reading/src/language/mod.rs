//! The words of each language. All languages are understood from everybody: people mix them, and few words clash.
//!
//! A further language is one more file with a [`Language`] in it, and a line in [`ALL`]. A word that means one thing in one
//! language and another in the next belongs in neither.

mod de;
mod en;
mod others;

use crate::typo::is_near;

/// The languages that are understood, in full or in their commonest words.
pub const ALL: [&Language; 3] = [&en::ENGLISH, &de::GERMAN, &others::OTHERS];

/// What is read of a language. All words are in lower case, as [`plain`](crate::plain) leaves them.
#[derive(Debug)]
pub struct Language {
    /// Before or behind an answer, and no part of it.
    pub polite: &'static [&'static str],
    /// Yes.
    pub yes: &'static [&'static str],
    /// No.
    pub no: &'static [&'static str],
    /// Agrees to send what was shown; more than `yes` says.
    pub send: &'static [&'static str],
    /// Wants to leave a conversation.
    pub leave: &'static [&'static str],
    /// Ends what it names: *stop* the survey.
    pub ends: &'static [&'static str],
    /// What a person may want to end or to begin again: stop *the survey*.
    pub conversation: &'static [&'static str],
    /// Wants to begin again.
    pub restart: &'static [&'static str],
    /// Wants to go on, be it as an answer to "Shall I end it?".
    pub go_on: &'static [&'static str],
    /// A yes that stays one when more words follow it.
    pub clear_yes: &'static [&'static str],
    /// A no that stays one when more words follow it.
    pub clear_no: &'static [&'static str],
    /// Behind a no they make another meaning of both: no *problem*.
    pub idioms: &'static [&'static str],
    /// The first person, with which an explanation begins.
    pub myself: &'static [&'static str],
    /// Makes a yes or a no doubtful.
    pub hedges: &'static [&'static str],
    /// Wants to know what can be done.
    pub help: &'static [&'static str],
    /// Wants to go to the question before.
    pub back: &'static [&'static str],
    /// Wants to leave a question out.
    pub skip: &'static [&'static str],
    /// Has nothing to say to a question that may be left out.
    pub pass: &'static [&'static str],
    /// Wants to leave an answer as it is.
    pub keep: &'static [&'static str],
    /// Wants to change an answer.
    pub change: &'static [&'static str],
    /// Between what is to be changed and its new value: change the role *to* Design.
    pub change_to: &'static [&'static str],
    /// Between agreement and a wish: ok, *but* the date.
    pub but: &'static [&'static str],
    /// Behind what is to be changed: the role *is wrong*.
    pub is_wrong: &'static [&'static str],
    /// From zero upwards.
    pub numbers: &'static [&'static str],
    /// Other words for numbers.
    pub more_numbers: &'static [(&'static str, i64)],
    /// From the first upwards.
    pub ordinals: &'static [&'static str],
    /// Before a number, and no part of it: about.
    pub about: &'static [&'static str],
    /// Before the number of an option.
    pub option: &'static [&'static str],
    /// Between two numbers: out of.
    pub out_of: &'static [&'static str],
    /// After a number, whatever it counts: times.
    pub times: &'static [&'static str],
    /// Between a count and what it is for: 3 days *a* week.
    pub per: &'static [&'static str],
    /// Days, weeks, months, years, hours, minutes, each in all its forms.
    pub units: [&'static [&'static str]; 6],
    /// Between two choices.
    pub and: &'static [&'static str],
    /// Between the ends of a range.
    pub to: &'static [&'static str],
    /// Before the choices that are meant.
    pub only: &'static [&'static str],
    /// Between two choices of which one is meant.
    pub or: &'static [&'static str],
    /// Begins a sentence that names a choice or a number: *I will work in* sales.
    pub lead: &'static [&'static str],
    /// Ends such a sentence: sales, *I guess*.
    pub trail: &'static [&'static str],
    /// Before a number that is not exact.
    pub guess: &'static [&'static str],
    /// Behind a number that is not exact.
    pub or_so: &'static [&'static str],
    /// Words of a label that tell it from no other: *at the* office.
    pub light: &'static [&'static str],
    /// Short forms and what they are long.
    pub short_forms: &'static [(&'static str, &'static str)],
    /// Every choice.
    pub all: &'static [&'static str],
    /// Both of two choices.
    pub both: &'static [&'static str],
    /// No choice.
    pub none: &'static [&'static str],
    /// Takes choices away from all of them.
    pub except: &'static [&'static str],
    /// Says no to what follows, so that a part of it is not the whole.
    pub negations: &'static [&'static str],
    /// From January; at least three letters of a name are enough.
    pub months: &'static [&'static str],
    /// From Monday; at least three letters of a name are enough.
    pub weekdays: &'static [&'static str],
    /// Days by their distance from today.
    pub days: &'static [(&'static str, i64)],
    /// In a date, and no part of it.
    pub of_a_date: &'static [&'static str],
    /// Begins a sentence that names a date: *I start on* Monday.
    pub begins_on: &'static [&'static str],
    /// Between a span of time and the day that it is counted from: a week *from* Monday.
    pub counted_from: &'static [&'static str],
    /// The day in the week after this one: Monday *next week*.
    pub next_week: &'static [&'static str],
    /// What a date is called.
    pub date: &'static [&'static str],
    /// Before a weekday: the next one.
    pub next: &'static [&'static str],
    /// Before a span of time: after it.
    pub within: &'static [&'static str],
    /// Behind a span of time, or before it: that long ago.
    pub ago: &'static [&'static str],
    /// Behind a span of time: from today on.
    pub from_now: &'static [&'static str],
}

/// Whether one of a language's lists has this word.
pub fn has(word: &str, list: impl Fn(&Language) -> &'static [&'static str]) -> bool {
    ALL.iter().any(|language| list(language).contains(&word))
}

/// The text behind one of a language's words, which must end there; of several, behind the longest.
pub fn behind(text: &str, list: impl Fn(&Language) -> &'static [&'static str]) -> Option<&str> {
    let words = ALL.iter().flat_map(|language| list(language));
    let rests = words.filter_map(|word| text.strip_prefix(word)?.strip_prefix(' '));
    rests.min_by_key(|rest| rest.len()).map(str::trim_start)
}

/// The place, from 1, of a word such as `first` or `dritter`.
pub fn ordinal(word: &str) -> Option<u32> {
    let is = |name: &&str| *name == word || word.strip_suffix(['r', 's', 'n']) == Some(name);
    let at = ALL.iter().find_map(|language| language.ordinals.iter().position(is))?;
    u32::try_from(at + 1).ok()
}

/// Which unit of time a word is, in any of its forms: 0 for days, 1 for weeks, then months, years, hours, minutes.
pub fn unit(word: &str) -> Option<usize> {
    ALL.iter().find_map(|language| language.units.iter().position(|forms| forms.contains(&word)))
}

/// The month, from 1, of a name or of its first three letters or more.
pub fn month(word: &str) -> Option<u32> {
    named(word, |language| language.months).map(|index| index + 1)
}

/// The weekday, from 0 for Monday, of a name or of its first three letters or more.
pub fn weekday(word: &str) -> Option<u32> {
    named(word, |language| language.weekdays)
}

/// The month of a name with one typing error.
pub fn month_like(word: &str) -> Option<u32> {
    like(word, |language| language.months).map(|index| index + 1)
}

/// The weekday of a name with one typing error.
pub fn weekday_like(word: &str) -> Option<u32> {
    like(word, |language| language.weekdays)
}

/// A day by its distance from today, in words that may have one typing error.
pub fn day(words: &str) -> Option<i64> {
    let days = || ALL.iter().flat_map(|language| language.days);
    let exactly = days().find(|(name, _)| *name == words).map(|(_, days)| *days);
    exactly.or_else(|| single(days().filter(|(name, _)| is_near(words, name)).map(|(_, days)| *days)))
}

/// Of names that are near, the only one: `tursday` is near two.
fn like(word: &str, list: impl Fn(&Language) -> &'static [&'static str]) -> Option<u32> {
    let near =
        ALL.iter().flat_map(|language| list(language).iter().enumerate()).filter(|(_, name)| is_near(word, name));
    single(near.map(|(index, _)| index)).and_then(|index| u32::try_from(index).ok())
}

/// What all of these are.
fn single<T: PartialEq>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

/// A name in full comes before the beginning of another.
fn named(word: &str, list: impl Fn(&Language) -> &'static [&'static str]) -> Option<u32> {
    let position =
        |is: &dyn Fn(&str) -> bool| ALL.iter().find_map(|language| list(language).iter().position(|name| is(name)));
    let short = || position(&|name| word.chars().count() >= 3 && name.starts_with(word)).filter(|_| word != "die");
    let found = position(&|name| name == word).or_else(short)?;
    u32::try_from(found).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plain;

    #[test]
    fn months_and_weekdays_by_name_or_beginning() {
        for (word, found) in
            [("march", 3), ("mär", 3), ("dez", 12), ("sept", 9), ("mai", 5), ("may", 5), ("oktober", 10)]
        {
            assert_eq!(month(word), Some(found), "{word}");
        }
        for (word, found) in [("monday", 0), ("mon", 0), ("thurs", 3), ("sonntag", 6), ("mittw", 2)] {
            assert_eq!(weekday(word), Some(found), "{word}");
        }
        for (word, found) in [("wedesday", 2), ("teusday", 1), ("mitwoch", 2)] {
            assert_eq!((weekday(word), weekday_like(word)), (None, Some(found)), "{word}");
        }
        assert_eq!((weekday_like("tursday"), month_like("decmber"), day("tomorow")), (None, Some(12), Some(1)));
        for word in ["", "ma", "die", "marches", "x"] {
            assert_eq!((month(word), weekday(word)), (None, None), "{word}");
        }
    }

    /// A list that `plain` would change could never be met.
    #[test]
    fn words_stand_as_they_are_left_and_clash_with_none() {
        for language in ALL {
            for words in [language.yes, language.no, language.send, language.leave, language.help, language.all] {
                for word in words {
                    assert_eq!(plain(word), *word);
                }
            }
        }
        let all = |list: fn(&Language) -> &'static [&'static str]| ALL.iter().flat_map(move |language| list(language));
        for word in all(|language| language.yes) {
            assert!(!has(word, |language| language.no), "{word} is yes and no");
            assert!(!has(word, |language| language.leave), "{word} is yes and leaves");
        }
        for word in all(|language| language.no) {
            assert!(!has(word, |language| language.leave), "{word} is no and leaves");
            assert!(!has(word, |language| language.send), "{word} is no and sends");
        }
    }
}
