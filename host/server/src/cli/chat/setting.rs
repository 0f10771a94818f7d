//! Language and time zone of whoever sits at this terminal, as their machine is set.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pesto_engine::local;

/// Where the names of zones begin in paths to their rules.
const ZONES: &str = "zoneinfo/";

/// What `--time-zone` takes.
pub(super) fn zone(name: &str) -> Result<String, String> {
    match local::is_zone(name) {
        true => Ok(name.to_owned()),
        false => Err("no such time zone is known; give one such as Europe/Rome or UTC".to_owned()),
    }
}

/// What `--locale` takes.
pub(super) fn tag(tag: &str) -> Result<String, String> {
    let mut parts = tag.split('-');
    let language = parts.next().is_some_and(|part| (2..=8).contains(&part.len()));
    let good = language && parts.all(|part| (1..=8).contains(&part.len()));
    match good && tag.len() <= 40 && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        true => Ok(tag.to_owned()),
        false => Err("a language is written as en, en-GB or pt-BR".to_owned()),
    }
}

/// The zone of this machine, or empty if it is not known.
pub(super) fn own_zone() -> String {
    let timezone = || std::fs::read_to_string("/etc/timezone").ok();
    own_zone_of(std::env::var("TZ").ok(), Path::new("/etc/localtime"), timezone)
}

/// `variable` is `TZ`. A machine without any of the three has its clocks in UTC.
fn own_zone_of(variable: Option<String>, localtime: &Path, timezone: impl FnOnce() -> Option<String>) -> String {
    let name = match variable {
        Some(text) if text.is_empty() => Some("UTC".to_owned()),
        Some(text) => Some(named(text.strip_prefix(':').unwrap_or(&text))),
        None => {
            let link = std::fs::read_link(localtime).ok().as_ref().map(|to: &PathBuf| named(&to.to_string_lossy()));
            let there = std::fs::symlink_metadata(localtime).is_ok();
            link.or_else(timezone).or_else(|| (!there).then(|| "UTC".to_owned()))
        }
    };
    name.map(|name| name.trim().to_owned()).filter(|name| local::is_zone(name)).unwrap_or_default()
}

/// The zone that a path to its rules names, or that a text is.
fn named(text: &str) -> String {
    let name = text.rsplit_once(ZONES).map_or(text, |(_, name)| name);
    name.strip_prefix("posix/").unwrap_or(name).to_owned()
}

/// The language of this machine, or empty if it has none.
pub(super) fn own_locale() -> String {
    own_locale_of(["LC_ALL", "LC_MESSAGES", "LANG"].map(|name| std::env::var(name).ok()))
}

/// The first variable that is set decides, as for other programs.
fn own_locale_of(variables: [Option<String>; 3]) -> String {
    let set = variables.into_iter().flatten().find(|value| !value.is_empty()).unwrap_or_default();
    let name = set.split(['.', '@']).next().unwrap_or_default();
    // `C` and `POSIX` are no language.
    if name == "POSIX" { String::new() } else { tag(&name.replace('_', "-")).unwrap_or_default() }
}

/// What clocks of this zone show, as if it were UTC; clocks in UTC where the zone is not known.
pub(super) fn seen_in(zone: &str, now: SystemTime) -> SystemTime {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let offset = u64::try_from(since.as_millis()).ok().and_then(|at| local::zone_offset(zone, at)).unwrap_or_default();
    let shift = Duration::from_secs(offset.unsigned_abs().into());
    let seen = if offset < 0 { now.checked_sub(shift) } else { now.checked_add(shift) };
    seen.unwrap_or(now)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_machines_zone_is_found_as_other_programs_find_it() {
        let folder = tempfile::tempdir().unwrap();
        let none = folder.path().join("none");
        let link = |to: &str| {
            let link = folder.path().join(to.replace('/', "-"));
            std::os::unix::fs::symlink(to, &link).unwrap();
            link
        };
        let zone = |variable: Option<&str>, localtime: &Path, timezone: Option<&str>| {
            own_zone_of(variable.map(str::to_owned), localtime, || timezone.map(str::to_owned))
        };
        let rome = link("../usr/share/zoneinfo/Europe/Rome");
        let copied = folder.path().join("copied");
        std::fs::write(&copied, "TZif").unwrap();
        assert_eq!(zone(Some("Asia/Tokyo"), &rome, None), "Asia/Tokyo");
        assert_eq!(zone(Some(":Asia/Tokyo"), &rome, None), "Asia/Tokyo");
        assert_eq!(zone(Some(":/usr/share/zoneinfo/posix/Asia/Tokyo"), &rome, None), "Asia/Tokyo");
        assert_eq!(zone(Some(""), &rome, None), "UTC");
        assert_eq!(zone(Some("JST-9"), &rome, None), "", "it says another zone than the file, and not which");
        assert_eq!(zone(None, &rome, Some("Asia/Tokyo")), "Europe/Rome");
        assert_eq!(zone(None, &link("/usr/share/zoneinfo/posix/Europe/Rome"), None), "Europe/Rome");
        assert_eq!(zone(None, &copied, Some("Asia/Tokyo\n")), "Asia/Tokyo");
        assert_eq!(zone(None, &copied, None), "");
        assert_eq!(zone(None, &none, None), "UTC");
        assert_eq!(zone(None, &none, Some("nowhere\n")), "");
    }

    #[test]
    fn the_machines_language_is_a_tag() {
        let locale =
            |variables: [&str; 3]| own_locale_of(variables.map(|value| (!value.is_empty()).then(|| value.to_owned())));
        assert_eq!(locale(["", "", "en_GB.UTF-8"]), "en-GB");
        assert_eq!(locale(["de_DE@euro", "fr_FR", "en_GB"]), "de-DE");
        assert_eq!(locale(["", "pt_BR", "en_GB"]), "pt-BR");
        for none in ["C", "C.UTF-8", "POSIX", "", "../x", "_"] {
            assert_eq!(locale(["", "", none]), "", "{none}");
        }
        assert!(tag("zh-Hant-TW").is_ok() && tag("en_GB").is_err() && tag("en-").is_err() && tag("").is_err());
    }

    #[test]
    fn the_day_is_that_of_the_zone() {
        let now = humantime::parse_rfc3339("2026-03-02T20:00:00Z").unwrap();
        let seen = |zone| humantime::format_rfc3339_seconds(seen_in(zone, now)).to_string();
        assert_eq!(seen("Asia/Tokyo"), "2026-03-03T05:00:00Z");
        assert_eq!(seen("Pacific/Honolulu"), "2026-03-02T10:00:00Z");
        assert_eq!(seen(""), "2026-03-02T20:00:00Z");
    }
}
