//! What a campaign is asked for.

use std::path::PathBuf;
use std::time::Duration;

/// Kills and stops hosts and Redis while people converse, and checks what they saw.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "pesto-crash", args_override_self = true)]
pub struct Options {
    /// Hosts that share the work
    #[arg(long, default_value_t = 3)]
    pub hosts: usize,
    /// `kill -9` of a host, in all
    #[arg(long, default_value_t = 300)]
    pub kills: usize,
    /// `kill -9` of Redis, in all
    #[arg(long, default_value_t = 20)]
    pub redis_kills: usize,
    /// Stops of a host past its lease, in all; every other one at a post
    #[arg(long, default_value_t = 50)]
    pub stops: usize,
    /// Events to be accepted at least; people go on for as long as that takes, three times --seconds at most
    #[arg(long, default_value_t = 20_000)]
    pub events: usize,
    /// People who talk at once
    #[arg(long, default_value_t = 250)]
    pub people: usize,
    /// Over how many seconds the faults are spread
    #[arg(long, default_value_t = 1_200)]
    pub seconds: u64,
    /// Of all that is drawn
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How long people think before they go on, in milliseconds, at most
    #[arg(long, default_value_t = 6_000)]
    pub thinking: u64,
    /// How long a host keeps a turn without a sign of life, in seconds: stops last longer
    #[arg(long, default_value_t = 10)]
    pub lease: u64,
    /// The only point at which things hang in hosts, such as `store.commit:after`
    #[arg(long)]
    pub hang: Option<String>,
    /// How long people wait for an answer, in seconds
    #[arg(long, default_value_t = 180)]
    pub patience: u64,
    /// The program that runs a host, instead of the `pesto` that was built with this one
    #[arg(long)]
    pub host: Option<PathBuf>,
    /// What such a host finds in SABOTAGE
    #[arg(long)]
    pub sabotage: Option<String>,
    /// Keeps the folder with all that happened, even where all is well
    #[arg(long)]
    pub keep: bool,
    /// Only checks what a campaign left in this folder
    #[arg(long)]
    pub check: Option<PathBuf>,
}

impl Options {
    /// What the command line would make of this.
    pub fn of(line: &str) -> Self {
        use clap::Parser as _;
        Self::parse_from(std::iter::once("pesto-crash").chain(line.split_whitespace()))
    }

    /// [`seconds`](Self::seconds), as a duration.
    pub fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}
