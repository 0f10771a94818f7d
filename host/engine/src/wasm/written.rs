//! What a guest writes to standard output and error. It is logged when the guest ends, within the bounds of the log.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError};

use crate::fault::GuestFault;
use crate::policy::contract;

use super::state::trap;

/// Bytes that were written, by whichever stream.
#[derive(Clone, Default)]
pub(super) struct Written(Arc<Mutex<Buffer>>);

#[derive(Default)]
struct Buffer {
    bytes: Vec<u8>,
    lines: usize,
}

impl Buffer {
    fn write(&mut self, bytes: &[u8]) -> Result<(), GuestFault> {
        let (lines, most) = contract::LOG;
        self.lines += bytes.iter().filter(|byte| **byte == b'\n').count();
        if self.lines > lines as usize {
            return Err(GuestFault::LogLimit(format!("{lines} lines of standard output and error in one turn")));
        }
        if self.bytes.len() + bytes.len() > most {
            return Err(GuestFault::LogLimit(format!("{most} bytes of standard output and error in one turn")));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }
}

impl Written {
    /// Takes what was written.
    pub(super) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.buffer().bytes)
    }

    fn buffer(&self) -> MutexGuard<'_, Buffer> {
        // Nothing between lock and unlock can panic and leave it half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl IsTerminal for Written {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Written {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Written {
    async fn ready(&mut self) {}
}

impl OutputStream for Written {
    /// Ends the guest where the log is full. A stream that merely closes would not stop one that ignores it.
    fn write(&mut self, bytes: Bytes) -> Result<(), StreamError> {
        self.buffer().write(&bytes).map_err(|fault| StreamError::Trap(trap(fault)))
    }

    fn flush(&mut self) -> Result<(), StreamError> {
        Ok(())
    }

    fn check_write(&mut self) -> Result<usize, StreamError> {
        // Always ready: what is too much ends the guest.
        Ok(contract::LOG.1)
    }
}

/// Asked for by the trait, and used by later versions of WASI alone.
impl AsyncWrite for Written {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.buffer().write(bytes).map(|()| bytes.len()).map_err(io::Error::other))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
