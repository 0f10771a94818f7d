//! Sentinels: they watch a server and its replicas, make one of these the server when it dies, and know which it is.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use redis::{AsyncConnectionConfig, Client, RedisError, RedisResult};

use super::address::Way;
use super::connect::ConnectError;
use super::error::{explain, keeps_out, may_pass};

/// A sentinel that takes longer to connect, or to answer, is left out.
const PATIENCE: Duration = Duration::from_secs(1);

/// Those that watch one server.
pub(super) struct Sentinels {
    pub(super) each: Vec<Sentinel>,
    /// What they call the server.
    pub(super) name: String,
    /// To whichever server they name.
    pub(super) way: Way,
}

/// One of them.
pub(super) struct Sentinel {
    /// As the URL has it.
    pub(super) address: String,
    pub(super) client: Client,
}

/// Which server a sentinel names.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    host: String,
    port: u16,
    /// Grows with each failover.
    epoch: u64,
}

impl Sentinels {
    /// Where the server is, and the way to it. All are asked, for one that was cut off names a server of the past.
    pub(super) async fn ask(&self) -> Result<(String, Client), ConnectError> {
        let answers = join_all(self.each.iter().map(|one| one.ask(&self.name))).await;
        let newest = answers.iter().flatten().max_by_key(|named| named.epoch);
        let Some(Named { host, port, .. }) = newest else { return Err(self.trouble(&answers)) };
        Ok((format!("{host}:{port}"), self.way.to(host, *port)?))
    }

    /// Why no server is named. It passes by itself only where it does so with each of them.
    fn trouble(&self, answers: &[RedisResult<Named>]) -> ConnectError {
        let errors = self.each.iter().zip(answers).filter_map(|(one, answer)| Some((one, answer.as_ref().err()?)));
        let words = errors.clone().map(|(one, error)| words(&one.address, &self.name, error)).collect::<Vec<_>>();
        let words = format!("no sentinel says where Redis is: {}", words.join("; "));
        match errors.clone().all(|(_, error)| may_pass(error)) {
            true => ConnectError::Away(words),
            false => ConnectError::Redis(words),
        }
    }
}

impl Sentinel {
    async fn ask(&self, name: &str) -> RedisResult<Named> {
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(Some(PATIENCE)).set_response_timeout(Some(PATIENCE));
        let mut connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        let told: HashMap<String, String> =
            redis::cmd("SENTINEL").arg("MASTER").arg(name).query_async(&mut connection).await?;
        named(&told).ok_or_else(|| (redis::ErrorKind::UnexpectedReturnType, "no address").into())
    }

    /// Waits until this one tells that there is another server; answers whether it did, and was not lost.
    pub(super) async fn switched(&self, name: &str) -> bool {
        let subscribed = async {
            let mut subscription = self.client.get_async_pubsub().await?;
            subscription.subscribe("+switch-master").await?;
            RedisResult::Ok(subscription)
        };
        if let Ok(Ok(subscription)) = tokio::time::timeout(PATIENCE, subscribed).await {
            let mut told = subscription.into_on_message();
            while let Some(message) = told.next().await {
                // The name, and where the server was and is.
                if message.get_payload::<String>().is_ok_and(|words| words.split(' ').next() == Some(name)) {
                    return true;
                }
            }
        }
        false
    }
}

fn named(told: &HashMap<String, String>) -> Option<Named> {
    let (host, port, epoch) = (told.get("ip")?, told.get("port")?, told.get("config-epoch")?);
    Some(Named { host: host.clone(), port: port.parse().ok()?, epoch: epoch.parse().ok()? })
}

/// What a sentinel's error means to the operator.
fn words(sentinel: &str, name: &str, error: &RedisError) -> String {
    let detail = error.detail().unwrap_or_default();
    if detail.contains("No such master") {
        return format!("the sentinel {sentinel} watches no `{name}`; correct the name at the end of the URL");
    }
    if detail.contains("unknown command") {
        return format!("{sentinel} is no sentinel; name the sentinel's port in the URL, which is mostly 26379");
    }
    if keeps_out(error) {
        return format!(
            "the sentinel {sentinel} refuses the name or the password; correct `sentinel_user` and `sentinel_password` \
             in the URL, which are not the server's"
        );
    }
    if error.is_connection_refusal() {
        return format!("nothing listens at {sentinel}; is the sentinel running?");
    }
    format!("the sentinel {sentinel}: {}", explain(error))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_names_the_server() {
        let mut told: HashMap<_, _> = [("name", "main"), ("ip", "10.0.0.1"), ("port", "6379"), ("config-epoch", "4")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into();
        assert_eq!(named(&told), Some(Named { host: "10.0.0.1".into(), port: 6_379, epoch: 4 }));
        told.insert("port".into(), "no port".into());
        assert_eq!(named(&told), None);
    }
}
