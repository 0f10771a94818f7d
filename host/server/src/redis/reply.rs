//! What a script answers, read field by field. Everything is text, so that no number is rounded on its way.

use std::str::FromStr;
use std::vec::IntoIter;

use pesto_engine::model::Millis;
use pesto_engine::ports::StoreError;
use redis::Value;

/// An answer: who is to be woken, the server's time, and what the step says.
pub(super) struct Reply {
    /// Of `i`, `o`, `t` and `c`.
    pub(super) woken: String,
    /// The store's time.
    pub(super) now: Millis,
    /// The server's microseconds.
    pub(super) micros: u64,
    pub(super) fields: Fields,
}

impl Reply {
    pub(super) fn new(step: &'static str, value: Value) -> Result<Self, StoreError> {
        let mut fields = Fields::new(step, value)?;
        Ok(Self { woken: fields.text()?, now: fields.number()?, micros: fields.number()?, fields })
    }
}

/// An array of an answer.
pub(super) struct Fields {
    step: &'static str,
    values: IntoIter<Value>,
}

impl Fields {
    fn new(step: &'static str, value: Value) -> Result<Self, StoreError> {
        match value {
            Value::Array(values) => Ok(Self { step, values: values.into_iter() }),
            _ => Err(unexpected(step)),
        }
    }

    /// None where the script says that there is nothing.
    pub(super) fn maybe_bytes(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        match self.values.next() {
            Some(Value::BulkString(bytes)) => Ok(Some(bytes)),
            Some(Value::SimpleString(text)) => Ok(Some(text.into_bytes())),
            Some(Value::Int(number)) => Ok(Some(number.to_string().into_bytes())),
            Some(Value::Nil) => Ok(None),
            _ => Err(unexpected(self.step)),
        }
    }

    pub(super) fn maybe_text(&mut self) -> Result<Option<String>, StoreError> {
        let Some(bytes) = self.maybe_bytes()? else { return Ok(None) };
        String::from_utf8(bytes).map(Some).map_err(|_| unexpected(self.step))
    }

    pub(super) fn bytes(&mut self) -> Result<Vec<u8>, StoreError> {
        self.maybe_bytes()?.ok_or_else(|| unexpected(self.step))
    }

    pub(super) fn text(&mut self) -> Result<String, StoreError> {
        self.maybe_text()?.ok_or_else(|| unexpected(self.step))
    }

    pub(super) fn number<T: FromStr>(&mut self) -> Result<T, StoreError> {
        self.text()?.parse().map_err(|_| unexpected(self.step))
    }

    /// A number that may not be there yet.
    pub(super) fn number_or_zero<T: FromStr + Default>(&mut self) -> Result<T, StoreError> {
        match self.maybe_text()? {
            Some(text) => text.parse().map_err(|_| unexpected(self.step)),
            None => Ok(T::default()),
        }
    }

    /// Text that stands for `true` unless it is empty.
    pub(super) fn flag(&mut self) -> Result<bool, StoreError> {
        Ok(!self.text()?.is_empty())
    }

    pub(super) fn list(&mut self) -> Result<Self, StoreError> {
        Self::new(self.step, self.values.next().unwrap_or_default())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.len() == 0
    }

    /// The rest, read one after the other.
    pub(super) fn all<T>(
        mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut all = Vec::new();
        while !self.is_empty() {
            all.push(read(&mut self)?);
        }
        Ok(all)
    }
}

pub(super) fn unexpected(step: &str) -> StoreError {
    StoreError::Corrupt(format!("the step `{step}` answers what no version of Pesto writes"))
}
