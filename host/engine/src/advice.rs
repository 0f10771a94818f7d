//! What is allowed and perhaps not meant of the flows that stand side by side: for `build`, `check` and the log. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::flow::FlowInfo;
use crate::model::FlowName;
use crate::policy::{Grants, Right};
use crate::router::is_hosts;

/// A warning in words, with the remedy, for each flow that asks for a right it is not granted, and for each trigger that
/// another flow has too or that the host takes for itself. Sorted.
pub fn advice<'a>(flows: impl IntoIterator<Item = (&'a FlowName, &'a FlowInfo)>, grants: &Grants) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut begun: BTreeMap<&str, Vec<&FlowName>> = BTreeMap::new();
    for (flow, info) in flows {
        for right in info.asks.difference(&grants.of(flow)) {
            all.insert(ungranted(flow, *right));
        }
        for trigger in &info.triggers {
            begun.entry(trigger).or_default().push(flow);
            if is_hosts(trigger) {
                all.insert(format!(
                    "`{trigger}` never begins `{flow}`, because the host takes these words for itself. Choose another \
                     trigger"
                ));
            }
        }
    }
    for (trigger, mut flows) in begun {
        flows.sort();
        flows.dedup();
        if let [first, others @ ..] = flows.as_slice() {
            for other in others {
                all.insert(format!(
                    "`{trigger}` begins `{first}` and not `{other}`: both have this trigger, and the first by name takes \
                     it. Choose another trigger for one of them"
                ));
            }
        }
    }
    all
}

fn ungranted(flow: &FlowName, right: Right) -> String {
    format!(
        "`{flow}` asks for the right `{right}`, which the configuration does not grant: its calls answer `denied`. Write \
         grant = [\"{right}\"] below [flow.{flow}]"
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn info(triggers: &[&str], asks: &[Right]) -> FlowInfo {
        FlowInfo {
            title: "Flow".to_owned(),
            summary: "Flows.".to_owned(),
            version: String::new(),
            triggers: triggers.iter().map(|word| (*word).to_owned()).collect(),
            asks: asks.iter().copied().collect(),
            audience: Default::default(),
        }
    }

    fn words(flows: &[(&str, FlowInfo)], grants: &[&str]) -> Vec<String> {
        let flows: BTreeMap<FlowName, _> = flows.iter().map(|(name, info)| (name.parse().unwrap(), info)).collect();
        let grants = grants.iter().map(|name| (name.parse().unwrap(), [Right::Llm].into())).collect();
        advice(flows.iter().map(|(name, info)| (name, *info)), &Grants(grants)).into_iter().collect()
    }

    #[test]
    fn a_right_must_be_granted() {
        let flows = [("ask", info(&[], &[Right::Llm])), ("lunch", info(&["lunch"], &[]))];
        assert_eq!(
            words(&flows, &[]),
            [
                "`ask` asks for the right `llm`, which the configuration does not grant: its calls answer `denied`. Write \
              grant = [\"llm\"] below [flow.ask]"
            ]
        );
        assert!(words(&flows, &["ask"]).is_empty());
    }

    #[test]
    fn a_trigger_begins_one_flow() {
        let flows = [("aa", info(&["lunch", "eat"], &[])), ("lunch", info(&["lunch", "lunch"], &[]))];
        assert_eq!(
            words(&flows, &[]),
            [
                "`lunch` begins `aa` and not `lunch`: both have this trigger, and the first by name takes it. Choose another \
              trigger for one of them"
            ]
        );
    }

    #[test]
    fn the_hosts_own_words_begin_nothing() {
        let flows = [("x", info(&["help", "start x", "start"], &[]))];
        let words = words(&flows, &[]);
        assert_eq!(words.len(), 3, "{words:?}");
        assert!(
            words[0].starts_with("`help` never begins `x`") && words[1].starts_with("`start x` never"),
            "{words:?}"
        );
    }
}
