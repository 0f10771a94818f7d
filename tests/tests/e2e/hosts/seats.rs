//! Slack's sockets, shared between hosts: never more than there are, and a host without one is of use all the same.

use std::time::Duration;

use pesto_tests::host::TestHost;
use slack_double::{Options, Person, SlackDouble};

use super::{on, stop};
use crate::slack::{hold, setup};
use crate::survey::{Plan, records};
use redis_rig::server::Server;

/// A dead host's seats come free after their lease.
const PATIENCE: Duration = Duration::from_secs(60);

async fn double(max_sockets: usize) -> SlackDouble {
    SlackDouble::start(Options { max_sockets, patience: PATIENCE, ..Options::default() }).await
}

async fn host(slack: &SlackDouble, redis: &Server, sockets: usize) -> TestHost {
    let mut setup = on(redis, setup(slack));
    setup.replace("[slack]\n", &format!("[slack]\nsockets = {sockets}\n"));
    TestHost::start(setup).await
}

async fn survey(host: &TestHost, ann: &Person, times: usize) {
    let plan = Plan::new(0);
    hold(ann, &plan).await;
    assert_eq!(records(host).remove(ann.id()), Some(vec![plan.record(); times]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hosts_share_four_sockets() {
    let (slack, redis) = (double(4).await, Server::start());
    let ann = slack.person("Ann");
    let mut one = host(&slack, &redis, 4).await;
    slack.has_sockets(2).await;
    let two = host(&slack, &redis, 4).await;
    slack.has_sockets(4).await;
    let three = host(&slack, &redis, 4).await;
    three.log().text("this host has 1 of the 4 sockets").await;
    two.log().text("this host has 1 of the 4 sockets").await;
    slack.has_sockets(4).await;
    survey(&three, &ann, 1).await;

    // Those of a dead host are taken by the others.
    one.idle().await;
    one.kill();
    three.log().text("this host has 2 of the 4 sockets").await;
    slack.has_sockets(4).await;
    survey(&two, &ann, 2).await;
    assert_eq!(slack.counter("too_many_websockets"), 0);
    two.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_without_a_socket_says_so_and_takes_the_next() {
    let (slack, redis) = (double(1).await, Server::start());
    let ann = slack.person("Ann");
    let mut one = host(&slack, &redis, 1).await;
    slack.has_sockets(1).await;
    let two = host(&slack, &redis, 1).await;
    two.log().text("all 1 sockets to Slack are other hosts'").await;
    survey(&one, &ann, 1).await;
    stop(&mut one).await;
    two.log().text("this host has 1 of the 1 sockets").await;
    slack.has_sockets(1).await;
    survey(&two, &ann, 2).await;
    assert_eq!(slack.counter("too_many_websockets"), 0);
}
