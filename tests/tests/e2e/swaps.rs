//! Components are swapped under open conversations: each of these shows one version only, and a bad component never
//! replaces a good one.

use std::time::{Duration, Instant};

use pesto_engine::model::Digest;
use pesto_server::admin::{AdminReply, AdminRequest, FlowRow};
use pesto_tests::host::TestHost;
use pesto_tests::person::Person;
use pesto_tests::setup::Setup;
use pesto_tests::{PATIENCE, figure, guests};

pub(crate) const FLOW: &str = "versioned";
const SWAPS: u32 = 20;
/// Conversations that begin on each of the first versions: 216 on 18 versions, the youngest of which span three swaps.
const COHORT: usize = 12;
const COHORTS: u32 = SWAPS - 2;
/// New conversations must be on the new version within this time after its file is there.
const PROMPT: Duration = Duration::from_secs(1);

/// The polite flow with its version in its answers: `07` to any text, `v07!!` to the start.
pub(crate) fn version(number: u32) -> Vec<u8> {
    let mut bytes = guests::polite();
    let answers = b"okready";
    let at = bytes.windows(answers.len()).position(|window| window == answers).unwrap();
    bytes[at..at + answers.len()].copy_from_slice(format!("{number:02}v{number:02}!!").as_bytes());
    bytes
}

/// Somebody whose conversation began on this version, and must stay there.
struct Pinned {
    person: Person,
    version: u32,
}

impl Pinned {
    async fn begin(host: &TestHost, version: u32, number: usize) -> Self {
        let mut person = host.person(&format!("p{version}-{number}"));
        person.start(FLOW);
        assert_eq!(
            person.hear().await.text,
            format!("v{version:02}!!"),
            "a new conversation is on the current version"
        );
        Self { person, version }
    }

    async fn goes_on(&mut self) {
        let version = self.version;
        assert_eq!(
            self.person.answers_to("hello").await,
            [format!("{version:02}")],
            "an open one stays on its version"
        );
    }
}

async fn all_go_on(pinned: &mut Vec<Pinned>) {
    let talks = pinned.drain(..).map(|mut one| {
        tokio::spawn(async move {
            one.goes_on().await;
            one
        })
    });
    for talk in talks.collect::<Vec<_>>() {
        pinned.push(talk.await.unwrap());
    }
}

async fn begin_cohort(host: &TestHost, version: u32, pinned: &mut Vec<Pinned>) {
    for number in 0..COHORT {
        pinned.push(Pinned::begin(host, version, number).await);
    }
}

fn flows(host: &TestHost) -> (Vec<FlowRow>, Vec<(String, String)>) {
    match host.ask(AdminRequest::Flows) {
        AdminReply::Flows { flows, refused, .. } => (flows, refused),
        other => panic!("not flows: {other:?}"),
    }
}

/// Waits until the host says so of its flows, and answers how long that took.
async fn until(host: &TestHost, what: &str, wanted: impl Fn(&[FlowRow], &[(String, String)]) -> bool) -> Duration {
    let asked = Instant::now();
    loop {
        let (flows, refused) = flows(host);
        if wanted(&flows, &refused) {
            return asked.elapsed();
        }
        assert!(asked.elapsed() < PATIENCE, "not in time: {what}; the host has {flows:?} and {refused:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Of the version that new conversations begin on, as operators see it.
fn current(flows: &[FlowRow]) -> Option<&str> {
    flows.iter().find(|flow| flow.current).map(|flow| flow.digest.as_str())
}

/// Each kind of bad component, with the error that it is refused with.
fn bad() -> Vec<(&'static str, Vec<u8>)> {
    let good = version(99);
    let half = good[..good.len() / 2].to_vec();
    vec![
        ("not-wasm", b"not WebAssembly".to_vec()),
        ("not-wasm", half),
        ("not-wasm", Vec::new()),
        ("not-a-component", guests::component("core_module")),
        ("wrong-world", guests::component("wrong_world_version")),
        ("wrong-world", guests::component("no_exports")),
        ("does-not-fit", guests::component("wrong_types")),
        ("too-complex", guests::knotty()),
        ("unknown-import", guests::component("unknown_import")),
        ("describe-trapped", guests::component("describe_traps")),
        ("describe-trapped", guests::component("describe_calls_host")),
        ("cpu-deadline", guests::component("describe_loops")),
        ("bad-description", guests::component("unknown_right")),
        ("too-large", guests::padded(good, 2 << 20)),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_conversations_finish_on_their_version_and_bad_components_replace_nothing() {
    let _alone = crate::MACHINE.lock().await;
    let setup = Setup::new().component(FLOW, &version(0)).canned().table("[limits]\ncomponent_mib = 1\n");
    let mut host = TestHost::start(setup).await;
    let mut pinned = Vec::new();
    begin_cohort(&host, 0, &mut pinned).await;

    let mut slowest = Duration::ZERO;
    for number in 1..=SWAPS {
        let bytes = version(number);
        let new = Digest::of(&bytes);
        host.setup.deploy(FLOW, &bytes);
        let latency = until(&host, "a swap", |flows, _| current(flows) == Some(new.short())).await;
        slowest = slowest.max(latency);
        if number < COHORTS {
            begin_cohort(&host, number, &mut pinned).await;
        }
        // The young ones talk with each swap, and all of them at the end.
        let young = pinned.iter().position(|one| one.version + 3 >= number).unwrap();
        let mut young = pinned.split_off(young);
        all_go_on(&mut young).await;
        pinned.append(&mut young);
    }
    figure(format_args!("swap_latency_max_ms {} ms", slowest.as_millis()));
    assert!(slowest <= PROMPT, "a swap took {slowest:?}");
    assert!(pinned.len() >= 200, "{} conversations", pinned.len());
    all_go_on(&mut pinned).await;

    let file = format!("{FLOW}.wasm");
    let last = Digest::of(&version(SWAPS));
    for (at, (error, bytes)) in bad().into_iter().enumerate() {
        host.setup.deploy(FLOW, &bytes);
        let refused = |refused: &[(String, String)]| {
            refused.iter().any(|(name, why)| *name == file && why.starts_with(&format!("{error}: ")))
        };
        until(&host, error, |_, all| refused(all)).await;
        assert_eq!(current(&flows(&host).0), Some(last.short()), "{error}: the last good one stays");
        pinned.push(Pinned::begin(&host, SWAPS, 1_000 + at).await);
        // The next one may have the same error: it must be told from this one.
        host.setup.deploy(FLOW, &version(SWAPS));
        until(&host, "the good one again", |_, all| all.is_empty()).await;
    }

    // The file is bad when the host comes back: what counts is in the store.
    host.setup.deploy(FLOW, &guests::component("describe_traps"));
    until(&host, "a refusal", |_, all| !all.is_empty()).await;
    host.idle().await;
    host.kill();
    host.again().await;
    assert_eq!(current(&flows(&host).0), Some(last.short()), "the last good one comes from the store");
    pinned.push(Pinned::begin(&host, SWAPS, 2_000).await);
    all_go_on(&mut pinned).await;

    // A folder that is away ends nothing: another one takes its place.
    let (flows_folder, aside) = (host.setup.flows(), host.setup.flows().with_extension("aside"));
    std::fs::rename(&flows_folder, &aside).unwrap();
    host.log().text("all flows stay as they are").await;
    assert_eq!(current(&flows(&host).0), Some(last.short()));
    std::fs::rename(&aside, &flows_folder).unwrap();

    std::fs::remove_file(host.setup.flows().join(&file)).unwrap();
    until(&host, "the removal", |flows, _| current(flows).is_none()).await;
    let mut late = host.person("late");
    let answer = late.answers_to(&format!("start {FLOW}")).await;
    assert!(answer.len() == 1 && answer[0].contains("There is no flow"), "{answer:?}");
    all_go_on(&mut pinned).await;
    host.idle().await;
    host.kill();
    host.again().await;
    assert_eq!(current(&flows(&host).0), None);
    all_go_on(&mut pinned).await;
}
