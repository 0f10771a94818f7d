use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use super::{Done, cannot, done};
use crate::callback;
use crate::core::Core;
use crate::model::{Group, Kind};
use crate::options::RequestUrls;
use crate::state;

type Shared = State<Arc<Core>>;

pub(super) fn routes() -> Router<Arc<Core>> {
    Router::new()
        .route("/app", get(app))
        .route("/app/revoke", post(revoke))
        .route("/app/request_urls", post(use_http).delete(use_sockets))
        .route("/channels", post(channel))
        .route("/channels/{channel}/archive", post(archive))
        .route("/groups", post(group))
}

/// Addresses and secrets, as the binary prints them.
async fn app(State(core): Shared) -> Done {
    done(core.lock().summary())
}

async fn revoke(State(core): Shared) -> Done {
    core.act(state::State::revoke);
    done(())
}

async fn use_http(State(core): Shared, Json(urls): Json<RequestUrls>) -> Done {
    callback::verify(&core, &urls.events).await.map_err(cannot)?;
    core.act(|state| state.app.urls = Some(urls));
    done(())
}

async fn use_sockets(State(core): Shared) -> Done {
    core.act(|state| state.app.urls = None);
    done(())
}

#[derive(Deserialize)]
struct NewChannel {
    name: String,
    #[serde(default)]
    private: bool,
    #[serde(default)]
    members: Vec<String>,
    /// Whether the bot stays outside.
    #[serde(default)]
    without_bot: bool,
}

async fn channel(State(core): Shared, Json(new): Json<NewChannel>) -> Done {
    let id = core.act(|state| {
        let mut members: std::collections::BTreeSet<_> = new.members.into_iter().collect();
        if !new.without_bot {
            members.insert(state.app.bot_user.clone());
        }
        state.add_channel(&new.name, if new.private { Kind::Private } else { Kind::Public }, members)
    });
    done(json!({ "id": id }))
}

async fn archive(State(core): Shared, Path(id): Path<String>) -> Done {
    let found = core.act(|state| state.channels.get_mut(&id).map(|channel| channel.archived = true));
    done(found.ok_or_else(|| cannot(format!("there is no channel {id}")))?)
}

#[derive(Deserialize)]
struct NewGroup {
    handle: String,
    #[serde(default)]
    users: Vec<String>,
}

async fn group(State(core): Shared, Json(new): Json<NewGroup>) -> Done {
    let id = core.act(|state| {
        let id = state.ids.next("S");
        state.groups.push(Group { id: id.clone(), handle: new.handle, users: new.users });
        id
    });
    done(json!({ "id": id }))
}
