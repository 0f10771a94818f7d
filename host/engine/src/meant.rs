//! Which flow somebody means, by its name, its title or its trigger, and which one they most likely meant. Pure.

use pesto_reading::plain;

use crate::flow::{Offer, Offers};
use crate::model::FlowName;
use crate::text::distance;

/// Flows that are guessed at once.
const GUESSES: usize = 3;

/// What a text asks for that begins with `start`.
#[derive(Debug)]
pub(crate) enum Start<'a, 'b> {
    /// A flow, and what it is told.
    Flow(&'a FlowName, &'a Offer, &'b str),
    /// A name that none has, but that one may have meant, or that stands alone.
    Unknown(&'b str),
    /// Words that only begin so.
    Words,
    /// Nothing more.
    Nothing,
}

/// What stands around a flow's name.
const AROUND: [&str; 16] = [
    "the", "a", "an", "my", "flow", "survey", "bot", "please", "die", "der", "das", "den", "meine", "meinen",
    "umfrage", "bitte",
];

/// What a text asks for that begins with `start`, whatever politeness stands around it; none that begins otherwise.
pub(crate) fn start<'a, 'b>(text: &'b str, offers: &'a Offers) -> Option<Start<'a, 'b>> {
    let rest = after_start(text)?;
    let (name, arguments) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let (name, arguments) = (bare(name), arguments.trim());
    if name.is_empty() {
        return Some(Start::Nothing);
    }
    if let Some((flow, offer, arguments)) = started(name, arguments, offers) {
        return Some(Start::Flow(flow, offer, arguments));
    }
    let all = plain(rest);
    let kept: Vec<_> = all.split(' ').filter(|word| !AROUND.contains(word)).collect();
    if let Some((flow, offer)) = named(&all, offers).or_else(|| named(&kept.join(" "), offers)) {
        return Some(Start::Flow(flow, offer, ""));
    }
    let is_alone = kept.len() < 2 || !guesses(name, offers).is_empty();
    Some(if is_alone { Start::Unknown(name) } else { Start::Words })
}

/// What follows `start`, as the first word or behind a `please`.
pub(crate) fn after_start(text: &str) -> Option<&str> {
    let mut rest = text.trim();
    loop {
        let (word, behind) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        rest = behind.trim_start();
        match bare(word).to_lowercase().as_str() {
            "start" => return Some(rest),
            "please" | "bitte" if !rest.is_empty() => {}
            _ => return None,
        }
    }
}

fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

/// The flow that goes by this name, title or trigger, and nothing else.
pub(crate) fn named<'a>(text: &str, offers: &'a Offers) -> Option<(&'a FlowName, &'a Offer)> {
    let wanted = spaced(text);
    let is = |flow: &FlowName, offer: &Offer| spaced(flow.as_str()) == wanted || spaced(&offer.title) == wanted;
    triggered(text, offers).or_else(|| offers.flows.iter().find(|(flow, offer)| is(flow, offer)))
}

/// The flow that `start NAME arguments` means, and what it is told: NAME is its name, or all of it is a trigger.
pub(crate) fn started<'a, 'b>(
    name: &str,
    arguments: &'b str,
    offers: &'a Offers,
) -> Option<(&'a FlowName, &'a Offer, &'b str)> {
    let flow = name.to_lowercase().parse::<FlowName>().ok();
    if let Some((flow, offer)) = flow.and_then(|flow| offers.flows.get_key_value(&flow)) {
        return Some((flow, offer, arguments));
    }
    triggered(&format!("{name} {arguments}"), offers).map(|(flow, offer)| (flow, offer, ""))
}

/// The flow that declares this whole text as a trigger.
pub(crate) fn triggered<'a>(text: &str, offers: &'a Offers) -> Option<(&'a FlowName, &'a Offer)> {
    let word = text.trim().to_lowercase();
    offers.flows.iter().find(|(_, offer)| offer.triggers.contains(&word))
}

/// The flows that an unknown name may have meant, the likeliest first: by its beginning, or else by its letters.
pub(crate) fn guesses<'a>(wrong: &str, offers: &'a Offers) -> Vec<&'a FlowName> {
    let wrong = spaced(wrong);
    let length = wrong.chars().count();
    if !(2..=64).contains(&length) {
        return Vec::new();
    }
    let near = (length / 3).clamp(1, 3);
    let names = |flow: &FlowName, offer: &Offer| {
        let words = [flow.as_str(), offer.title.as_str()].into_iter().chain(offer.triggers.iter().map(String::as_str));
        words.map(spaced).collect::<Vec<_>>()
    };
    let far = |name: &String| {
        let begins = length > 2 && (name.starts_with(&wrong) || wrong.starts_with(&format!("{name} ")));
        if begins { 0 } else { distance(&wrong, name) }
    };
    let scored = offers.flows.iter().filter_map(|(flow, offer)| {
        let least = names(flow, offer).iter().map(far).min()?;
        (least <= near).then_some((least, flow))
    });
    let mut scored: Vec<_> = scored.collect();
    scored.sort();
    // One that fits is not joined by others that only look alike.
    let best = scored.first().map_or(0, |(far, _)| *far);
    scored.into_iter().take_while(|(far, _)| *far == best).map(|(_, flow)| flow).take(GUESSES).collect()
}

fn spaced(name: &str) -> String {
    let lower = name.to_lowercase().replace(['-', '_'], " ");
    lower.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::model::Digest;

    fn offers() -> Offers {
        let offer = |(name, title, triggers): (&str, &str, &[&str])| {
            let triggers = triggers.iter().map(|trigger| (*trigger).to_owned()).collect();
            let digest = Digest::of(name.as_bytes());
            (name.parse().unwrap(), Offer { digest, title: title.to_owned(), summary: String::new(), triggers })
        };
        let flows = [
            ("ask", "Ask", &["ask"][..]),
            ("feedback", "Feedback", &["feedback"]),
            ("onboarding-survey", "Your first day", &["onboard me"]),
        ];
        Offers { flows: flows.into_iter().map(offer).collect(), ..Offers::default() }
    }

    #[test]
    fn guesses_by_the_beginning_and_by_the_letters() {
        let offers = offers();
        for (wrong, wanted) in [
            ("onboarding", "onboarding-survey"),
            ("Onboarding_Survey", "onboarding-survey"),
            ("onboarding survey please", "onboarding-survey"),
            ("onbord me", "onboarding-survey"),
            ("your first", "onboarding-survey"),
            ("feedbak", "feedback"),
            ("FEED", "feedback"),
            ("aks", ""),
            ("askk", "ask"),
            ("counting", ""),
            ("", ""),
            ("f", ""),
            (&"feedback ".repeat(100), ""),
        ] {
            let guessed: Vec<_> = guesses(wrong, &offers).into_iter().map(FlowName::as_str).collect();
            assert_eq!(guessed.join(" "), wanted, "{wrong}");
        }
    }

    #[test]
    fn start_is_read_as_people_write_it() {
        let offers = offers();
        for (text, wanted) in [
            ("start feedback", "feedback"),
            ("START FEEDBACK!", "feedback"),
            ("start: feedback.", "feedback"),
            ("Please start `feedback`", "feedback"),
            ("start the feedback flow, please", "feedback"),
            ("start your first day", "onboarding-survey"),
            ("start onboarding survey", "onboarding-survey"),
            ("start ask why is that?", "ask why is that?"),
            ("start feedbak", "? feedbak"),
            ("start nonsense", "? nonsense"),
            ("start with a joke", "words"),
            ("Start!", "nothing"),
            ("starting feedback", "none"),
            ("please", "none"),
            ("restart", "none"),
        ] {
            let read = match start(text, &offers) {
                None => "none".to_owned(),
                Some(Start::Nothing) => "nothing".to_owned(),
                Some(Start::Words) => "words".to_owned(),
                Some(Start::Unknown(name)) => format!("? {name}"),
                Some(Start::Flow(flow, _, arguments)) => format!("{flow} {arguments}").trim().to_owned(),
            };
            assert_eq!(read, wanted, "{text}");
        }
    }

    #[test]
    fn a_trigger_starts_as_a_name_does() {
        let offers = offers();
        let found =
            |name, arguments| started(name, arguments, &offers).map(|(flow, _, arguments)| (flow.as_str(), arguments));
        assert_eq!(found("Feedback", "now"), Some(("feedback", "now")));
        assert_eq!(found("onboard", "Me"), Some(("onboarding-survey", "")));
        assert_eq!(found("onboard", ""), None);
        assert_eq!(found("../feedback", ""), None);
    }
}
