//! Where the things are that a build made. Each is looked for when it is needed, and a message says what makes it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

const REMEDY: &str = "run `make test`, which builds what the tests need";

/// The root of the repository.
pub fn root() -> PathBuf {
    // The crate's folder has a parent: this repository.
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

/// The `pesto` that was built beside this test. Panics where it is absent, or older than its sources: a test must
/// not pass on what was changed since.
pub fn pesto() -> PathBuf {
    let test = std::env::current_exe().expect("this process has an executable");
    let profile = test.ancestors().find(|folder| folder.join("deps").is_dir());
    let binary = profile.expect("tests run from cargo's target folder").join("pesto");
    let Ok(built) = binary.metadata().and_then(|meta| meta.modified()) else {
        panic!("{} is not there: {REMEDY}", binary.display());
    };
    let changed = ["host/engine/src", "host/server/src"].map(|folder| newest(&root().join(folder)));
    let stale = changed.into_iter().flatten().find(|(changed, _)| *changed > built);
    if let Some((_, source)) = stale {
        panic!("{} is older than {}: {REMEDY}", binary.display(), source.display());
    }
    binary
}

/// The component of a flow of this repository, as `pesto build` left it in `flows/`.
pub fn component(flow: &str) -> PathBuf {
    let file = root().join("flows").join(format!("{flow}.wasm"));
    assert!(file.is_file(), "{} is not there: {REMEDY}", file.display());
    file
}

/// A component of `tests/frozen`.
pub fn frozen(name: &str) -> Vec<u8> {
    let file = root().join("tests/frozen").join(name).with_extension("wasm");
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The names of them all.
pub fn all_frozen() -> BTreeSet<String> {
    let entries = std::fs::read_dir(root().join("tests/frozen")).expect("the folder of frozen components");
    let paths = entries.flatten().map(|entry| entry.path());
    let components = paths.filter(|path| path.extension().is_some_and(|end| end == "wasm"));
    components.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect()
}

/// The Node that `scripts/test-setup` chose: one of its own where the machine's is absent or too old.
pub fn node() -> PathBuf {
    let own = root().join("target/tools/node/bin/node");
    if own.exists() { own } else { PathBuf::from("node") }
}

/// The newest file below a folder, unit tests apart: the command is not built again for them.
fn newest(folder: &Path) -> Option<(SystemTime, PathBuf)> {
    let entries = std::fs::read_dir(folder).ok()?.flatten();
    entries
        .filter(|entry| entry.path().file_stem().is_none_or(|stem| stem != "tests"))
        .filter_map(|entry| {
            let path = entry.path();
            if path.is_dir() { newest(&path) } else { Some((entry.metadata().ok()?.modified().ok()?, path)) }
        })
        .max()
}
