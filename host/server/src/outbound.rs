//! How this host reaches services on the web: one request is one request, and TLS is checked by the machine's own roots.

use std::time::Duration;

use anyhow::Context as _;
use reqwest::Url;

/// How long a connection may take to be there.
const CONNECT: Duration = Duration::from_secs(10);

/// Chooses the provider of cryptography, once for all that this process connects to.
pub(crate) fn prepare_tls() {
    // An error means that there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A client for the service at `base`, whose requests may take so long in all.
///
/// Errors: no TLS can be had, for instance because the machine has no root certificates.
pub(crate) fn client(base: &Url, timeout: Duration) -> anyhow::Result<reqwest::Client> {
    prepare_tls();
    let mut http = reqwest::Client::builder()
        .user_agent(concat!("pesto/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT.min(timeout))
        .timeout(timeout)
        // Either would make a second request.
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never());
    if crate::config::is_loopback(base) {
        http = http.no_proxy();
    }
    if base.scheme() == "http" {
        // No certificate will be checked, so a machine without any will do.
        http = http.tls_certs_only([]);
    }
    let host = base.host_str().unwrap_or_default();
    http.build().with_context(|| format!("no TLS for {host}: are root certificates (ca-certificates) there?"))
}
