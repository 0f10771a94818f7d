//! Tables: no channel draws them, but code is shown in letters of one width.

use unicode_width::UnicodeWidthStr as _;

use super::{FENCE, inline::inline};

/// A table that is wider, in columns of letters, becomes a list: its lines would break.
const WIDE: usize = 72;
/// What a small table may need beside twice its text.
const ROOM: usize = 1_000;
/// The most columns of a table; with more it is left as it is.
const COLUMNS: usize = 20;

/// The table that these lines begin with, and how many of them it is.
pub(super) fn table(lines: &[&str]) -> Option<(String, usize)> {
    let (head, rule) = (lines.first()?, lines.get(1)?);
    if !head.contains('|') || !rule.contains('-') {
        return None;
    }
    let head = cells(head);
    let is_rule = |cell: &String| {
        let dashes = cell.strip_prefix(':').unwrap_or(cell);
        let dashes = dashes.strip_suffix(':').unwrap_or(dashes);
        !dashes.is_empty() && dashes.bytes().all(|byte| byte == b'-')
    };
    let rule = cells(rule);
    if rule.len() != head.len() || !(2..=COLUMNS).contains(&head.len()) || !rule.iter().all(is_rule) {
        return None;
    }
    let used = 2 + lines.iter().skip(2).take_while(|line| line.contains('|')).count();
    let whole = lines.get(..used)?;
    let rows: Vec<Vec<String>> = whole.iter().skip(2).map(|line| fitted(cells(line), head.len())).collect();
    let widths: Vec<usize> = (0..head.len())
        .map(|column| {
            let cells = std::iter::once(&head).chain(&rows).filter_map(|row| row.get(column));
            cells.map(|cell| cell.width()).max().unwrap_or(0)
        })
        .collect();
    let wide = widths.iter().map(|width| width + 3).sum::<usize>() > WIDE;
    let code = head.iter().chain(rows.iter().flatten()).any(|cell| cell.contains(FENCE));
    let source = whole.join("\n");
    let is_list = wide || code;
    // Blanks for hundreds of empty cells, or a long heading in hundreds of items, are nothing that anybody reads.
    let a_row =
        if is_list { head.iter().map(String::len).sum::<usize>() } else { widths.iter().map(|it| it + 3).sum() };
    if a_row * rows.len() > source.len() * 2 + ROOM {
        return Some((source, used));
    }
    Some((if is_list { listed(&head, &rows) } else { aligned(&head, &rows, &widths) }, used))
}

/// Within a fence; there marks around words are letters, so they go.
fn aligned(head: &[String], rows: &[Vec<String>], widths: &[usize]) -> String {
    let line = |row: &[String]| {
        let padded =
            |(cell, width): (&String, &usize)| format!("{cell}{}", " ".repeat(width.saturating_sub(cell.width())));
        row.iter().zip(widths).map(padded).collect::<Vec<_>>().join(" | ").trim_end().to_owned()
    };
    let rule = widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>().join("-+-");
    let rows = rows.iter().map(|row| line(row));
    let lines: Vec<String> = [line(head), rule].into_iter().chain(rows).collect();
    format!("{FENCE}\n{}\n{FENCE}", lines.join("\n"))
}

/// A row an item: its first cell, and below it the others with their headings.
fn listed(head: &[String], rows: &[Vec<String>]) -> String {
    let item = |row: &Vec<String>| {
        let named = |(name, cell): (&String, &String)| match (name.is_empty(), cell.is_empty()) {
            (_, true) => None,
            (true, false) => Some(inline(cell)),
            (false, false) => Some(format!("{name}: {}", inline(cell))),
        };
        let others: Vec<String> = head.iter().zip(row).skip(1).filter_map(named).collect();
        let first = row.first().map(|cell| inline(cell)).unwrap_or_default();
        let first = if first.is_empty() || first.contains('*') { first } else { format!("*{first}*") };
        std::iter::once(format!("• {first}")).chain(others).collect::<Vec<_>>().join("\n  ")
    };
    rows.iter().map(item).collect::<Vec<_>>().join("\n")
}

/// The cells of a line, without the marks that its pipes are; `\|` is a pipe of the text.
fn cells(line: &str) -> Vec<String> {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let mut cells = vec![String::new()];
    let mut escaped = false;
    for c in line.chars() {
        let Some(cell) = cells.last_mut() else { break };
        match c {
            '|' if escaped => {
                cell.pop();
                cell.push(c);
            }
            '|' => cells.push(String::new()),
            c => cell.push(c),
        }
        escaped = c == '\\';
    }
    if cells.len() > 1 && cells.last().is_some_and(|cell| cell.trim().is_empty()) {
        cells.pop();
    }
    cells.into_iter().map(|cell| cell.trim().replace("**", "")).collect()
}

/// A row with as many cells as the table has columns.
fn fitted(mut row: Vec<String>, columns: usize) -> Vec<String> {
    row.resize(columns, String::new());
    row
}
