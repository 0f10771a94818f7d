//! Attacks: the operator's log, by the other way. Writes to the standard error stream without end; on the text `long`,
//! tries 1 MiB of newlines.
//! Stopped by: the bounds of log lines and bytes in a turn, which count this stream too.

use pesto_guests::{Answer, Hostile, MIB, TurnContext, say};
use wasi::wasi::cli::stderr::get_stderr;

mod wasi {
    wit_bindgen::generate!({ path: "wit", world: "stderr", generate_all });
}

struct Bad;

impl Hostile for Bad {
    fn go(_context: &TurnContext) -> Answer {
        let stream = get_stderr();
        loop {
            // An error of the stream is no reason to stop.
            let _ = stream.blocking_write_and_flush(b"\x1b[2JI am important\n");
        }
    }

    fn other(word: &str, _context: &TurnContext) -> Option<Answer> {
        (word == "long").then(|| {
            let stream = get_stderr();
            let written =
                (0..MIB / 4096).take_while(|_| stream.blocking_write_and_flush(&[b'\n'; 4096]).is_ok()).count();
            say(format!("written: {written} pages"))
        })
    }
}

pesto_guests::guest!(Bad);
