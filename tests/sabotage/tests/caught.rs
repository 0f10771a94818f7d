//! Each broken promise is noticed by the checker of the campaign of crashes, which would prove nothing otherwise.

use std::path::PathBuf;

use pesto_crash::campaign;
use pesto_crash::check::check;
use pesto_crash::options::Options;

/// What must be 0 on an honest host, as far as people see it.
const SEEN: &[&str] = &["lost", "reordered", "duplicate_effects", "late_sends_left", "stale_writes"];

/// Small campaigns on hosts that break this promise, with these options beside the usual ones: the checker of one of them
/// shows one of these figures. Whether a broken promise shows hangs on what the faults meet, so there are three.
async fn shows(promise: &str, figures: &[&str], options: &str) {
    let mut seen = Vec::new();
    for seed in 1..=3 {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let host = Some(PathBuf::from(env!("CARGO_BIN_EXE_pesto-sabotaged")));
        let options = Options::of(&format!("{USUAL} {options} --seed {seed}"));
        let options = Options { host, sabotage: Some(promise.to_owned()), ..options };
        let evidence = campaign::run(&options, folder.path()).await.expect("the campaign comes to its end");
        let verdict = check(&evidence);
        println!("{promise}: {:?}\n{:#?}", verdict.figures, verdict.evidence);
        if !verdict.is_good() && figures.iter().any(|figure| verdict.of(figure) > 0.0) {
            return;
        }
        seen.push(verdict.figures);
    }
    panic!("{promise} is broken, and nobody notices: {seen:?}");
}

/// Thirty seconds, and whatever their leases take after that.
const USUAL: &str = "--redis-kills 0 --events 0 --people 20 --seconds 30 --thinking 1000 --patience 100";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_fence() {
    shows("fence", SEEN, "--hosts 3 --kills 1 --stops 4 --people 40").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_dedupe() {
    shows("dedupe", SEEN, "--hosts 2 --kills 8 --stops 0 --hang store.accept:after").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_mark_of_the_outbox() {
    shows("mark", &["duplicate_effects"], "--hosts 2 --kills 8 --stops 0 --hang store.outbox_sent:before").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_journal() {
    shows("journal", &["in_doubt_unreported"], "--hosts 2 --kills 6 --stops 0 --hang store.commit:before").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_atomicity_of_commits() {
    shows("atomicity", SEEN, "--hosts 2 --kills 8 --stops 0 --hang messenger.posted:before").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_order_of_a_place() {
    shows("order", &["reordered"], "--hosts 2 --kills 1 --stops 0").await;
}
