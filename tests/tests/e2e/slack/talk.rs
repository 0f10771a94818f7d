//! Conversations with one person, wherever they have them.

use pesto_tests::host::TestHost;
use slack_double::{DeliveryFault, Fault, Message, Person, SlackDouble, When};

use super::{double, hold, setup};
use crate::survey::{FLOW, Plan, records};

async fn host(slack: &SlackDouble) -> TestHost {
    let host = TestHost::start(setup(slack)).await;
    slack.has_sockets(2).await;
    host
}

async fn begin(ann: &Person) -> Message {
    ann.says(&format!("start {FLOW}")).await;
    ann.hears().await
}

#[track_caller]
fn says(message: &Message, words: &str) {
    assert!(message.shown().contains(words), "`{words}` is not in: {}", message.shown());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_holds_the_survey() {
    let slack = double().await;
    let host = host(&slack).await;
    let ann = slack.person("Ann");
    let plan = Plan::new(0);
    let heard = hold(&ann, &plan).await;
    assert_eq!(records(&host).remove(ann.id()), Some(vec![plan.record()]));
    host.idle().await;
    for message in &heard {
        let now = ann.rereads(message).expect("it stands there");
        assert!(!now.has_controls(), "{}", now.shown());
    }
    says(&ann.rereads(&heard[1]).expect("it stands there"), "✓ Engineering");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mention_begins_a_thread_that_needs_no_more_mentions() {
    let slack = double().await;
    let host = host(&slack).await;
    let (ann, channel) = (slack.person("Ann"), slack.channel("general"));
    let mention = ann.mentions(&channel, &format!("start {FLOW}")).await;
    let asked = ann.hears().await;
    assert_eq!((asked.channel.as_str(), asked.thread_ts.as_deref()), (channel.as_str(), Some(mention.ts.as_str())));
    ann.chats(&channel, "nothing to do with the bot").await;
    let other = ann.chats(&channel, "a thread of their own").await;
    ann.replies(&other, "still nothing").await;
    ann.replies(&mention, "Ann").await;
    let next = ann.hears().await;
    says(&next, "What will you work on?");
    assert_eq!(next.thread_ts, asked.thread_ts);
    // Their direct messages are another place.
    says(&begin(&ann).await, "What should we call you?");
    ann.replies(&mention, "cancel").await;
    says(&ann.hears().await, "we stop here");
    host.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_german_hears_german() {
    let slack = double().await;
    let host = host(&slack).await;
    let max = slack.person_with("Max", |user| user.locale = "de-AT".to_owned());
    max.says("cancel").await;
    says(&max.hears().await, "Hier läuft kein Gespräch");
    max.says(&format!("start {FLOW}")).await;
    says(&max.hears().await, "`cancel` beendet alles");
    max.says("stop").await;
    let asked = max.hears().await;
    says(&asked, "Wir sind mitten in „Onboarding“. Soll ich das beenden?");
    max.clicks(&asked, "Ja").await;
    says(&max.hears().await, "wir hören hier auf");
    assert!(max.commands("/pesto", "status").await.acked);
    says(&max.hears().await, "Ich antworte in unseren ");
    says(&max.hears().await, "Es läuft kein Gespräch.");
    host.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_may_overtake_the_mention_that_its_thread_begins_with() {
    let slack = double().await;
    let host = host(&slack).await;
    let (ann, channel) = (slack.person("Ann"), slack.channel("general"));
    slack.faults().next_events(&ann, 1, DeliveryFault::Swapped);
    let mention = ann.mentions(&channel, &format!("start {FLOW}")).await;
    ann.replies(&mention, "Ann").await;
    says(&ann.hears().await, "What should we call you?");
    says(&ann.hears().await, "What will you work on?");
    host.idle().await;
    assert_eq!(slack.injected().get("swapped"), Some(&1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thread_below_a_persons_own_message_is_a_place_of_its_own() {
    let slack = double().await;
    let host = host(&slack).await;
    let ann = slack.person("Ann");
    let own = ann.says(&format!("start {FLOW}")).await;
    ann.hears().await;
    ann.says_in(&own, &format!("start {FLOW}")).await;
    let inside = ann.hears().await;
    says(&inside, "What should we call you?");
    assert_eq!(inside.thread_ts.as_deref(), Some(own.ts.as_str()));
    ann.says_in(&own, "Ann").await;
    says(&ann.hears().await, "What will you work on?");
    ann.says("Bob").await;
    let outside = ann.hears().await;
    says(&outside, "What will you work on?");
    assert_eq!(outside.thread_ts, None);
    host.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slash_commands_act_on_direct_messages() {
    let slack = double().await;
    let host = host(&slack).await;
    let ann = slack.person("Ann");
    let start = format!("start {FLOW}");
    let wanted = [
        ("cancel", "There is no conversation"),
        (&start, "What should we call you?"),
        ("status", "We are in the middle of"),
        ("list", FLOW),
        ("cancel", "we stop here"),
    ];
    for (command, answer) in wanted {
        assert!(ann.commands("/pesto", command).await.acked);
        says(&ann.hears().await, "I answer in our ");
        says(&ann.hears().await, answer);
    }
    host.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_clicks_answer_once_and_the_second_says_nothing() {
    let slack = double().await;
    let host = host(&slack).await;
    let ann = slack.person("Ann");
    begin(&ann).await;
    ann.says("Ann").await;
    let role = ann.hears().await;
    let (one, two) = tokio::join!(ann.clicks(&role, "Design"), ann.clicks(&role, "Sales"));
    assert!(one.acked && two.acked);
    let next = ann.hears().await;
    let shown = next.shown();
    assert!(shown.contains("Where can we see your work?") || shown.contains("Which region"), "{shown}");
    host.idle().await;
    assert_eq!(ann.sees().last().map(|last| &last.ts), Some(&next.ts), "{}", ann.story());
    assert!(!ann.rereads(&role).expect("it stands there").has_controls());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_writes_too_much_hears_why_it_is_not_taken() {
    let slack = double().await;
    let host = host(&slack).await;
    let ann = slack.person("Ann");
    begin(&ann).await;
    ann.says(&"long ".repeat(3_000)).await;
    says(&ann.hears().await, "too long");
    ann.says("Ann").await;
    says(&ann.hears().await, "What will you work on?");
    // A mention comes as two events, and is one message.
    let channel = slack.channel("general");
    ann.mentions(&channel, &"long ".repeat(3_000)).await;
    says(&ann.hears().await, "too long");
    ann.mentions(&channel, "status").await;
    says(&ann.hears().await, "There is no");
    host.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_and_texts_inject_no_markup() {
    let slack = double().await;
    let host = host(&slack).await;
    let ann = slack.person("<!channel> *Ann*");
    let hello = begin(&ann).await;
    let sent = serde_json::to_string(&hello.blocks).expect("it is JSON");
    assert!(!sent.contains("<!channel>") && sent.contains("&lt;!channel&gt;"), "{sent}");
    host.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_while_a_turn_runs_is_seen_to_be_heard() {
    let slack = double().await;
    let setup = setup(&slack);
    let mut host = TestHost::start_with(setup, &[("PESTO_FAILPOINT", "store.commit:before@2")]).await;
    slack.has_sockets(2).await;
    let ann = slack.person("Ann");
    begin(&ann).await;
    ann.says("Ann").await;
    host.until("a turn that hangs", |status| status.backlog.running == 1).await;
    let waiting = ann.says("are you there?").await;
    ann.sees_change(&waiting, |message| message.reactions.contains_key("eyes")).await;
    host.kill();
    host.again().await;
    says(&ann.hears().await, "What will you work on?");
    says(&ann.hears().await, "is not among the choices");
    host.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archived_channel_ends_in_a_dead_letter_and_holds_up_nobody() {
    let slack = double().await;
    let mut host = host(&slack).await;
    let (ann, channel) = (slack.person("Ann"), slack.channel("general"));
    let mention = ann.mentions(&channel, &format!("start {FLOW}")).await;
    ann.hears().await;
    slack.faults().next("chat.postMessage", slack_double::Fault::Refused { error: "is_archived".into() });
    ann.replies(&mention, "Ann").await;
    slack.is_called("chat.postMessage", |call| call.error.as_deref() == Some("is_archived")).await;
    host.idle().await;
    let dead = host.dead();
    assert_eq!(dead.len(), 1);
    assert!(dead[0].1.reason.contains("is_archived"), "{dead:?}");
    says(&begin(&ann).await, "What should we call you?");
    host.expect_dead(1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_turn_in_a_thread_shows_what_it_does() {
    let slack = double().await;
    let host = host(&slack).await;
    let (ann, channel) = (slack.person("Ann"), slack.channel("general"));
    let mention = ann.mentions(&channel, &format!("start {FLOW}")).await;
    let plan = Plan::new(0);
    for key in plan.path() {
        let asked = ann.hears().await;
        if key != crate::survey::CLOSING {
            match plan.reply(key) {
                crate::survey::Reply::Say(text) => drop(ann.replies(&mention, &text).await),
                reply => super::answer(&ann, &asked, reply).await,
            }
        }
    }
    let call = slack.is_called("assistant.threads.setStatus", |_| true).await;
    assert!(call.arguments.to_string().contains("last words"), "{call:?}");
    assert_eq!(records(&host).remove(ann.id()), Some(vec![plan.record()]));
    host.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_may_be_for_some_only() {
    let slack = double().await;
    let (ann, bob, cat) = (slack.person("Ann"), slack.person("Bob"), slack.person("Cat"));
    let (group, channel) = (slack.group("people-team", &[&ann]), slack.channel("onboarding"));
    let mut setup = setup(&slack);
    let only = format!("[flow.{FLOW}]\nonly = [\"group:{group}\", \"user:{}\", \"channel:{channel}\"]", bob.id());
    setup.replace(&format!("[flow.{FLOW}]"), &only);
    let host = TestHost::start(setup).await;
    slack.has_sockets(2).await;
    for person in [&ann, &bob] {
        says(&begin(person).await, "What should we call you?");
    }
    says(&begin(&cat).await, "is not open to you here.");
    cat.says("help").await;
    assert!(!cat.hears().await.shown().contains(FLOW));
    cat.mentions(&channel, &format!("start {FLOW}")).await;
    says(&cat.hears().await, "What should we call you?");
    host.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_take_part_is_not_shut_out_while_slack_is_slow() {
    let slack = double().await;
    let (ann, cat) = (slack.person("Ann"), slack.person("Cat"));
    let group = slack.group("people-team", &[&ann]);
    let mut setup = setup(&slack);
    setup.replace(&format!("[flow.{FLOW}]"), &format!("[flow.{FLOW}]\nonly = [\"group:{group}\"]"));
    // Who is in a group is known before anybody writes, and one failure does not change it.
    slack.faults().next("usergroups.users.list", Fault::Slow { ms: 2_000, when: When::After });
    let host = TestHost::start(setup).await;
    slack.has_sockets(2).await;
    says(&begin(&ann).await, "What should we call you?");
    says(&begin(&cat).await, "is not open to you here.");
    host.idle().await;
    assert_eq!(slack.counter("calls.usergroups.users.list"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_ends_the_first_turn_of_a_thread() {
    let slack = double().await;
    let setup = setup(&slack).flow("ask");
    let host = TestHost::start_with(setup, &[("PESTO_FAILPOINT", "llm.complete:before@1")]).await;
    slack.has_sockets(2).await;
    let (ann, bob, channel) = (slack.person("Ann"), slack.person("Bob"), slack.channel("general"));
    let mention = ann.mentions(&channel, "start ask why?").await;
    host.until("a turn that waits for a model", |status| status.turns_waiting == 1).await;
    bob.replies(&mention, "cancel").await;
    slack.is_quiet().await;
    assert_eq!(host.status().turns_waiting, 1, "the turn goes on");
    ann.replies(&mention, "cancel").await;
    says(&ann.hears().await, "Cancelled.");
    host.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn socket_mode_that_is_switched_off_is_told_and_ends_nothing() {
    let slack = double().await;
    let host = host(&slack).await;
    slack.faults().disable_link();
    host.log().text("Socket Mode was switched off").await;
    assert_eq!(host.status().backlog.running, 0, "the host is there for everybody else");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_slack_refuses_ends_the_start_with_a_remedy() {
    let slack = double().await;
    slack.revoke_token();
    let output =
        setup(&slack).pesto(&["run"]).stdin(std::process::Stdio::null()).output().expect("pesto can be started");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains("slack.bot_token_env"), "{error}");
    assert!(!error.contains(&slack.bot_token()), "{error}");
}
