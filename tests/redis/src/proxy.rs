//! A network that fails: between a store and its Redis, it loses answers to steps that were done, stalls, cuts and delays.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

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
    /// Connections that are older than the last of these cuts end.
    cuts: AtomicU64,
    /// How long each piece is under way, in milliseconds.
    delay: AtomicU64,
}

impl Faults {
    /// A piece is under way.
    async fn pass(&self) {
        let delay = self.delay.load(Ordering::Relaxed);
        if delay > 0 {
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
    }
}

/// A way to a server. It is gone, and its connections with it, when this is dropped.
pub struct Proxy {
    port: u16,
    faults: Arc<Faults>,
    _tasks: JoinSet<()>,
}

impl Proxy {
    /// A way to the server that listens on this socket, now or later.
    pub async fn before(socket: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (faults, socket) = (Arc::<Faults>::default(), socket.to_owned());
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, socket, faults.clone()));
        Self { port, faults, _tasks: tasks }
    }

    /// Where it begins.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// From now on loses the answer to each so-manieth step with its connection; none for 0.
    pub fn lose_each(&self, step: u64) {
        self.faults.lose_each.store(step, Ordering::Relaxed);
    }

    /// How many answers were lost.
    pub fn lost(&self) -> u64 {
        self.faults.lost.load(Ordering::Relaxed)
    }

    /// So many connections fall silent, as soon as a step comes over them.
    pub fn stall(&self, connections: u64) {
        self.faults.stall.store(connections, Ordering::Relaxed);
    }

    /// Ends each connection in the middle of what is asked over it next.
    pub fn cut(&self) {
        self.faults.cuts.fetch_add(1, Ordering::Relaxed);
    }

    /// For so long, each piece takes as much longer as `delay` says, in either direction.
    pub fn delay(&self, delay: Duration, long: Duration) {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.faults.delay.store(millis(delay), Ordering::Relaxed);
        let faults = self.faults.clone();
        tokio::spawn(async move {
            tokio::time::sleep(long).await;
            faults.delay.store(0, Ordering::Relaxed);
        });
    }

    /// Waits until they have.
    pub async fn stalled(&self) {
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
    let (mut lose, born) = (false, faults.cuts.load(Ordering::Relaxed));
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                faults.pass().await;
                if faults.cuts.load(Ordering::Relaxed) > born {
                    let _ = server.write_all(&asked[..length / 2]).await;
                    return;
                }
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
                faults.pass().await;
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
