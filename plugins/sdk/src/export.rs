//! From a type that implements `Flow` to the exports of a component.

use std::rc::Rc;
use std::sync::Once;

use crate::bindings::pesto::flow::types as raw;
use crate::host::{Host as _, Imports, Level};
use crate::migration_bindings::exports::pesto::flow::migration::{Former, Takeover};
use crate::{Flow, Migrate, migrate, text, turn};

/// Makes a type that implements [`Flow`](crate::Flow) the flow of this component. Once in a crate, and the crate is
/// a `cdylib`. With `migrating`, which stands behind a comma, it takes over conversations of its other versions by
/// [`Migrate`](crate::Migrate).
#[macro_export]
macro_rules! export {
    ($flow:ty, migrating) => {
        $crate::export!($flow);

        #[doc(hidden)]
        #[allow(unsafe_code, missing_docs)]
        const _: () = {
            use $crate::bindings::pesto::flow::types;
            use $crate::migration_bindings::exports::pesto::flow::migration;

            struct Exported;

            impl migration::Guest for Exported {
                fn migrate(former: migration::Former) -> ::core::result::Result<migration::Takeover, types::Failure> {
                    $crate::migrate_raw::<$flow>(former)
                }
            }

    $crate::migration_bindings::export_raw_migration!(Exported with_types_in $crate::migration_bindings);
        };
    };
    ($flow:ty) => {
        #[doc(hidden)]
        #[allow(unsafe_code, missing_docs)]
        const _: () = {
            use $crate::bindings::pesto::flow::types;

            struct Exported;

            impl $crate::bindings::exports::pesto::flow::conversation::Guest for Exported {
                fn describe() -> types::FlowInfo {
                    $crate::describe::<$flow>()
                }

                fn handle(
                    event: types::Event,
                    context: types::TurnContext,
                    state: ::core::option::Option<::std::vec::Vec<u8>>,
                ) -> ::core::result::Result<types::Outcome, types::Failure> {
                    $crate::handle::<$flow>(event, context, state)
                }
            }

    $crate::bindings::export_raw!(Exported with_types_in $crate::bindings);
        };
    };
}

/// What the export macro calls for `describe`.
#[doc(hidden)]
pub fn describe<F: Flow>() -> raw::FlowInfo {
    log_panics();
    F::describe().into()
}

/// What the export macro calls for `handle`.
#[doc(hidden)]
pub fn handle<F: Flow>(
    event: raw::Event,
    context: raw::TurnContext,
    state: Option<Vec<u8>>,
) -> Result<raw::Outcome, raw::Failure> {
    log_panics();
    turn::run::<F>(Rc::new(Imports), event, context, state).map_err(Into::into)
}

/// What the export macro calls for `migrate`.
#[doc(hidden)]
pub fn migrate_raw<F: Migrate>(former: Former) -> Result<Takeover, raw::Failure> {
    log_panics();
    migrate::run::<F>(former)
}

/// A panic ends in a trap, which has no words. So its words go to the log just before.
fn log_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            // Place and words on one line, as a log has it.
            let words = panic.to_string().replacen(":\n", ": ", 1);
            Imports.log(Level::Error, &text::cut(&words, 2_000));
        }));
    });
}
