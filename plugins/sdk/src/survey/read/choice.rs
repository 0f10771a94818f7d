//! Choices that are typed: by label, by value, or by number.

use std::ops::RangeInclusive;

use super::Problem;
use crate::message::Choice;
use crate::text::quote;

/// How many options a question wants, in words.
pub(in crate::survey) fn how_many(count: &RangeInclusive<u32>) -> String {
    match (*count.start(), *count.end()) {
        (least, most) if least == most => format!("exactly {least}"),
        (least, most) => format!("{least} to {most}"),
    }
}

/// The option that is meant. Names come before numbers, and a number is a position only where no option is named by
/// one: among `10`, `20` and `30` the text `2` means nothing.
pub(in crate::survey) fn find<'a>(written: &str, options: &'a [Choice]) -> Option<&'a Choice> {
    let written = written.trim().to_lowercase();
    let named = |option: &&Choice| option.label.to_lowercase() == written || option.value.to_lowercase() == written;
    if let Some(option) = options.iter().find(named) {
        return Some(option);
    }
    let numeric = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !numeric(&written) || options.iter().any(|option| numeric(&option.label) || numeric(&option.value)) {
        return None;
    }
    let position = written.parse::<usize>().ok()?.checked_sub(1)?;
    options.get(position)
}

pub(super) fn one(written: &str, options: &[Choice], aliases: &[(&str, &str)]) -> Result<String, Problem> {
    let alias = aliases.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(written)).map(|(_, value)| *value);
    let found = find(alias.unwrap_or(written), options);
    found.map(|option| option.value.clone()).ok_or_else(|| {
        format!("{} is not among the choices. Please pick one, or write its number or name.", quote(written))
    })
}

pub(super) fn point(written: &str, options: &[Choice]) -> Result<String, Problem> {
    let ends = |option: Option<&Choice>| option.map(|option| option.value.clone()).unwrap_or_default();
    find(written, options).map(|option| option.value.clone()).ok_or_else(|| {
        let (low, high) = (ends(options.first()), ends(options.last()));
        format!("{} is not on the scale. Please choose from {low} to {high}.", quote(written))
    })
}

/// Several, divided by commas, semicolons or lines. A name that has a comma in it is found first where it is the
/// whole text.
pub(super) fn many(written: &str, options: &[Choice]) -> Result<Vec<String>, Problem> {
    if let Some(option) = find(written, options) {
        return Ok(vec![option.value.clone()]);
    }
    let mut values: Vec<String> = Vec::new();
    for part in written.split([',', ';', '\n']).map(str::trim).filter(|part| !part.is_empty()) {
        let Some(option) = find(part, options) else {
            let how = "Please pick some, or write their numbers or names, divided by commas.";
            return Err(format!("{} is not among the choices. {how}", quote(part)));
        };
        if !values.contains(&option.value) {
            values.push(option.value.clone());
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn options(options: &[(&str, &str)]) -> Vec<Choice> {
        options.iter().copied().map(Into::into).collect()
    }

    #[test]
    fn by_number_label_or_value_in_any_case() {
        let teams = options(&[("eng", "Engineering"), ("art", "Design")]);
        for written in ["engineering", "ENG", "1", " Engineering "] {
            assert_eq!(one(written, &teams, &[]).unwrap(), "eng", "{written}");
        }
        for written in ["0", "3", "-1", "Eng.", "", "1 2", "18446744073709551616"] {
            assert!(one(written, &teams, &[]).is_err(), "{written}");
        }
    }

    #[test]
    fn numbers_that_are_names_are_no_positions() {
        let sizes = options(&[("10", "10"), ("20", "20"), ("30", "30")]);
        assert_eq!(one("20", &sizes, &[]).unwrap(), "20");
        assert!(one("2", &sizes, &[]).is_err());
    }

    #[test]
    fn several_are_divided_by_commas_and_each_taken_once() {
        let tools = options(&[("rust", "Rust"), ("c", "C, C++"), ("go", "Go")]);
        assert_eq!(many("go, RUST,1 ;", &tools).unwrap(), ["go", "rust"]);
        assert_eq!(many("C, C++", &tools).unwrap(), ["c"]);
        assert_eq!(
            many("go, cobol", &tools).unwrap_err(),
            "“cobol” is not among the choices. Please pick some, or write their numbers or names, divided by commas."
        );
        assert!(many(" , ,", &tools).unwrap().is_empty());
    }

    #[test]
    fn how_many_in_words() {
        assert_eq!(how_many(&(2..=2)), "exactly 2");
        assert_eq!(how_many(&(1..=3)), "1 to 3");
    }
}
