//! The `pesto` command.

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use pesto_server::{cli, compile, config};

/// The command line.
#[derive(Parser)]
#[command(name = "pesto", version, about = ABOUT, after_help = AFTER)]
struct Pesto {
    #[command(subcommand)]
    command: Command,
}

const ABOUT: &str = "\
A host for conversations. Each kind of conversation is a flow: a WebAssembly
component in the flows folder, which can be replaced while the host runs.";

// The help is not wrapped to the terminal, so lines end here.
const AFTER: &str = "\
A flow of your own: pesto new lunch, pesto build plugins/lunch, pesto chat lunch.
The commands from check on are for operators of a host.

The configuration is pesto.toml of the current folder, or what --config or
PESTO_CONFIG names. Commands reach a running host by its socket, and do their
work themselves where none runs.";

#[derive(Subcommand)]
enum Command {
    Run(cli::run::Args),
    Chat(cli::chat::Args),
    New(cli::new::Args),
    Build(cli::build::Args),
    Test(cli::test::Args),
    Check(cli::check::Args),
    Doctor(cli::doctor::Args),
    Flows(cli::flows::Args),
    Answers(cli::answers::Args),
    Conversations(cli::conversations::Args),
    Dead(cli::dead::Args),
    Doubts(cli::doubts::Args),
    Forget(cli::forget::Args),
    #[command(hide = true)]
    CompileComponent(compile::Args),
}

fn main() -> ExitCode {
    let command = Pesto::parse().command;
    compile::this_is_pesto();
    let ended = tokio::runtime::Runtime::new().map_err(anyhow::Error::from).and_then(|runtime| {
        let ended = runtime.block_on(run(command));
        // A component that is being compiled cannot be stopped, and must not be waited for.
        runtime.shutdown_background();
        ended
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error may be a pipe that nobody reads any more.
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Run(args) => cli::run::run(args).await,
        Command::Doctor(args) => cli::doctor::run(args).await,
        Command::Chat(args) => cli::chat::run(args).await,
        Command::Flows(args) => cli::flows::run(args).await,
        Command::Answers(args) => cli::answers::run(args).await,
        Command::Conversations(args) => cli::conversations::run(args).await,
        Command::Dead(args) => cli::dead::run(args).await,
        Command::Doubts(args) => cli::doubts::run(args).await,
        Command::Forget(args) => cli::forget::run(args).await,
        Command::Test(args) => cli::test::run(args).await,
        Command::Check(args) => cli::check::run(&args, &config::Environment::of_process()).await,
        Command::CompileComponent(args) => compile::run(&args),
        Command::New(args) => cli::new::run(&args),
        Command::Build(args) => cli::build::run(&args).await,
    }
}
