//! Where the steps of a scenario stand in its file, for messages. The reader of YAML tells no lines of what it read.

/// The line of each step, counted from 1. In block style each step begins with a dash at the depth of the first one, and
/// nothing else does: what a step holds is indented more. Where the dashes are not as many as the steps, the line of
/// `steps` is told for all.
pub(super) fn of_steps(text: &str, steps: usize) -> Vec<Option<usize>> {
    let lines = || text.lines().enumerate().map(|(at, line)| (at + 1, line));
    let Some((key, _)) = lines().find(|(_, line)| line.starts_with("steps:")) else { return vec![None; steps] };
    let mut depth = None;
    let mut found = Vec::new();
    for (at, line) in lines().skip(key) {
        let rest = line.trim_start();
        let indent = line.len() - rest.len();
        let dash = rest == "-" || rest.starts_with("- ");
        if rest.is_empty() || rest.starts_with('#') {
            continue;
        }
        // Another key of the scenario.
        if indent == 0 && !dash {
            break;
        }
        if dash && *depth.get_or_insert(indent) == indent {
            found.push(Some(at));
        }
    }
    if found.len() == steps { found } else { vec![Some(key); steps] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_found_by_their_dashes() {
        let text = "name: n\nsteps:\n  # first\n  - say: a\n    bot:\n      - b\n      - c\n\n  - say: |\n      - d\n  -\n    \
                    say: e\nnow: x\n";
        assert_eq!(of_steps(text, 3), [Some(4), Some(9), Some(11)]);
        assert_eq!(of_steps("steps:\n- say: a\n- say: b\nname: n\n", 2), [Some(2), Some(3)]);
        assert_eq!(of_steps("name: n\nsteps: [{say: a}, {say: b}]\n", 2), [Some(2), Some(2)]);
        assert_eq!(of_steps("{name: n, steps: [{say: a}]}", 1), [None]);
    }
}
