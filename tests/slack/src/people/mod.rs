//! What people do and see. Each deed is a change of the state; [`Person`] and the control API call the same ones.

mod forms;
mod operate;
mod person;
mod talk;

pub use forms::Submitted;
pub use person::Person;

pub(crate) use person::next_heard;

pub(crate) use operate::Operation;
pub(crate) use talk::Writing;
