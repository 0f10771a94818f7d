use std::time::{SystemTime, UNIX_EPOCH};

/// Hands out Slack-like ids and time stamps, none of them twice.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    count: u64,
    last: u64,
}

impl Ids {
    /// A prefix, a zero and nine characters of base 36, as `U0000000A1`.
    pub(crate) fn next(&mut self, prefix: &str) -> String {
        self.count += 1;
        format!("{prefix}0{}", base36(self.count, 9))
    }

    /// Microseconds since 1970, later than any given before.
    pub(crate) fn micros(&mut self) -> u64 {
        self.last = now_micros().max(self.last + 1);
        self.last
    }

    /// A message's time stamp: seconds and six digits. Of one width until the year 2286, so that text order is order.
    pub(crate) fn ts(&mut self) -> String {
        ts_of(self.micros())
    }
}

/// Microseconds since 1970 by this machine's clock.
pub(crate) fn now_micros() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_micros() as u64)
}

pub(crate) fn ts_of(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

fn base36(mut number: u64, width: usize) -> String {
    let mut digits = vec![b'0'; width];
    for digit in digits.iter_mut().rev() {
        let low = (number % 36) as u8;
        *digit = if low < 10 { b'0' + low } else { b'A' + low - 10 };
        number /= 36;
    }
    String::from_utf8_lossy(&digits).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_stamps_rise_even_within_a_microsecond() {
        let mut ids = Ids::default();
        let many: Vec<_> = (0..1000).map(|_| ids.ts()).collect();
        assert!(many.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn ids_look_like_slacks() {
        assert_eq!(Ids { count: 35, last: 0 }.next("U"), "U0000000010");
    }
}
