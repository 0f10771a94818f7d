//! The process that compiles: what it is told, how it is bounded, and how its end is read.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use pesto_engine::wasm::{LoadError, compile_into};
use rustix::process::{Resource, Rlimit, Signal, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

/// This program, also where its file was replaced meanwhile.
const PROGRAM: &str = "/proc/self/exe";
/// The longest that a child may live, in time: it may have to wait for the processor.
const LONGEST: Duration = Duration::from_secs(300);
/// What it says of a component that does not compile, in bytes.
const WORDS: u64 = 4 << 10;
/// The child's exit code for a component that does not compile, and where its host is gone.
const WRONG: i32 = 2;
const ORPHAN: i32 = 3;
/// The exit code of a Rust program that panicked.
const PANICKED: i32 = 101;

/// How a child is bounded.
#[derive(Debug)]
pub(super) struct Limits {
    pub(super) memory_mib: u64,
    pub(super) cpu_s: u64,
}

/// How a compilation ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// The code is in its folder, and takes so many bytes when it is used.
    Good(usize),
    /// The component is wrong.
    Wrong(String),
    /// It needs more than it may have, now and later.
    TooMuch(String),
    /// The child was killed, or broke off.
    Broke(String),
    /// Nothing was compiled.
    Host(String),
}

/// Compiles a component for a host that started this process. It is read from standard input, after its length.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the code goes.
    #[arg(long)]
    cache: PathBuf,
    /// The most memory, in MiB.
    #[arg(long)]
    memory_mib: u64,
    /// The most computing time, in seconds.
    #[arg(long)]
    cpu_s: u64,
}

/// Tells builds of this program apart.
pub(super) fn build() -> String {
    let data = std::fs::metadata(PROGRAM);
    data.map_or_else(|_| "unknown".to_owned(), |data| format!("{} {}.{}", data.len(), data.mtime(), data.mtime_nsec()))
}

/// The child's side.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let bound = |most| Rlimit { current: Some(most), maximum: Some(most) };
    setrlimit(Resource::Data, bound(args.memory_mib << 20)).context("memory cannot be limited")?;
    // At the first bound it is told, and at the second one killed without a reason.
    let cpu = Rlimit { current: Some(args.cpu_s), maximum: Some(args.cpu_s + 5) };
    setrlimit(Resource::Cpu, cpu).context("computing time cannot be limited")?;
    setrlimit(Resource::Core, bound(0)).context("core dumps cannot be switched off")?;
    // Turns go first.
    let _ = rustix::process::nice(10);
    // Where the machine is short of memory the host is to stay. Without it the limits above hold all the same.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    let mut input = std::io::stdin();
    let mut length = [0; 8];
    input.read_exact(&mut length)?;
    let mut bytes = vec![0; usize::try_from(u64::from_le_bytes(length))?];
    input.read_exact(&mut bytes)?;
    std::thread::spawn(move || {
        // The host keeps it open for as long as it lives.
        let _ = input.read(&mut [0]);
        std::process::exit(ORPHAN);
    });
    match compile_into(&args.cache, &bytes) {
        Ok(size) => Ok(write!(std::io::stdout(), "{size}")?),
        Err(error @ LoadError::Host(_)) => Err(error.into()),
        Err(LoadError::DoesNotCompile(words)) => wrong(&words),
        Err(error) => wrong(&error.to_string()),
    }
}

fn wrong(words: &str) -> ! {
    let _ = std::io::stdout().write_all(words.as_bytes());
    std::process::exit(WRONG)
}

/// The host's side: the code goes into the folder `made`. Dropping it kills the child.
pub(super) async fn compile(limits: &Limits, made: &Path, bytes: &[u8]) -> Ended {
    match tokio::time::timeout(LONGEST, attempt(limits, made, bytes)).await {
        Ok(Ok((status, words))) => ended(status, words, limits),
        Ok(Err(error)) => Ended::Host(format!("a component cannot be compiled in a process of its own: {error}")),
        Err(_) => Ended::Broke(format!("it did not compile within {} s", LONGEST.as_secs())),
    }
}

async fn attempt(limits: &Limits, made: &Path, bytes: &[u8]) -> std::io::Result<(ExitStatus, String)> {
    let mut command = Command::new(PROGRAM);
    command.arg("compile-component").arg("--cache").arg(made);
    command.args(["--memory-mib", &limits.memory_mib.to_string(), "--cpu-s", &limits.cpu_s.to_string()]);
    // It needs none of the host's variables, and secrets are among them.
    command.env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn()?;
    let (mut input, output) = (child.stdin.take(), child.stdout.take());
    let tell = async {
        if let Some(input) = &mut input {
            // Where it ended early, its status says why.
            let _ = input.write_all(&(bytes.len() as u64).to_le_bytes()).await;
            let _ = input.write_all(bytes).await;
        }
    };
    let hear = async {
        let mut words = Vec::new();
        if let Some(output) = output {
            let _ = output.take(WORDS).read_to_end(&mut words).await;
        }
        String::from_utf8_lossy(&words).into_owned()
    };
    let (_, words, status) = tokio::join!(tell, hear, child.wait());
    drop(input);
    Ok((status?, words))
}

fn ended(status: ExitStatus, words: String, limits: &Limits) -> Ended {
    let Limits { memory_mib, cpu_s, .. } = limits;
    if status.success() {
        let size = words.parse().map(Ended::Good);
        return size
            .unwrap_or_else(|_| Ended::Host(format!("the compiler said `{words}`, and not how large the code is")));
    }
    match (status.code(), status.signal()) {
        (Some(WRONG), _) => Ended::Wrong(words),
        (_, Some(signal)) if signal == Signal::XCPU.as_raw() => {
            Ended::TooMuch(format!("it takes more than {cpu_s} s of computing to compile"))
        }
        // Where there is no more memory, it aborts.
        (_, Some(signal)) if signal == Signal::ABORT.as_raw() || signal == Signal::SEGV.as_raw() => {
            Ended::TooMuch(format!(
                "it takes more than {memory_mib} MiB of memory to compile, or too deep a stack; a host with more memory \
                 gives more"
            ))
        }
        (Some(PANICKED), _) => Ended::TooMuch("the compiler gave up on it".to_owned()),
        _ => Ended::Broke(format!("its compilation broke off: {status}")),
    }
}
