//! Findings as people read them: in columns, and no wider than a terminal.

use super::{Finding, Level};

/// Characters of a line, and of its first two columns.
const WIDTH: usize = 100;
const LEVEL: usize = 6;
const SUBJECT: usize = 15;

/// A finding's lines: how it ended, what was looked at and what was found; below it the remedy.
pub fn show(finding: &Finding) -> String {
    let level = match finding.level {
        Level::Ok => "ok",
        Level::Warn => "warn",
        Level::Fail => "FAIL",
    };
    let mut text = String::new();
    let mut first = format!("{level:<LEVEL$}{:<SUBJECT$}", finding.subject);
    let remedy = if finding.remedy.is_empty() { String::new() } else { format!("→ {}", finding.remedy) };
    for part in [finding.what.as_str(), &remedy] {
        for line in wrap(part, WIDTH - LEVEL - SUBJECT) {
            text.push_str(&first);
            text.push_str(&line);
            text.push('\n');
            first = " ".repeat(LEVEL + SUBJECT);
        }
    }
    text
}

/// Lines of at most so many characters; a word that is longer stays whole, for it is a path or an address.
fn wrap(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_stand_in_columns() {
        assert_eq!(
            show(&Finding::ok("clock", "within 2 s of Slack's")),
            "ok    clock          within 2 s of Slack's\n"
        );
        let finding = Finding::fail("bot token", "no good ".repeat(15), "Do this. ".repeat(20));
        let text = show(&finding);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 5, "{text}");
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(lines.iter().skip(1).all(|line| line.starts_with(&" ".repeat(LEVEL + SUBJECT))), "{text}");
        assert!(text.starts_with("FAIL  bot token      no good") && text.contains("\n                     → Do this."));
    }
}
