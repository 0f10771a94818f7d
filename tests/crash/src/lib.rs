//! `make crash`: real hosts on a real Redis, killed and stopped while people converse in all flows, and a checker that
//! reads what the doubles and the people wrote down.
//!
//! - `options`, `schedule`: what is asked for, and when what goes wrong
//! - `hosts`, `faults`: the processes, and what is done to them
//! - `model`, `people`, `words`: the language model, who talks, and what is said
//! - `campaign`: one campaign from its start to its evidence
//! - `records`: the evidence, as JSON lines in a folder; `check`: the judgement
//!
//! This crate does not depend on the engine or on the server: it knows of Pesto what an operator and the people know.
//!
//! What a campaign does: hosts are killed, if they can be in the middle of turns, and started again; they are stopped for
//! longer than their lease, one at a time, for somebody has to take over, some exactly where they are about to post (they
//! stop themselves there), and some with a post on its way that Slack takes in when the stop is nearly over; things hang in
//! a host between what was done outside and the note of it, until a kill meets them there; Redis is killed and started on
//! what is left; the way of each host to Redis is cut in the middle of a step, and slow for a while. The model and Slack
//! have an address for each run of each host, so that it is known who asked and who posted.
//!
//! The figures, each in a line `figure NAME VALUE UNIT` at the end of the output:
//!
//! | figure | what it counts |
//! |---|---|
//! | `accepted` | deeds of people that the bot acknowledged to Slack, however often they came |
//! | `conversations` | conversations with such a deed |
//! | `kills`, `kills_in_flight` | kills of hosts; of these, the ones that found turns in flight when they asked before |
//! | `redis_kills`, `cuts_and_delays` | kills of Redis; faults of the network before it |
//! | `stops`, `stops_past_lease`, `stops_at_send` | stops; those that lasted longer than a lease; those at a post |
//! | `people_out_of_patience` | people who went because nothing came in `--patience`; what came later is not lost |
//! | `replayed_calls` | calls answered from the journal, as hosts said before they were killed |
//! | `lost` | what was acknowledged and never answered or recorded; dead letters; what is not done in the end |
//! | `reordered` | answers out of the order of the words, and questions of a survey out of theirs |
//! | `duplicate_effects` | what was handled, recorded or posted twice, unless the copy was late as below |
//! | `late_sends`, `late_sends_left` | copies that a stopped or dying host posted though another had taken over; those that stand there in the end |
//! | `stale_writes` | messages and records that contradict what was said before |
//! | `in_doubt`, `in_doubt_unreported` | questions that the model was asked more than once; those that `pesto doubts` does not list |
//! | `takeover_p99_s` | of turns that waited for the model when their host was killed or stopped: the time until another run asks the same or the answer is posted |
//!
//! `lost`, `reordered`, `duplicate_effects`, `late_sends_left`, `stale_writes` and `in_doubt_unreported` must be 0. Where one
//! is not, the evidence is printed, the folder with all records and the hosts' logs is kept, and `pesto-crash --check
//! FOLDER` judges it once more.

pub mod campaign;
pub mod check;
pub mod faults;
pub mod hosts;
pub mod model;
pub mod options;
pub mod people;
pub mod records;
pub mod schedule;
pub mod words;
