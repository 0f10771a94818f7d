//! Whether what a person filled in keeps the rules of the form. Pure, so that a channel asks it while the person waits
//! and the router asks it again; no flow runs for it.

mod date;
mod number;
mod sound;
mod wrong;

use std::collections::BTreeSet;

use crate::model::{Choice, Choices, Field, FieldKind, Form, Values};
use crate::policy::contract;
use crate::text::line;

pub use date::is_date;
pub(crate) use sound::check_choices;
pub use sound::sound;
pub use wrong::{Range, Wrong};

/// What is wrong: the key of a field, and what is the matter with it.
pub type Problem = (String, Wrong);

/// The values as a flow gets them: clean, in the form's order, without fields that were left empty.
pub type Clean = Vec<(String, Vec<String>)>;

/// Checks what was filled in. Everything in it is hostile: a channel may send fields that the form does not have.
///
/// # Errors
///
/// The problems of all fields, in the form's order, each field at most once. A field that the form does not have comes
/// with its key, cut to 80 bytes.
pub fn check(form: &Form, values: &Values) -> Result<Clean, Vec<Problem>> {
    if let Some(key) = values.keys().find(|key| form.fields.iter().all(|field| field.key != **key)) {
        return Err(vec![(line(key, contract::KEY), Wrong::NoSuchField)]);
    }
    let mut clean = Clean::new();
    let mut problems = Vec::new();
    for field in &form.fields {
        match check_field(field, values.get(&field.key).map(Vec::as_slice).unwrap_or_default()) {
            Ok(values) if values.is_empty() => {}
            Ok(values) => clean.push((field.key.clone(), values)),
            Err(wrong) => problems.push((field.key.clone(), wrong)),
        }
    }
    // Counted as it came, for so it is stored.
    if weight(values) > contract::FILLED
        && let Some((key, _)) = values.iter().max_by_key(|(_, values)| values.iter().map(String::len).sum::<usize>())
    {
        problems.push((key.clone(), Wrong::TooLongTogether));
    }
    if problems.is_empty() { Ok(clean) } else { Err(problems) }
}

/// What was filled in, keys and values together, in bytes.
pub(crate) fn weight(values: &Values) -> usize {
    values.iter().map(|(key, values)| key.len() + values.iter().map(String::len).sum::<usize>()).sum()
}

/// Checks the values of one field. None of them means that it is left empty, and so does a blank text.
///
/// # Errors
///
/// The first fault.
pub fn check_field(field: &Field, values: &[String]) -> Result<Vec<String>, Wrong> {
    let clean = match &field.kind {
        FieldKind::ManyOf(choices) => return many(field, choices, values),
        _ if values.len() > 1 => return Err(Wrong::SeveralAnswers),
        FieldKind::OneOf(options) => values
            .iter()
            .map(String::as_str)
            .filter(|value| !value.is_empty())
            .try_fold(None, |_, value| known(options, value).map(|()| Some(value.to_owned())))?,
        kind => match values.first().map(|value| written(value, kind)).filter(|text| !text.is_empty()) {
            Some(text) => Some(match kind {
                FieldKind::Number { least, most, whole } => number::read(&text, *least, *most, *whole)?,
                FieldKind::Date { least, most } => date::read(&text, least.as_deref(), most.as_deref())?,
                FieldKind::Text { least, most, .. } => sized(text, *least, *most)?,
                FieldKind::OneOf(_) | FieldKind::ManyOf(_) => text,
            }),
            None => None,
        },
    };
    match clean {
        None if field.required && !field.options().is_empty() => Err(Wrong::NothingPicked),
        None if field.required => Err(Wrong::Empty),
        clean => Ok(clean.into_iter().collect()),
    }
}

/// What was filled in, in words: a line for each field with its label and the labels of what was picked.
pub fn in_words(form: &Form, values: &Values) -> String {
    let said = |field: &Field, value: &String| {
        let option = field.options().iter().find(|option| option.value == *value);
        option.map_or_else(|| value.clone(), |option| option.label.clone())
    };
    let line = |field: &Field| {
        let values = values.get(&field.key)?;
        let values: Vec<_> = values.iter().map(|value| said(field, value)).collect();
        Some(format!("{}: {}", field.label, values.join(", ")))
    };
    form.fields.iter().filter_map(line).collect::<Vec<_>>().join("\n")
}

/// Without control characters and blanks around it; line ends stay where there can be several lines.
fn written(text: &str, kind: &FieldKind) -> String {
    let lines = matches!(kind, FieldKind::Text { multiline: true, .. });
    let text = text.replace("\r\n", "\n");
    let kept = |c: char| match c {
        '\n' | '\t' if lines => Some(c),
        '\n' | '\r' | '\t' => Some(' '),
        c => (!c.is_control()).then_some(c),
    };
    text.chars().filter_map(kept).collect::<String>().trim().to_owned()
}

fn sized(text: String, least: u32, most: u32) -> Result<String, Wrong> {
    let got = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    if got < least {
        Err(Wrong::TooShort { least })
    } else if got > most {
        Err(Wrong::TooLong { most, got })
    } else {
        Ok(text)
    }
}

fn known(options: &[Choice], value: &str) -> Result<(), Wrong> {
    if options.iter().any(|option| option.value == value) { Ok(()) } else { Err(Wrong::NotAmong) }
}

fn many(field: &Field, choices: &Choices, values: &[String]) -> Result<Vec<String>, Wrong> {
    let (least, most) = (choices.least as usize, choices.most as usize);
    if values.is_empty() && !field.required {
        return Ok(Vec::new());
    }
    if !(least..=most).contains(&values.len()) {
        return Err(Wrong::Count { least, most });
    }
    let mut seen = BTreeSet::new();
    if !values.iter().all(|value| seen.insert(value)) {
        return Err(Wrong::Twice);
    }
    values.iter().try_for_each(|value| known(&choices.options, value))?;
    Ok(values.to_vec())
}

#[cfg(test)]
mod tests;
