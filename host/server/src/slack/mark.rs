//! The mark that each post carries as metadata, so that it can be found again after a crash.
//!
//! A long message becomes several posts, made one after the other. A crash between two of them leaves the first ones
//! in the channel, and so may a post whose answer was lost. Hence each post says which part of which message it is:
//! before a message is sent again, its marks are looked up, and only what is [`missing`] is posted. Anybody's app can
//! set any metadata, so a mark counts only on a post of our own bot.

use pesto_engine::model::EffectId;
use serde_json::{Value, json};

/// The name of our metadata.
pub(super) const EVENT_TYPE: &str = "pesto";

/// Which part of which message a post is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    /// The message.
    pub(super) id: EffectId,
    /// Counts the posts of the message from 1.
    pub(super) part: usize,
    /// How many posts the message has.
    pub(super) of: usize,
}

/// A message of ours that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Which part of which message it is.
    pub(super) mark: Mark,
    pub(super) ts: String,
}

impl Mark {
    /// As Slack's `metadata`. The numbers are texts, for slack-morphism knows no other values; a message with one
    /// post goes without them.
    pub(super) fn to_metadata(&self) -> Value {
        let payload = match self.of {
            1 => json!({ "id": self.id.as_str() }),
            of => json!({ "id": self.id.as_str(), "part": self.part.to_string(), "of": of.to_string() }),
        };
        json!({ "event_type": EVENT_TYPE, "event_payload": payload })
    }

    /// Reads the `metadata` of a post; none where it is no mark of ours.
    pub(super) fn read(metadata: &Value) -> Option<Self> {
        if metadata.get("event_type")?.as_str()? != EVENT_TYPE {
            return None;
        }
        let payload = metadata.get("event_payload")?;
        let id = EffectId::stored(payload.get("id")?.as_str()?.to_owned());
        let number = |name: &str| match payload.get(name) {
            None => Some(1),
            Some(value) => value.as_str()?.parse().ok(),
        };
        let (part, of) = (number("part")?, number("of")?);
        (1..=of).contains(&part).then_some(Self { id, part, of })
    }
}

/// The parts of a message that are still to be posted, counted from 0, given the marks that were found.
///
/// A host of another version may have cut the text elsewhere, so its parts cannot be completed with ours. If its
/// last part is there, all is said. If not, everything is said again: twice the words are better than lost ones.
pub(super) fn missing(id: &EffectId, of: usize, found: &[Mark]) -> Vec<usize> {
    let ours = || found.iter().filter(|mark| mark.id == *id);
    if ours().any(|mark| mark.of != of && mark.part == mark.of) {
        return Vec::new();
    }
    (0..of).filter(|index| !ours().any(|mark| mark.of == of && mark.part == index + 1)).collect()
}

/// Of several posts of the same part, those that are too many: all but the oldest, or the one whose time stamp is
/// `kept`. Posts come in any order, each with its time stamp.
pub(super) fn copies<'a>(found: &'a [Found], kept: Option<&str>) -> Vec<&'a str> {
    let stays = |one: &Found| {
        let same = || found.iter().filter(|other| other.mark == one.mark).map(|other| other.ts.as_str());
        // A time stamp has a fixed number of digits, for centuries to come.
        same().find(|ts| Some(*ts) == kept).or_else(|| same().min()) == Some(one.ts.as_str())
    };
    found.iter().filter(|one| !stays(one)).map(|one| one.ts.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_post_of_each_part_stays() {
        let check = |posts: &[(usize, &str)], kept: Option<&str>, too_many: &[&str]| {
            let found = |(part, ts): &(usize, &str)| Found { mark: mark("T1/U1@3/m0", *part, 2), ts: (*ts).to_owned() };
            let found: Vec<_> = posts.iter().map(found).collect();
            assert_eq!(copies(&found, kept), too_many, "{posts:?} {kept:?}");
        };
        check(&[], Some("1"), &[]);
        check(&[(1, "1"), (2, "2")], Some("2"), &[]);
        check(&[(1, "1"), (2, "2"), (2, "3")], Some("2"), &["3"]);
        check(&[(1, "1"), (2, "2"), (2, "3")], Some("3"), &["2"]);
        check(&[(2, "3"), (2, "2"), (1, "4"), (1, "1")], None, &["3", "4"]);
        check(&[(2, "3"), (2, "2")], Some("9"), &["3"]);
    }

    fn mark(id: &str, part: usize, of: usize) -> Mark {
        Mark { id: EffectId::stored(id.to_owned()), part, of }
    }

    #[test]
    fn is_read_as_it_was_written() {
        let one = mark("T1/U1@3/m0", 1, 1);
        let expected = json!({ "event_type": "pesto", "event_payload": { "id": "T1/U1@3/m0" } });
        assert_eq!(one.to_metadata(), expected);
        let second = mark("T1/U1@3/m0", 2, 3);
        let expected =
            json!({ "event_type": "pesto", "event_payload": { "id": "T1/U1@3/m0", "part": "2", "of": "3" } });
        assert_eq!(second.to_metadata(), expected);
        assert_eq!(Mark::read(&one.to_metadata()), Some(one));
        assert_eq!(Mark::read(&second.to_metadata()), Some(second));
    }

    #[test]
    fn what_is_not_ours_is_no_mark() {
        for metadata in [
            json!(null),
            json!({}),
            json!({ "event_type": "other", "event_payload": { "id": "x" } }),
            json!({ "event_type": "pesto" }),
            json!({ "event_type": "pesto", "event_payload": { "id": 1 } }),
            json!({ "event_type": "pesto", "event_payload": { "id": "x", "part": "0", "of": "2" } }),
            json!({ "event_type": "pesto", "event_payload": { "id": "x", "part": "3", "of": "2" } }),
            json!({ "event_type": "pesto", "event_payload": { "id": "x", "part": {}, "of": "2" } }),
        ] {
            assert_eq!(Mark::read(&metadata), None, "{metadata}");
        }
    }

    #[test]
    fn only_what_is_missing_is_posted() {
        let id = EffectId::stored("m".to_owned());
        assert_eq!(missing(&id, 3, &[]), [0, 1, 2]);
        assert_eq!(missing(&id, 3, &[mark("m", 1, 3), mark("other", 2, 3)]), [1, 2]);
        assert_eq!(missing(&id, 3, &[mark("m", 3, 3), mark("m", 1, 3)]), [1]);
        assert_eq!(missing(&id, 1, &[mark("m", 1, 1)]), [0; 0]);
        assert_eq!(missing(&id, 2, &[mark("m", 1, 3)]), [0, 1], "cut by another version, and not complete");
        assert_eq!(missing(&id, 2, &[mark("m", 3, 3)]), [0; 0], "cut by another version, and complete");
    }
}
