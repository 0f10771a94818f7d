//! What a turn cannot cost less than: the component, instantiated from a pool and called, and as many bare writes to
//! SQLite as a turn makes, each of as many pages and with the same sync.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use pesto_engine::clock::SystemClock;
use pesto_engine::model::{Beginning, Conversation, Digest, Exchange, Message, Seq, TurnId};
use pesto_engine::ports::{After, Commit, Entry, Store as _};
use pesto_server::store::{EmbeddedStore, FILE};
use rusqlite::{Connection, params};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store, UpdateDeadline};

use super::rig::said;
use super::wasm;

#[allow(missing_docs, unreachable_pub)]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit/since-v0.1",
        world: "flow",
        exports: { default: async },
    });
}

use bindings::pesto::flow::types;
use bindings::{Flow, FlowPre};

/// The least turn.
pub(crate) struct Floor {
    engine: Engine,
    pre: FlowPre<()>,
    conn: Connection,
    /// Pages of the writes of a turn, by step.
    pages: Vec<(&'static str, usize)>,
    state: Vec<u8>,
    count: u8,
}

impl Floor {
    /// A floor that writes in `folder`; `pages` is what a turn writes.
    pub(crate) fn new(component: &[u8], folder: &Path, pages: Vec<(&'static str, usize)>) -> anyhow::Result<Self> {
        // As the sandbox has it, as far as it bears on the time of a call.
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(100).total_memories(100).max_memory_size(64 << 20).max_unused_warm_slots(100);
        let mut config = Config::new();
        config
            .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
            .epoch_interruption(true)
            .cranelift_nan_canonicalization(true)
            .relaxed_simd_deterministic(true)
            .concurrency_support(false);
        let engine = Engine::new(&config).map_err(wasm)?;
        let component = Component::new(&engine, component).map_err(wasm)?;
        let mut linker = Linker::new(&engine);
        linker.define_unknown_imports_as_traps(&component).map_err(wasm)?;
        let pre = linker.instantiate_pre(&component).and_then(FlowPre::new).map_err(wasm)?;
        let conn = connect(&folder.join("floor.db"))?;
        conn.execute_batch("CREATE TABLE bare (no INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT")?;
        let mut floor = Self { engine, pre, conn, pages, state: Vec::new(), count: 0 };
        for no in 0..floor.pages.len() {
            floor.conn.execute("INSERT INTO bare VALUES (?1, ?2)", params![no, floor.bytes(no)])?;
        }
        floor.state = floor.call(None)?;
        Ok(floor)
    }

    /// Does it once.
    pub(crate) fn turn(&mut self) -> anyhow::Result<()> {
        self.count = self.count.wrapping_add(1);
        for no in 0..self.pages.len() {
            let bytes = self.bytes(no);
            // Each is a transaction of its own.
            self.conn.prepare_cached("UPDATE bare SET bytes = ?2 WHERE no = ?1")?.execute(params![no, bytes])?;
        }
        self.call(Some(&self.state)).map(drop)
    }

    /// The guest's part alone.
    pub(crate) fn call(&self, state: Option<&[u8]>) -> anyhow::Result<Vec<u8>> {
        let mut store = Store::new(&self.engine, ());
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(1)));
        let event = match state {
            None => types::Event::Started(types::Started { arguments: "hello".to_owned(), extensions: Vec::new() }),
            Some(_) => {
                types::Event::Said(types::Said { text: "hello".to_owned(), files: Vec::new(), extensions: Vec::new() })
            }
        };
        let guest = async {
            let flow: Flow = self.pre.instantiate_async(&mut store).await?;
            flow.pesto_flow_conversation().call_handle(&mut store, &event, &context(), state).await
        };
        let outcome =
            pollster(guest).map_err(wasm)?.map_err(|failure| anyhow::anyhow!("the flow failed: {}", failure.reason))?;
        Ok(outcome.state)
    }

    /// What fills so many pages: an overflow page takes 4,092 bytes, and the row itself has one more page.
    fn bytes(&self, no: usize) -> Vec<u8> {
        let pages = self.pages.get(no).map_or(1, |(_, pages)| *pages);
        vec![self.count; 200 + pages.saturating_sub(1) * 4_000]
    }
}

/// A guest that makes no calls never waits, but for the epoch's yields.
fn pollster<T>(guest: impl Future<Output = T>) -> T {
    let mut guest = std::pin::pin!(guest);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(done) = guest.as_mut().poll(&mut context) {
            return done;
        }
    }
}

fn context() -> types::TurnContext {
    types::TurnContext {
        turn: "d:T1:U0000@12345".to_owned(),
        conversation: "d:T1:U0000#1".to_owned(),
        place: "d:T1:U0000".to_owned(),
        person: types::Person {
            id: "U0000".to_owned(),
            name: "Ada Lovelace".to_owned(),
            locale: "en-GB".to_owned(),
            time_zone: "Europe/London".to_owned(),
            extensions: Vec::new(),
        },
        now: 1_700_000_000_000,
        seed: 1,
        extensions: Vec::new(),
    }
}

/// As the embedded store opens its file.
fn connect(path: &Path) -> anyhow::Result<Connection> {
    let conn = Connection::open(path)?;
    conn.pragma_update(None, "journal_mode", "wal")?;
    conn.pragma_update(None, "synchronous", "full")?;
    conn.pragma_update(None, "wal_autocheckpoint", 2_000)?;
    Ok(conn)
}

/// How many pages each write of a turn puts into the log: measured on a store of its own, after some turns.
pub(crate) async fn pages(folder: &Path) -> anyhow::Result<Vec<(&'static str, usize)>> {
    let store = EmbeddedStore::open(folder, Arc::new(SystemClock))?;
    let log = Connection::open(folder.join(FILE))?;
    // What was in the log before goes away with the next write after this.
    let written = || log.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(1)).map(drop);
    let size = || anyhow::Ok(std::fs::metadata(folder.join(format!("{FILE}-wal")))?.len().saturating_sub(32));
    let frames = |bytes: u64| usize::try_from(bytes / (4_096 + 24)).unwrap_or(0);
    let mut pages = Vec::new();
    for number in 1..=20 {
        written()?;
        store.accept(said(0, number, "hello")?, Entry::Queue).await?;
        let accept = frames(size()?);
        written()?;
        let claims = store.claim(1, Duration::from_secs(30)).await?;
        let claim = frames(size()?);
        let turn = claims.first().context("an accepted event can be claimed")?;
        written()?;
        store.commit(&turn.fence, commit(turn.seq, &turn.fence.place)?).await?;
        pages = vec![("accept", accept), ("claim", claim), ("commit", frames(size()?))];
        for posting in store.outbox_claim(1, Duration::from_secs(30)).await? {
            store.outbox_sent(&posting, None, None).await?;
        }
    }
    Ok(pages)
}

/// What the benchmark's flow leads to.
fn commit(seq: Seq, place: &pesto_engine::model::Place) -> anyhow::Result<Commit> {
    let text = "Text number 12345: hello".to_owned();
    let conversation = Conversation {
        generation: 1,
        flow: "bench-flow".parse()?,
        digest: Digest::of(b"bench-flow"),
        state: br#"{"texts":12345}"#.to_vec(),
        literal_next: false,
        questions: Vec::new(),
        switch_to: None,
        timers: [].into(),
        began: Beginning { at: 1_700_000_000_000, sent: None, by: "ann".to_owned() },
        last: 1_700_000_000_000,
        tried: Vec::new(),
    };
    let id = TurnId::new(place, seq).message(0);
    let message = Message {
        id,
        place: place.clone(),
        generation: 1,
        key: "1".to_owned(),
        text: text.clone(),
        choices: None,
        form: None,
        closes: None,
    };
    Ok(Commit {
        conversation: After::Open(Box::new(conversation)),
        messages: vec![message],
        exchange: Some(Exchange { said: "hello".to_owned(), answered: text, at: 1_700_000_000_000 }),
        ..Commit::default()
    })
}
