//! Each broken promise is noticed by the checker of the campaign of crashes, which would prove nothing otherwise.

use std::path::PathBuf;

use pesto_crash::campaign;
use pesto_crash::check::{Verdict, check};
use pesto_crash::options::Options;

/// A small campaign on hosts that break this promise.
async fn broken(promise: &str) -> Verdict {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let host = Some(PathBuf::from(env!("CARGO_BIN_EXE_pesto-sabotaged")));
    let sabotage = Some(promise.to_owned());
    let options = Options { host, sabotage, ..Options::small() };
    let evidence = campaign::run(&options, folder.path()).await.expect("the campaign comes to its end");
    let verdict = check(&evidence);
    println!("{promise}: {:?}\n{:#?}", verdict.figures, verdict.evidence);
    verdict
}

/// The figure that a broken promise must show in.
async fn shows(promise: &str, figure: &str) {
    let verdict = broken(promise).await;
    assert!(!verdict.is_good() && verdict.of(figure) > 0.0, "{promise} shows no {figure}: {:?}", verdict.figures);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_broken_promise_is_noticed() {
    let promises = [
        ("fence", "duplicate_effects"),
        ("dedupe", "duplicate_effects"),
        ("mark", "duplicate_effects"),
        ("journal", "in_doubt_unreported"),
        ("atomicity", "lost"),
        ("order", "reordered"),
    ];
    // They wait for leases most of the time, and can do that together.
    let all = promises.map(|(promise, figure)| tokio::spawn(shows(promise, figure)));
    let mut unseen = Vec::new();
    for (shown, (promise, _)) in all.into_iter().zip(promises) {
        if let Err(error) = shown.await {
            unseen.push(format!("{promise}: {error}"));
        }
    }
    assert!(unseen.is_empty(), "{unseen:#?}");
}
