//! Whom one talks to: conversations where several people are, threads in direct messages, flows that follow one
//! another.

use pesto_server::admin::{AdminReply, AdminRequest};
use pesto_tests::guests;
use pesto_tests::host::TestHost;
use pesto_tests::setup::Setup;
use slack_double::{Fault, Message, Person, SlackDouble};

use super::{answer, double, setup};
use crate::survey::{CLOSING, FLOW, Plan, Reply, records};

async fn host_with(slack: &SlackDouble, setup: Setup) -> TestHost {
    let host = TestHost::start(setup).await;
    slack.has_sockets(2).await;
    host
}

async fn host(slack: &SlackDouble) -> TestHost {
    host_with(slack, setup(slack)).await
}

/// With the default flow of the example.
async fn with_ask(slack: &SlackDouble) -> TestHost {
    let setup = setup(slack).flow("ask").flow("feedback").line("default_flow = \"ask\"");
    host_with(slack, setup).await
}

#[track_caller]
fn says(message: &Message, words: &str) {
    assert!(message.shown().contains(words), "`{words}` is not in: {}", message.shown());
}

/// What only this person sees, whatever all see before.
async fn is_told(person: &Person, words: &str) {
    loop {
        let told = person.hears().await;
        if told.only_for.is_some() {
            return says(&told, words);
        }
    }
}

/// What the bot said to all in a channel.
fn public(slack: &SlackDouble, channel: &str) -> Vec<String> {
    let of_bot = |message: &Message| message.bot_id.is_some() && message.only_for.is_none();
    slack.messages(channel).iter().filter(|message| of_bot(message)).map(Message::shown).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_channel_a_survey_is_its_starters() {
    let slack = double().await;
    let host = host(&slack).await;
    let (xia, yan, zoe) = (slack.person("Xia"), slack.person("Yan"), slack.person("Zoe"));
    let channel = slack.private_channel("team", &[&xia, &yan, &zoe]);
    let mention = xia.mentions(&channel, &format!("start {FLOW}")).await;
    let plan = Plan::new(0);
    for key in plan.path() {
        let asked = xia.hears().await;
        if key == CLOSING {
            break;
        }
        // The others talk, command and click.
        yan.replies(&mention, "haha nice name").await;
        zoe.replies(&mention, "cancel").await;
        zoe.replies(&mention, "submit").await;
        if key == "role" {
            assert!(yan.clicks(&asked, "Sales").await.acked);
            is_told(&yan, "This is Xia's conversation").await;
            zoe.mentions_in(&mention, "restart").await;
            is_told(&zoe, "This is Xia's conversation").await;
        }
        slack.is_quiet().await;
        match plan.reply(key) {
            Reply::Say(text) => drop(xia.replies(&mention, &text).await),
            reply => answer(&xia, &asked, reply).await,
        }
    }
    host.idle().await;
    assert_eq!(records(&host), [(xia.id().to_owned(), vec![plan.record()])].into());
    assert_eq!(public(&slack, &channel).len(), plan.path().len(), "the others were not answered before all");
    // When it is over, the thread is free.
    zoe.mentions_in(&mention, &format!("start {FLOW}")).await;
    while !zoe.hears().await.shown().contains("What should we call you?") {}
    host.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_may_hear_everybody_and_its_record_is_the_starters() {
    let slack = double().await;
    let host = host_with(&slack, setup(&slack).component("quorum", &guests::version("quorum"))).await;
    let (xia, yan) = (slack.person("Xia"), slack.person("Yan"));
    let channel = slack.private_channel("team", &[&xia, &yan]);
    let mention = xia.mentions(&channel, "start quorum").await;
    says(&xia.hears().await, "Well?");
    for (person, text) in [(&xia, "yes"), (&yan, "no")] {
        person.replies(&mention, text).await;
        says(&xia.hears().await, text);
    }
    yan.replies(&mention, "done").await;
    slack.is_quiet().await;
    host.idle().await;
    let reply = host.ask(AdminRequest::Answers { flow: "quorum".parse().expect("a name"), after: 0 });
    let AdminReply::Answers { page } = reply else { panic!("not answers: {reply:?}") };
    let rows: Vec<_> = page.iter().map(|(_, row)| (row.person.id.as_str(), row.answers.as_str())).collect();
    assert_eq!(rows, [(xia.id(), r#"{"said":["Xia: yes","Yan: no"]}"#)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_default_flow_is_never_in_the_middle() {
    let slack = double().await;
    let host = with_ask(&slack).await;
    let ann = slack.person("Ann");
    for (text, wanted) in [
        ("hi", "You asked: hi"),
        ("start feedbak", "There is no flow feedbak. Did you mean start feedback?"),
        ("onboard me", "What should we call you?"),
        ("cancel", "we stop here"),
        ("start surveys", "There is no flow surveys"),
        ("hi again", "You asked: hi again"),
        ("start onboarding", "What should we call you?"),
        ("start feedback", "Shall I end it and start Feedback?"),
        ("yes", "we stop here"),
    ] {
        ann.says(text).await;
        let heard = ann.hears().await.shown().replace('`', "");
        assert!(heard.contains(wanted), "{text}: {heard}");
    }
    assert!(ann.hears().await.has_controls(), "the form's button");
    host.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_channel_a_default_flow_hears_its_starter_and_mentions() {
    let slack = double().await;
    let host = with_ask(&slack).await;
    let (xia, yan) = (slack.person("Xia"), slack.person("Yan"));
    let channel = slack.private_channel("team", &[&xia, &yan]);
    let mention = xia.mentions(&channel, "what is new?").await;
    says(&xia.hears().await, "You asked: what is new?");
    yan.replies(&mention, ":joy:").await;
    xia.replies_markup(&mention, &format!("<@{}> did you see the mail?", yan.id())).await;
    yan.replies(&mention, "ok bye").await;
    xia.replies(&mention, "and what else?").await;
    says(&xia.hears().await, "You asked: and what else?");
    yan.mentions_in(&mention, "and then?").await;
    says(&xia.hears().await, "You asked: and then?");
    yan.mentions_in(&mention, "start feedback").await;
    while yan.hears().await.only_for.is_none() {}
    host.idle().await;
    assert_eq!(public(&slack, &channel).len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_in_the_thread_of_a_question_is_an_answer() {
    let slack = double().await;
    let host = with_ask(&slack).await;
    let ann = slack.person("Ann");
    ann.says("hi").await;
    let former = ann.hears().await;
    ann.says(&format!("start {FLOW}")).await;
    let asked = ann.hears().await;
    says(&asked, "What should we call you?");
    ann.says_in(&asked, "Ann").await;
    let role = ann.hears().await;
    says(&role, "What will you work on?");
    assert_eq!(role.thread_ts.as_deref(), Some(asked.ts.as_str()), "it is answered where it was said");
    ann.clicks(&role, "Other").await;
    let job = ann.hears().await;
    says(&job, "What is your job called?");
    assert_eq!(job.thread_ts, role.thread_ts);
    assert!(!ann.sees_change(&role, |role| !role.has_controls()).await.has_controls());
    ann.says("Cook").await;
    let next = ann.hears().await;
    says(&next, "Where will you work?");
    assert_eq!(next.thread_ts, None);
    ann.says_in(&asked, "cancel").await;
    says(&ann.hears().await, "we stop here");
    // Nothing is open there any more: what is said in a thread is its own.
    ann.says_in(&former, "and you?").await;
    let other = ann.hears().await;
    says(&other, "You asked: and you?");
    assert_eq!(other.thread_ts.as_deref(), Some(former.ts.as_str()));
    host.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_on_what_is_over_gets_a_word_that_does_not_last() {
    let slack = double().await;
    let host = host(&slack).await;
    let ann = slack.person("Ann");
    ann.says(&format!("start {FLOW}")).await;
    ann.hears().await;
    ann.says("Ann").await;
    let role = ann.hears().await;
    // She wrote it, and what takes the buttons away is refused, so that she can click as well.
    slack.faults().next("chat.update", Fault::Refused { error: "cant_update_message".into() });
    ann.says("Sales").await;
    says(&ann.hears().await, "Which region");
    assert!(ann.clicks(&role, "Design").await.acked);
    is_told(&ann, "That question is no longer open.").await;
    host.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_of_the_last_words_is_heeded_and_of_others_it_is_told() {
    let slack = double().await;
    let host = host(&slack).await;
    let (ann, bob) = (slack.person("Ann"), slack.person("Bob"));
    ann.says(&format!("start {FLOW}")).await;
    ann.hears().await;
    let name = ann.says("Cid").await;
    ann.hears().await;
    ann.edits(&name, "Sidney").await;
    says(&ann.hears().await, "What will you work on?");
    ann.says("back").await;
    says(&ann.hears().await, "Your answer so far: Sidney.");
    ann.edits(&name, "Sid").await;
    is_told(&ann, "That edit came too late for me").await;
    // In a channel only who began it.
    let channel = slack.private_channel("team", &[&ann, &bob]);
    let mention = ann.mentions(&channel, &format!("start {FLOW}")).await;
    ann.hears().await;
    let (first, remark) = (ann.replies(&mention, "Cid").await, bob.replies(&mention, "ha").await);
    ann.hears().await;
    bob.edits(&remark, "haha").await;
    ann.edits(&first, "Sidney").await;
    says(&ann.hears().await, "What will you work on?");
    host.idle().await;
    slack.is_quiet().await;
    assert!(bob.sees_in(&channel).iter().all(|message| message.only_for.is_none()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mentions_are_read_by_name() {
    let slack = double().await;
    let host = with_ask(&slack).await;
    let (ann, bob) = (slack.person("Ann"), slack.person("Bob"));
    let us = slack.bot_user();
    ann.says_markup(&format!("What does <@{}> do, <@{us}>? Ask <@U0NOBODY>.", bob.id())).await;
    says(&ann.hears().await, "You asked: What does @Bob do, @pesto? Ask @U0NOBODY.");
    host.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_may_be_for_members() {
    let slack = double().await;
    let ann = slack.person("Ann");
    let guest = slack.person_with("Gus", |user| user.is_guest = true);
    let mut setup = setup(&slack);
    setup.replace(&format!("[flow.{FLOW}]"), &format!("[flow.{FLOW}]\nonly = [\"members\"]"));
    let host = host_with(&slack, setup).await;
    ann.says(&format!("start {FLOW}")).await;
    says(&ann.hears().await, "What should we call you?");
    guest.says(&format!("start {FLOW}")).await;
    says(&guest.hears().await, "is not open to you here.");
    // Whoever talks on this machine is one.
    let mut ada = host.person("ada");
    ada.start(FLOW);
    assert!(ada.hear().await.text.contains("What should we call you?"));
    host.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slash_commands_start_by_name_and_trigger_and_lead_to_the_direct_messages() {
    let slack = double().await;
    let setup = setup(&slack).flow("feedback");
    let host = host_with(&slack, setup).await;
    let (ann, channel) = (slack.person("Ann"), slack.channel("general"));
    ann.chats(&channel, "hello").await;
    for (command, wanted) in [
        ("onboard me", "What should we call you?"),
        ("stop", "we stop here"),
        ("feedback", "How"),
        ("cancel please", "Nothing was recorded"),
        ("feedbak", "Did you mean"),
    ] {
        assert!(ann.commands_in(&channel, "/pesto", command).await.acked);
        let ack = ann.hears().await;
        assert_eq!((ack.channel.as_str(), ack.only_for.as_deref()), (channel.as_str(), Some(ann.id())));
        assert!(ack.text.contains(&format!("<slack://app?team={}&amp;id=", slack.team())), "{}", ack.text);
        let answer = ann.hears().await;
        assert_eq!(answer.channel, ann.direct());
        assert!(answer.shown().contains(wanted) || answer.has_controls(), "{command}: {}", answer.shown());
    }
    host.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_group_direct_messages_a_mention_begins_and_typed_answers_come() {
    let slack = double().await;
    let host = host(&slack).await;
    let (ann, bob) = (slack.person("Ann"), slack.person("Bob"));
    let group = slack.group_direct(&[&ann, &bob]);
    bob.chats(&group, "lunch?").await;
    let mention = ann.mentions(&group, &format!("start {FLOW}")).await;
    says(&ann.hears().await, "What should we call you?");
    bob.replies(&mention, "not me").await;
    ann.replies(&mention, "Ann").await;
    says(&ann.hears().await, "What will you work on?");
    host.idle().await;
    assert_eq!(public(&slack, &group).len(), 2);
}
