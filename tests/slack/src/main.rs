//! The Slack double as a program, for tests in other languages and for people with curl.

use std::net::SocketAddr;

use anyhow::Context as _;
use clap::Parser;
use slack_double::{Options, SlackDouble};

/// A stand-in for Slack: Web API, Socket Mode, events over HTTP, people, rate limits and faults.
///
/// Prints one JSON line with its addresses, tokens and signing secret, and runs until it is killed, or with
/// --with-parent until its standard input ends.
#[derive(Parser)]
struct Arguments {
    /// Where to listen; port 0 is a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Of the generator that spreads events over sockets and draws faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The bot's name.
    #[arg(long, default_value = "pesto")]
    bot_name: String,
    /// The waits before an event is sent again, in milliseconds. Slack has 0, 60000, 300000.
    #[arg(long, value_delimiter = ',', default_value = "0,60000,300000")]
    retry_delays: Vec<u64>,
    /// How long an envelope or a request may stay unanswered, in milliseconds.
    #[arg(long, default_value_t = 3_000)]
    ack_timeout: u64,
    /// Enforce Slack's documented calls a minute of every method, not only one post a second.
    #[arg(long)]
    tiers: bool,
    /// End when standard input does.
    #[arg(long)]
    with_parent: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let millis = std::time::Duration::from_millis;
    let options = Options {
        listen: arguments.listen,
        seed: arguments.seed,
        bot_name: arguments.bot_name,
        retry_delays: arguments.retry_delays.into_iter().map(millis).collect(),
        ack_timeout: millis(arguments.ack_timeout),
        tiers: if arguments.tiers { slack_double::documented_tiers() } else { Default::default() },
        ..Options::default()
    };
    let listen = options.listen;
    let slack = SlackDouble::try_start(options).await.with_context(|| format!("cannot listen at {listen}"))?;
    println!("{}", slack.summary());
    if arguments.with_parent {
        tokio::io::copy(&mut tokio::io::stdin(), &mut tokio::io::sink()).await?;
    } else {
        std::future::pending::<()>().await;
    }
    Ok(())
}
