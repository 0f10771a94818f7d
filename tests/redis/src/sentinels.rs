//! A server, its replica, and three sentinels that watch them. Both have passwords, and not the same.

use std::collections::HashMap;

use redis::Connection;

use crate::node::{Node, offset, replication, until};

/// What the sentinels call the server.
const NAME: &str = "main";
/// The servers' password.
const SERVERS: &str = "servers-secret";
/// The sentinels' password.
const SENTINELS: &str = "sentinels-secret";

/// All of them. They end, and their data goes, when this is dropped.
pub struct Watched {
    servers: Vec<Node>,
    sentinels: Vec<Node>,
}

impl Watched {
    /// Starts them, and waits until they know each other.
    pub fn start() -> Self {
        let first = Node::server(Some(SERVERS), &[]);
        let replica = Node::server(Some(SERVERS), &["--replicaof", "127.0.0.1", &first.port.to_string()]);
        let settings = format!(
            "requirepass {SENTINELS}\nsentinel sentinel-pass {SENTINELS}\n\
             sentinel monitor {NAME} 127.0.0.1 {} 2\nsentinel auth-pass {NAME} {SERVERS}\n\
             sentinel down-after-milliseconds {NAME} 1000\nsentinel failover-timeout {NAME} 4000\n",
            first.port
        );
        let watched = Self { servers: vec![first, replica], sentinels: Vec::new() };
        watched.synced();
        let sentinel = || Node::start(&["--sentinel"], &settings, Some(SENTINELS));
        let watched = Self { sentinels: (0..3).map(|_| sentinel()).collect(), ..watched };
        for sentinel in &watched.sentinels {
            until("the sentinels do not find each other", || {
                let told = told(&mut sentinel.connection());
                (told["num-slaves"] == "1" && told["num-other-sentinels"] == "2").then_some(())
            });
        }
        watched
    }

    /// Leads to whichever server the sentinels name.
    pub fn url(&self) -> String {
        let hosts = self.sentinels.iter().map(|one| format!("127.0.0.1:{}", one.port)).collect::<Vec<_>>();
        format!("redis+sentinel://:{SERVERS}@{}/{NAME}?sentinel_password={SENTINELS}", hosts.join(","))
    }

    /// Kills the server with `kill -9`, and waits until its replica has taken over.
    pub fn lose_the_server(&mut self) {
        let was = self.at();
        self.servers[was].kill();
        self.moved(was);
    }

    /// Lets the replica take over in good order.
    pub fn fail_over(&mut self) {
        self.synced();
        let was = self.at();
        redis::cmd("SENTINEL").arg("FAILOVER").arg(NAME).exec(&mut self.sentinels[0].connection()).unwrap();
        self.moved(was);
    }

    /// Kills all but one of the sentinels.
    pub fn lose_sentinels(&mut self) {
        self.sentinels.iter_mut().skip(1).for_each(Node::kill);
    }

    /// To the server that the sentinels name.
    fn connection(&self) -> Connection {
        self.servers[self.at()].connection()
    }

    /// Waits until so many subscribe to a channel at the server that the sentinels name: they have come along.
    pub fn subscribed(&self, channel: &str, wanted: usize) {
        until("nobody follows the server", || {
            let ask = redis::cmd("PUBSUB").arg("NUMSUB").arg(channel).to_owned();
            let (_, count): (String, usize) = ask.query(&mut self.connection()).unwrap();
            (count == wanted).then_some(())
        });
    }

    /// Waits until the replica has all that the server has.
    pub fn synced(&self) {
        let all: Vec<_> = self.servers.iter().collect();
        until("the replica does not follow", || {
            let all: Vec<_> = all.iter().map(|server| replication(&mut server.connection())).collect();
            let linked = all.iter().any(|one| one.contains("master_link_status:up"));
            (linked && offset(&all[0]) == offset(&all[1])).then_some(())
        });
    }

    /// Which server the sentinels name, as far as they agree.
    fn at(&self) -> usize {
        let ports =
            || self.sentinels.iter().filter(|one| one.runs()).map(|one| told(&mut one.connection())["port"].clone());
        let port = until("the sentinels do not agree", || {
            let named: Vec<_> = ports().collect();
            named.iter().all(|one| *one == named[0]).then(|| named[0].clone())
        });
        self.servers.iter().position(|server| server.port.to_string() == port).unwrap()
    }

    fn moved(&self, was: usize) {
        until("nobody takes over", || (self.at() != was).then_some(()));
    }
}

/// What a sentinel says of the server.
fn told(sentinel: &mut Connection) -> HashMap<String, String> {
    redis::cmd("SENTINEL").arg("MASTER").arg(NAME).query(sentinel).unwrap()
}
