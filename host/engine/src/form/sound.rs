//! Whether the form that a flow asks for is one: within its bounds, and such that it can be filled in.

use std::collections::BTreeSet;

use super::date::is_date;
use crate::model::{Choice, Choices, Field, FieldKind, Finite, Form};
use crate::policy::contract;
use crate::text::line;

/// Says what is wrong with a form, for its author. The numbers are those of the contract.
///
/// # Errors
///
/// The first fault, with the field's key cut to 80 bytes.
pub fn sound(form: &Form) -> Result<(), String> {
    label("its title", &form.title, contract::TITLE)?;
    label("its button", &form.submit, contract::TITLE)?;
    let count = form.fields.len();
    if !(1..=contract::FIELDS).contains(&count) {
        return Err(format!("it has {count} fields; 1 to {} are allowed", contract::FIELDS));
    }
    let mut keys = BTreeSet::new();
    for field in &form.fields {
        let named = |fault: String| format!("the field `{}`: {fault}", line(&field.key, 80));
        key("its key", &field.key, contract::KEY).map_err(named)?;
        if !keys.insert(&field.key) {
            return Err(named("its key is there twice".to_owned()));
        }
        check(field).map_err(named)?;
    }
    let bytes: usize = form.fields.iter().map(weight).sum();
    if bytes > contract::FORM {
        return Err(format!("its texts have {bytes} bytes, and {} are allowed", contract::FORM));
    }
    Ok(())
}

fn weight(field: &Field) -> usize {
    let options: usize = field.options().iter().map(|option| option.value.len() + option.label.len()).sum();
    field.key.len() + field.label.len() + field.hint.as_ref().map_or(0, String::len) + options
}

fn check(field: &Field) -> Result<(), String> {
    label("its label", &field.label, contract::LABEL)?;
    if let Some(hint) = &field.hint {
        label("its hint", hint, contract::HINT)?;
    }
    match &field.kind {
        FieldKind::Text { least, most, .. } => {
            if *most < 1 || least > most || *most > contract::WRITTEN {
                let bound = contract::WRITTEN;
                return Err(format!(
                    "{least} to {most} characters; it must be least ≤ most, and most from 1 to {bound}"
                ));
            }
            Ok(())
        }
        FieldKind::Number { least, most, whole } => numbers(*least, *most, *whole),
        FieldKind::Date { least, most } => {
            if [least, most].into_iter().flatten().any(|date| !is_date(date)) {
                return Err("its least and its most must be dates such as 2026-03-31".to_owned());
            }
            match (least, most) {
                (Some(least), Some(most)) if least > most => Err(format!("no day is from {least} to {most}")),
                _ => Ok(()),
            }
        }
        FieldKind::OneOf(options) => check_options(options),
        FieldKind::ManyOf(choices) => check_choices(choices),
    }
}

/// A field that takes no number at all would hold the person for ever.
fn numbers(least: Option<Finite>, most: Option<Finite>, whole: bool) -> Result<(), String> {
    let (least, most) = (least.map(Finite::get), most.map(Finite::get));
    if [least, most].into_iter().flatten().any(|bound| bound.abs() > contract::NUMBER) {
        return Err(format!("its least and its most must be at most {:e} from zero", contract::NUMBER));
    }
    let (Some(least), Some(most)) = (least, most) else { return Ok(()) };
    if least > most || (whole && least.ceil() > most.floor()) {
        return Err(format!("no number that it takes is from {least} to {most}"));
    }
    Ok(())
}

/// Checks what can be picked, and how many of it.
pub(crate) fn check_choices(choices: &Choices) -> Result<(), String> {
    let Choices { options, least, most } = choices;
    check_options(options)?;
    let count = options.len();
    if *least < 1 || least > most || *most as usize > count {
        return Err(format!(
            "{least} to {most} of {count} options are to be picked; it must be 1 ≤ least ≤ most ≤ {count}"
        ));
    }
    Ok(())
}

/// Checks their number, and the values and labels of each.
fn check_options(options: &[Choice]) -> Result<(), String> {
    let count = options.len();
    if !(1..=contract::OPTIONS).contains(&count) {
        return Err(format!("it has {count} options; 1 to {} are allowed", contract::OPTIONS));
    }
    let mut values = BTreeSet::new();
    for option in options {
        key("an option's value", &option.value, contract::VALUE)?;
        if !values.insert(&option.value) {
            return Err(format!("an option's value is there twice: `{}`", line(&option.value, 80)));
        }
        label(&format!("the label of the option `{}`", line(&option.value, 80)), &option.label, contract::LABEL)?;
    }
    Ok(())
}

fn key(what: &str, key: &str, most: usize) -> Result<(), String> {
    if key.is_empty() || key.len() > most || key.contains(char::is_control) {
        return Err(format!("{what} must have 1 to {most} bytes and no control character: `{}`", line(key, 80)));
    }
    Ok(())
}

fn label(what: &str, text: &str, most: usize) -> Result<(), String> {
    if text.trim().is_empty() || text.chars().count() > most || text.contains(char::is_control) {
        return Err(format!("{what} is empty, longer than {most} characters, or has control characters"));
    }
    Ok(())
}
