//! The Markdown that models write, as the text of the contract: `*bold*`, `_italic_`, backquoted code and bullets.
//!
//! | Markdown | becomes |
//! |---|---|
//! | `**bold**`, `***both***`, `~~gone~~` | `*bold*`, `*_both_*`, `~gone~` |
//! | `# Heading`, of any level | `*Heading*` |
//! | `- item`, `* item`, `- [x] task` | `• item`, `☑ task`; a nested one `◦ item` |
//! | `[label](https://…)`, `![label](https://…)` | `label (https://…)`: a link shows where it leads |
//! | `<https://…>` | `https://…` |
//! | a fence with a language, or of `~`; closed if it is not | a fence of three backquotes |
//! | a table | aligned in a fence, or a list where it is too wide |
//!
//! Flows and people write plain text through the same channel, so what could be meant as it stands stays: marks inside
//! words and addresses (`2**3**4`), marks without their pair (`**kwargs`), `__init__`, `#channel`, quotations, links to anything but
//! the web and mail, and whatever stands in code.

mod inline;
mod table;

use inline::inline;

/// The text of a message with its Markdown translated. Text without any is the same afterwards. Takes time in
/// proportion to the text; the result is at most four times as long.
pub fn to_text(markdown: &str) -> String {
    let mut out = String::with_capacity(markdown.len() + 16);
    let mut fence: Option<Fence> = None;
    let lines: Vec<&str> = markdown.split('\n').collect();
    let mut at = 0;
    let mut cut = false;
    while let Some(line) = lines.get(at) {
        if at > 0 {
            out.push('\n');
        }
        at += 1;
        let after = lines.get(at..).unwrap_or_default();
        if let Some(open) = fence {
            if open.is_line(line) {
                out.push_str(FENCE);
                fence = None;
            } else {
                out.push_str(line);
                fence = Some(open).filter(|open| open.0 == '~' || !turns(line));
            }
        } else if let Some(opened) = Fence::opened_by(line, after) {
            out.push_str(FENCE);
            fence = Some(opened);
        } else if Fence::is_cut(line, after) {
            out.push_str(FENCE);
            (fence, cut) = (Some(Fence('`', 3)), true);
        } else if turns(line) {
            out.push_str(line);
            fence = Some(Fence('`', 3));
        } else if let Some((table, used)) = table::table(lines.get(at - 1..).unwrap_or_default()) {
            out.push_str(&table);
            at += used - 1;
        } else {
            out.push_str(&block(line));
        }
    }
    if cut && fence.is_some() {
        out.push('\n');
        out.push_str(FENCE);
    }
    out
}

/// What opens and ends code of several lines.
const FENCE: &str = "```";

/// An open fence: its mark, and how many of them.
#[derive(Clone, Copy)]
struct Fence(char, usize);

impl Fence {
    /// The fence that a line opens, where a line closes it: behind it stands a language at most. Otherwise tildes are
    /// there to underline, and backquotes begin code on the same line.
    fn opened_by(line: &str, after: &[&str]) -> Option<Self> {
        let line = line.trim();
        let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let language = line.trim_start_matches(mark);
        let count = line.len() - language.len();
        let language = language.trim();
        let named = language.len() <= 20 && language.chars().all(|c| c.is_ascii_alphanumeric() || "+#_.-".contains(c));
        if count < 3 || !named {
            return None;
        }
        let fence = Self(mark, count);
        let marks: String = std::iter::repeat_n(mark, 3).collect();
        let end = after.iter().take(FAR).find(|line| line.contains(&marks));
        end.is_some_and(|line| fence.is_line(line)).then_some(fence)
    }

    /// Whether a line opens code in a named language, and nothing behind it ends or begins any: a model was cut.
    fn is_cut(line: &str, after: &[&str]) -> bool {
        let language = line.trim().strip_prefix(FENCE).unwrap_or_default();
        let named = (1..=20).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_alphanumeric());
        // Only the last such line is followed by none, so this is done once.
        named && after.len() <= FAR && !after.iter().any(|line| line.contains(FENCE))
    }

    /// Whether a line is nothing but an end of this fence.
    fn is_line(self, line: &str) -> bool {
        let line = line.trim();
        line.len() >= self.1 && line.chars().all(|c| c == self.0)
    }
}

/// Whether code of several lines begins or ends within a line, as people write it: three backquotes without their pair.
fn turns(line: &str) -> bool {
    line.contains(FENCE) && line.split(FENCE).count().is_multiple_of(2)
}

/// So many lines are searched for the end of a fence, so that many fences do not make many long searches.
const FAR: usize = 500;

/// A line that stands for itself.
fn block(line: &str) -> String {
    let text = line.trim_start_matches([' ', '\t']);
    let indent = line.get(..line.len() - text.len()).unwrap_or_default();
    if let Some(heading) = heading(indent, text) {
        return heading;
    }
    match item(text) {
        Some((task, rest)) => {
            let bullet = match task {
                Some(true) => "☑",
                Some(false) => "☐",
                None if indent.len() > 1 || indent.contains('\t') => "◦",
                None => "•",
            };
            format!("{indent}{bullet} {}", inline(rest))
        }
        None => format!("{indent}{}", inline(text)),
    }
}

/// `# Heading`: bold, unless bold marks in it would end that.
fn heading(indent: &str, text: &str) -> Option<String> {
    let title = text.trim_start_matches('#');
    let level = text.len() - title.len();
    if !(1..=6).contains(&level) || indent.len() > 3 || !title.starts_with([' ', '\t']) {
        return None;
    }
    let title = title.trim();
    let title = match title.trim_end_matches('#') {
        // `## Heading ##`, but not `# C#`.
        bare if bare.ends_with(' ') => bare.trim_end(),
        _ => title,
    };
    if title.is_empty() {
        return None;
    }
    let title = inline(&title.replace("**", ""));
    Some(if title.contains('*') { title } else { format!("*{title}*") })
}

/// What follows a bullet, and whether a task that it is was done.
fn item(text: &str) -> Option<(Option<bool>, &str)> {
    let rest = text.strip_prefix(['-', '*'])?.strip_prefix([' ', '\t'])?.trim_start();
    // A negative number that somebody wrote apart, or a rule of `- - -`.
    if rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_digit()) && text.starts_with('-') && is_number(rest) {
        return None;
    }
    let task = |mark: &str| rest.strip_prefix(mark).filter(|rest| rest.starts_with(' ')).map(str::trim_start);
    if let Some(rest) = task("[ ]") {
        return Some((Some(false), rest));
    }
    if let Some(rest) = task("[x]").or_else(|| task("[X]")) {
        return Some((Some(true), rest));
    }
    (!rest.chars().all(|c| "-* ".contains(c))).then_some((None, rest))
}

fn is_number(text: &str) -> bool {
    text.trim_end().chars().all(|c| c.is_ascii_digit() || ".,".contains(c))
}

#[cfg(test)]
mod tests;
