//! The two ways to a compiler for the Wasm target.
//!
//! Usually rustup has the target. Where it cannot be had, Debian's packages bring the standard library's source, and
//! cargo compiles the library first. `scripts/wasm-target` installs what either needs.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::bail;

/// What flows are compiled for: no system interface at all.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Names a way, `rustup` or `debian`, that is taken whether or not the other would do.
pub const FORCE: &str = "PESTO_WASM_WAY";

const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_LIBRARY: &str = "/usr/lib/rustlib/src/rust/library";

/// How flows are compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// With the toolchain on the PATH, which has the target.
    Rustup,
    /// With Debian's compiler and this linker of its LLVM.
    Debian(PathBuf),
}

impl Way {
    /// The way of this machine; `forced` is what [`FORCE`] says.
    ///
    /// Errors: there is none, or not the forced one; the message says how to get it.
    pub fn choose(forced: Option<&str>) -> anyhow::Result<Self> {
        decide(forced, has_target(), debian_linker())
    }

    /// A cargo that builds into the target folder. Packages and working folder are the caller's to add.
    pub fn build(&self, target_folder: &Path) -> Command {
        let mut cargo = Command::new(match self {
            Self::Rustup => "cargo",
            Self::Debian(_) => DEBIAN_CARGO,
        });
        cargo.args(["build", "--release", "--target", TARGET, "--target-dir"]).arg(self.target_folder(target_folder));
        if let Self::Debian(linker) = self {
            cargo.arg("-Zbuild-std=std,panic_abort");
            cargo.env("RUSTC", DEBIAN_RUSTC);
            // Lets a stable compiler build its own library.
            cargo.env("RUSTC_BOOTSTRAP", "1");
            cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
        cargo
    }

    /// The two compilers do not share a folder: each would compile all anew after the other.
    pub fn target_folder(&self, target_folder: &Path) -> PathBuf {
        match self {
            Self::Rustup => target_folder.to_owned(),
            Self::Debian(_) => target_folder.join("debian"),
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rustup => "the toolchain on the PATH",
            Self::Debian(_) => "Debian's compiler (the first build takes two minutes, for it makes the library too)",
        })
    }
}

fn decide(forced: Option<&str>, target: bool, debian: Option<PathBuf>) -> anyhow::Result<Way> {
    const HELP: &str = "Run scripts/wasm-target: it adds rustup's target or, where that cannot be had, installs \
                        Debian's rustc-web, cargo-web, rust-web-src and lld";
    match (forced, target, debian) {
        (None | Some("rustup"), true, _) => Ok(Way::Rustup),
        (None | Some("debian"), _, Some(linker)) => Ok(Way::Debian(linker)),
        (None, ..) => bail!("there is no compiler for {TARGET}. {HELP}"),
        (Some("rustup"), ..) => bail!("{FORCE}=rustup, but the toolchain on the PATH has no {TARGET}. {HELP}"),
        (Some("debian"), ..) => {
            bail!("{FORCE}=debian, but Debian's compiler, library source or wasm-ld is not there. {HELP}")
        }
        (Some(_), ..) => bail!("{FORCE} names no way. Set it to `rustup` or `debian`, or unset it"),
    }
}

/// A cargo that can read manifests: the one on the PATH, or Debian's.
pub(super) fn any_cargo() -> PathBuf {
    let answers = Command::new("cargo").arg("--version").output().is_ok_and(|output| output.status.success());
    PathBuf::from(if answers || !Path::new(DEBIAN_CARGO).exists() { "cargo" } else { DEBIAN_CARGO })
}

fn has_target() -> bool {
    let Ok(output) = Command::new("rustc").args(["--print", "sysroot"]).output() else { return false };
    let sysroot = String::from_utf8_lossy(&output.stdout);
    Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET).join("lib").is_dir()
}

/// The newest of Debian's linkers for Wasm, where its compiler and the library's source are there too.
fn debian_linker() -> Option<PathBuf> {
    let there = [DEBIAN_CARGO, DEBIAN_RUSTC, DEBIAN_LIBRARY].iter().all(|path| Path::new(path).exists());
    let entries = fs::read_dir("/usr/bin").ok().filter(|_| there)?;
    let linkers = entries.filter_map(|entry| {
        let path = entry.ok()?.path();
        let version = path.file_name()?.to_str()?.strip_prefix("wasm-ld-")?.parse::<u32>().ok()?;
        Some((version, path))
    });
    linkers.max().map(|(_, path)| path)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn takes_what_is_there_unless_forced() {
        let linker = || Some(PathBuf::from("/usr/bin/wasm-ld-22"));
        let debian = Way::Debian("/usr/bin/wasm-ld-22".into());
        assert_eq!(decide(None, true, linker()).unwrap(), Way::Rustup);
        assert_eq!(decide(None, false, linker()).unwrap(), debian);
        assert_eq!(decide(Some("debian"), true, linker()).unwrap(), debian);
        assert_eq!(decide(Some("rustup"), true, None).unwrap(), Way::Rustup);
    }

    #[test]
    fn says_how_to_get_what_is_missing() {
        for forced in [None, Some("rustup"), Some("debian")] {
            let error = decide(forced, false, None).unwrap_err().to_string();
            assert!(error.contains("scripts/wasm-target"), "{error}");
        }
        assert!(decide(Some("nix"), true, None).unwrap_err().to_string().contains("`rustup` or `debian`"));
    }

    #[test]
    fn each_way_has_its_folder() {
        let debian = Way::Debian("/usr/bin/wasm-ld-22".into());
        assert_eq!(Way::Rustup.target_folder(Path::new("/t")), Path::new("/t"));
        assert_eq!(debian.target_folder(Path::new("/t")), Path::new("/t/debian"));
    }
}
