//! The command of `make crash`.

use std::process::ExitCode;

use clap::Parser as _;

use pesto_crash::campaign;
use pesto_crash::check::{self, Verdict};
use pesto_crash::options::Options;
use pesto_crash::records::Evidence;

/// Pieces of evidence that are printed for each figure; the folder has the rest.
const PRINTED: usize = 10;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    if let Some(folder) = &options.check {
        return Ok(print(&check::check(&Evidence::read(folder)?)));
    }
    println!("{options:?}");
    let folder = tempfile::Builder::new().prefix("pesto-crash-").tempdir()?;
    let ran = campaign::run(&options, folder.path()).await;
    let verdict = ran.and_then(|evidence| {
        evidence.write(folder.path())?;
        Ok(check::check(&evidence))
    });
    if options.keep || !verdict.as_ref().is_ok_and(Verdict::is_good) {
        println!("all that happened stands in {}", folder.keep().display());
    }
    Ok(print(&verdict?))
}

fn print(verdict: &Verdict) -> ExitCode {
    for (name, ..) in &verdict.figures {
        let all: Vec<_> = verdict.evidence.iter().filter(|(figure, _)| figure == name).collect();
        for (figure, what) in all.iter().take(PRINTED) {
            println!("{figure}: {what}");
        }
        if all.len() > PRINTED {
            println!("{name}: and {} more", all.len() - PRINTED);
        }
    }
    for (name, value, unit) in &verdict.figures {
        let digits = if value.fract() == 0.0 { 0 } else { 1 };
        println!("figure {name} {value:.digits$} {unit}");
    }
    ExitCode::from(u8::from(!verdict.is_good()))
}
