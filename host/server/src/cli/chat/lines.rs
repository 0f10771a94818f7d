//! Where a person's lines come from: an editor with history in a terminal, plain lines otherwise.

use std::io::{BufRead as _, Write as _};

use rustyline::error::ReadlineError;
use rustyline::history::MemHistory;
use rustyline::{Config, Editor, ExternalPrinter};
use tokio::sync::mpsc;

use super::view::PROMPT;

/// Lines to come, and a way to print between them.
pub(super) struct Lines {
    lines: mpsc::Receiver<String>,
    printer: Option<Box<dyn ExternalPrinter + Send>>,
}

impl Lines {
    /// Starts reading, on a thread of its own: reading blocks.
    pub(super) fn start(piped: bool) -> anyhow::Result<Self> {
        let (sender, lines) = mpsc::channel(1);
        if piped {
            std::thread::spawn(move || plain(&sender));
            return Ok(Self { lines, printer: None });
        }
        let config = Config::builder().auto_add_history(true).build();
        let mut editor = Editor::<(), MemHistory>::with_history(config, MemHistory::new())?;
        let printer = editor.create_external_printer()?;
        std::thread::spawn(move || edited(&mut editor, &sender));
        Ok(Self { lines, printer: Some(Box::new(printer)) })
    }

    /// The next line; none when there are no more.
    pub(super) async fn next(&mut self) -> Option<String> {
        self.lines.recv().await
    }

    /// Prints whole lines, above the one that is being typed.
    pub(super) fn print(&mut self, text: &str) {
        let printed = self.printer.as_mut().map(|printer| printer.print(text.to_owned()));
        if !matches!(printed, Some(Ok(()))) {
            // A reader that closed its end of the pipe wants no more, and gets no more.
            let _ = std::io::stdout().write_all(text.as_bytes()).and_then(|()| std::io::stdout().flush());
        }
    }
}

fn plain(sender: &mpsc::Sender<String>) {
    let mut input = std::io::stdin().lock();
    let mut line = Vec::new();
    // What is not UTF-8 is said as well as can be: the rest of the input must not be lost for it.
    while input.read_until(b'\n', &mut line).is_ok_and(|got| got > 0) {
        let text = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
        line.clear();
        if sender.blocking_send(text).is_err() {
            return;
        }
    }
}

fn edited(editor: &mut Editor<(), MemHistory>, sender: &mpsc::Sender<String>) {
    loop {
        match editor.readline(PROMPT) {
            Ok(line) => {
                if sender.blocking_send(line).is_err() {
                    return;
                }
            }
            // Ctrl-C leaves as Ctrl-D does; the conversation waits for its person.
            Err(ReadlineError::Interrupted | ReadlineError::Eof) => return,
            Err(error) => {
                tracing::error!(%error, "the terminal cannot be read");
                return;
            }
        }
    }
}
