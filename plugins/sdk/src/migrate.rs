//! Taking over conversations that another version of the flow conducts.

use serde::de::DeserializeOwned;

use crate::bindings::pesto::flow::types as raw;
use crate::migration_bindings::exports::pesto::flow::migration::{self, Takeover};
use crate::{Failure, Flow, turn};

/// A flow that goes on with conversations of its other versions: `pesto_sdk::export!(MyFlow, migrating)`. Without it
/// each conversation finishes on the version with which it began.
///
/// ```
/// use pesto_sdk::{About, Event, Failure, Flow, Former, Migrate, Turn};
/// use serde::{Deserialize, Serialize};
///
/// struct Echo;
///
/// #[derive(Default, Serialize, Deserialize)]
/// struct Heard {
///     lines: u32,
///     longest: usize,
/// }
///
/// /// What version 1 kept.
/// #[derive(Default, Deserialize)]
/// struct Heard1 {
///     lines: u32,
/// }
///
/// impl Flow for Echo {
///     type State = Heard;
///
///     fn describe() -> About {
///         About::new("Echo", "Says what you say.").version("2")
///     }
///
///     fn handle(_: Event, _: &mut Turn<Heard>) -> Result<(), Failure> {
///         Ok(())
///     }
/// }
///
/// impl Migrate for Echo {
///     fn migrate(former: &Former) -> Result<Option<Heard>, Failure> {
///         Ok(match former.version() {
///             "1" => Some(Heard { lines: former.state::<Heard1>()?.lines, longest: 0 }),
///             _ => None,
///         })
///     }
/// }
///
/// pesto_sdk::export!(Echo, migrating);
/// ```
pub trait Migrate: Flow {
    /// The state from which this version goes on, in front of the conversation's next turn; none leaves it to its version,
    /// which is right for a version that this one does not know. So does an error, and a panic; both are logged.
    ///
    /// No host call is allowed. What the person was asked last stays open: its answer comes with the former version's keys
    /// and values.
    fn migrate(former: &Former) -> Result<Option<Self::State>, Failure>;
}

/// A conversation as another version left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Former {
    version: String,
    state: Vec<u8>,
}

impl Former {
    /// What that version calls itself, as in [`About::version`](crate::About::version); empty where it cannot be loaded
    /// any more.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Its state, written by this kit. An error where it is of another form.
    pub fn state<S: DeserializeOwned + Default>(&self) -> Result<S, Failure> {
        turn::read(&self.state)
    }

    /// Its state as it stands.
    pub fn bytes(&self) -> &[u8] {
        &self.state
    }
}

/// A version's answer, in the contract's words.
pub(crate) fn run<F: Migrate>(former: migration::Former) -> Result<Takeover, raw::Failure> {
    let migration::Former { version, state, .. } = former;
    let state = F::migrate(&Former { version, state })?;
    let state = state.as_ref().map(turn::write).transpose()?;
    Ok(state.map_or(Takeover::None, Takeover::State))
}
