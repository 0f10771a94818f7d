//! Standard output and standard error of commands.
//!
//! The reader of a pipe may close its end, as `head` does when it has its lines. Then a command has nothing more to do:
//! it ends quietly, with the exit code of a command that a closed pipe ended. The standard library's macros panic there.

use std::fmt::Arguments;
use std::io::{self, Write};

/// What a shell tells of a command that a closed pipe ended: 128 and the number of SIGPIPE.
const PIPE_CLOSED: i32 = 141;

/// Standard output for what wants a writer. The process ends where nobody reads it.
pub(crate) struct Out;

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        read_by_somebody(io::stdout().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        read_by_somebody(io::stdout().flush())
    }
}

fn read_by_somebody<T>(written: io::Result<T>) -> io::Result<T> {
    if written.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
        std::process::exit(PIPE_CLOSED);
    }
    written
}

/// Prints to standard output. Where that fails for another reason than a closed pipe, as on a full disk, the process
/// ends with an error, because its answer would not be whole.
pub(crate) fn print(text: Arguments<'_>) {
    if let Err(error) = Out.write_fmt(text) {
        eprint(format_args!("error: standard output cannot be written: {error}\n"));
        std::process::exit(1);
    }
}

/// Prints to standard error, where that can be done: nobody is left to be told otherwise.
pub(crate) fn eprint(text: Arguments<'_>) {
    let _ = io::stderr().write_fmt(text);
}

/// Prints to standard output.
macro_rules! out {
    ($($text:tt)*) => { $crate::out::print(format_args!($($text)*)) };
}

/// Prints a line to standard output.
macro_rules! outln {
    ($($text:tt)*) => { $crate::out::print(format_args!("{}\n", format_args!($($text)*))) };
}

/// Prints a line to standard error.
macro_rules! errln {
    ($($text:tt)*) => { $crate::out::eprint(format_args!("{}\n", format_args!($($text)*))) };
}

pub(crate) use {errln, out, outln};
