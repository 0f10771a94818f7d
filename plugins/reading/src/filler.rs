//! Words that people put around an answer in a sentence, and that change nothing of it.

use crate::language::{ALL, Language, behind};

type List = fn(&Language) -> &'static [&'static str];

/// Longer chains of such words are no sentence: the bound of the work on one text.
pub(crate) const FILLERS: usize = 6;

/// A plain text without one beginning such as `i will work in`, or one end such as `i guess`. None where it has neither, so
/// taking away comes to an end.
pub(crate) fn shorter(text: &str) -> Option<&str> {
    let lists: [List; 4] =
        [|language| language.option, |language| language.only, |language| language.about, |language| language.lead];
    without(text, &lists, &[|language| language.trail])
}

/// The same around a number: `maybe 4`, `three or so`.
pub(crate) fn shorter_number(text: &str) -> Option<&str> {
    let lists: [List; 3] = [|language| language.lead, |language| language.guess, |language| language.about];
    without(text, &lists, &[|language| language.trail, |language| language.or_so])
}

fn without<'a>(text: &'a str, leads: &[List], trails: &[List]) -> Option<&'a str> {
    let front = leads.iter().filter_map(|list| behind(text, list)).min_by_key(|rest| rest.len());
    let words = || trails.iter().flat_map(|list| ALL.iter().flat_map(move |language| list(language)));
    let back = || {
        let rest = words().filter_map(|word| text.strip_suffix(word)).filter(|rest| rest.ends_with([' ', ',']));
        rest.map(|rest| rest.trim_end_matches([' ', ','])).min_by_key(|rest| rest.len())
    };
    front.or_else(back).filter(|rest| !rest.is_empty() && rest.len() < text.len())
}
