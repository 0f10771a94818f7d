//! `[flow.NAME]`: what the operator decides for one flow.

use std::collections::{BTreeMap, BTreeSet};

use pesto_engine::model::{FlowName, Resolution};
use pesto_engine::policy::Who;
use toml::Spanned;

use super::RIGHTS;
use super::check::Check;
use super::error::{ConfigError, nearest};
use super::file;

/// The tables by the flows' names as they are written.
type Flows = BTreeMap<String, Spanned<file::Flow>>;

impl Check<'_> {
    pub(super) fn grants(&mut self, flows: &Flows) -> Result<BTreeMap<FlowName, BTreeSet<String>>, ConfigError> {
        let mut grants = BTreeMap::new();
        for (name, table) in flows {
            let at = table.get_ref().grant.as_ref().map_or(table.span(), Spanned::span);
            let flow = self.flow_name(&format!("flow.{name}"), name, at)?;
            let key = format!("flow.{name}.grant");
            let mut rights = BTreeSet::new();
            for right in table.get_ref().grant.iter().flat_map(|list| list.get_ref()) {
                if !RIGHTS.contains(&right.get_ref().as_str()) {
                    let meant = nearest(right.get_ref(), RIGHTS).map(|name| format!("Did you mean \"{name}\"? "));
                    let known = RIGHTS.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
                    let remedy = format!("{}Grant only rights that are known: {known}.", meant.unwrap_or_default());
                    return Err(self.error(Some(right.span()), &key, "unknown right", &remedy));
                }
                rights.insert(right.get_ref().clone());
            }
            grants.insert(flow, rights);
        }
        Ok(grants)
    }

    pub(super) fn only(&self, flows: &Flows) -> Result<BTreeMap<FlowName, BTreeSet<Who>>, ConfigError> {
        let mut only = BTreeMap::new();
        for (name, table) in flows {
            // A wrong name was refused with its grant.
            let (Some(list), Ok(flow)) = (&table.get_ref().only, name.parse()) else { continue };
            let who = |entry: &Spanned<String>| {
                entry.get_ref().parse::<Who>().map_err(|()| {
                    let remedy = "Write \"user:U…\", \"group:S…\" or \"channel:C…\" with an id of Slack's, or \
                                  \"members\" for full members of the workspace; on this machine, \"user:\" and the \
                                  name that `pesto chat --as` gives.";
                    let what = "not a user, group, channel or \"members\"";
                    self.error(Some(entry.span()), &format!("flow.{name}.only"), what, remedy)
                })
            };
            only.insert(flow, list.get_ref().iter().map(who).collect::<Result<_, _>>()?);
        }
        Ok(only)
    }

    pub(super) fn in_doubt(&self, flows: &Flows) -> Result<BTreeMap<FlowName, Resolution>, ConfigError> {
        let words = [("repeat", Resolution::Repeated), ("tell", Resolution::Told)];
        let mut in_doubt = BTreeMap::new();
        for (name, table) in flows {
            let Ok(flow) = name.parse() else { continue };
            let given = &table.get_ref().in_doubt;
            let wanted = self.one_of(&format!("flow.{name}.in_doubt"), given, Resolution::Repeated, &words)?;
            in_doubt.insert(flow, wanted);
        }
        Ok(in_doubt)
    }
}
