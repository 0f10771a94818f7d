//! Slack's text as a person would read it. Slack writes `&`, `<` and `>` as entities, and between `<` and `>` what
//! it made of a mention, a channel or a link. What comes out is plain text: it is hostile still, but it holds no
//! markup, and whoever posts it again escapes it.

/// People who are asked about for one text.
const MOST_MENTIONS: usize = 10;

/// The longest id of a person, in characters.
const LONGEST_ID: usize = 40;

/// Plain text of a message or of a command's words. Where it begins with a mention of `bot_user`, that is left out:
/// it says whom the words are for, and is none of them.
///
/// Markup that is unfinished, or of a kind that is not known, stays as it is. Takes linear time.
pub(super) fn from_slack(text: &str, bot_user: &str) -> String {
    let mut rest = without_address(text, bot_user);
    let mut plain = String::with_capacity(rest.len());
    while let Some(open) = rest.find('<') {
        let (before, from) = rest.split_at(open);
        decode(before, &mut plain);
        let inner = from.get(1..).unwrap_or_default();
        // Each character is looked at once more at most: the search ends at the next markup.
        match inner.find(['<', '>']).and_then(|end| inner.get(end..).zip(inner.get(..end))) {
            Some((tail, token)) if tail.starts_with('>') => {
                show(token, &mut plain);
                rest = tail.get(1..).unwrap_or_default();
            }
            Some((tail, unfinished)) => {
                plain.push('<');
                decode(unfinished, &mut plain);
                rest = tail;
            }
            None => {
                plain.push('<');
                rest = inner;
            }
        }
    }
    decode(rest, &mut plain);
    plain
}

/// Whether a text, as Slack wrote it, mentions `user`.
pub(super) fn mentions(text: &str, user: &str) -> bool {
    text.match_indices("<@").any(|(at, mark)| {
        let id = text.get(at + mark.len()..).and_then(|rest| rest.strip_prefix(user));
        id.is_some_and(|after| after.starts_with(['>', '|']))
    })
}

/// Whether a text, as Slack wrote it, begins with a mention of others and not of `user`, and goes on with words for
/// them. Mentions alone are an answer.
pub(super) fn is_for_others(text: &str, user: &str) -> bool {
    let is_between = |c: char| c.is_whitespace() || matches!(c, ',' | ':' | '&');
    let mut rest = text.trim_start_matches(is_between);
    let mut others = false;
    while let Some((id, after)) = rest.strip_prefix("<@").and_then(|inner| inner.split_once('>')) {
        if id.split('|').next() == Some(user) {
            return false;
        }
        others = true;
        rest = after.trim_start_matches(is_between);
    }
    others && rest.contains(char::is_alphanumeric)
}

/// The ids of people whom a text, as Slack wrote it, mentions without their name, each once and at most
/// [`MOST_MENTIONS`]. A mention of `bot_user` at the beginning, which is left out of the plain text, may be among them.
pub(super) fn mentioned(text: &str) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for (at, mark) in text.match_indices("<@") {
        let inner = text.get(at + mark.len()..).unwrap_or_default();
        let id: String = inner.chars().take_while(char::is_ascii_alphanumeric).take(LONGEST_ID + 1).collect();
        let ends = inner.get(id.len()..).is_some_and(|after| after.starts_with('>'));
        if ends && (1..=LONGEST_ID).contains(&id.len()) && !ids.contains(&id) {
            ids.push(id);
        }
        if ids.len() == MOST_MENTIONS {
            break;
        }
    }
    ids
}

/// A plain text in which `@` and an id is `@` and the name of whoever has that id.
pub(super) fn with_names(text: &str, names: &[(String, String)]) -> String {
    let mut named = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let (before, from) = rest.split_at(at + 1);
        named.push_str(before);
        let id: String = from.chars().take_while(char::is_ascii_alphanumeric).take(LONGEST_ID + 1).collect();
        match names.iter().find(|(known, _)| *known == id) {
            Some((_, name)) => named.push_str(name),
            None => named.push_str(&id),
        }
        rest = from.get(id.len()..).unwrap_or_default();
    }
    named.push_str(rest);
    named
}

fn without_address<'a>(text: &'a str, bot_user: &str) -> &'a str {
    let mention = text.trim_start().strip_prefix("<@").and_then(|rest| rest.strip_prefix(bot_user));
    let Some(after) = mention.filter(|after| after.starts_with(['>', '|'])) else { return text };
    let Some((_, words)) = after.split_once('>') else { return text };
    // People write `@pesto, start survey` and `@pesto: start survey`.
    let words = words.trim_start();
    words.strip_prefix([',', ':']).unwrap_or(words).trim_start()
}

/// Writes what stood between `<` and `>`.
fn show(token: &str, plain: &mut String) {
    let (what, label) = token.split_once('|').unwrap_or((token, ""));
    if let Some(id) = what.strip_prefix('@').filter(|id| !id.is_empty()) {
        return sign('@', if label.is_empty() { id } else { label }, plain);
    }
    if let Some(id) = what.strip_prefix('#').filter(|id| !id.is_empty()) {
        return sign('#', if label.is_empty() { id } else { label }, plain);
    }
    if let Some(special) = what.strip_prefix('!') {
        match special.split('^').next().unwrap_or_default() {
            "here" | "channel" | "everyone" => return sign('@', special, plain),
            "subteam" if !label.is_empty() => return sign('@', label, plain),
            "subteam" => return sign('@', special.trim_start_matches("subteam^"), plain),
            _ if !label.is_empty() => return decode(label, plain),
            _ => {}
        }
    } else if has_scheme(what) {
        return link(what, label, plain);
    }
    plain.push('<');
    decode(token, plain);
    plain.push('>');
}

fn sign(mark: char, name: &str, plain: &mut String) {
    plain.push(mark);
    decode(name.strip_prefix(mark).unwrap_or(name), plain);
}

/// Slack makes links of words such as `example.com` and `main.rs`: the label is then what the person typed.
fn link(url: &str, label: &str, plain: &mut String) {
    let address = url.strip_prefix("mailto:").or_else(|| url.strip_prefix("tel:")).unwrap_or(url);
    let typed = [address, url, after_scheme(url)].into_iter().any(|form| form.trim_end_matches('/') == label);
    match label {
        "" => decode(address, plain),
        label if typed => decode(label, plain),
        label => {
            decode(label, plain);
            plain.push_str(" (");
            decode(address, plain);
            plain.push(')');
        }
    }
}

fn after_scheme(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest)
}

fn has_scheme(url: &str) -> bool {
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.bytes().all(letters)
}

/// Undoes the three entities that Slack writes, once: `&amp;lt;` is what a person meant by `&lt;`.
fn decode(text: &str, plain: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, entity) = rest.split_at(at);
        plain.push_str(before);
        let known = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>')];
        let found = known.iter().find_map(|(name, c)| entity.strip_prefix(name).map(|after| (*c, after)));
        let (c, after) = found.unwrap_or(('&', entity.get(1..).unwrap_or_default()));
        plain.push(c);
        rest = after;
    }
    plain.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_a_person_would() {
        let table = [
            ("plain", "plain"),
            ("a &amp; b &lt;c&gt;", "a & b <c>"),
            ("&amp;lt; &nbsp; & &am", "&lt; &nbsp; & &am"),
            ("<@U1> and <@U1|ann> and <@U1|@ann>", "@U1 and @ann and @ann"),
            ("<#C1|general> <#C1|> <#C1>", "#general #C1 #C1"),
            ("<https://a.example/x?y=1&amp;z=2>", "https://a.example/x?y=1&z=2"),
            ("<https://a.example|the page>", "the page (https://a.example)"),
            ("<https://a.example/|https://a.example>", "https://a.example"),
            ("<https://a.example|https://a.example>", "https://a.example"),
            ("<http://main.rs|main.rs> <http://b.example/|b.example>", "main.rs b.example"),
            ("<https://good.example|https://bad.example>", "https://bad.example (https://good.example)"),
            ("<mailto:a@b.example|a@b.example> <mailto:a@b.example|write>", "a@b.example write (a@b.example)"),
            ("<mailto:a@b.example> <tel:+491|+491>", "a@b.example +491"),
            ("<!here> <!channel|@channel> <!everyone>", "@here @channel @everyone"),
            ("<!subteam^S1|@team> <!subteam^S1|team> <!subteam^S1>", "@team @team @S1"),
            ("<!date^1700000000^{date}|14 Nov> <!date^1^{date}^https://x.example|then>", "14 Nov then"),
            ("<!date^1700000000^{date}>", "<!date^1700000000^{date}>"),
            ("<!new|kind> <!new>", "kind <!new>"),
            ("<", "<"),
            ("<>", "<>"),
            ("<@> <#> <!> <|x> <@|x>", "<@> <#> <!> <|x> <@|x>"),
            ("1 < 2 <@U1> 3 > 2", "1 < 2 @U1 3 > 2"),
            ("<<@U1>>", "<@U1>"),
            ("<@U1", "<@U1"),
            ("a <b> c", "a <b> c"),
            ("<javascript&lt;:x|y>", "<javascript<:x|y>"),
            ("<@U1|&lt;!channel&gt;>", "@<!channel>"),
            ("שלום <@U1> 👋🏽 مرحبا", "שלום @U1 👋🏽 مرحبا"),
        ];
        for (slack, plain) in table {
            assert_eq!(from_slack(slack, "U0BOT"), plain, "{slack}");
        }
    }

    #[test]
    fn leaves_out_whom_it_is_for() {
        for text in ["<@U0BOT> start it", " <@U0BOT|pesto>: start it", "<@U0BOT>start it", "<@U0BOT>, start it"] {
            assert_eq!(from_slack(text, "U0BOT"), "start it", "{text}");
        }
        assert_eq!(from_slack("<@U0BOT>", "U0BOT"), "");
        assert_eq!(from_slack("<@U0BOTTLE> hi", "U0BOT"), "@U0BOTTLE hi");
        assert_eq!(from_slack("ask <@U0BOT>", "U0BOT"), "ask @U0BOT");
        assert_eq!(from_slack("<@U0BOT", "U0BOT"), "<@U0BOT");
    }

    #[test]
    fn knows_a_mention() {
        assert!(mentions("well, <@U0BOT>?", "U0BOT"));
        assert!(mentions("<@U1><@U0BOT|pesto>", "U0BOT"));
        assert!(!mentions("<@U0BOTTLE> @U0BOT &lt;@U0BOT&gt; <@", "U0BOT"));
    }

    #[test]
    fn words_for_others_begin_with_their_mention() {
        for (text, is) in [
            ("<@U1> did you see it?", true),
            ("<@U1>, <@U2|ben>: look", true),
            ("<@U1> ask <@U0BOT>", true),
            ("<@U1>", false),
            ("<@U1>, <@U2> :)", false),
            ("<@U1> <@U0BOT> start it", false),
            ("<@U0BOT> ask <@U1>", false),
            ("ask <@U1> about it", false),
            ("<@U1 did you", false),
            ("", false),
        ] {
            assert_eq!(is_for_others(text, "U0BOT"), is, "{text}");
        }
    }

    #[test]
    fn mentions_get_names() {
        assert_eq!(mentioned("<@U1> and <@U2|ben>, <@U1> <@U3> &lt;@U4&gt; <@> <@U5 "), ["U1", "U3"]);
        let many: String = (0..50).map(|number| format!("<@U{number}>")).collect();
        assert_eq!(mentioned(&many).len(), MOST_MENTIONS);
        assert!(mentioned(&format!("<@{}>", "U".repeat(41))).is_empty());
        let names = [("U1".to_owned(), "Ann @U2".to_owned()), ("U2".to_owned(), "Ben".to_owned())];
        assert_eq!(with_names("@U1, @U12 and @U2! a@b.example @", &names), "@Ann @U2, @U12 and @Ben! a@b.example @");
    }

    #[test]
    fn takes_linear_time_and_never_grows() {
        for unit in ["<", "<@", "&", "<<>", "<@U1|", "&amp", "<http:", "|<"] {
            let text = unit.repeat(200_000);
            assert!(from_slack(&text, "U0BOT").len() <= text.len(), "{unit}");
            assert!(!mentions(&text, "U0BOT") && mentioned(&text).len() <= 1);
            assert_eq!(with_names(&text, &[]), text);
            is_for_others(&text, "U0BOT");
        }
    }
}
