/// A small seeded generator, so that two runs with one seed spread events and faults alike.
///
/// This is splitmix64: it passes the usual statistical tests, and nothing here needs secrecy.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// An index below `count`, which must not be 0.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        (self.next() % count.max(1) as u64) as usize
    }

    /// True with this probability, from 0 to 1.
    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        // The upper 53 bits fill a double's mantissa evenly.
        ((self.next() >> 11) as f64) / ((1u64 << 53) as f64) < probability
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_sequence() {
        let (mut one, mut two) = (Random::new(7), Random::new(7));
        assert!((0..100).all(|_| one.next() == two.next()));
    }

    #[test]
    fn probability_is_about_right() {
        let mut random = Random::new(1);
        let hits = (0..10_000).filter(|_| random.happens(0.25)).count();
        assert!((2_300..2_700).contains(&hits), "{hits}");
        assert!(!random.happens(0.0));
        assert!(random.happens(1.0));
    }
}
