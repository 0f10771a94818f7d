#![allow(clippy::unwrap_used)]

use futures_util::FutureExt as _;

use super::*;

/// What Slack was asked, in words, and what is pending.
struct Scripted {
    asked: Mutex<Vec<String>>,
    refuses: Mutex<Option<ApiError>>,
    pending: Mutex<Pending>,
}

#[async_trait]
impl Hand for Scripted {
    async fn react(&self, channel: &str, ts: &str, emoji: &str) -> Result<(), ApiError> {
        lock(&self.asked).push(format!("+{emoji} {channel}/{ts}"));
        lock(&self.refuses).take().map_or(Ok(()), Err)
    }

    async fn unreact(&self, channel: &str, ts: &str, emoji: &str) -> Result<(), ApiError> {
        lock(&self.asked).push(format!("-{emoji} {channel}/{ts}"));
        lock(&self.refuses).take().map_or(Ok(()), Err)
    }

    async fn status(&self, channel: &str, thread: &str, line: &str) -> Result<(), ApiError> {
        lock(&self.asked).push(format!("{channel}/{thread}: {line}"));
        Ok(())
    }
}

impl Scripted {
    fn signs() -> (Arc<Self>, Signs) {
        let pending = Mutex::new(Pending { events: true, messages: false });
        let scripted = Arc::new(Self { asked: Mutex::default(), refuses: Mutex::default(), pending });
        let signs = Signs::new(scripted.clone(), Handle::current());
        let looks = scripted.clone();
        signs.look(Box::new(move |_| std::future::ready(Some(*lock(&looks.pending))).boxed()));
        (scripted, signs)
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.asked))
    }

    /// What was to be answered is, and the answer is posted.
    fn is_done(&self, signs: &Signs, place: &Place) {
        *lock(&self.pending) = Pending { events: false, messages: true };
        signs.answered(place);
    }
}

fn direct() -> Place {
    Place::direct("T1", "UANN").unwrap()
}

fn at(ts: &str) -> At {
    ("D1".to_owned(), ts.to_owned())
}

fn soon() -> Instant {
    Instant::now() + SOON
}

#[tokio::test(start_paused = true)]
async fn what_takes_its_time_gets_a_sign_that_goes_away_with_the_answer() {
    let (slack, signs) = Scripted::signs();
    signs.expect(&direct(), at("1"), soon());
    sleep(SOON - Duration::from_millis(10)).await;
    assert!(slack.asked().is_empty());
    sleep(Duration::from_millis(20)).await;
    assert_eq!(slack.asked(), ["+eyes D1/1"]);
    sleep(Duration::from_secs(60)).await;
    assert!(slack.asked().is_empty(), "it stands as long as the answer takes");
    slack.is_done(&signs, &direct());
    sleep(Duration::from_millis(10)).await;
    assert_eq!(slack.asked(), ["-eyes D1/1"]);
    assert_eq!(signs.0.room.available_permits(), MOST);
}

#[tokio::test(start_paused = true)]
async fn a_fast_answer_comes_without_a_sign() {
    let (slack, signs) = Scripted::signs();
    signs.expect(&direct(), at("1"), soon());
    sleep(SOON / 2).await;
    slack.is_done(&signs, &direct());
    sleep(LONGEST).await;
    assert!(slack.asked().is_empty());
    // Nobody says that it was posted: another host did, or there is no answer.
    *lock(&slack.pending) = Pending { events: false, messages: false };
    signs.expect(&direct(), at("2"), soon());
    sleep(LONGEST).await;
    assert!(slack.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_waits_behind_keeps_its_sign() {
    let (slack, signs) = Scripted::signs();
    signs.expect(&direct(), at("1"), soon());
    sleep(SOON * 2).await;
    signs.expect(&direct(), at("2"), Instant::now());
    sleep(SOON).await;
    assert_eq!(slack.asked(), ["+eyes D1/1", "+eyes D1/2"]);
    signs.answered(&direct());
    sleep(SOON).await;
    assert_eq!(slack.asked(), ["-eyes D1/1"], "the second is still in the inbox");
    slack.is_done(&signs, &direct());
    sleep(SOON).await;
    assert_eq!(slack.asked(), ["-eyes D1/2"]);
}

#[tokio::test(start_paused = true)]
async fn a_sign_goes_away_though_nobody_here_posts() {
    let (slack, signs) = Scripted::signs();
    signs.expect(&direct(), at("1"), soon());
    sleep(SOON * 2).await;
    *lock(&slack.pending) = Pending { events: false, messages: false };
    sleep(LOOK * 2).await;
    assert_eq!(slack.asked(), ["+eyes D1/1", "-eyes D1/1"]);
    *lock(&slack.pending) = Pending { events: true, messages: false };
    signs.expect(&direct(), at("2"), soon());
    sleep(LONGEST + LOOK * 2).await;
    assert_eq!(slack.asked(), ["+eyes D1/2", "-eyes D1/2"], "nothing stands for ever");
}

#[tokio::test(start_paused = true)]
async fn what_has_to_wait_shows_a_sign_at_once_and_only_one() {
    let (slack, signs) = Scripted::signs();
    signs.show(&direct());
    sleep(SOON).await;
    assert!(slack.asked().is_empty(), "nothing was heard that it could stand on");
    signs.expect(&direct(), at("1"), soon());
    signs.show(&direct());
    signs.say(&direct(), "Thinking …");
    sleep(SOON * 2).await;
    assert_eq!(slack.asked(), ["+eyes D1/1"]);
    *lock(&slack.pending) = Pending { events: false, messages: true };
    signs.answered(&direct());
    sleep(SOON).await;
    signs.show(&direct());
    sleep(Duration::from_millis(1)).await;
    assert_eq!(slack.asked(), ["-eyes D1/1", "+eyes D1/1"], "the next message of the turn has to wait");
    slack.is_done(&signs, &direct());
    sleep(RECENT).await;
    slack.asked();
    signs.show(&direct());
    sleep(SOON).await;
    assert!(slack.asked().is_empty(), "what was heard last is far up");
}

#[tokio::test(start_paused = true)]
async fn a_line_stands_below_a_thread_instead() {
    let (slack, signs) = Scripted::signs();
    let thread: Place = "T1/C1/9.9".to_owned().try_into().unwrap();
    signs.expect(&thread, ("C1".to_owned(), "9.9".to_owned()), soon());
    *lock(&slack.pending) = Pending { events: false, messages: false };
    signs.say(&thread, "Thinking …");
    sleep(REFRESH + SOON).await;
    assert_eq!(slack.asked(), ["C1/9.9: Thinking …", "C1/9.9: Thinking …"], "Slack takes it away after two minutes");
    signs.end_line(&thread);
    sleep(REFRESH * 2).await;
    assert!(slack.asked().is_empty());
    signs.say(&thread, "");
    sleep(REFRESH * 2).await;
    assert_eq!(slack.asked(), ["C1/9.9: "], "once");
}

#[tokio::test(start_paused = true)]
async fn signs_are_bounded_and_try_to_go() {
    let (slack, signs) = Scripted::signs();
    for number in 0..PLACES + 10 {
        let place = Place::direct("T1", &format!("U{number}")).unwrap();
        signs.expect(&place, at(&number.to_string()), soon());
    }
    assert_eq!(lock(&signs.0.heard).len(), PLACES);
    sleep(SOON * 2).await;
    assert_eq!(slack.asked().len(), MOST);
    *lock(&slack.refuses) = Some(ApiError::Limited(Some(Duration::from_secs(7))));
    *lock(&slack.pending) = Pending { events: false, messages: false };
    sleep(LOOK * 3).await;
    assert_eq!(slack.asked().len(), MOST + 1, "one was tried twice");
    assert_eq!(signs.0.room.available_permits(), MOST);
    signs.expect(&direct(), at("1"), soon());
    assert_eq!(lock(&signs.0.heard).len(), 1, "those where no sign stands are forgotten");
}

#[tokio::test(start_paused = true)]
async fn what_slack_refuses_is_not_taken_away() {
    let (slack, signs) = Scripted::signs();
    for error in [ApiError::Refused("already_reacted".to_owned()), ApiError::Limited(None)] {
        *lock(&slack.refuses) = Some(error);
        signs.expect(&direct(), at("1"), soon());
        sleep(LONGEST * 2).await;
        assert_eq!(slack.asked(), ["+eyes D1/1"]);
    }
}
