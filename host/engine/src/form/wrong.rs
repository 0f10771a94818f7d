//! What can be wrong with what a person filled in.

/// Where a value must lie, both ends included.
#[derive(Debug, Clone, PartialEq)]
pub enum Range<T> {
    /// Not before the first, nor after the second.
    Between(T, T),
    /// Not before it.
    From(T),
    /// Not after it.
    UpTo(T),
}

impl<T> Range<T> {
    /// Between these ends; none where there is no end.
    pub(super) fn of(least: Option<T>, most: Option<T>) -> Option<Self> {
        match (least, most) {
            (Some(least), Some(most)) => Some(Self::Between(least, most)),
            (Some(least), None) => Some(Self::From(least)),
            (None, most) => most.map(Self::UpTo),
        }
    }
}

/// What is wrong with one field. It holds nothing of what the person entered.
#[derive(Debug, Clone, PartialEq)]
pub enum Wrong {
    /// The form does not have it.
    NoSuchField,
    /// All fields together are too long, and this is the longest.
    TooLongTogether,
    /// It has several values, and takes one.
    SeveralAnswers,
    /// Nothing is picked, and something must be.
    NothingPicked,
    /// It is empty, and must not be.
    Empty,
    /// It has too few characters.
    TooShort {
        /// So many are needed.
        least: u32,
    },
    /// It has too many characters.
    TooLong {
        /// So many are allowed.
        most: u32,
        /// So many it has.
        got: u32,
    },
    /// What is picked is not among the options.
    NotAmong,
    /// Too few or too many are picked.
    Count {
        /// So many at least.
        least: usize,
        /// So many at most.
        most: usize,
    },
    /// Something is picked twice.
    Twice,
    /// It is not a number.
    NoNumber,
    /// It is not a whole number.
    NotWhole,
    /// It is not a date.
    NoDate,
    /// The number does not lie in there.
    Number(Range<f64>),
    /// The date does not lie in there.
    Date(Range<String>),
}
