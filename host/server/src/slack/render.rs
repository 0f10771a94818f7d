//! Our messages as Slack posts. Pure: what is posted twice looks the same twice.

use pesto_engine::model::Message;
use serde_json::{Value, json};

use super::controls::{self, label};
use super::mark::Mark;
use super::outgoing_text::{guarded, is_visible, plain, to_slack, width};
use super::sizes;
use super::split::{FRAME, framed, shorten, split};
use crate::markdown;

/// A section: Slack takes more, but four of these fill a post.
const SECTION: usize = sizes::WHOLE / 4 - sizes::BLOCK_WEIGHT - 1;
/// What a post says of what was chosen. The labels of a hundred options would hide the question.
const CHOSEN: usize = 300;
/// The text that stands for the blocks, and the answer in it when every character of it needs an escape.
const FALLBACK: (usize, usize) = (3_000, 900);

/// What `chat.postMessage`, `chat.update` and `chat.postEphemeral` are given. Send it with `parse` none, `link_names`,
/// `unfurl_links` and `unfurl_media` false, or Slack looks for names and addresses in the text after all.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Payload {
    /// For notifications and screen readers; people see the blocks.
    pub(super) text: String,
    /// An array of blocks.
    pub(super) blocks: Value,
    /// The [`Mark`] of the post; null where it has none.
    pub(super) metadata: Value,
}

/// A message, in as many posts as its text needs, to be made in this order. The last one has the controls.
///
/// Each carries a [`Mark`] with its number, for a crash may fall between two of them; [`missing`](super::mark::missing)
/// says what is left to post. Text makes one or two posts; where every character of it needs an escape, eight at worst.
pub(super) fn post(message: &Message) -> Vec<Payload> {
    let controls = controls::blocks(message);
    let parts = parts(message, &controls);
    let of = parts.len();
    let mut payloads: Vec<_> =
        parts.iter().enumerate().map(|(index, sections)| payload(sections, mark(message, index, of))).collect();
    if let Some(last) = payloads.last_mut() {
        append(&mut last.blocks, controls);
    }
    payloads
}

/// What the last post of a message becomes when it is answered: the same text, and instead of the controls what was
/// chosen, in the words of the labels. It is cut at 300 characters. Where nothing was chosen, the same as [`closed`].
pub(super) fn answered(original: &Message, chosen: &str) -> Payload {
    let mut payload = closed(original);
    if !is_visible(chosen) {
        return payload;
    }
    let chosen = plain(&format!("✓ {chosen}"), CHOSEN);
    payload.text = format!("{}\n{}", payload.text, shorten(&to_slack(&chosen), FALLBACK.1));
    append(&mut payload.blocks, vec![json!({ "type": "context", "elements": [label(&chosen, CHOSEN)] })]);
    payload
}

/// What the last post of a message becomes when its question was passed over: the same text without controls.
pub(super) fn closed(original: &Message) -> Payload {
    let parts = parts(original, &controls::blocks(original));
    let last = parts.last().map(Vec::as_slice).unwrap_or_default();
    payload(last, mark(original, parts.len().saturating_sub(1), parts.len()))
}

/// Short words of the host that only one person sees. They cannot be looked up, so they carry no mark; what does
/// not fit into one post is cut.
pub(super) fn ephemeral(text: &str) -> Payload {
    payload(&[shorten(&visible(to_slack(text)), sizes::TEXT)], Value::Null)
}

fn mark(message: &Message, index: usize, of: usize) -> Value {
    Mark { id: message.id.clone(), part: index + 1, of }.to_metadata()
}

/// The text in sections, the sections in posts. The last post leaves room for the controls and for what replaces them,
/// so that a message is cut in the same places whether it is answered or not.
fn parts(message: &Message, controls: &[Value]) -> Vec<Vec<String>> {
    let mut text = visible(to_slack(&markdown::to_text(&message.text)));
    if let Some(choices) = controls::in_words(message) {
        text = format!("{text}\n\n{choices}");
    }
    let below = match controls {
        [] => 0,
        blocks => blocks.iter().map(sizes::weight).sum::<usize>().max(CHOSEN + sizes::BLOCK_WEIGHT),
    };
    let mut parts = Vec::new();
    let mut part = Vec::new();
    let mut used = 0;
    for section in framed(split(&text, SECTION - FRAME)) {
        let weight = section_weight(&section);
        if used + weight > sizes::WHOLE {
            parts.push(std::mem::take(&mut part));
            used = 0;
        }
        used += weight;
        part.push(section);
    }
    // Whatever does not fit above the controls goes into a post before. A section and the largest controls do fit.
    let mut room = sizes::WHOLE.saturating_sub(below);
    if used > room {
        let fits = |section: &&String| {
            let left = room.checked_sub(section_weight(section));
            room = left.unwrap_or(room);
            left.is_some()
        };
        let kept = part.iter().rev().take_while(fits).count();
        let last = part.split_off(part.len().saturating_sub(kept.max(1)));
        if !part.is_empty() {
            parts.push(std::mem::take(&mut part));
        }
        part = last;
    }
    parts.push(part);
    parts
}

fn section_weight(section: &str) -> usize {
    // One more, for the guard against a quotation.
    width(section) + 1 + sizes::BLOCK_WEIGHT
}

fn visible(text: String) -> String {
    if is_visible(&text) { text } else { "…".to_owned() }
}

fn payload(sections: &[String], metadata: Value) -> Payload {
    let blocks = sections.iter().map(|text| section(text)).collect();
    Payload { text: shorten(&sections.join("\n"), FALLBACK.0), blocks, metadata }
}

/// `verbatim` keeps Slack from looking for names in the text; `expand` from folding it.
fn section(text: &str) -> Value {
    let text = guarded(text);
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true }, "expand": true })
}

fn append(blocks: &mut Value, more: Vec<Value>) {
    if let Value::Array(blocks) = blocks {
        blocks.extend(more);
    }
}

#[cfg(test)]
mod tests;
