//! The client's end.

use std::io;
use std::path::Path;

use anyhow::Context as _;
use tokio::io::BufReader;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use super::frame::{FromHost, Room, ToHost, read, write};
use crate::admin::{AdminReply, AdminRequest};

/// A connection to a running host.
pub struct Client {
    /// What the host says.
    pub from: Reader,
    /// What is said to the host.
    pub to: Writer,
}

/// The reading half.
pub struct Reader(BufReader<OwnedReadHalf>);

/// The writing half.
pub struct Writer(OwnedWriteHalf);

impl Client {
    /// Connects; none where no host listens.
    pub async fn connect(socket: &Path) -> anyhow::Result<Option<Self>> {
        match UnixStream::connect(socket).await {
            Ok(stream) => {
                let (from, to) = stream.into_split();
                Ok(Some(Self { from: Reader(BufReader::new(from)), to: Writer(to) }))
            }
            // The file outlives a host that was killed.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
                Ok(None)
            }
            Err(error) => Err(error).with_context(|| format!("cannot connect to the host at {}", socket.display())),
        }
    }

    /// Asks an operator's question.
    pub async fn ask(&mut self, request: AdminRequest) -> anyhow::Result<AdminReply> {
        self.to.send(&ToHost::Admin(request)).await?;
        loop {
            match self.from.next().await? {
                Some(FromHost::Admin(reply)) => return Ok(reply),
                Some(_) => {}
                None => anyhow::bail!("the host hung up before it answered; look at its log"),
            }
        }
    }
}

impl Reader {
    /// The next frame; none when the host is gone.
    pub async fn next(&mut self) -> io::Result<Option<FromHost>> {
        match read(&mut self.0, &Room::default()).await {
            // A killed host resets the connection, or cuts a line.
            Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof) => {
                Ok(None)
            }
            other => other,
        }
    }
}

impl Writer {
    /// Sends a frame.
    pub async fn send(&mut self, frame: &ToHost) -> io::Result<()> {
        write(&mut self.0, frame).await
    }
}
