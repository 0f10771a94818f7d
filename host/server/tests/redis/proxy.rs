//! A network that fails: between a store and its Redis, it loses answers to steps that were done, or stalls.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::JoinSet;

#[derive(Default)]
struct Faults {
    /// The answer to each so-manieth step is lost with its connection; 0 for none.
    lose_each: AtomicU64,
    steps: AtomicU64,
    lost: AtomicU64,
    /// So many of the connections that a step comes over fall silent.
    stall: AtomicU64,
}

pub(crate) struct Proxy {
    port: u16,
    faults: Arc<Faults>,
    _tasks: JoinSet<()>,
}

impl Proxy {
    pub(crate) async fn before(socket: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (faults, socket) = (Arc::<Faults>::default(), socket.to_owned());
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, socket, faults.clone()));
        Self { port, faults, _tasks: tasks }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn lose_each(&self, step: u64) {
        self.faults.lose_each.store(step, Ordering::Relaxed);
    }

    pub(crate) fn lost(&self) -> u64 {
        self.faults.lost.load(Ordering::Relaxed)
    }

    pub(crate) fn stall(&self, connections: u64) {
        self.faults.stall.store(connections, Ordering::Relaxed);
    }

    /// Waits until they have.
    pub(crate) async fn stalled(&self) {
        while self.faults.stall.load(Ordering::Relaxed) > 0 {
            tokio::task::yield_now().await;
        }
    }
}

async fn serve(listener: TcpListener, socket: PathBuf, faults: Arc<Faults>) {
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        // A server that is away cuts the connection, as a real one does.
        let Ok(server) = UnixStream::connect(&socket).await else { continue };
        connections.spawn(forward(client, server, faults.clone()));
    }
}

/// Ends with both connections when either does, or when an answer is to be lost.
async fn forward(mut client: TcpStream, mut server: UnixStream, faults: Arc<Faults>) {
    let (mut asked, mut answered) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    let mut lose = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                if asked[..length].windows(7).any(|window| window == b"EVALSHA") {
                    let each = faults.lose_each.load(Ordering::Relaxed);
                    let step = faults.steps.fetch_add(1, Ordering::Relaxed) + 1;
                    lose = lose || each > 0 && step.is_multiple_of(each);
                    let take = |left: u64| left.checked_sub(1);
                    if faults.stall.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
                        return std::future::pending().await;
                    }
                }
                if server.write_all(&asked[..length]).await.is_err() {
                    return;
                }
            }
            read = server.read(&mut answered) => {
                let Ok(length @ 1..) = read else { return };
                if lose {
                    faults.lost.fetch_add(1, Ordering::Relaxed);
                    return;
                }
                if client.write_all(&answered[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
