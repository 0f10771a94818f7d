//! The contract on a cluster: three nodes, between which the shards are divided.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use pesto_engine::contract;
use pesto_engine::scripted::ManualClock;
use pesto_server::redis::RedisStore;
use tempfile::TempDir;

use crate::OnRedis;
use crate::samples::options;
use redis_rig::server::program;

const NODES: usize = 3;
const SLOTS: usize = 16_384;

/// Nodes without replicas.
struct Cluster {
    ports: Vec<u16>,
    nodes: Vec<Child>,
    _folders: Vec<TempDir>,
}

impl Cluster {
    fn start() -> Self {
        let mut cluster = Self { ports: Vec::new(), nodes: Vec::new(), _folders: Vec::new() };
        for _ in 0..NODES {
            let (folder, port) = (TempDir::new().unwrap(), free_port());
            let mut node = Command::new(program("redis-server"));
            node.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--cluster-port", &free_port().to_string()]);
            node.args(["--cluster-enabled", "yes", "--appendonly", "yes", "--appendfsync", "always", "--save", ""]);
            node.args(["--maxmemory-policy", "noeviction", "--logfile", "log"]).current_dir(folder.path());
            cluster.nodes.push(node.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
            cluster.ports.push(port);
            cluster._folders.push(folder);
        }
        cluster.join();
        cluster
    }

    /// Divides the slots, and waits until every node knows of all.
    fn join(&self) {
        let clients = self.ports.iter().map(|port| redis::Client::open(url(*port)).unwrap());
        let mut clients: Vec<_> = clients.map(|client| until(|| client.get_connection().ok())).collect();
        let bus = self.ports.iter().zip(&mut clients).map(|(_, client)| bus_port(client)).collect::<Vec<_>>();
        for (at, client) in clients.iter_mut().enumerate() {
            let (first, last) = (at * SLOTS / NODES, (at + 1) * SLOTS / NODES - 1);
            redis::cmd("CLUSTER").arg("ADDSLOTSRANGE").arg(first).arg(last).exec(client).unwrap();
            for (port, bus) in self.ports.iter().zip(&bus) {
                redis::cmd("CLUSTER").arg("MEET").arg("127.0.0.1").arg(*port).arg(*bus).exec(client).unwrap();
            }
        }
        for client in &mut clients {
            until(|| {
                let info: String = redis::cmd("CLUSTER").arg("INFO").query(client).unwrap();
                let signs = ["cluster_state:ok", "cluster_known_nodes:3", "cluster_slots_ok:16384"];
                signs.iter().all(|sign| info.contains(sign)).then_some(())
            });
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            let _ = node.kill();
            let _ = node.wait();
        }
    }
}

fn url(port: u16) -> String {
    format!("redis://127.0.0.1:{port}")
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn bus_port(client: &mut redis::Connection) -> u16 {
    let (_, port): (String, u16) = redis::cmd("CONFIG").arg("GET").arg("cluster-port").query(client).unwrap();
    port
}

/// Servers have no other way to say that they are up and know each other.
fn until<T>(mut done: impl FnMut() -> Option<T>) -> T {
    for _ in 0..3_000 {
        if let Some(done) = done() {
            return done;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("the cluster does not come up");
}

#[tokio::test]
async fn a_cluster_keeps_the_contract() {
    let cluster = Cluster::start();
    contract::check(&OnRedis::at(url(cluster.ports[0]), 16)).await;
    let clock = Arc::new(ManualClock::new(0));
    let (_, warnings) = RedisStore::connect(options(&url(cluster.ports[1]), "t0"), clock).await.unwrap();
    assert_eq!(warnings, [""; 0], "any node leads to the same store");
}
