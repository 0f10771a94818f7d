//! The embedded store under the contract, and what only it can get wrong: its folder, its file, its batches.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pesto_engine::contract::{self, Adapter, Life, Subject};
use pesto_engine::model::{Body, Completion, Digest, EffectId, Inbound, Message, Person, Place};
use pesto_engine::ports::{Commit, Entry, Stage, Store, StoreError};
use pesto_engine::scripted::ManualClock;
use pesto_server::store::{EmbeddedStore, FILE, OpenError};
use rusqlite::Connection;
use tempfile::TempDir;

const LEASE: Duration = Duration::from_secs(30);

struct Embedded;

struct Folder {
    clock: Arc<ManualClock>,
    folder: TempDir,
    store: Option<Arc<EmbeddedStore>>,
}

fn open(folder: &Path, clock: &Arc<ManualClock>) -> Arc<EmbeddedStore> {
    Arc::new(EmbeddedStore::open(folder, clock.clone()).unwrap())
}

#[async_trait]
impl Adapter for Embedded {
    async fn fresh(&self, clock: Arc<ManualClock>) -> Box<dyn Life> {
        let folder = TempDir::new().unwrap();
        let store = Some(open(folder.path(), &clock));
        Box::new(Folder { clock, folder, store })
    }

    fn alone(&self) -> bool {
        true
    }
}

#[async_trait]
impl Life for Folder {
    fn store(&self) -> Arc<dyn Store> {
        self.store.clone().unwrap()
    }

    /// Closing would tidy the files up, so what a dead process leaves is copied while the store is still open.
    async fn crash(&mut self) {
        let left = TempDir::new().unwrap();
        for file in [FILE.to_owned(), format!("{FILE}-wal")] {
            std::fs::copy(self.folder.path().join(&file), left.path().join(&file)).unwrap();
        }
        self.store = None;
        self.store = Some(open(left.path(), &self.clock));
        self.folder = left;
    }
}

#[tokio::test]
async fn the_embedded_store_keeps_the_contract() {
    contract::check(&Embedded).await;
}

#[tokio::test]
async fn it_does_as_the_store_in_memory() {
    for seed in 1..=8 {
        let one = Subject::new(&contract::InMemory::Alone).await;
        let other = Subject::new(&Embedded).await;
        contract::random::agree(seed, 400, one, other).await;
    }
}

fn said(name: &str, id: &str) -> Inbound {
    let person = Person {
        id: name.into(),
        name: String::new(),
        locale: String::new(),
        time_zone: String::new(),
        utc_offset: None,
        groups: Vec::new(),
    };
    let body = Body::Said { text: "hello".into(), files: Vec::new() };
    Inbound { id: id.into(), place: place(name), person, at: 0, sent: None, manner: Default::default(), body }
}

fn place(name: &str) -> Place {
    Place::direct("T1", name).unwrap()
}

fn message(name: &str) -> Message {
    let id = EffectId::stored(format!("T1/{name}@1/m0"));
    Message {
        id,
        place: place(name),
        generation: 0,
        key: String::new(),
        text: "hello".into(),
        choices: None,
        form: None,
        closes: None,
        aim: Default::default(),
    }
}

#[test]
fn a_folder_belongs_to_one() {
    let folder = TempDir::new().unwrap();
    let clock = Arc::new(ManualClock::new(0));
    let store = open(folder.path(), &clock);
    let refused = EmbeddedStore::open(folder.path(), clock.clone()).err().unwrap();
    assert!(matches!(refused, OpenError::InUse(ref path) if path == folder.path()), "{refused}");
    assert!(refused.to_string().contains("choose another folder"));
    drop(store);
    open(folder.path(), &clock);
}

/// All columns and indices, as SQLite knows them.
fn layout(file: &Path) -> BTreeSet<String> {
    let conn = Connection::open(file).unwrap();
    let columns =
        "SELECT t.name || ' ' || c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || coalesce(c.dflt_value, '')
        || ' ' || c.pk FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'
        UNION SELECT coalesce(sql, name) FROM sqlite_schema WHERE type = 'index'";
    let mut all = conn.prepare(columns).unwrap();
    all.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn what_an_older_version_left_is_gone_on_with() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join(FILE);
    Connection::open(&file).unwrap().execute_batch(include_str!("stores/2.sql")).unwrap();
    let clock = Arc::new(ManualClock::new(1_800_000_000_000));
    let store = open(folder.path(), &clock);
    assert_eq!(store.open_conversations().await.unwrap().iter().map(|open| open.conversations).sum::<u64>(), 2);
    let claims = store.claim(10, LEASE).await.unwrap();
    assert_eq!((claims.len(), claims[0].conversation.as_ref().unwrap().questions.len()), (1, 1));
    store.commit(&claims[0].fence, Commit::default()).await.unwrap();
    for _ in 0..2 {
        let posting = store.outbox_claim(10, LEASE).await.unwrap().remove(0);
        store.outbox_sent(&posting, None, Some(0)).await.unwrap();
        let look = store.outbox_claim(1, LEASE).await.unwrap().remove(0);
        assert_eq!(look.stage, Stage::Sent(None));
        store.outbox_sent(&look, None, None).await.unwrap();
    }
    store.fire_timers().await.unwrap();
    assert_eq!(store.claim(10, LEASE).await.unwrap().len(), 1, "its timers ring");
    drop(store);
    drop(open(folder.path(), &clock));

    let fresh = TempDir::new().unwrap();
    drop(open(fresh.path(), &clock));
    assert_eq!(layout(&file), layout(&fresh.path().join(FILE)), "as if it were new");
}

#[test]
fn a_file_of_another_kind_is_refused() {
    let folder = TempDir::new().unwrap();
    let clock = Arc::new(ManualClock::new(0));
    drop(open(&folder.path().join("other"), &clock));
    let other = Connection::open(folder.path().join("other").join(FILE)).unwrap();
    let with_version = |version: i64| {
        other.execute("UPDATE schema SET version = ?1", [version]).unwrap();
        EmbeddedStore::open(&folder.path().join("other"), clock.clone()).err().unwrap()
    };
    let refused = with_version(1_000);
    assert!(matches!(refused, OpenError::Newer { found: 1_000, .. }), "{refused}");
    assert!(refused.to_string().contains("use a newer version of Pesto"));
    let refused = with_version(1);
    assert!(matches!(refused, OpenError::Draft(_)), "{refused}");

    let foreign = Connection::open(folder.path().join(FILE)).unwrap();
    foreign.execute_batch("CREATE TABLE theirs (a)").unwrap();
    let refused = EmbeddedStore::open(folder.path(), clock.clone()).err().unwrap();
    assert!(matches!(refused, OpenError::Foreign(_)), "{refused}");

    std::fs::create_dir(folder.path().join("text")).unwrap();
    std::fs::write(folder.path().join("text").join(FILE), "no database".repeat(1000)).unwrap();
    let refused = EmbeddedStore::open(&folder.path().join("text"), clock.clone()).err().unwrap();
    assert!(matches!(refused, OpenError::Sqlite(..)), "{refused}");

    let refused = EmbeddedStore::open(&folder.path().join(FILE), clock).err().unwrap();
    assert!(matches!(refused, OpenError::Io(..)), "{refused}");
}

#[tokio::test]
async fn what_cannot_be_read_is_named_and_stops_nobody_else() {
    let folder = TempDir::new().unwrap();
    let clock = Arc::new(ManualClock::new(0));
    let store = open(folder.path(), &clock);
    for name in ["ann", "bob"] {
        store.accept(said(name, name), Entry::Queue).await.unwrap();
        store.accept(said(name, &format!("{name} help")), Entry::Answer(vec![message(name)])).await.unwrap();
    }
    let completion = Completion {
        conversation: "T1/cat#1".into(),
        flow: "survey".parse().unwrap(),
        digest: Digest::of(b""),
        person: said("cat", "").person,
        at: 0,
        answers: "{}".into(),
    };
    store.accept(said("cat", "cat"), Entry::Queue).await.unwrap();
    for claim in store.claim(9, LEASE).await.unwrap() {
        let done = Commit { completion: Some(completion.clone()), ..Commit::default() };
        match claim.inbound.id.as_str() {
            "cat" => store.commit(&claim.fence, done).await.unwrap(),
            _ => store.hand_back(&claim.fence).await.unwrap(),
        }
    }
    let rotten = Connection::open(folder.path().join(FILE)).unwrap();
    for sql in [
        "UPDATE inbox SET inbound = '{' WHERE inbound LIKE '%ann%'",
        "UPDATE outbox SET message = '{' WHERE message LIKE '%ann%'",
        "UPDATE completion SET completion = '{\"secret\"'",
        "INSERT INTO conversation SELECT no, 1, 'survey', 'd', '{}', '{}', x'00' FROM place WHERE key = 'T1/ann'",
    ] {
        assert_eq!(rotten.execute(sql, []).unwrap(), 1);
    }

    let claims = store.claim(9, LEASE).await.unwrap();
    assert_eq!(claims.iter().map(|claim| claim.inbound.id.as_str()).collect::<Vec<_>>(), ["bob"]);
    let postings = store.outbox_claim(9, LEASE).await.unwrap();
    assert_eq!(postings.iter().map(|posting| &posting.message).collect::<Vec<_>>(), [&message("bob")]);
    assert_eq!(store.outbox_due().await.unwrap(), Some(30_000), "it is not tried over and over");
    let Err(StoreError::Corrupt(words)) = store.completions(&completion.flow, 0, 9).await else { panic!("it is read") };
    assert!(words.starts_with("completion of `1`:") && !words.contains("secret"), "{words}");
    let Err(StoreError::Corrupt(words)) = store.glance(&place("ann")).await else { panic!("it is read") };
    assert!(words.starts_with("conversation of `T1/ann`:"), "{words}");
}

/// The host's pause is longer than that of a person who looks into the file with a tool of their own.
#[tokio::test]
async fn a_file_that_is_locked_takes_nothing_and_loses_nothing() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path(), &Arc::new(ManualClock::new(0)));
    store.accept(said("ann", "e1"), Entry::Queue).await.unwrap();
    let other = Connection::open(folder.path().join(FILE)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let Err(StoreError::Unavailable(words)) = store.accept(said("ann", "e2"), Entry::Queue).await else { panic!() };
    assert!(words.contains("another program has locked its file"), "{words}");
    assert_eq!(store.backlog().await.unwrap().inbox, 1, "what only looks goes on");
    other.execute_batch("ROLLBACK").unwrap();
    store.accept(said("ann", "e2"), Entry::Queue).await.unwrap();
    assert_eq!(store.backlog().await.unwrap().inbox, 2);
}

#[tokio::test]
async fn a_file_that_is_damaged_is_named_with_a_remedy() {
    let folder = TempDir::new().unwrap();
    let (file, clock) = (folder.path().join(FILE), Arc::new(ManualClock::new(0)));
    let store = open(folder.path(), &clock);
    store.accept(said("ann", "e1"), Entry::Queue).await.unwrap();
    // Closing writes all of it into the one file.
    drop(store);
    let spoil = |table: &str| {
        let conn = Connection::open(&file).unwrap();
        let page = "SELECT rootpage - 1 FROM sqlite_schema WHERE name = ?1";
        let page: u64 = conn.query_row(page, [table], |row| row.get(0)).unwrap();
        let size: u64 = conn.query_row("PRAGMA page_size", [], |row| row.get(0)).unwrap();
        drop(conn);
        let disk = std::fs::File::options().write(true).open(&file).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&disk, &vec![0xff; size.try_into().unwrap()], page * size).unwrap();
    };

    spoil("dead");
    let store = open(folder.path(), &clock);
    let Err(StoreError::Corrupt(words)) = store.dead(0, 9).await else { panic!("it is read") };
    assert!(words.contains("its file is damaged") && words.contains("backup"), "{words}");
    assert_eq!(store.claim(9, LEASE).await.unwrap().len(), 1, "what does not need it goes on");
    drop(store);

    spoil("place");
    let refused = EmbeddedStore::open(folder.path(), clock).err().unwrap();
    assert!(matches!(refused, OpenError::Sqlite(..)), "{refused}");
    let words = refused.to_string();
    assert!(words.contains(&*file.to_string_lossy()) && words.contains("damaged: stop the host"), "{words}");
}
