//! `pesto forget`: a person who wants to be forgotten.

use pesto_engine::model::Place;
use pesto_engine::operate::Forgotten;
use pesto_engine::ports::Cleared;

use crate::admin::{AdminReply, AdminRequest};
use crate::cli::Common;
use crate::cli::ask::{Oracle, strange};
use crate::config::Scope;
use crate::out::out;

/// Forgets a person: the conversations that they began, what waits for them and from them, their dead letters and calls
/// in doubt. What they wrote in conversations of others goes with these, and what Slack shows stays there.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Workspace and id, such as T0123/U0123; people in terminals are local/NAME.
    user: Place,
    /// Throw away the surveys that they completed, too.
    #[arg(long)]
    answers: bool,
    #[command(flatten)]
    common: Common,
}

/// Forgets, and says what was forgotten.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let Args { user: direct, answers, common } = args;
    if direct.person().is_none() {
        anyhow::bail!(
            "`{direct}` is a thread and no person; write the workspace and the person's id, such as T0123/U0123"
        );
    }
    let config = common.config(Scope::Store)?;
    let mut oracle = Oracle::find(&config, false).await?;
    let reply = oracle.ask(AdminRequest::Forget { direct: direct.clone(), answers }).await?;
    let AdminReply::Forgotten(forgotten) = reply else { return Err(strange(&reply)) };
    out!("{}", told(&direct, &forgotten, answers));
    Ok(())
}

fn told(direct: &Place, forgotten: &Forgotten, with_answers: bool) -> String {
    if *forgotten == Forgotten::default() {
        return format!("Nothing of {direct} was open or waited, and there are no completed surveys of theirs.\n");
    }
    let Forgotten { cleared: Cleared { conversations, events, messages }, dead, doubts, answers } = forgotten;
    let mut text = format!(
        "Forgotten of {direct}: {conversations} open conversations, {events} events, {messages} unsent messages, \
         {dead} dead letters, {doubts} calls in doubt.\n"
    );
    text.push_str(&match (answers, with_answers) {
        (0, _) => "There are no completed surveys of theirs.\n".to_owned(),
        (answers, true) => format!("Thrown away: {answers} completed surveys.\n"),
        (answers, false) => format!("Still there: {answers} completed surveys; --answers throws these away, too.\n"),
    });
    text
}
