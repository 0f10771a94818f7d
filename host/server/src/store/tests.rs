//! What the contract cannot see: batches, and a disk that fails.
#![allow(clippy::unwrap_used)]

use std::sync::mpsc::{Sender, channel};

use pesto_engine::model::{Body, Inbound, Person, Place};
use pesto_engine::scripted::ManualClock;
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::db::{Db, Done};
use super::*;

fn said(id: &str, text: &str) -> Inbound {
    let person = Person {
        id: "ann".into(),
        name: String::new(),
        locale: String::new(),
        time_zone: String::new(),
        utc_offset: None,
        groups: Vec::new(),
    };
    let body = Body::Said { text: text.into(), files: Vec::new() };
    Inbound {
        id: id.into(),
        place: Place::direct("T1", "ann").unwrap(),
        person,
        at: 0,
        sent: None,
        manner: Default::default(),
        body,
    }
}

fn fresh() -> (TempDir, Arc<EmbeddedStore>) {
    let folder = TempDir::new().unwrap();
    let store = EmbeddedStore::open(folder.path(), Arc::new(ManualClock::new(1_000))).unwrap();
    (folder, Arc::new(store))
}

/// Runs on the store's thread, as operations do.
fn call<T: Send + 'static>(
    store: &Arc<EmbeddedStore>,
    op: impl FnOnce(&Db) -> Done<T> + Send + 'static,
) -> tokio::task::JoinHandle<Result<T, StoreError>> {
    let store = store.clone();
    tokio::spawn(async move { store.writer.call(op).await })
}

fn accept(store: &Arc<EmbeddedStore>, id: &'static str) -> tokio::task::JoinHandle<Result<Accepted, StoreError>> {
    let store = store.clone();
    tokio::spawn(async move { store.accept(said(id, ""), Entry::Queue).await })
}

/// Keeps the store's thread busy, so that what comes meanwhile becomes one batch, in order.
async fn hold(store: &Arc<EmbeddedStore>) -> Sender<()> {
    let (go, wait) = channel();
    let (begun, begins) = oneshot::channel();
    call(store, move |_| {
        begun.send(()).unwrap();
        wait.recv().unwrap();
        Ok(())
    });
    begins.await.unwrap();
    go
}

/// Lets what was spawned send its operation; the test's runtime has one thread.
async fn sent() {
    tokio::task::yield_now().await;
}

#[tokio::test]
async fn a_batch_becomes_durable_at_once() {
    let (folder, store) = fresh();
    let go = hold(&store).await;
    let first = accept(&store, "e1");
    sent().await;
    let path = folder.path().join(FILE);
    let seen = call(&store, move |db| {
        let count = "SELECT count(*) FROM inbox";
        let inside: i64 = db.row(count, [], |row| row.get(0))?.unwrap();
        let outside: i64 = rusqlite::Connection::open(path)?.query_row(count, [], |row| row.get(0))?;
        Ok((inside, outside))
    });
    sent().await;
    assert!(!first.is_finished());
    go.send(()).unwrap();
    assert_eq!(seen.await.unwrap(), Ok((1, 0)), "the second one runs before the first one is committed");
    assert!(matches!(first.await.unwrap(), Ok(Accepted::New(Some(_)))));
}

#[tokio::test]
async fn a_failing_operation_is_undone_alone() {
    let (_folder, store) = fresh();
    let go = hold(&store).await;
    let before = accept(&store, "e1");
    sent().await;
    let fails = call(&store, |db| {
        db.run("INSERT INTO seen (id, at) VALUES ('e2', 0)", [])?;
        Err::<(), _>(StoreError::Stale.into())
    });
    sent().await;
    let after = accept(&store, "e2");
    sent().await;
    go.send(()).unwrap();
    assert!(matches!(before.await.unwrap(), Ok(Accepted::New(Some(_)))));
    assert_eq!(fails.await.unwrap(), Err(StoreError::Stale));
    assert!(matches!(after.await.unwrap(), Ok(Accepted::New(Some(_)))), "what failed left nothing");
    assert_eq!(store.backlog().await.unwrap().inbox, 2);
}

#[tokio::test]
async fn an_operation_that_fails_alone_leaves_nothing() {
    let (_folder, store) = fresh();
    let fails = call(&store, |db| {
        db.run("INSERT INTO seen (id, at) VALUES ('e1', 0)", [])?;
        Err::<(), _>(StoreError::Stale.into())
    });
    assert_eq!(fails.await.unwrap(), Err(StoreError::Stale));
    assert!(matches!(store.accept(said("e1", ""), Entry::Queue).await, Ok(Accepted::New(Some(_)))));
}

#[tokio::test]
async fn a_commit_that_fails_loses_the_whole_batch() {
    let (_folder, store) = fresh();
    let go = hold(&store).await;
    let innocent = accept(&store, "e1");
    sent().await;
    let culprit = call(&store, |db| {
        db.conn.execute_batch("PRAGMA defer_foreign_keys = on")?;
        db.run("INSERT INTO inbox (place, sent, number, step, hold, inbound) VALUES (99, 0, 1, 0, 0, '')", [])
    });
    sent().await;
    go.send(()).unwrap();
    assert!(matches!(innocent.await.unwrap(), Err(StoreError::Unavailable(words)) if words.contains("FOREIGN KEY")));
    assert!(matches!(culprit.await.unwrap(), Err(StoreError::Unavailable(_))));
    assert_eq!(store.backlog().await.unwrap().inbox, 0);
    assert!(matches!(store.accept(said("e1", ""), Entry::Queue).await, Ok(Accepted::New(Some(_)))), "it goes on");
}

#[tokio::test]
async fn a_full_disk_is_told_and_survived() {
    let (_folder, store) = fresh();
    let limit = |pages: i64| {
        call(&store, move |db| {
            Ok(db.conn.pragma_update_and_check(None, "max_page_count", pages, |row| row.get::<_, i64>(0))?)
        })
    };
    limit(1).await.unwrap().unwrap();
    let large = || store.accept(said("e1", &"x".repeat(1 << 20)), Entry::Queue);
    let error = large().await.unwrap_err();
    assert!(matches!(&error, StoreError::Unavailable(words) if words.contains("full")), "{error}");
    assert_eq!(store.backlog().await.unwrap().inbox, 0);
    limit(1 << 20).await.unwrap().unwrap();
    assert!(matches!(large().await, Ok(Accepted::New(Some(_)))));
}

#[tokio::test]
async fn what_was_asked_is_done_though_nobody_waits() {
    let (folder, store) = fresh();
    let go = hold(&store).await;
    let dropped = accept(&store, "e1");
    sent().await;
    dropped.abort();
    go.send(()).unwrap();
    assert!(dropped.await.unwrap_err().is_cancelled());
    // Whoever held the thread has a handle, too, until it hears its answer.
    while Arc::strong_count(&store) > 1 {
        tokio::task::yield_now().await;
    }
    drop(store);
    let store = EmbeddedStore::open(folder.path(), Arc::new(ManualClock::new(1_000))).unwrap();
    assert_eq!(store.backlog().await.unwrap().inbox, 1);
}

#[tokio::test]
async fn a_file_that_was_removed_takes_nothing_more() {
    let (folder, store) = fresh();
    assert!(matches!(store.accept(said("e1", ""), Entry::Queue).await, Ok(Accepted::New(Some(_)))));
    let (path, aside) = (folder.path().join(FILE), folder.path().join("aside"));
    std::fs::rename(&path, &aside).unwrap();
    let gone = store.accept(said("e2", ""), Entry::Queue).await.unwrap_err();
    assert!(matches!(&gone, StoreError::Unavailable(words) if words.contains("removed or replaced")), "{gone}");
    std::fs::write(&path, "another").unwrap();
    assert!(store.accept(said("e2", ""), Entry::Queue).await.is_err());
    std::fs::rename(&aside, &path).unwrap();
    assert!(matches!(store.accept(said("e2", ""), Entry::Queue).await, Ok(Accepted::New(Some(_)))), "it is back");
}

#[tokio::test]
async fn what_is_thrown_away_gives_its_room_back() {
    let (_folder, store) = fresh();
    let pages = || call(&store, |db| Ok(db.row("PRAGMA page_count", [], |row| row.get::<_, i64>(0))?.unwrap()));
    for number in 0..32 {
        store.accept(said(&format!("e{number}"), &"x".repeat(1 << 20)), Entry::Queue).await.unwrap();
    }
    let full = pages().await.unwrap().unwrap();
    assert!(full > 8_000, "{full}");
    store.clear(&Place::direct("T1", "ann").unwrap()).await.unwrap();
    store.sweep(&[]).await.unwrap();
    let left = pages().await.unwrap().unwrap();
    assert!(left < 2_200, "{left} pages of {full} are left");
    assert!(matches!(store.accept(said("new", ""), Entry::Queue).await, Ok(Accepted::New(Some(_)))));
}

#[test]
fn nobody_else_can_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let top = TempDir::new().unwrap();
    let folder = top.path().join("data");
    let _store = EmbeddedStore::open(&folder, Arc::new(ManualClock::new(1_000))).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 3, "the file, its log and the lock: {files:?}");
    assert!(files.iter().all(|file| mode(file) == 0o600), "{files:?}");
}
