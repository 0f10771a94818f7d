//! Markdown within a line: links and marks around words. Code and addresses stay as they are.

/// The longest label of a link, in bytes; whatever is longer is none.
const LABEL: usize = 400;
/// The longest address.
const ADDRESS: usize = 2_000;

/// Slack sees no mark between two letters; where words have no blanks between them, this stands for one.
const ZERO_WIDTH_SPACE: char = '\u{200b}';

/// A line with its links and marks translated.
pub(super) fn inline(line: &str) -> String {
    if !line.contains("](") && !line.contains("<http") && !line.contains("<mailto:") {
        return marks(line);
    }
    marks(&links(line))
}

/// `[label](address)` as `label (address)`, and `<address>` as `address`.
fn links(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['[', '`', '<']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        if from.starts_with('`') {
            let end = code_end(from);
            let (code, after) = from.split_at(end);
            out.push_str(code);
            rest = after;
        } else if let Some((label, address, after)) = link(from) {
            // An image is what its label says.
            if out.ends_with('!') {
                out.pop();
            }
            let shown = address.strip_prefix("mailto:").unwrap_or(address);
            match label.trim() {
                label if label.is_empty() || label == shown => out.push_str(shown),
                label => out.push_str(&format!("{label} ({shown})")),
            }
            rest = after;
        } else if let Some((address, after)) = bare(from) {
            out.push_str(address.strip_prefix("mailto:").unwrap_or(address));
            rest = after;
        } else {
            // Either bracket has one byte.
            out.push_str(from.get(..1).unwrap_or_default());
            rest = from.get(1..).unwrap_or_default();
        }
    }
    out + rest
}

/// The label and address of a link that `text` begins with, and what follows it.
fn link(text: &str) -> Option<(&str, &str, &str)> {
    let (label, from) = within(text.strip_prefix('[')?, LABEL, ['[', ']'])?;
    let (inside, after) = within(from.strip_prefix('(')?, ADDRESS, ['(', ')'])?;
    let inside = inside.trim();
    // Behind the address there may be a title in quotes.
    let (address, title) = inside.split_once(' ').unwrap_or((inside, ""));
    let address = address.strip_prefix('<').and_then(|it| it.strip_suffix('>')).unwrap_or(address);
    let known = is_known(address);
    let title = title.trim();
    let plain = title.is_empty() || title.len() > 1 && title.starts_with('"') && title.ends_with('"');
    (known && plain && !label.contains("](")).then_some((label, address, after))
}

/// The address in angle brackets that `text` begins with, and what follows it.
fn bare(text: &str) -> Option<(&str, &str)> {
    let (address, after) = within(text.strip_prefix('<')?, ADDRESS, ['<', '>'])?;
    let plain = !address.contains(|c: char| c.is_whitespace() || "|<".contains(c));
    (plain && is_known(address)).then_some((address, after))
}

/// Whether an address is one of the web or of mail.
fn is_known(address: &str) -> bool {
    let schemes = ["https://", "http://", "mailto:"];
    schemes.iter().any(|scheme| address.len() > scheme.len() && address.starts_with(scheme))
}

/// What stands before the closing one of a pair of brackets, within the first `most` bytes; the opening one was read.
fn within(text: &str, most: usize, [open, close]: [char; 2]) -> Option<(&str, &str)> {
    let mut depth = 0_u32;
    for (at, c) in text.char_indices().take_while(|(at, _)| *at <= most) {
        if c == open {
            depth += 1;
        } else if c == close && depth == 0 {
            return Some((text.get(..at)?, text.get(at + c.len_utf8()..)?));
        } else if c == close {
            depth -= 1;
        }
    }
    None
}

/// The length of the code that `text` begins with, or of its backquotes where they do not end any.
fn code_end(text: &str) -> usize {
    let ticks = text.len() - text.trim_start_matches('`').len();
    let mut at = ticks;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('`')) {
        let from = at + found;
        let run = text.get(from..).map_or(0, |rest| rest.len() - rest.trim_start_matches('`').len());
        at = from + run;
        if run == ticks {
            return at;
        }
    }
    ticks
}

/// A run of `*` or `~` that may begin or end a mark.
struct Run {
    at: usize,
    len: usize,
    mark: char,
}

/// `**`, `***` and `~~` around words, as the contract has them.
fn marks(line: &str) -> String {
    if !line.contains("**") && !line.contains("~~") {
        return line.to_owned();
    }
    let runs = runs(line);
    let mut out = String::with_capacity(line.len());
    let (mut done, mut index) = (0, 0);
    while let Some(open) = runs.get(index) {
        index += 1;
        // Only the next run of its kind can close it, so each is looked at twice at most.
        let Some(close) = runs.get(index).filter(|close| (close.mark, close.len) == (open.mark, open.len)) else {
            continue;
        };
        let inner = line.get(open.at + open.len..close.at).unwrap_or_default();
        let before = line.get(..open.at).and_then(|text| text.chars().next_back());
        let after = line.get(close.at + close.len..).and_then(|text| text.chars().next());
        let ascii = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        if inner.trim() != inner || inner.is_empty() || ascii(before) && ascii(after) || inner.ends_with(open.mark) {
            continue;
        }
        let (begin, end) = match (open.mark, open.len) {
            ('*', 2) => ("*", "*"),
            ('*', _) => ("*_", "_*"),
            _ => ("~", "~"),
        };
        out.push_str(line.get(done..open.at).unwrap_or_default());
        out.extend(before.filter(|c| c.is_alphanumeric()).map(|_| ZERO_WIDTH_SPACE));
        out.push_str(begin);
        // A mark of the same kind in it would end it.
        out.push_str(&inner.replace(open.mark, ""));
        out.push_str(end);
        out.extend(after.filter(|c| c.is_alphanumeric()).map(|_| ZERO_WIDTH_SPACE));
        done = close.at + close.len;
        index += 1;
    }
    out.push_str(line.get(done..).unwrap_or_default());
    out
}

/// The runs of a line that stand neither in code nor in an address.
fn runs(line: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut at = 0;
    while let Some(rest) = line.get(at..).filter(|rest| !rest.is_empty()) {
        let c = rest.chars().next().unwrap_or_default();
        if c == '`' {
            at += code_end(rest);
        } else if rest.starts_with("https://") || rest.starts_with("http://") {
            let word = rest.find(char::is_whitespace).map_or(rest, |end| rest.split_at(end).0);
            // What stands at its end is the sentence's.
            at += word.trim_end_matches(|c: char| ".,;:!?*~)]}'\"".contains(c)).len().max(1);
        } else if matches!(c, '*' | '~') {
            let len = rest.len() - rest.trim_start_matches(c).len();
            if len == 2 || (c, len) == ('*', 3) {
                runs.push(Run { at, len, mark: c });
            }
            at += len;
        } else {
            at += c.len_utf8();
        }
    }
    runs
}
