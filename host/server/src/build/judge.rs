//! Says of a component what a host would say of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use pesto_engine::advice::advice;
use pesto_engine::flow::FlowInfo;
use pesto_engine::model::FlowName;
use pesto_engine::policy::{Bounds, Grants};
use pesto_engine::wasm::Sandbox;
use tempfile::TempDir;

use crate::app;
use crate::compile;
use crate::config::Config;

/// A host's sandbox, and what its operator grants.
pub struct Judge {
    sandbox: Sandbox,
    /// Compiled code; nothing is left of what is only tried.
    _scratch: TempDir,
    /// None where nobody said what is granted.
    grants: Option<Grants>,
}

impl Judge {
    /// As strict as a host with this configuration, or as one that has none. Must be called on a runtime.
    pub fn new(config: Option<&Config>) -> anyhow::Result<Self> {
        let bounds = config.map(app::bounds).transpose()?.unwrap_or_default();
        // Nothing is run but descriptions, one after the other.
        let scratch = tempfile::tempdir().context("there is no temporary folder for compiled code")?;
        let (compiling, _) = compile::compiling(scratch.path()).context("the temporary folder cannot be used")?;
        let sandbox = Sandbox::compiling(Arc::new(Bounds { instances: 1, ..bounds }), compiling);
        let sandbox = sandbox.map_err(|error| anyhow::anyhow!("no sandbox: {error:#}"))?;
        Ok(Self { sandbox, _scratch: scratch, grants: config.map(app::grants).transpose()? })
    }

    /// What the component says of itself. Errors: the host would refuse it, with its words.
    pub async fn describe(&self, bytes: &[u8]) -> anyhow::Result<FlowInfo> {
        match self.sandbox.load(bytes.to_vec()).await {
            Ok(ready) => Ok(ready.info),
            Err(error) => Err(anyhow::anyhow!("{}: {error}", error.name())),
        }
    }

    /// What is allowed and perhaps not meant of these flows. Rights are passed over where nobody said what is granted.
    pub fn advice(&self, flows: &BTreeMap<FlowName, FlowInfo>) -> Vec<String> {
        let all = flows.iter().map(|(flow, info)| (flow.clone(), info.asks.clone())).collect();
        let grants = self.grants.clone().unwrap_or(Grants(all));
        advice(flows, &grants).into_iter().collect()
    }
}
