//! Several real hosts on one Redis, each with a flows folder of its own.

mod rolling;
mod rollout;
mod seats;
mod terminals;

use pesto_engine::model::Digest;
use pesto_server::admin::{AdminReply, AdminRequest};
use pesto_tests::PATIENCE;
use pesto_tests::host::TestHost;
use pesto_tests::setup::Setup;

use redis_rig::server::Server;

/// A host's folder, but for its store.
pub(crate) fn on(redis: &Server, setup: Setup) -> Setup {
    setup.variable("REDIS_URL", &redis.url()).table("[store]\nredis_url_env = \"REDIS_URL\"")
}

/// Stops a host in good order, as a rolling restart does.
async fn stop(host: &mut TestHost) {
    host.terminate();
    assert!(host.ended(PATIENCE).await.success(), "the host stops in good order");
}

/// The digest that a host begins new conversations of a flow on.
fn offered(host: &TestHost, flow: &str) -> Option<String> {
    match host.ask(AdminRequest::Flows) {
        AdminReply::Flows { flows, .. } => {
            flows.into_iter().find(|row| row.current && row.name.as_str() == flow).map(|row| row.digest)
        }
        other => panic!("not flows: {other:?}"),
    }
}

/// Waits until all of these hosts offer this component, or none.
pub(crate) async fn agree<'a>(hosts: impl IntoIterator<Item = &'a TestHost>, flow: &str, component: Option<&[u8]>) {
    let wanted = component.map(|bytes| Digest::of(bytes).short().to_owned());
    for host in hosts {
        let agreed = async {
            while offered(host, flow) != wanted {
                // The host tells nobody that it took something up but its log, where a version may come twice.
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        let timely = tokio::time::timeout(PATIENCE, agreed).await;
        assert!(timely.is_ok(), "a host offers {:?} and not {wanted:?}", offered(host, flow));
    }
}
