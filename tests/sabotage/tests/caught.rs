//! Each broken promise is noticed by the checker of the campaign of crashes, which would prove nothing otherwise.

use std::path::PathBuf;

use pesto_crash::campaign;
use pesto_crash::check::check;
use pesto_crash::options::Options;

/// A small campaign on hosts that break this promise, with these options beside the usual ones: its checker shows this
/// figure.
async fn shows(promise: &str, figure: &str, options: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let host = Some(PathBuf::from(env!("CARGO_BIN_EXE_pesto-sabotaged")));
    let options = Options { host, sabotage: Some(promise.to_owned()), ..Options::of(&format!("{USUAL} {options}")) };
    let evidence = campaign::run(&options, folder.path()).await.expect("the campaign comes to its end");
    let verdict = check(&evidence);
    println!("{promise}: {:?}\n{:#?}", verdict.figures, verdict.evidence);
    assert!(!verdict.is_good() && verdict.of(figure) > 0.0, "{promise} shows no {figure}: {:?}", verdict.figures);
}

/// Two hosts for twenty seconds, and whatever their leases take after that.
const USUAL: &str = "--hosts 2 --redis-kills 0 --events 0 --people 20 --seconds 20 --thinking 1000 --patience 100";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_fence() {
    shows("fence", "duplicate_effects", "--kills 1 --stops 3").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_dedupe() {
    shows("dedupe", "duplicate_effects", "--kills 6 --stops 0 --hang store.accept:after").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_mark_of_the_outbox() {
    shows("mark", "duplicate_effects", "--kills 6 --stops 0 --hang store.outbox_sent:before").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_journal() {
    shows("journal", "in_doubt_unreported", "--kills 6 --stops 0 --hang store.commit:before").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_atomicity_of_commits() {
    shows("atomicity", "lost", "--kills 8 --stops 0 --hang messenger.posted:before").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_order_of_a_place() {
    shows("order", "reordered", "--kills 1 --stops 0").await;
}
