//! Typing errors.

/// Shorter words are too near to others.
const SHORTEST: usize = 5;

/// Whether one letter too many, too few, wrong or swapped with its neighbour makes the one word of the other. The first
/// letter is always right, no digit is ever wrong, and of words with fewer than five letters nothing is: `atypical` is not
/// `typical`, `room 101` is not `room 102`.
pub(crate) fn is_near(written: &str, name: &str) -> bool {
    // One letter has at most four bytes.
    if written.len().abs_diff(name.len()) > 4 {
        return false;
    }
    let (a, b): (Vec<char>, Vec<char>) = (written.chars().collect(), name.chars().collect());
    let (shorter, longer) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    let digits = |letters: &[char]| letters.iter().any(char::is_ascii_digit);
    if shorter.len() < SHORTEST || longer.len() - shorter.len() > 1 || digits(&a) || digits(&b) {
        return false;
    }
    let same = shorter.iter().zip(longer).take_while(|(a, b)| a == b).count();
    if same == 0 {
        return false;
    }
    let (short, long) = (&shorter[same..], &longer[same..]);
    match (short, long) {
        (_, [_, rest @ ..]) if shorter.len() != longer.len() => short == rest,
        ([], _) => true,
        ([a, rest_a @ ..], [b, rest_b @ ..]) => {
            let swapped = match (rest_a, rest_b) {
                ([c, rest_a @ ..], [d, rest_b @ ..]) => a == d && b == c && rest_a == rest_b,
                _ => false,
            };
            rest_a == rest_b || swapped
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_error_in_a_word_that_is_long_enough() {
        for (written, name) in [
            ("enginering", "engineering"),
            ("enginneering", "engineering"),
            ("engineerign", "engineering"),
            ("engineerimg", "engineering"),
            ("pythn", "python"),
            ("pyhton", "python"),
            ("laptops", "laptop"),
            ("montior", "monitor"),
            ("sales", "sales"),
        ] {
            assert!(is_near(written, name) && is_near(name, written), "{written}");
        }
        for (written, name) in [
            ("engring", "engineering"),
            ("rusty", "rust"),
            ("ruts", "rust"),
            ("atypical", "typical"),
            ("room 101", "room 102"),
            ("dales", "sales"),
            ("pyhtno", "python"),
            ("", "x"),
            ("", ""),
            ("desing a", "design"),
        ] {
            assert!(!is_near(written, name), "{written}");
        }
    }
}
