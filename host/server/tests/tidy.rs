//! What the documents say of the code, and what the code says of itself.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(top().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_engine_knows_no_adapter() {
    let manifest: toml::Table = read("host/engine/Cargo.toml").parse().unwrap();
    let adapters =
        ["async-openai", "http", "hyper", "notify", "pesto-server", "redis", "reqwest", "rusqlite", "slack-morphism"];
    for table in ["dependencies", "build-dependencies"] {
        let used = manifest.get(table).and_then(|it| it.as_table()).into_iter().flat_map(|it| it.keys());
        let known: Vec<_> = used.filter(|name| adapters.contains(&name.as_str())).collect();
        assert!(known.is_empty(), "pesto-engine depends on {known:?}: put an adapter into host/server");
    }
}

#[test]
fn the_checker_of_crashes_shares_no_code_with_us() {
    let manifest: toml::Table = read("tests/crash/Cargo.toml").parse().unwrap();
    let used = manifest["dependencies"].as_table().unwrap().keys();
    let ours: Vec<_> = used.filter(|name| name.starts_with("pesto")).collect();
    assert!(ours.is_empty(), "pesto-crash depends on {ours:?}: it would not notice an error of theirs");
}

#[test]
fn the_architecture_is_short_and_its_tests_exist() {
    let text = read("host/ARCHITECTURE.md");
    assert!(text.lines().count() <= 170, "host/ARCHITECTURE.md has {} lines", text.lines().count());
    let mut checked = 0;
    for row in text.lines().filter(|line| line.starts_with("| ") && line.contains("_")) {
        let proofs = row.rsplit('|').find(|cell| !cell.trim().is_empty()).unwrap();
        for proof in proofs.split(';') {
            // `FILE`: test, test
            let Some((file, tests)) = proof.trim().strip_prefix('`').and_then(|it| it.split_once("`: ")) else {
                continue;
            };
            let source = find(file);
            for test in tests.split(", ").map(str::trim).filter(|test| test.contains('_')) {
                assert!(source.contains(test), "host/ARCHITECTURE.md speaks of {test} in {file}, where it is not");
                checked += 1;
            }
        }
    }
    assert!(checked >= 10, "the table of invariants was not understood: {checked} tests found");
}

#[test]
fn the_guides_scenario_is_one() {
    let guide = read("plugins/README.md");
    let scenario = guide.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("guide.yaml");
    fs::write(&file, scenario).unwrap();
    assert_eq!(pesto_server::scenario::Scenario::read(&file).unwrap().steps.len(), 3);
}

#[test]
fn commands_print_in_one_place() {
    let mut folders = vec![top().join("host/server/src/cli"), top().join("host/server/src/build")];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let found = ["println!(", "print!(", "io::stdout().lock()"].into_iter().find(|print| text.contains(print));
            assert_eq!(found, None, "{}: a closed pipe ends it with a panic; print by crate::out", path.display());
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen} sources were found");
}

/// A source below host, or the names and texts in a folder.
fn find(name: &str) -> String {
    let roots = ["host/engine/src", "host/server/src", "host", ""].map(|root| top().join(root).join(name));
    let path = roots.iter().find(|path| path.exists()).unwrap_or_else(|| panic!("there is no {name}"));
    if path.is_file() {
        return fs::read_to_string(path).unwrap();
    }
    fs::read_to_string(path.join("README.md")).unwrap()
}
