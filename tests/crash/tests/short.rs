//! A short campaign of each kind of fault.

use std::process::Command;

/// As many as fit into two minutes.
const ASKED: [(&str, &str); 7] = [
    ("--hosts", "3"),
    ("--kills", "10"),
    ("--redis-kills", "1"),
    ("--stops", "2"),
    ("--events", "300"),
    ("--people", "40"),
    ("--seconds", "40"),
];

#[test]
fn people_notice_nothing_of_a_short_campaign() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pesto-crash"));
    let output =
        command.args(ASKED.iter().flat_map(|(name, value)| [name, value])).output().expect("it can be started");
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let figure = |name: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(&format!("figure {name} ")));
        let value = line.and_then(|rest| rest.split(' ').next()?.parse::<f64>().ok());
        value.unwrap_or_else(|| panic!("no figure {name}:\n{said}{errors}"))
    };
    println!("{said}");
    for name in ["lost", "reordered", "duplicate_effects", "late_sends_left", "stale_writes", "in_doubt_unreported"] {
        assert_eq!(figure(name), 0.0, "{name}:\n{said}");
    }
    for (name, least) in
        [("accepted", 300.0), ("conversations", 40.0), ("kills", 10.0), ("redis_kills", 1.0), ("stops_past_lease", 2.0)]
    {
        assert!(figure(name) >= least, "too few of {name}:\n{said}");
    }
    assert!(figure("kills_in_flight") >= 0.5 * figure("kills"), "the kills met too little:\n{said}");
}
