//! From `pesto new` to a component, and what `pesto build` says of one that a host would refuse. By cargo, on the machine's
//! own compiler.

use std::process::{Command, Stdio};

use pesto_tests::files;
use pesto_tests::setup::Setup;

/// A workspace for flows that shares what is compiled of the kit with this repository's.
fn workspace() -> Setup {
    let setup = Setup::new();
    let (top, plugins) = (setup.path(), files::root().join("plugins"));
    let write = |file: &str, text: &str| {
        let path = top.join(file);
        std::fs::create_dir_all(path.parent().expect("a folder"))
            .and_then(|()| std::fs::write(path, text))
            .expect(file);
    };
    write(
        ".cargo/config.toml",
        &format!("[build]\ntarget-dir = {:?}\n[net]\noffline = true\n", plugins.join("target")),
    );
    let manifest = std::fs::read_to_string(plugins.join("Cargo.toml")).expect("the flows' workspace");
    let profile = manifest.split_once("[profile.release]").expect("a profile").1;
    let sdk = plugins.join("sdk");
    write(
        "plugins/Cargo.toml",
        &format!(
            "[workspace]\nresolver = \"3\"\nmembers = [\"base\"]\n[workspace.dependencies]\npesto-sdk = {{ path = {sdk:?} }}\n\
             [profile.release]{profile}"
        ),
    );
    write("plugins/base/Cargo.toml", "[package]\nname = \"base\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
    write("plugins/base/src/lib.rs", "");
    std::fs::copy(plugins.join("Cargo.lock"), top.join("plugins/Cargo.lock")).expect("the flows' lock file");
    setup
}

/// Whether a command in the folder of a setup is content, and what it says.
fn said(command: &mut Command) -> (bool, String) {
    command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS").stdin(Stdio::null());
    let output = command.output().expect("it can be started");
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

fn pesto(setup: &Setup, arguments: &[&str]) -> (bool, String) {
    // `pesto new` knows no configuration.
    let mut command = Command::new(files::pesto());
    command.args(arguments).current_dir(setup.path()).env("PESTO_CONFIG", setup.config()).env("NO_COLOR", "1");
    said(&mut command)
}

fn change(setup: &Setup, file: &str, from: &str, to: &str) {
    let path = setup.path().join(file);
    let text = std::fs::read_to_string(&path).expect(file);
    assert!(text.contains(from), "`{from}` is not in {file}");
    std::fs::write(path, text.replace(from, to)).expect(file);
}

#[test]
fn a_flow_of_each_kind_builds_and_what_a_host_would_refuse_is_not_written() {
    let setup = workspace();
    for arguments in [&["new", "lunch"][..], &["new", "notes", "--flow"], &["new", "visit", "--form"]] {
        let (content, said) = pesto(&setup, arguments);
        assert!(content, "{said}");
    }
    let (content, built) = pesto(&setup, &["build"]);
    assert!(content && built.matches("written to").count() == 3, "{built}");
    let (content, tested) = pesto(&setup, &["test"]);
    assert!(content && tested.contains("3 passed, 0 failed"), "{tested}");
    let mut cargo = Command::new("cargo");
    let (content, unit) = said(cargo.args(["test", "--workspace"]).current_dir(setup.path().join("plugins")));
    assert!(content && unit.matches("1 passed").count() == 3, "{unit}");

    // A survey that is not sound, and a flow that wants what nobody grants.
    let component = || std::fs::read(setup.flows().join("lunch.wasm")).expect("it was built");
    let before = component();
    let survey = "plugins/lunch/src/lib.rs";
    change(&setup, survey, "scale(\"energy\"", "scale(\"week\"");
    change(
        &setup,
        "plugins/notes/src/lib.rs",
        ".trigger(\"notes\")",
        ".trigger(\"status\").asks(pesto_sdk::Right::Llm)",
    );
    let (content, built) = pesto(&setup, &["build"]);
    assert!(!content, "{built}");
    for part in [
        "error: lunch is not written, because the host would refuse it: describe-trapped: describing itself, it panicked at ",
        "the survey is not sound: two questions have the id `week`",
        "notes: ",
        "warning: `notes` asks for the right `llm`, which the configuration does not grant",
        "warning: `status` never begins `notes`",
    ] {
        assert!(built.contains(part), "`{part}` is missing:\n{built}");
    }
    assert_eq!(component(), before, "what was good stays");

    change(&setup, survey, "scale(\"week\"", "scale(\"energy\"");
    change(&setup, survey, ".optional()", ".when(|so_far| so_far.is(\"weeek\", \"Bad\"))");
    let (content, built) = pesto(&setup, &["build", "plugins/lunch"]);
    let misspelt = "question `wish`: its `when` looks at `weeek`, which is the id of no question; before it there are `week`, \
                    `energy`";
    assert!(!content && built.contains(misspelt), "{built}");

    std::fs::remove_dir_all(setup.path().join("plugins/visit")).expect("it was made");
    let (content, built) = pesto(&setup, &["build"]);
    assert!(!content && built.contains("plugins/visit is gone, and ") && built.contains("`members`"), "{built}");
}
