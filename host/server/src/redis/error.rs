//! Redis' errors in words that name the remedy. No text of ours holds the URL, for there is a password in it.

use pesto_engine::ports::StoreError;
use redis::{ErrorKind, RedisError, ServerErrorKind};

/// How Redis begins to say that a script does what its user may not: a command, a key or a channel.
const IN_A_SCRIPT: &str = "The user executing the script can't";

/// Whether the step may or may not have been done, or could not be done just now: it is tried again. A server that is a
/// replica, or has none, may be so in a failover only.
pub(super) fn may_pass(error: &RedisError) -> bool {
    use ServerErrorKind as S;
    match error.kind() {
        ErrorKind::Io => distrust(error).is_none(),
        ErrorKind::ClusterConnectionNotFound => true,
        ErrorKind::Server(kind) => {
            matches!(kind, S::BusyLoading | S::TryAgain | S::ClusterDown | S::MasterDown | S::ReadOnly)
        }
        _ => error.code() == Some("NOREPLICAS"),
    }
}

/// Whether the server does not let us in. It tells so in several ways.
pub(super) fn keeps_out(error: &RedisError) -> bool {
    error.kind() == ErrorKind::AuthenticationFailed
        || matches!(error.code(), Some("NOAUTH" | "WRONGPASS"))
        || error.detail().is_some_and(|detail| detail.contains("unauthenticated"))
}

/// Why there can be no TLS with this server. The library tells of it in words only.
fn distrust(error: &RedisError) -> Option<&'static str> {
    let words = error.to_string();
    let remedies = [
        (
            "UnknownIssuer",
            "nobody that is known vouches for the certificate of Redis: name the file of its authority in \
                           store.redis_ca_file",
        ),
        ("not valid for name", "the certificate of Redis is not for the host that the URL names: name that one"),
        ("certificate expired", "the certificate of Redis has expired: give it a new one"),
        ("invalid peer certificate", "the certificate of Redis cannot be trusted: give it another one"),
        (
            "CertificateRequired",
            "Redis wants a certificate of its clients: name one, and its key, in \
                                 store.redis_cert_file and store.redis_key_file",
        ),
        ("received fatal alert", "Redis does not accept our certificate or our TLS: see its log"),
    ];
    remedies.into_iter().find(|(sign, _)| words.contains(sign)).map(|(_, remedy)| remedy)
}

/// Whether the server does not have the script: it was restarted, or is another one.
pub(super) fn wants_script(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

/// What a step's error means to the engine.
pub(super) fn store_error(step: &str, error: &RedisError) -> StoreError {
    match (error.kind(), error.code()) {
        (_, Some("WRONGTYPE")) => StoreError::Corrupt(format!(
            "a key that the step `{step}` needs is not of the type that Pesto writes; is it another program's? Give \
             each its own Redis"
        )),
        (ErrorKind::Parse | ErrorKind::UnexpectedReturnType, _) => {
            StoreError::Corrupt(format!("Redis answers the step `{step}` in no way that is known"))
        }
        _ => StoreError::Unavailable(explain(error)),
    }
}

/// An error for the operator.
pub(super) fn explain(error: &RedisError) -> String {
    use ServerErrorKind as S;
    if let Some(remedy) = distrust(error).filter(|_| error.is_io_error()) {
        return remedy.to_owned();
    }
    let detail = error.detail().unwrap_or_default();
    match (error.kind(), error.code()) {
        _ if keeps_out(error) => "Redis refuses the name or the password: correct them in the URL".to_owned(),
        (ErrorKind::Server(S::ReadOnly), _) => {
            "this Redis is a replica, which takes no writes: name the primary in the URL, or its sentinels".to_owned()
        }
        (_, Some("OOM")) => {
            "Redis has reached its `maxmemory`, and took nothing: raise it, or give Redis more memory".to_owned()
        }
        (_, Some("NOREPLICAS")) => {
            "fewer replicas follow this Redis than its `min-replicas-to-write` wants, and it takes \
                                    nothing until more do: are they running?"
                .to_owned()
        }
        (_, Some("MISCONF")) => {
            format!("Redis cannot write to its disk, and takes nothing until it can: {detail}")
        }
        (kind, _) if kind == ErrorKind::Server(S::NoPerm) || detail.starts_with(IN_A_SCRIPT) => {
            format!("the Redis user may not do what Pesto needs; grant it all that docs/hosts.md lists: {detail}")
        }
        (ErrorKind::Server(S::BusyLoading), _) => "Redis is still loading its data after a start".to_owned(),
        (_, Some("BUSY")) => "Redis is busy with another program's script".to_owned(),
        (ErrorKind::Server(S::TryAgain), _) => {
            "this part of the Redis cluster moves to another node just now".to_owned()
        }
        // The node that has the slots now does not answer; or nobody told us that this is a cluster.
        (ErrorKind::Server(S::Moved | S::Ask), _) => "a part of the Redis cluster is away, or the Redis user may not ask \
                                                      `INFO`, which tells that it is a cluster"
            .to_owned(),
        (ErrorKind::Parse, _) => "what answers is no Redis: correct host and port in the URL".to_owned(),
        _ if detail.contains("DB index is out of range") => {
            "Redis has no database of this number: correct the number after the port in the URL".to_owned()
        }
        (ErrorKind::ClusterConnectionNotFound, _) | (ErrorKind::Server(S::ClusterDown | S::MasterDown), _) => {
            "a part of the Redis cluster is away".to_owned()
        }
        _ if error.is_timeout() => "Redis does not answer in time".to_owned(),
        _ if error.is_connection_refusal() => "nothing listens at the address of Redis; is it running?".to_owned(),
        _ if error.is_connection_dropped() => {
            "the connection to Redis broke off; if it always does, see whether Redis wants TLS (rediss:// in the URL) or a \
             password"
                .to_owned()
        }
        _ => format!("Redis: {error}"),
    }
}
