//! The kit's own sentences, by the person's language. A further language is one more file with [`Phrases`] in it, and a
//! line in [`ALL`]; what people answer is understood in every language whatever they are asked in.
//!
//! A phrase has its values in braces, `{low}`; [`fill`] puts them in.

mod de;
mod en;

use crate::Date;

/// The languages, the first of which is spoken where a person's is not among them.
const ALL: [&Phrases; 2] = [&en::ENGLISH, &de::GERMAN];

/// All that the kit says by itself.
#[derive(Debug)]
pub(crate) struct Phrases {
    /// The language's tag, such as `en`.
    pub(crate) tag: &'static str,
    pub(crate) months: [&'static str; 12],
    pub(crate) weekdays: [&'static str; 7],
    /// Of `weekday`, `day`, `month`, `year`.
    pub(crate) date: &'static str,
    /// A day in figures, of `year`, `month`, `day`, or `mm` and `dd` with two digits.
    pub(crate) numeric: &'static str,
    /// A day without its year, of `day`, `month`.
    pub(crate) day_of_year: &'static str,
    /// Tomorrow, today, yesterday.
    pub(crate) near_days: [&'static str; 3],

    pub(crate) controls: &'static str,
    pub(crate) moved: &'static str,
    /// Of `date`.
    pub(crate) take_today: &'static str,
    pub(crate) reminder: &'static str,
    pub(crate) thanks: &'static str,
    pub(crate) recorded: &'static str,
    pub(crate) goodbye: &'static str,

    pub(crate) yes: &'static str,
    pub(crate) no: &'static str,
    pub(crate) skipped: &'static str,
    pub(crate) skip: &'static str,
    pub(crate) again: &'static str,
    pub(crate) keep_answer: &'static str,
    pub(crate) skip_question: &'static str,
    pub(crate) stop_survey: &'static str,
    pub(crate) submit: &'static str,
    pub(crate) change: &'static str,
    pub(crate) none_of_them: &'static str,

    pub(crate) can_skip: &'static str,
    /// Of `answer`.
    pub(crate) so_far: &'static str,
    pub(crate) can_keep: &'static str,
    /// Of `low`, `high`.
    pub(crate) a_whole_number: &'static str,
    /// Of `low`, `high`.
    pub(crate) a_number: &'static str,
    pub(crate) one_or_more: &'static str,
    /// Of `count`.
    pub(crate) exactly: &'static str,
    /// Of `low`, `high`.
    pub(crate) from_to: &'static str,
    /// Of `examples`.
    pub(crate) a_date: &'static str,
    pub(crate) as_it_is: &'static str,
    /// Of `times`.
    pub(crate) stuck: &'static str,
    pub(crate) what_to_do: &'static str,
    /// Of `labels`.
    pub(crate) to_choose_from: &'static str,
    pub(crate) still_answer: &'static str,
    pub(crate) check: &'static str,
    pub(crate) shall_i_submit: &'static str,
    pub(crate) which_to_change: &'static str,

    pub(crate) an_earlier_question: &'static str,
    pub(crate) only_words: &'static str,
    pub(crate) the_first: &'static str,
    pub(crate) not_to_be_skipped: &'static str,
    pub(crate) too_long_together: &'static str,
    /// Of `labels`.
    pub(crate) dropped: &'static str,
    pub(crate) submit_or_change: &'static str,
    pub(crate) none_of_these: &'static str,

    /// Of `text`.
    pub(crate) not_a_choice: &'static str,
    /// Of `text`.
    pub(crate) not_choices: &'static str,
    /// Of `text`, `low`, `high`.
    pub(crate) not_on_the_scale: &'static str,
    /// Of `text`, `labels`.
    pub(crate) could_be: &'static str,
    /// Between the last two of several.
    pub(crate) or: &'static str,
    pub(crate) not_offered: &'static str,
    pub(crate) choose_one: &'static str,
    /// Of `wanted`.
    pub(crate) choose: &'static str,
    /// Of `wanted`.
    pub(crate) chose_none: &'static str,
    /// Of `count`, `wanted`.
    pub(crate) chose: &'static str,
    /// Of `low`, `high`.
    pub(crate) write_whole: &'static str,
    /// Of `low`, `high`.
    pub(crate) write_number: &'static str,
    /// Of `text`.
    pub(crate) not_whole: &'static str,
    /// Of `text`.
    pub(crate) not_a_number: &'static str,
    /// Of `text`.
    pub(crate) too_small: &'static str,
    /// Of `text`.
    pub(crate) too_large: &'static str,
    /// Of `text`.
    pub(crate) out_of_bounds: &'static str,
    /// Of `count`, `most`.
    pub(crate) too_long: &'static str,

    /// Of `date`.
    pub(crate) that_is: &'static str,
    /// Of `date`, `first`, `last`.
    pub(crate) too_early: &'static str,
    /// Of `date`, `first`, `last`.
    pub(crate) too_late: &'static str,
    /// Of `text`.
    pub(crate) no_date: &'static str,
    /// Of `text`.
    pub(crate) two_ways: &'static str,
    /// Of `text`.
    pub(crate) no_such_day: &'static str,
    /// Of `text`, `date`.
    pub(crate) other_weekday: &'static str,
    /// Of `examples`.
    pub(crate) write_date: &'static str,
}

impl Phrases {
    /// Those of a person's locale, an IETF language tag such as `de-CH`.
    pub(crate) fn of(locale: &str) -> &'static Self {
        let tag = locale.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        ALL.into_iter().find(|phrases| phrases.tag == tag).unwrap_or(&en::ENGLISH)
    }

    /// A day as people say it.
    pub(crate) fn day(&self, date: Date) -> String {
        let (year, month, day) = date.year_month_day();
        let (weekday, month) = (name(&self.weekdays, date.weekday()), name(&self.months, month.saturating_sub(1)));
        let (day, year) = (day.to_string(), year.to_string());
        fill(self.date, &[("weekday", weekday), ("day", &day), ("month", month), ("year", &year)])
    }

    /// A day in figures.
    pub(crate) fn numeric(&self, date: Date) -> String {
        let (year, month, day) = date.year_month_day();
        let (year, mm, dd) = (format!("{year:04}"), format!("{month:02}"), format!("{day:02}"));
        let (month, day) = (month.to_string(), day.to_string());
        fill(self.numeric, &[("year", &year), ("month", &month), ("day", &day), ("mm", &mm), ("dd", &dd)])
    }

    /// A day without its year.
    pub(crate) fn day_of_year(&self, date: Date) -> String {
        let (_, month, day) = date.year_month_day();
        let month = name(&self.months, month.saturating_sub(1));
        fill(self.day_of_year, &[("day", &day.to_string()), ("month", month)])
    }

    /// `A, B or C`.
    pub(crate) fn either(&self, all: &[impl AsRef<str>]) -> String {
        let all: Vec<&str> = all.iter().map(AsRef::as_ref).collect();
        match all.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} {} {last}", rest.join(", "), self.or),
            _ => all.concat(),
        }
    }
}

fn name(names: &[&'static str], at: u32) -> &'static str {
    names.get(at as usize).copied().unwrap_or_default()
}

/// A phrase with its values. Values are hostile, so what is in one is not looked at again.
pub(crate) fn fill(phrase: &str, values: &[(&str, &str)]) -> String {
    let (mut text, mut rest) = (String::with_capacity(phrase.len() + 40), phrase);
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            rest = after;
            break;
        };
        text.push_str(values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value));
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_locale_chooses_and_english_is_for_everybody_else() {
        for (locale, tag) in [("de", "de"), ("de-CH", "de"), ("DE_at", "de"), ("en-GB", "en"), ("fr", "en"), ("", "en")]
        {
            assert_eq!(Phrases::of(locale).tag, tag, "{locale}");
        }
    }

    #[test]
    fn values_are_put_in_once() {
        assert_eq!(fill("{a} and {b}", &[("a", "{b}"), ("b", "2")]), "{b} and 2");
        assert_eq!(fill("none", &[]), "none");
        assert_eq!(fill("{x}!", &[]), "!");
    }

    #[test]
    fn dates_in_each_language() {
        let date = Date::new(2026, 3, 2).unwrap();
        assert_eq!(Phrases::of("en").day(date), date.in_words());
        assert_eq!(Phrases::of("de").day(date), "Montag, 2. März 2026");
        assert_eq!(
            (Phrases::of("en").numeric(date), Phrases::of("de").numeric(date)),
            (date.to_string(), "2.3.2026".into())
        );
    }

    /// Languages say the same of the same values.
    #[test]
    fn phrases_have_the_same_values_in_each_language() {
        let holes = |phrases: &Phrases| -> Vec<Vec<String>> {
            let text = format!("{phrases:?}").replace("{mm}", "{month}").replace("{dd}", "{day}");
            let fields = text.split("\", ").map(|field| {
                let mut holes: Vec<_> =
                    field.split('{').skip(1).filter_map(|it| Some(it.split_once('}')?.0.to_owned())).collect();
                holes.sort();
                holes
            });
            fields.collect()
        };
        let english = holes(&en::ENGLISH);
        assert!(english.iter().filter(|holes| !holes.is_empty()).count() > 20);
        for phrases in ALL {
            assert_eq!(holes(phrases), english, "{}", phrases.tag);
        }
    }
}
