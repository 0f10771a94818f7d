//! A folder for a host: `pesto.toml`, `flows/`, `data/`. It goes when it is dropped.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::files;

/// A host's folder in the making and in use.
pub struct Setup {
    folder: TempDir,
    config: String,
    tables: String,
    variables: Vec<(String, String)>,
}

impl Setup {
    /// A folder without flows and without a model.
    pub fn new() -> Self {
        // A socket's path has at most some 100 bytes, so the name is short.
        let folder = tempfile::Builder::new().prefix("pesto-").tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("flows")).expect("a folder for flows");
        let tables = "[log]\nformat = \"json\"\n".to_owned();
        let setup = Self { folder, config: String::new(), tables, variables: Vec::new() };
        setup.write();
        setup
    }

    /// Deploys a flow of this repository under its name, with the right to ask a model.
    #[must_use]
    pub fn flow(self, name: &str) -> Self {
        let bytes = std::fs::read(files::component(name)).expect("the component can be read");
        self.component(name, &bytes)
    }

    /// Deploys a component, with the right to ask a model.
    #[must_use]
    pub fn component(mut self, name: &str, bytes: &[u8]) -> Self {
        self.deploy(name, bytes);
        let _ = writeln!(self.tables, "[flow.{name}]\ngrant = [\"llm\"]");
        self.write();
        self
    }

    /// Puts a component into the flows folder, in one step, as `pesto build` does.
    pub fn deploy(&self, name: &str, bytes: &[u8]) {
        let file = self.flows().join(format!("{name}.wasm"));
        let half = file.with_extension("part");
        std::fs::write(&half, bytes)
            .and_then(|()| std::fs::rename(&half, &file))
            .expect("the flows folder can be written");
    }

    /// A language model at an address.
    #[must_use]
    pub fn model(self, base_url: &str) -> Self {
        self.table(&format!("[llm]\nbase_url = \"{base_url}\"\nmodel = \"test-model\"\n"))
    }

    /// Canned answers instead of a language model.
    #[must_use]
    pub fn canned(self) -> Self {
        self.table(
            "[llm]\napi_key_env = \"KEY_THAT_NOBODY_SETS\"\nmodel = \"test-model\"\nwithout_key = \"scripted\"\n",
        )
    }

    /// A variable of the environment of every command.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Further lines for the configuration, before its first table.
    #[must_use]
    pub fn line(mut self, line: &str) -> Self {
        let _ = writeln!(self.config, "{line}");
        self.write();
        self
    }

    /// Further tables for the configuration.
    #[must_use]
    pub fn table(mut self, table: &str) -> Self {
        let _ = writeln!(self.tables, "{table}");
        self.write();
        self
    }

    /// Changes the configuration, for the next start.
    pub fn replace(&mut self, from: &str, to: &str) {
        assert!(self.tables.contains(from), "`{from}` is not in:\n{}", self.tables);
        self.tables = self.tables.replace(from, to);
        self.write();
    }

    /// The configuration.
    pub fn config(&self) -> PathBuf {
        self.path().join("pesto.toml")
    }

    /// The folder that is watched for components.
    pub fn flows(&self) -> PathBuf {
        self.path().join("flows")
    }

    /// The host's socket, while it runs.
    pub fn socket(&self) -> PathBuf {
        self.path().join("data/pesto.sock")
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// `pesto COMMAND … --config …` in this folder, deaf to the environment that the test was started with. Neither
    /// input nor outputs are set.
    pub fn pesto(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(files::pesto());
        let foreign =
            std::env::vars_os().map(|(name, _)| name).filter(|name| name.to_string_lossy().starts_with("PESTO_"));
        for name in foreign {
            command.env_remove(name);
        }
        command.args(arguments).arg("--config").arg(self.config()).current_dir(self.path()).env("NO_COLOR", "1");
        // Whoever talks in these terminals is at the same place on every machine.
        command.env("TZ", "Europe/London").env("LC_ALL", "en_GB.UTF-8");
        // A development build compiles slowly, and much runs beside it.
        command.env("PESTO_LIMITS__START_S", "120");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    fn write(&self) {
        std::fs::write(self.config(), format!("{}{}", self.config, self.tables))
            .expect("the configuration can be written");
    }
}

impl Default for Setup {
    fn default() -> Self {
        Self::new()
    }
}
