//! Certificates for TLS, made anew for each test.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::node::free_port;
use crate::server::{Server, program};

/// An authority, and what it vouches for: a server at 127.0.0.1, and a client. Another authority vouches for nobody.
pub struct Certificates {
    folder: TempDir,
}

impl Certificates {
    /// Makes them.
    pub fn make() -> Self {
        let made = Self { folder: TempDir::new().unwrap() };
        for authority in ["authority", "stranger"] {
            let (certificate, key) = made.pair(authority);
            openssl(
                &["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
                &[("-subj", format!("/CN={authority}")), ("-out", certificate), ("-keyout", key)],
            );
        }
        for (name, addition) in [("server", "subjectAltName=IP:127.0.0.1"), ("client", "extendedKeyUsage=clientAuth")] {
            let ((certificate, key), (authority, authority_key)) = (made.pair(name), made.pair("authority"));
            openssl(
                &["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
                &[
                    ("-subj", format!("/CN={name}")),
                    ("-addext", addition.to_owned()),
                    ("-addext", "basicConstraints=critical,CA:FALSE".to_owned()),
                    ("-CA", authority),
                    ("-CAkey", authority_key),
                    ("-out", certificate),
                    ("-keyout", key),
                ],
            );
        }
        made
    }

    /// The file of the certificate of `authority`, `stranger`, `server` or `client`.
    pub fn certificate(&self, name: &str) -> PathBuf {
        self.folder.path().join(name).with_extension("pem")
    }

    /// The file of its key.
    pub fn key(&self, name: &str) -> PathBuf {
        self.folder.path().join(name).with_extension("key")
    }

    /// A server that listens with TLS only, and its port. `clients` is `yes` where it asks them for a certificate.
    pub fn server(&self, clients: &str) -> (Server, u16) {
        let port = free_port();
        let [authority, certificate, key] =
            [self.certificate("authority"), self.certificate("server"), self.key("server")]
                .map(|path| path.display().to_string());
        let server = Server::start_with(&[
            "--appendonly",
            "yes",
            "--appendfsync",
            "always",
            "--bind",
            "127.0.0.1",
            "--tls-port",
            &port.to_string(),
            "--tls-ca-cert-file",
            &authority,
            "--tls-cert-file",
            &certificate,
            "--tls-key-file",
            &key,
            "--tls-auth-clients",
            clients,
        ]);
        (server, port)
    }

    fn pair(&self, name: &str) -> (String, String) {
        (self.certificate(name).display().to_string(), self.key(name).display().to_string())
    }
}

fn openssl(arguments: &[&str], more: &[(&str, String)]) {
    let mut command = Command::new(program("openssl"));
    command.args(arguments).args(more.iter().flat_map(|(name, value)| [*name, value.as_str()]));
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
