//! Numbers as people write them, with a point and without an exponent.

use super::wrong::{Range, Wrong};
use crate::model::Finite;

/// With so many digits, what a flow reads is what the person wrote.
const DIGITS: usize = 15;

/// The number in its shortest form, such as `42` or `-1.5`, or what is wrong with it.
pub(super) fn read(text: &str, least: Option<Finite>, most: Option<Finite>, whole: bool) -> Result<String, Wrong> {
    let number = parse(text).ok_or(Wrong::NoNumber)?;
    if whole && number.fract() != 0.0 {
        return Err(Wrong::NotWhole);
    }
    let under = least.is_some_and(|least| number < least.get());
    let over = most.is_some_and(|most| number > most.get());
    match Range::of(least.map(Finite::get), most.map(Finite::get)) {
        Some(range) if under || over => Err(Wrong::Number(range)),
        // Zero has one form, whatever stood before it.
        _ if number == 0.0 => Ok("0".to_owned()),
        _ => Ok(number.to_string()),
    }
}

fn parse(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (before, behind) = digits.split_once('.').map_or((digits, None), |(before, behind)| (before, Some(behind)));
    let all = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !all(before) || !behind.is_none_or(all) || before.len() + behind.map_or(0, str::len) > DIGITS {
        return None;
    }
    text.parse().ok()
}
