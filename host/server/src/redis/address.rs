//! What the operator's URL means: a server, any node of a cluster, or sentinels that know where the server is.

use redis::{
    Client, ClientTlsConfig, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, RedisConnectionInfo, RedisError,
    RedisResult, TlsCertificates,
};
use url::form_urlencoded;

use super::connect::ConnectError;
use super::sentinel::{Sentinel, Sentinels};
use crate::config::Redis;

/// Where a sentinel listens, if the URL does not say.
const SENTINEL_PORT: u16 = 26_379;

/// Where Redis is.
pub(super) enum Address {
    /// At one address always. In a cluster, that of the node that is asked for the others.
    Fixed(Client),
    /// Where the sentinels say.
    Sentinels(Sentinels),
}

/// How a server is reached and entered, wherever it is.
pub(super) struct Way {
    settings: RedisConnectionInfo,
    /// With TLS, and with these certificates.
    pub(super) tls: Option<TlsCertificates>,
}

impl Way {
    /// The same way as to this one.
    pub(super) fn like(info: &ConnectionInfo, redis: &Redis) -> Self {
        let tls = matches!(info.addr(), ConnectionAddr::TcpTls { .. }).then(|| certificates(redis));
        Self { settings: info.redis_settings().clone(), tls }
    }

    /// To the server at this address.
    pub(super) fn to(&self, host: &str, port: u16) -> RedisResult<Client> {
        let host = host.to_owned();
        let Some(certificates) = &self.tls else {
            let plain = ConnectionAddr::Tcp(host, port).into_connection_info()?;
            return Client::open(plain.set_redis_settings(self.settings.clone()));
        };
        let secure = ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }.into_connection_info()?;
        Client::build_with_tls(secure.set_redis_settings(self.settings.clone()), certificates.clone())
    }
}

/// The certificates that connections with TLS use.
fn certificates(redis: &Redis) -> TlsCertificates {
    let client_tls = redis.identity.as_ref().map(|identity| ClientTlsConfig {
        client_cert: identity.certificate.clone(),
        client_key: identity.key.expose().as_bytes().to_vec(),
    });
    TlsCertificates { client_tls, root_cert: redis.authority.clone() }
}

/// Reads the URL.
pub(super) fn read(redis: &Redis) -> Result<Address, ConnectError> {
    let url = redis.url.expose();
    match url.split_once("+sentinel://") {
        Some((scheme, rest)) => sentinels(scheme, rest, redis).map(Address::Sentinels),
        None => fixed(&info(url)?, redis).map(Address::Fixed),
    }
}

fn info(url: &str) -> Result<ConnectionInfo, ConnectError> {
    let info = url.into_connection_info().map_err(|_| ConnectError::Url)?;
    // Whoever listens in could pass for Redis.
    let insecure = matches!(info.addr(), ConnectionAddr::TcpTls { insecure: true, .. });
    // A password with a bare `#` or `?` ends the address there, whose head would be taken for host and port, and shown.
    let settings = info.redis_settings();
    let nameless = settings.username().is_none() && settings.password().is_none();
    let cut = !matches!(info.addr(), ConnectionAddr::Unix(_)) && nameless && url.contains('@') && !url.contains("//@");
    if insecure || cut { Err(ConnectError::Url) } else { Ok(info) }
}

fn fixed(info: &ConnectionInfo, redis: &Redis) -> Result<Client, ConnectError> {
    let client = match info.addr() {
        ConnectionAddr::TcpTls { .. } => {
            crate::outbound::prepare_tls();
            Client::build_with_tls(info.clone(), certificates(redis)).map_err(unusable)?
        }
        _ => Client::open(info.clone()).map_err(|_| ConnectError::Url)?,
    };
    Ok(client)
}

fn unusable(error: RedisError) -> ConnectError {
    ConnectError::Redis(format!("the certificates or the key for Redis cannot be used: {error}"))
}

/// `USER:PASSWORD@HOST:PORT,HOST:PORT/MASTER/DATABASE?sentinel_user=…&sentinel_password=…`. What stands before the `@`
/// is for the servers.
fn sentinels(scheme: &str, rest: &str, redis: &Redis) -> Result<Sentinels, ConnectError> {
    let (authority, tail) = rest.split_once('/').ok_or(ConnectError::Url)?;
    let (entry, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
    let (name, database) = path.split_once('/').unwrap_or((path, ""));
    // Sentinels have no other names.
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if name.is_empty() || !name.bytes().all(letter) {
        return Err(ConnectError::Url);
    }
    let server = info(&format!("{scheme}://{entry}@localhost/{database}"))?;
    let way = Way::like(&server, redis);

    let mut settings = RedisConnectionInfo::default();
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        settings = match key.as_ref() {
            "sentinel_user" => settings.set_username(value),
            "sentinel_password" => settings.set_password(value),
            _ => return Err(ConnectError::Url),
        };
    }
    let mut each = Vec::new();
    for host in hosts.split(',') {
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let address = if has_port { host.to_owned() } else { format!("{host}:{SENTINEL_PORT}") };
        let info = info(&format!("{scheme}://{address}"))?.set_redis_settings(settings.clone());
        each.push(Sentinel { address, client: fixed(&info, redis)? });
    }
    Ok(Sentinels { each, name: name.to_owned(), way })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::Secret;

    fn of(url: &str) -> Result<Address, ConnectError> {
        read(&Secret::new(url.to_owned()).into())
    }

    fn at(client: &Client) -> String {
        client.get_connection_info().addr().to_string()
    }

    #[test]
    fn a_url_names_a_server_or_its_sentinels() {
        for (url, wanted) in [
            ("redis://h:1/2", "h:1"),
            ("rediss://h", "h:6379"),
            ("unix:///a/b", "/a/b"),
            ("redis+unix:///a/b?db=1", "/a/b"),
        ] {
            let Ok(Address::Fixed(client)) = of(url) else { panic!("{url}") };
            assert_eq!(at(&client), wanted);
        }
        let url = "redis+sentinel://ann:p%40ss@one,10.0.0.2:7,[::1]:8/main.1/3?sentinel_user=s&sentinel_password=w%2B";
        let Ok(Address::Sentinels(sentinels)) = of(url) else { panic!() };
        assert_eq!(sentinels.name, "main.1");
        assert_eq!(
            sentinels.each.iter().map(|one| at(&one.client)).collect::<Vec<_>>(),
            ["one:26379", "10.0.0.2:7", "::1:8"]
        );
        for one in &sentinels.each {
            let settings = one.client.get_connection_info().redis_settings().clone();
            assert_eq!((settings.username(), settings.password(), settings.db()), (Some("s"), Some("w+"), 0));
        }
        let server = sentinels.way.to("server", 9).unwrap();
        let settings = server.get_connection_info().redis_settings().clone();
        assert_eq!((settings.username(), settings.password(), settings.db()), (Some("ann"), Some("p@ss"), 3));
        assert_eq!(at(&server), "server:9");
    }

    #[test]
    fn with_tls_all_of_the_way_has_it() {
        let Ok(Address::Sentinels(sentinels)) = of("rediss+sentinel://one/main") else { panic!() };
        let clients = [sentinels.each[0].client.clone(), sentinels.way.to("server", 9).unwrap()];
        for client in clients {
            assert!(matches!(client.get_connection_info().addr(), ConnectionAddr::TcpTls { insecure: false, .. }));
        }
    }

    #[test]
    fn what_is_no_url_is_refused_without_its_password() {
        for url in [
            "h:1",
            "postgres://u:very-secret@h/",
            "rediss://h#insecure",
            "redis://very-secret:12#3@h",
            "redis://very-secret:12?3@h/1",
            "redis+sentinel://h",
            "redis+sentinel://h/",
            "redis+sentinel:///main",
            "redis+sentinel://h,/main",
            "redis+sentinel://h/ma in",
            "redis+sentinel://h/main/x",
            "redis+sentinel://h/main?password=very-secret",
            "rediss+sentinel://h/main#insecure",
            "unix+sentinel://h/main",
        ] {
            let Err(error) = of(url) else { panic!("{url}") };
            assert!(matches!(error, ConnectError::Url) && !error.to_string().contains("very-secret"), "{url}: {error}");
        }
    }
}
