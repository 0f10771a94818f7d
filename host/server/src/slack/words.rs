//! What the host says to people only in Slack, by their language. The rest is
//! [`texts`](pesto_engine::texts), whose languages these are.

/// All that is said. `{direct}` stands for a link to the direct messages, called as `direct` says.
#[derive(Debug)]
pub(super) struct Words {
    tag: &'static str,
    pub(super) done: &'static str,
    pub(super) options: &'static str,
    pub(super) pick_one: &'static str,
    /// How many of `all` options may be picked, from one to another number.
    pub(super) how_many: fn(least: u32, most: u32, all: usize) -> String,

    pub(super) not_opened: &'static str,
    pub(super) not_shown: &'static str,
    pub(super) closed: (&'static str, &'static str),
    pub(super) not_sent: (&'static str, &'static str),
    pub(super) full: &'static str,

    pub(super) direct: &'static str,
    /// The answer goes to the direct messages, which may not be where the person looks.
    elsewhere: &'static str,
    which: &'static str,
    no_name: &'static str,
    unknown: &'static str,
}

/// What a slash command is answered at once, before the one who gave it alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// The answer comes.
    Elsewhere,
    /// `start`, and no name.
    Which,
    /// `start`, and what cannot be a name.
    NoName,
    /// What means nothing.
    Unknown,
}

impl Told {
    /// In these words, with the address of the direct messages where it is known.
    pub(super) fn in_words(self, words: &Words, address: Option<&str>) -> String {
        let text = match self {
            Self::Elsewhere => words.elsewhere,
            Self::Which => words.which,
            Self::NoName => words.no_name,
            Self::Unknown => words.unknown,
        };
        let direct = address.map_or_else(|| words.direct.to_owned(), |address| format!("<{address}|{}>", words.direct));
        text.replace("{direct}", &direct)
    }
}

/// In the language of a locale such as `de-AT`, or of a [`texts`](pesto_engine::texts) tag; that may be anything.
pub(super) fn of(locale: &str) -> &'static Words {
    let tag = pesto_engine::texts::of(locale).tag();
    if tag == GERMAN.tag { &GERMAN } else { &ENGLISH }
}

static ENGLISH: Words = Words {
    tag: "en",
    done: "Done",
    options: "Options",
    pick_one: "Pick one",
    how_many: |least, most, all| match (least, most) {
        (least, most) if least == most => format!("Pick {least}."),
        (0 | 1, most) if most as usize == all => "Pick one or more.".to_owned(),
        (0 | 1, most) => format!("Pick up to {most}."),
        (least, most) if most as usize == all => format!("Pick at least {least}."),
        (least, most) => format!("Pick {least} to {most}."),
    },
    not_opened: "The form could not be opened just now. Please press its button again.",
    not_shown: "That form cannot be shown in Slack. Somebody has to look into it.",
    closed: (
        "No longer open",
        "This form is no longer open, so what you entered was not sent. You can close this window.",
    ),
    not_sent: ("Not sent", "What you entered was not sent."),
    full: "So much of yours is waiting that I could not take what you entered. Wait for my answers first.",
    direct: "direct messages",
    elsewhere: "I answer in our {direct}.",
    which: "Say which one: `start` and its name. I answer in our {direct}.",
    no_name: "There is nothing of that name. I answer in our {direct} with what I can do.",
    unknown: "I know the name of a flow, or `start` and a name, `list`, `cancel`, `restart`, `status` and `help`. I \
              answer in our {direct} with what I can do.",
};

static GERMAN: Words = Words {
    tag: "de",
    done: "Fertig",
    options: "Auswahl",
    pick_one: "Bitte wählen",
    how_many: |least, most, all| match (least, most) {
        (least, most) if least == most => format!("Wähle {least} aus."),
        (0 | 1, most) if most as usize == all => "Wähle eins oder mehrere aus.".to_owned(),
        (0 | 1, most) => format!("Wähle bis zu {most} aus."),
        (least, most) if most as usize == all => format!("Wähle mindestens {least} aus."),
        (least, most) => format!("Wähle {least} bis {most} aus."),
    },
    not_opened: "Das Formular ließ sich gerade nicht öffnen. Bitte drück noch einmal auf den Knopf.",
    not_shown: "Dieses Formular lässt sich in Slack nicht zeigen. Jemand muss sich darum kümmern.",
    closed: (
        "Nicht mehr offen",
        "Dieses Formular ist nicht mehr offen, deshalb wurde nichts abgeschickt. Du kannst das Fenster schließen.",
    ),
    not_sent: ("Nicht abgeschickt", "Was du eingegeben hast, wurde nicht abgeschickt."),
    full: "Von dir wartet schon so viel, dass ich deine Eingaben nicht annehmen konnte. Warte erst auf meine Antworten.",
    direct: "Direktnachrichten",
    elsewhere: "Ich antworte in unseren {direct}.",
    which: "Sag, welche: `start` und der Name. Ich antworte in unseren {direct}.",
    no_name: "Etwas mit diesem Namen gibt es nicht. Was ich kann, steht gleich in unseren {direct}.",
    unknown: "Ich kenne den Namen eines Flows, oder `start` und einen Namen, `list`, `cancel`, `restart`, `status` und \
              `help`. Was ich kann, steht gleich in unseren {direct}.",
};

#[cfg(test)]
mod tests {
    use pesto_engine::texts;

    use super::*;

    #[test]
    fn says_how_many() {
        for (least, most, all, says, german) in [
            (2, 2, 3, "Pick 2.", "Wähle 2 aus."),
            (1, 3, 3, "Pick one or more.", "Wähle eins oder mehrere aus."),
            (1, 2, 3, "Pick up to 2.", "Wähle bis zu 2 aus."),
            (2, 3, 3, "Pick at least 2.", "Wähle mindestens 2 aus."),
            (2, 3, 4, "Pick 2 to 3.", "Wähle 2 bis 3 aus."),
        ] {
            assert_eq!((of("en-US").how_many)(least, most, all), says);
            assert_eq!((of("de-AT").how_many)(least, most, all), german);
        }
    }

    #[test]
    fn every_language_of_the_host_is_spoken() {
        for tag in texts::all().map(|words| words.tag()) {
            assert_eq!(of(tag).tag, tag, "{tag} is not among Slack's words");
        }
    }
}
