//! Fields of a payload, each checked where it is read. Nothing of what a payload holds reaches an error: only the
//! way to the field, which is ours.

use pesto_engine::model::{BadName, Place};
use serde_json::Value;

use super::reading::{Identity, LONGEST_NAME, ORGANISATION, Reading};

/// Why a payload is not what Slack sends, for the operator.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unfit(String);

impl Unfit {
    pub(super) fn new(way: &str, key: &str, fault: &str) -> Self {
        Self(format!("{way}{key} {fault}"))
    }
}

/// A reading or why there is none.
pub(super) type Read<T = Reading> = Result<T, Unfit>;

/// The reading, where an unfit payload is one.
pub(super) fn settle(read: Read) -> Reading {
    read.unwrap_or_else(|Unfit(fault)| Reading::Malformed(fault))
}

/// A part of a payload. A path such as `event.user` leads through objects; null counts as absent, as Slack's own
/// libraries take it.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    value: &'a Value,
    /// What led here, for errors: empty or ending in a dot.
    way: &'static str,
}

impl<'a> Fields<'a> {
    /// The fields of a whole payload.
    pub(super) fn of(payload: &'a Value) -> Read<Self> {
        if payload.is_object() {
            Ok(Self { value: payload, way: "" })
        } else {
            Err(wrong("", "the payload", "an object"))
        }
    }

    /// What a path leads to.
    pub(super) fn get(self, path: &str) -> Read<Option<&'a Value>> {
        let mut value = self.value;
        let mut read = 0;
        for key in path.split('.') {
            let Some(object) = value.as_object() else {
                let parent = path.get(..read).unwrap_or_default().trim_end_matches('.');
                return Err(wrong(self.way, parent, "an object"));
            };
            let Some(next) = object.get(key).filter(|next| !next.is_null()) else { return Ok(None) };
            value = next;
            read += key.len() + 1;
        }
        Ok(Some(value))
    }

    /// A text that must be there.
    pub(super) fn text(self, path: &str) -> Read<&'a str> {
        self.maybe_text(path)?.ok_or_else(|| self.missing(path))
    }

    /// A text, where there is one.
    pub(super) fn maybe_text(self, path: &str) -> Read<Option<&'a str>> {
        let Some(value) = self.get(path)? else { return Ok(None) };
        value.as_str().map(Some).ok_or_else(|| wrong(self.way, path, "a text"))
    }

    /// A text that says something, where there is one: Slack writes an empty one for nothing.
    pub(super) fn named(self, path: &str) -> Read<Option<&'a str>> {
        Ok(self.maybe_text(path)?.filter(|text| !text.is_empty()))
    }

    /// A person's name, cut to a length that can be kept: the first of some fields that holds one. No event is
    /// refused for its lack.
    pub(super) fn name(self, paths: &[&str]) -> Option<String> {
        let names = paths.iter().filter_map(|path| self.maybe_text(path).ok().flatten());
        names.map(str::trim).find(|name| !name.is_empty()).map(clip)
    }

    /// A count, where there is one.
    pub(super) fn maybe_count(self, path: &str) -> Read<Option<u64>> {
        let Some(value) = self.get(path)? else { return Ok(None) };
        value.as_u64().map(Some).ok_or_else(|| wrong(self.way, path, "a count"))
    }

    /// Whether something is so; not, where nothing is said.
    pub(super) fn flag(self, path: &str) -> Read<bool> {
        let Some(value) = self.get(path)? else { return Ok(false) };
        value.as_bool().ok_or_else(|| wrong(self.way, path, "true or false"))
    }

    /// The objects of a list; none where there is no list. `way` leads to each, for errors.
    pub(super) fn objects(self, path: &str, way: &'static str) -> Read<impl Iterator<Item = Fields<'a>>> {
        let list = match self.get(path)? {
            Some(value) => value.as_array().ok_or_else(|| wrong(self.way, path, "a list"))?.as_slice(),
            None => &[],
        };
        if list.iter().any(|item| !item.is_object()) {
            return Err(wrong(self.way, path, "a list of objects"));
        }
        Ok(list.iter().map(move |value| Fields { value, way }))
    }

    /// An identifier of Slack's. They are short and plain; what is not cannot become part of a key.
    pub(super) fn id(self, path: &str) -> Read<&'a str> {
        let id = self.text(path)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if (1..=40).contains(&id.len()) && id.bytes().all(plain) {
            Ok(id)
        } else {
            Err(wrong(self.way, path, "an id of Slack's"))
        }
    }

    /// What is unique to an interaction, as part of a key.
    pub(super) fn trigger(self, path: &str) -> Read<&'a str> {
        let trigger = self.text(path)?;
        if (1..=120).contains(&trigger.len()) && trigger.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(trigger)
        } else {
            Err(wrong(self.way, path, "a trigger id"))
        }
    }

    /// A point in time that Slack also uses as a message's id, and its microseconds since 1970.
    pub(super) fn ts(self, path: &str) -> Read<(&'a str, u64)> {
        let ts = self.text(path)?;
        microseconds(ts).map(|time| (ts, time)).ok_or_else(|| wrong(self.way, path, "a time such as 1700000000.000100"))
    }

    /// The same, where it is there.
    pub(super) fn maybe_ts(self, path: &str) -> Read<Option<(&'a str, u64)>> {
        if self.named(path)?.is_some() { self.ts(path).map(Some) } else { Ok(None) }
    }

    /// That a field is missing.
    pub(super) fn missing(self, path: &str) -> Unfit {
        Unfit::new(self.way, path, "is missing")
    }

    /// Whether the payload names another app than ours.
    pub(super) fn of_another_app(self, us: &Identity) -> Read<bool> {
        let app = self.named("api_app_id")?;
        Ok(us.app.as_deref().zip(app).is_some_and(|(ours, theirs)| ours != theirs))
    }
}

/// Whether a payload is for our workspace, seen from all the workspaces that it names.
pub(super) fn ours(named: &[Option<&str>], enterprise: bool, us: &Identity) -> Read<bool> {
    let mut named = named.iter().flatten().filter(|team| !team.is_empty()).peekable();
    if named.peek().is_some() {
        return Ok(named.any(|team| **team == us.team));
    }
    let fault = if enterprise { ORGANISATION } else { "names no workspace" };
    Err(Unfit::new("", "the payload", fault))
}

/// The place that is a person's direct messages.
pub(super) fn direct(us: &Identity, user: &str) -> Read<Place> {
    Place::direct(&us.team, user).map_err(bad_place)
}

/// The place that is a thread.
pub(super) fn thread(us: &Identity, channel: &str, root: &str) -> Read<Place> {
    format!("{}/{channel}/{root}", us.team).try_into().map_err(bad_place)
}

/// The parts were checked when they were read, so it is our own identity that is not valid. The error's words would
/// repeat what is in it.
fn bad_place(_: BadName) -> Unfit {
    Unfit::new("", "the place", "cannot be named: the workspace's id is not valid")
}

fn wrong(way: &str, path: &str, wanted: &str) -> Unfit {
    Unfit::new(way, path, &format!("is not {wanted}"))
}

/// The beginning of a name.
pub(super) fn clip(name: &str) -> String {
    name.chars().take(LONGEST_NAME).collect()
}

/// `SECONDS.FRACTION` in microseconds. Lengths are bounded, so that nothing overflows.
pub(super) fn microseconds(ts: &str) -> Option<u64> {
    let (seconds, fraction) = ts.split_once('.')?;
    let digits = |text: &str, most| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(seconds, 12) || !digits(fraction, 6) {
        return None;
    }
    let seconds: u64 = seconds.parse().ok()?;
    let fraction: u64 = format!("{fraction:0<6}").parse().ok()?;
    Some(seconds * 1_000_000 + fraction)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn reads_times() {
        assert_eq!(microseconds("1700000000.000100"), Some(1_700_000_000_000_100));
        assert_eq!(microseconds("111.222"), Some(111_222_000));
        assert_eq!(microseconds("999999999999.999999"), Some(999_999_999_999_999_999));
        for bad in ["", ".", "1", "1.", ".1", "1.1.1", "-1.1", "1.1234567", "1234567890123.1", "1e3.0", "１.1"] {
            assert_eq!(microseconds(bad), None, "{bad}");
        }
    }

    #[test]
    fn says_which_field_is_at_fault() {
        let payload = json!({"event": {"user": 7, "files": [{"id": false}], "ts": "soon"}, "team": "T1", "gone": null});
        let fields = Fields::of(&payload).unwrap();
        let fault = |read: Read<&str>| read.unwrap_err().0;
        assert_eq!(fault(fields.text("event.user")), "event.user is not a text");
        assert_eq!(fault(fields.text("event.channel")), "event.channel is missing");
        assert_eq!(fault(fields.text("team.id")), "team is not an object");
        assert_eq!(fault(fields.text("gone")), "gone is missing");
        assert_eq!(fault(fields.ts("event.ts").map(|(ts, _)| ts)), "event.ts is not a time such as 1700000000.000100");
        let file = fields.objects("event.files", "event.files[].").unwrap().next().unwrap();
        assert_eq!(fault(file.id("id")), "event.files[].id is not a text");
        assert_eq!(Fields::of(&json!([])).map(|_| ()).unwrap_err().0, "the payload is not an object");
    }
}
