//! How long conversations may be silent: in `[limits]` for all flows, in `[flow.NAME]` for one.

use std::collections::BTreeMap;

use pesto_engine::life::{Expiries, Expiry};
use pesto_engine::model::Millis;
use toml::Spanned;

use super::check::Check;
use super::error::ConfigError;
use super::file::{self, Given};

const DAY: Millis = 86_400_000;
/// As long as a flow's own timers.
const LONGEST: Millis = 366 * DAY;
const NEVER: &str = "never";

impl Check<'_> {
    pub(super) fn expiries(
        &self,
        limits: &file::Limits,
        flows: &BTreeMap<String, Spanned<file::Flow>>,
    ) -> Result<Expiries, ConfigError> {
        let default = self.expiry("limits", &limits.expires_after, &limits.remind_after, Some(Expiry::DEFAULT))?;
        let mut expiries = Expiries { default, flows: BTreeMap::new() };
        for (name, table) in flows {
            let Ok(flow) = name.parse() else { continue };
            let file::Flow { expires_after, remind_after, .. } = table.get_ref();
            let expiry = self.expiry(&format!("flow.{name}"), expires_after, remind_after, default)?;
            expiries.flows.insert(flow, expiry);
        }
        Ok(expiries)
    }

    fn expiry(
        &self,
        table: &str,
        after: &Given<String>,
        remind: &Given<String>,
        default: Option<Expiry>,
    ) -> Result<Option<Expiry>, ConfigError> {
        let ends = match after {
            Some(given) => self.span(&format!("{table}.expires_after"), given)?,
            None => default.map(|default| default.after),
        };
        let Some(ends) = ends else { return Ok(None) };
        let key = format!("{table}.remind_after");
        let reminds = match (remind, after) {
            (Some(given), _) => self.span(&key, given)?,
            (None, Some(_)) => Expiry::after(ends).remind,
            (None, None) => default.and_then(|default| default.remind),
        };
        if let (Some(given), Some(reminds)) = (remind, reminds)
            && reminds >= ends
        {
            let remedy = "Remind before the end: write a shorter span, or \"never\".";
            return Err(self.error(Some(given.span()), &key, "not shorter than expires_after", remedy));
        }
        Ok(Some(Expiry { after: ends, remind: reminds }))
    }

    /// None is never.
    fn span(&self, key: &str, given: &Spanned<String>) -> Result<Option<Millis>, ConfigError> {
        if given.get_ref() == NEVER {
            return Ok(None);
        }
        let span = humantime::parse_duration(given.get_ref()).ok();
        let span = span.and_then(|span| Millis::try_from(span.as_millis()).ok());
        match span.filter(|span| (1_000..=LONGEST).contains(span)) {
            Some(span) => Ok(Some(span)),
            None => {
                let remedy = "Write one such as \"14d\", \"36h\" or \"90s\", from a second to 366 days; or \"never\".";
                Err(self.error(Some(given.span()), key, "not a span of time", remedy))
            }
        }
    }
}
