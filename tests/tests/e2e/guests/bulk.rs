//! Components that are small and cost a compiler gigabytes or minutes are refused before they are compiled.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pesto_engine::policy::Bounds;
use pesto_engine::wasm::Sandbox;
use pesto_tests::{bulky, guests};

/// Reading a few megabytes takes a part of it, compiling any of them far more, or more memory than there is.
const QUICK: Duration = Duration::from_secs(5);

#[tokio::test]
async fn what_is_large_for_a_compiler_is_refused_at_once() {
    let sandbox = Sandbox::new(Arc::new(Bounds { instances: 1, ..Bounds::default() })).unwrap();
    let hostile = [
        ("components in each other", bulky::nested(4_000)),
        ("the same, more", bulky::nested(16_000)),
        ("modules beside each other", bulky::crowded(10, 900, true)),
        ("components beside each other", bulky::crowded(10, 900, false)),
        ("the same, more", bulky::crowded(100, 900, true)),
        ("loops with locals", bulky::looping(60_000, 4_900, 0)),
        ("fewer", bulky::looping(5_000, 1_000, 0)),
        ("loops with parameters", bulky::looping(5_000, 0, 900)),
        ("functions", bulky::numerous(100_001)),
        ("the same, more", bulky::numerous(1_000_000)),
        ("blocks in each other", bulky::deep(10_001)),
    ];
    for (what, bytes) in hostile {
        let (size, begun) = (bytes.len(), Instant::now());
        let refused = sandbox.load(bytes).await.err().unwrap();
        assert_eq!(refused.name(), "too-complex", "{what}: {refused}");
        assert!(begun.elapsed() < QUICK, "{what}, {size} bytes: {:?}", begun.elapsed());
    }
}

/// Nothing is refused that a language runtime may have.
#[tokio::test]
async fn what_a_compiler_can_do_is_let_through() {
    let sandbox = Sandbox::new(Arc::new(Bounds { instances: 1, ..Bounds::default() })).unwrap();
    let harmless = [
        ("components in each other", bulky::nested(100)),
        ("modules beside each other", bulky::crowded(2, 200, true)),
        ("loops with locals", bulky::looping(100, 1_000, 10)),
        ("functions", bulky::numerous(40_000)),
        ("blocks in each other", bulky::deep(2_000)),
    ];
    for (what, bytes) in harmless {
        let refused = sandbox.load(bytes).await.err().unwrap();
        assert_eq!(refused.name(), "wrong-world", "{what}: {refused}");
    }
    // As many core instances as a component made from Python has, where there is room for one turn.
    sandbox.load(bulky::with_empty_instances(guests::polite(), 37)).await.unwrap();
}

#[tokio::test]
async fn a_refused_import_names_what_to_do() {
    let sandbox = Sandbox::new(Arc::new(Bounds { instances: 1, ..Bounds::default() })).unwrap();
    let importing = |name: &str| wat::parse_str(format!("(component (import \"{name}\" (instance)))")).unwrap();
    for (name, cure) in [
        ("wasi:http/types@0.2.3", "--disable http"),
        ("wasi:clocks/wall-clock@0.3.0", "build it for WASI 0.2"),
        ("wasi:keyvalue/store@0.2.0", "wasi:clocks"),
    ] {
        let refused = sandbox.load(importing(name)).await.err().unwrap();
        assert_eq!(refused.name(), "unknown-import");
        assert!(refused.to_string().contains(cure), "{refused}");
    }
}
