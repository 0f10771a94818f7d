//! `[slack]`: two tokens or a secret, each of its own kind.

use std::net::SocketAddr;
use std::time::Duration;

use toml::Spanned;

use super::check::Check;
use super::environment::Environment;
use super::error::ConfigError;
use super::file::{self, Given};
use super::{Secret, Slack, SlackHttp};

const SLACK: &str = "https://slack.com/api";

impl Check<'_> {
    pub(super) fn slack(&mut self, table: &Spanned<file::Slack>, env: &Environment) -> Result<Slack, ConfigError> {
        let slack = table.get_ref();
        let idle = Duration::from_secs(self.whole("slack.idle_s", &slack.idle_s, 30, 1..=300)?.into());
        let sockets = self.whole("slack.sockets", &slack.sockets, 10, 1..=10)?;
        let burst = self.whole("slack.burst", &slack.burst, 3, 1..=20)?;
        let posts_a_minute = self.whole("slack.posts_a_minute", &slack.posts_a_minute, 300, 10..=60_000)?;
        let base_url = self.base_url("slack", &slack.base_url, SLACK)?;
        let listen = slack.listen.as_ref().map(|given| self.listen(given)).transpose()?;
        let Some(bot) = &slack.bot_token_env else {
            let remedy = "Name the variable that holds the bot token, such as bot_token_env = \"SLACK_BOT_TOKEN\".";
            return Err(self.lacking("slack", table.span(), "slack.bot_token_env", "not given", remedy));
        };
        let bot_token = self.token("slack.bot_token_env", bot, "xoxb-", "Slack's bot token", env)?;
        let app_token = self.maybe("slack.app_token_env", &slack.app_token_env, "xapp-", "the app-level token", env)?;
        let key = "slack.signing_secret_env";
        let signing_secret = self.maybe(key, &slack.signing_secret_env, "", "the app's signing secret", env)?;
        let http = match (listen, signing_secret) {
            (Some(listen), Some(signing_secret)) => Some(SlackHttp { listen, signing_secret }),
            (None, None) => None,
            (Some(_), None) => {
                let at = slack.listen.as_ref().map(Spanned::span);
                let remedy = "Name the variable that holds the signing secret, or remove slack.listen.";
                return Err(self.error(at, key, "not given, and slack.listen needs it", remedy));
            }
            (None, Some(_)) => {
                let at = slack.signing_secret_env.as_ref().map(Spanned::span);
                let remedy = "Write where Slack's requests come in, such as listen = \"127.0.0.1:3000\".";
                return Err(self.error(at, "slack.listen", "not given, and slack.signing_secret_env needs it", remedy));
            }
        };
        if app_token.is_none() && http.is_none() {
            let remedy = "For Socket Mode name the variable with the app-level token, such as app_token_env = \
                          \"SLACK_APP_TOKEN\"; for HTTP give listen and signing_secret_env.";
            let what = "no way for events to come in";
            return Err(self.lacking("slack", table.span(), "slack.app_token_env", what, remedy));
        }
        Ok(Slack { bot_token, app_token, http, base_url, idle, sockets, burst, posts_a_minute })
    }

    fn maybe(
        &self,
        key: &str,
        given: &Given<String>,
        begins: &str,
        what: &str,
        env: &Environment,
    ) -> Result<Option<Secret>, ConfigError> {
        given.as_ref().map(|given| self.token(key, given, begins, what, env)).transpose()
    }

    fn token(
        &self,
        key: &str,
        given: &Spanned<String>,
        begins: &str,
        what: &str,
        env: &Environment,
    ) -> Result<Secret, ConfigError> {
        let name = self.variable(key, given)?;
        let wrong = |problem: String, remedy: String| Err(self.error(Some(given.span()), key, &problem, &remedy));
        let Some(token) = env.get(name) else {
            return wrong(format!("the environment variable {name} is not set"), format!("Set {name} to {what}."));
        };
        // Anything else cannot stand in a header, or is another kind of token, which Slack refuses later and less clearly.
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) || !token.starts_with(begins) {
            let form = if begins.is_empty() { String::new() } else { format!(", which begins with {begins}") };
            let problem = format!("the environment variable {name} does not hold {what}");
            return wrong(problem, format!("Set {name} to {what}{form}, as the app's settings show it."));
        }
        Ok(Secret::new(token.to_owned()))
    }

    fn listen(&self, given: &Spanned<String>) -> Result<SocketAddr, ConfigError> {
        given.get_ref().parse().map_err(|_| {
            let remedy = "Write an address of this machine and a port, such as \"127.0.0.1:3000\".";
            self.error(Some(given.span()), "slack.listen", "not an address with a port", remedy)
        })
    }
}
