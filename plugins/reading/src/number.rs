//! Numbers in digits, words and signs, with what people write around them.

use crate::filler::{FILLERS, shorter_number};
use crate::language::{ALL, behind, has, month, unit as unit_of};
use crate::{LONGEST, plain};

/// The longest text that is a number with its words.
const LONG: usize = 80;

/// A whole number: `3`, `3.`, `three`, `drei`, `3️⃣`, `~3`, `about 3`, `5/5`, `3 days`. None where it is something else, or
/// more than one number. Words around it change nothing: `maybe 4`, `I come 3 days`, `three or so`, `twice a week`.
///
/// `asked` is the question: what it counts may stand behind the number, so `3 days` answers "How many days?", and `3 weeks`
/// does not. `top` is the highest answer, for `4/5` and `4 out of 5`.
pub fn whole(text: &str, asked: &str, top: Option<i64>) -> Option<i64> {
    if text.len() > LONG {
        return None;
    }
    let text = plain(text);
    let number = wordy(&text, asked, whole_number);
    number.or_else(|| top_of(&text, asked, top))
}

/// The whole number that a plain text is, with no word around it that a number alone would not have.
pub(crate) fn count(plain: &str) -> Option<i64> {
    count_of(plain, None)
}

/// The same, also as one of so many: `4/5`.
pub(crate) fn count_of(plain: &str, top: Option<i64>) -> Option<i64> {
    if plain.len() > LONG {
        return None;
    }
    alone(plain, "", whole_number).or_else(|| top_of(plain, "", top))
}

fn top_of(text: &str, asked: &str, top: Option<i64>) -> Option<i64> {
    let (number, out_of) = divided(text)?;
    let number = alone(number, asked, whole_number)?;
    (Some(whole_number(out_of)?) == top).then_some(number)
}

/// The number of a text that may have more words around it.
fn wordy<T>(text: &str, asked: &str, number: fn(&str) -> Option<T>) -> Option<T> {
    let shorter = std::iter::successors(Some(text), |text| shorter_number(text));
    shorter.take(FILLERS).find_map(|text| alone(text, asked, number))
}

/// A number that may have decimals, behind a point or a comma: `1.5`, `1,5`, `~2`, `two`. `1,500` could be read in two ways,
/// and is none.
pub fn decimal(text: &str, asked: &str) -> Option<f64> {
    if text.len() > LONG {
        return None;
    }
    wordy(&plain(text), asked, decimal_number)
}

/// A count of things: a number in digits or words, `a` for one.
pub fn counted(word: &str) -> Option<i64> {
    if matches!(word, "a" | "an") { Some(1) } else { whole_number(word) }
}

/// Of `4/5` or `4 out of 5` both.
fn divided(text: &str) -> Option<(&str, &str)> {
    let words = ALL.iter().flat_map(|language| language.out_of);
    let mut parts = words.filter_map(|word| match *word {
        "/" => text.split_once('/'),
        word => text.find(&format!(" {word} ")).map(|at| (&text[..at], &text[at + word.len() + 2..])),
    });
    parts.next().map(|(number, top)| (number.trim(), top.trim()))
}

/// The number of a text that has one, and beside it only words that change nothing.
fn alone<T>(text: &str, asked: &str, number: fn(&str) -> Option<T>) -> Option<T> {
    let mut text = text.trim_start_matches(['~', '≈', '±', '=']).trim();
    if let Some(number) = number(text).or_else(|| stars(text).and_then(|count| number(&count.to_string()))) {
        return Some(number);
    }
    while let Some(rest) = behind(text, |language| language.about) {
        text = rest.trim_start_matches(['~', '≈']);
        if let Some(number) = number(text) {
            return Some(number);
        }
    }
    // `twenty five` has two words of its own.
    let words: Vec<&str> = text.split(' ').collect();
    for count in [1, 2] {
        if let Some((front, unit)) = words.split_at_checked(count)
            && let Some(found) = number(&front.join(" "))
            && (counts(&unit.join(" "), asked) || is_rate(&unit.join(" "), asked))
        {
            return Some(found);
        }
    }
    // `3x`, `3d`: letters right behind the digits.
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
    let unit = &text[end..];
    if unit.starts_with(char::is_alphabetic) && counts(unit, asked) { number(&text[..end]) } else { None }
}

/// Whether this may stand behind the number that was asked for.
fn counts(unit: &str, asked: &str) -> bool {
    let asked = asked.to_lowercase();
    let asked: Vec<&str> = asked.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let (unit, rest) = unit.split_once(' ').unwrap_or((unit, ""));
    let unit = unit.trim_matches(|c: char| !c.is_alphanumeric() && c != '⭐' && c != ':');
    let known = unit_of(unit);
    let fits = match known {
        // Two weeks are no two days: only what the question names first is counted.
        Some(_) => known == asked.iter().find_map(|word| unit_of(word)),
        None => has(unit, |language| language.times) || in_question(unit, &asked),
    };
    fits && (rest.is_empty() || spreads(rest, &asked))
}

/// `a week` right behind the number, where the question counts something else for each of them.
fn is_rate(rest: &str, asked: &str) -> bool {
    let asked = asked.to_lowercase();
    let mut units = asked.split(|c: char| !c.is_alphanumeric()).filter_map(unit_of);
    let counted = units.next();
    let of = behind(rest, |language| language.per).and_then(unit_of);
    of.is_some() && of != counted && units.any(|unit| Some(unit) == of)
}

/// `a week`, `per day`: what the count is for, as the question has it.
fn spreads(rest: &str, asked: &[&str]) -> bool {
    let per = behind(rest, |language| language.per);
    let of = per.unwrap_or(rest);
    let known =
        |word: &str| unit_of(word).is_some_and(|kind_of| asked.iter().any(|asked| unit_of(asked) == Some(kind_of)));
    of.split(' ').all(|word| known(word) || in_question(word, asked) || has(word, |language| language.per))
}

/// Whether the question has the word, be it one or many.
fn in_question(word: &str, asked: &[&str]) -> bool {
    let one = word.strip_suffix('s').unwrap_or(word);
    one.chars().count() >= 3 && asked.iter().any(|asked| asked.strip_suffix('s').unwrap_or(asked) == one)
}

/// Stars of one kind count themselves; empty ones behind them count nothing.
fn stars(text: &str) -> Option<usize> {
    let sign = ["⭐", "🌟", "★", ":star:", ":star2:"].into_iter().find(|sign| text.starts_with(sign))?;
    let full = text.trim_end_matches('☆').trim_end();
    let count = full.matches(sign).count();
    let rest = full.replace(sign, "");
    (count <= 21 && rest.trim().is_empty()).then_some(count)
}

fn whole_number(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-', '−']).unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.replace('−', "-").parse().ok();
    }
    if let Some(whole) = text.strip_suffix(".0").or_else(|| text.strip_suffix(",0")) {
        return if whole.bytes().all(|byte| byte.is_ascii_digit()) { whole.parse().ok() } else { None };
    }
    in_words(text)
}

fn decimal_number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        if let Ok(number) = text.parse() {
            return Some(number);
        }
    } else if let Some((whole, decimals)) = digits.split_once(',') {
        let digits = |part: &str, most: usize| {
            (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if digits(whole, 15) && digits(decimals, 2) {
            return text.replace(',', ".").parse().ok();
        }
    }
    in_words(text).map(|number| number as f64)
}

/// `seven`, `twenty-one`, `siebzehn`, `minus two`.
fn in_words(text: &str) -> Option<i64> {
    if text.is_empty() || text.len() > LONGEST.min(40) {
        return None;
    }
    if let Some(number) = text.strip_prefix("minus ") {
        return in_words(number).map(|number| -number);
    }
    for language in ALL {
        if let Some(number) = language.numbers.iter().position(|word| *word == text) {
            return i64::try_from(number).ok();
        }
        if let Some((_, number)) = language.more_numbers.iter().find(|(word, _)| *word == text) {
            return Some(*number);
        }
    }
    // English has tens before ones; German writes one word of both, the ones first.
    let (tens, ones) = text.split_once(['-', ' ']).or_else(|| {
        let at = text.find("und")?;
        Some((&text[at + 3..], &text[..at]))
    })?;
    if month(ones).is_some() {
        return None;
    }
    let (tens, ones) = (single(tens)?, single(ones)?);
    ((20..100).contains(&tens) && tens % 10 == 0 && (1..10).contains(&ones)).then_some(tens + ones)
}

fn single(word: &str) -> Option<i64> {
    ALL.iter().find_map(|language| {
        let position = language.numbers.iter().position(|number| *number == word);
        let more = || language.more_numbers.iter().find(|(number, _)| *number == word).map(|(_, number)| *number);
        position.and_then(|number| i64::try_from(number).ok()).or_else(more)
    })
}

#[cfg(test)]
mod tests;
