//! Three nodes that divide the slots, and a replica of the first where a test wants one.

use redis::Connection;

use crate::node::{Node, free_port, offset, replication, until};

const NODES: usize = 3;
const SLOTS: usize = 16_384;

/// All of them. They end, and their data goes, when this is dropped.
pub struct Cluster {
    nodes: Vec<Node>,
}

/// A slot that moves from one node to another.
pub struct Move {
    slot: u16,
    from: usize,
    to: usize,
}

impl Cluster {
    /// Nodes without replicas.
    pub fn start() -> Self {
        Self::of(NODES, "15000")
    }

    /// The last node is a replica of the first, and takes its place a moment after that one died.
    pub fn with_a_replica() -> Self {
        let cluster = Self::of(NODES + 1, "2000");
        let first = cluster.id(0);
        redis::cmd("CLUSTER").arg("REPLICATE").arg(first).exec(&mut cluster.connection(NODES)).unwrap();
        cluster.synced();
        cluster
    }

    /// Starts nodes, divides the slots between the first ones, and waits until every node knows of all.
    fn of(count: usize, patience: &str) -> Self {
        let (mut nodes, mut buses) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let bus = free_port().to_string();
            let enabled = ["--cluster-enabled", "yes", "--cluster-node-timeout", patience, "--cluster-port", &bus];
            nodes.push(Node::server(None, &enabled));
            buses.push(bus);
        }
        let cluster = Self { nodes };
        for at in 0..count {
            let mut node = cluster.connection(at);
            if at < NODES {
                let (first, last) = (at * SLOTS / NODES, (at + 1) * SLOTS / NODES - 1);
                redis::cmd("CLUSTER").arg("ADDSLOTSRANGE").arg(first).arg(last).exec(&mut node).unwrap();
            }
            for (other, bus) in cluster.nodes.iter().zip(&buses) {
                redis::cmd("CLUSTER").arg("MEET").arg("127.0.0.1").arg(other.port).arg(bus).exec(&mut node).unwrap();
            }
        }
        let known = format!("cluster_known_nodes:{count}");
        for at in 0..count {
            let mut node = cluster.connection(at);
            until("the cluster does not come up", || {
                let info: String = redis::cmd("CLUSTER").arg("INFO").query(&mut node).unwrap();
                let signs = ["cluster_state:ok", &known, "cluster_slots_ok:16384"];
                signs.iter().all(|sign| info.contains(sign)).then_some(())
            });
        }
        cluster
    }

    /// Leads to all of them.
    pub fn url(&self, node: usize) -> String {
        format!("redis://127.0.0.1:{}", self.nodes[node].port)
    }

    /// To a node.
    pub fn connection(&self, node: usize) -> Connection {
        self.nodes[node].connection()
    }

    /// A node answers nobody any more but the other nodes, who take it for healthy.
    pub fn hang(&self, node: usize) {
        redis::cmd("CLIENT").arg("PAUSE").arg(3_600_000).exec(&mut self.connection(node)).unwrap();
    }

    /// Kills the first node with `kill -9`, and waits until its replica has taken over.
    pub fn lose_the_first(&mut self) {
        self.synced();
        self.nodes[0].kill();
        self.promoted();
    }

    /// Lets the replica of the first node take its place in good order, while steps go on.
    pub fn fail_over(&self) {
        redis::cmd("CLUSTER").arg("FAILOVER").exec(&mut self.connection(NODES)).unwrap();
        self.promoted();
    }

    /// Begins to move the slot of a key to another node.
    pub fn begin_move(&self, key: &str) -> Move {
        let slot: u16 = redis::cmd("CLUSTER").arg("KEYSLOT").arg(key).query(&mut self.connection(0)).unwrap();
        let from = usize::from(slot) * NODES / SLOTS;
        let moving = Move { slot, from, to: (from + 1) % NODES };
        self.set_slot(moving.to, slot, "IMPORTING", from);
        self.set_slot(from, slot, "MIGRATING", moving.to);
        moving
    }

    /// Takes all that lies in the slot to its new node, and tells every node.
    pub fn end_move(&self, moving: &Move) {
        let mut from = self.connection(moving.from);
        let ask = redis::cmd("CLUSTER").arg("GETKEYSINSLOT").arg(moving.slot).arg(10_000).to_owned();
        let keys: Vec<String> = ask.query(&mut from).unwrap();
        let mut migrate = redis::cmd("MIGRATE");
        migrate.arg("127.0.0.1").arg(self.nodes[moving.to].port).arg("").arg(0).arg(10_000).arg("KEYS").arg(keys);
        migrate.exec(&mut from).unwrap();
        for node in [moving.to, moving.from, 3 - moving.to - moving.from] {
            self.set_slot(node, moving.slot, "NODE", moving.to);
        }
    }

    fn set_slot(&self, node: usize, slot: u16, how: &str, other: usize) {
        let mut cmd = redis::cmd("CLUSTER");
        cmd.arg("SETSLOT").arg(slot).arg(how).arg(self.id(other)).exec(&mut self.connection(node)).unwrap();
    }

    fn id(&self, node: usize) -> String {
        redis::cmd("CLUSTER").arg("MYID").query(&mut self.connection(node)).unwrap()
    }

    /// Waits until the replica has all, and every node knows that it is one.
    fn synced(&self) {
        until("the replica does not follow", || {
            self.replica_says("master_link_status:up").then_some(())?;
            let [first, replica] = [0, NODES].map(|node| replication(&mut self.connection(node)));
            (offset(&first) == offset(&replica)).then_some(())?;
            let knows = |at| {
                let nodes: String = redis::cmd("CLUSTER").arg("NODES").query(&mut self.connection(at)).unwrap();
                nodes.lines().any(|line| line.contains(&self.nodes[NODES].port.to_string()) && line.contains("slave"))
            };
            (0..NODES).all(knows).then_some(())
        });
    }

    fn promoted(&self) {
        until("the replica does not take over", || self.replica_says("role:master").then_some(()));
    }

    fn replica_says(&self, what: &str) -> bool {
        replication(&mut self.connection(NODES)).contains(what)
    }
}
