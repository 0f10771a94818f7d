//! German.

use super::{Span, Then, Words};
use crate::form::{Range, Wrong};
use crate::model::Control;

#[derive(Debug)]
pub(super) struct German;

fn count(count: u64, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    }
}

impl Words for German {
    fn tag(&self) -> &'static str {
        "de"
    }

    fn yes(&self) -> &'static str {
        "Ja"
    }

    fn no(&self) -> &'static str {
        "Nein"
    }

    fn nothing_on_offer(&self) -> &'static str {
        "Noch gibt es nichts, worüber wir reden könnten: Es ist nichts geladen."
    }

    fn on_offer(&self) -> &'static str {
        "Das kann ich:"
    }

    fn more_on_offer(&self, count: usize) -> String {
        format!("und {count} weitere")
    }

    fn more_soon(&self) -> &'static str {
        "Weiteres wird gerade vorbereitet. Versuch es bitte in einer Minute noch einmal."
    }

    fn soon(&self, name: &str) -> String {
        format!("`{name}` wird gerade vorbereitet. Versuch es bitte in einer Minute noch einmal.")
    }

    fn controls(&self) -> &'static str {
        "Jederzeit: `cancel` beendet das Gespräch, `restart` beginnt es von vorn, `status` sagt, wo wir sind."
    }

    fn lost(&self) -> &'static str {
        "Damit kann ich nichts anfangen."
    }

    fn no_such_flow(&self, name: &str, meant: &[String]) -> String {
        let meant = if meant.is_empty() { String::new() } else { format!(" Meinst du {}?", meant.join(" oder ")) };
        format!("Einen Flow `{name}` gibt es nicht.{meant}")
    }

    fn not_for_you(&self, name: &str) -> String {
        format!("`{name}` steht dir hier nicht offen.")
    }

    fn switch(&self, open: &str, then: Then<'_>) -> String {
        let then = match then {
            Then::Nothing => String::new(),
            Then::Again => " und noch einmal beginnen".to_owned(),
            Then::Start(next) => format!(" und „{next}“ beginnen"),
        };
        format!("Wir sind mitten in „{open}“. Soll ich das beenden{then}?")
    }

    fn switch_no(&self) -> &'static str {
        "Gut, wir machen weiter, wo wir waren."
    }

    fn cancelled(&self) -> &'static str {
        "Beendet."
    }

    fn cut_short(&self) -> &'static str {
        "Beendet, bevor es begonnen hatte. Schreib `start` und den Namen, um noch einmal zu beginnen."
    }

    fn nothing_open(&self) -> &'static str {
        "Hier läuft kein Gespräch, das ich beenden oder von vorn beginnen könnte. In einem Thread schreib es dort; `help` \
         zeigt, was ich kann."
    }

    fn start_what(&self) -> &'static str {
        "Sag, was: `start` und der Name."
    }

    fn late(&self, control: Control) -> String {
        let word = control.word();
        format!(
            "Dein `{word}` kam spät: Es ist älter als das, was wir gerade tun. Schreib noch einmal `{word}`, wenn du das \
             hier meinst."
        )
    }

    fn reset(&self) -> &'static str {
        "Wer mich betreibt, hat beendet, was wir taten, und was du zuletzt geschickt hast, ist vielleicht verloren. Du \
         kannst von vorn beginnen."
    }

    fn still_open(&self, flow: &str, left: Span) -> String {
        let left = match left {
            Span::Days(days) => count(days, "Tag", "Tagen"),
            Span::Hours(hours) => count(hours, "Stunde", "Stunden"),
            Span::Minutes(minutes) => count(minutes, "Minute", "Minuten"),
            Span::Seconds(seconds) => count(seconds, "Sekunde", "Sekunden"),
        };
        format!("Wir sind noch mitten in „{flow}“. Wenn ich nichts von dir höre, beende ich das in {left}.")
    }

    fn expired(&self, flow: &str) -> String {
        format!("Ich habe lange nichts von dir gehört, deshalb ist „{flow}“ beendet. Du kannst es von vorn beginnen.")
    }

    fn status(&self, open: Option<&str>, running: bool, waiting: u64) -> String {
        let Some(open) = open else {
            return if running { "Ich arbeite an deiner Nachricht." } else { "Es läuft kein Gespräch." }.to_owned();
        };
        let then = match (running, waiting) {
            (true, 0) => "Ich arbeite an deiner Nachricht.".to_owned(),
            (true, 1) => "Ich arbeite an deiner Nachricht, und eine weitere wartet.".to_owned(),
            (true, waiting) => format!("Ich arbeite an deiner Nachricht, und {waiting} weitere warten."),
            (false, _) => "Ich warte auf dich.".to_owned(),
        };
        format!("Wir sind mitten in „{open}“. {then}")
    }

    fn too_long(&self, got: usize, most: usize) -> String {
        format!("Deine Nachricht ist zu lang: Sie hat etwa {got} Zeichen, und ich kann {most} annehmen.")
    }

    fn full(&self, lost: usize) -> String {
        let lost = match lost {
            1 => "Deine letzte Nachricht ist".to_owned(),
            lost => format!("Deine letzten {lost} Nachrichten sind"),
        };
        format!(
            "Von dir wartet schon so viel, dass ich nichts mehr annehmen konnte. {lost} verloren. Warte auf meine \
             Antworten, oder schreib `cancel`."
        )
    }

    fn gave_up(&self, open: bool) -> &'static str {
        if open {
            "Entschuldige, mit deiner letzten Nachricht ging etwas schief, und jemand wird sich darum kümmern. Unser \
             Gespräch geht weiter, als hättest du sie nicht geschickt; `cancel` beendet es."
        } else {
            "Entschuldige, etwas ging schief, und jemand wird sich darum kümmern. Du kannst es später noch einmal \
             versuchen."
        }
    }

    fn not_yours(&self) -> &'static str {
        "An diesem Gespräch können leider nicht alle teilnehmen."
    }

    fn theirs(&self, name: Option<&str>) -> String {
        let whose = name.map_or_else(
            || "Dieses Gespräch führt jemand anderes".to_owned(),
            |name| format!("Dieses Gespräch führt {name}"),
        );
        format!(
            "{whose}, deshalb nehme ich hier nichts von dir an. Schreib mir direkt, oder erwähne mich außerhalb dieses Threads."
        )
    }

    fn edited(&self) -> &'static str {
        "Diese Änderung kam für mich zu spät, es gilt, was du zuerst geschrieben hast. Schreib es neu; in einer Umfrage \
         führt `zurück` zur vorigen Frage."
    }

    fn stale_pick(&self) -> &'static str {
        "Diese Frage ist nicht mehr offen."
    }

    fn bad_pick(&self, least: u32, most: u32) -> String {
        match (least, most) {
            (1, 1) => "Bitte wähle genau eins aus.".to_owned(),
            (least, most) if least == most => format!("Bitte wähle genau {least} aus."),
            (least, most) => format!("Bitte wähle {least} bis {most} aus."),
        }
    }

    fn filled(&self) -> &'static str {
        "Abgeschickt"
    }

    fn stale_form(&self) -> &'static str {
        "Dieses Formular ist nicht mehr offen."
    }

    fn bad_form(&self) -> &'static str {
        "Bitte füll das Formular noch einmal aus."
    }

    fn wrong(&self, wrong: &Wrong) -> String {
        match wrong {
            Wrong::NoSuchField => "Dieses Feld hat das Formular nicht.".to_owned(),
            Wrong::TooLongTogether => "Alle deine Antworten zusammen sind zu lang. Bitte kürze diese.".to_owned(),
            Wrong::SeveralAnswers => "Bitte gib eine einzige Antwort.".to_owned(),
            Wrong::NothingPicked => "Bitte wähle eins aus.".to_owned(),
            Wrong::Empty => "Bitte füll das aus.".to_owned(),
            Wrong::TooShort { least } => format!("Bitte schreib mindestens {least} Zeichen."),
            Wrong::TooLong { most, got } => format!("Bitte schreib höchstens {most} Zeichen: Das sind {got}."),
            Wrong::NotAmong => "Das steht nicht zur Auswahl.".to_owned(),
            Wrong::Count { least, most } if least == most => format!("Bitte wähle {least} aus."),
            Wrong::Count { least, most } => format!("Bitte wähle {least} bis {most} aus."),
            Wrong::Twice => "Bitte wähle jedes nur einmal aus.".to_owned(),
            Wrong::NoNumber => "Bitte schreib eine Zahl wie 42 oder -1.5.".to_owned(),
            Wrong::NotWhole => "Bitte schreib eine ganze Zahl.".to_owned(),
            Wrong::NoDate => "Bitte schreib ein Datum wie 2026-03-31.".to_owned(),
            Wrong::Number(Range::Between(least, most)) => format!("Bitte schreib eine Zahl von {least} bis {most}."),
            Wrong::Number(Range::From(least)) => format!("Bitte schreib eine Zahl ab {least}."),
            Wrong::Number(Range::UpTo(most)) => format!("Bitte schreib eine Zahl bis {most}."),
            Wrong::Date(Range::Between(least, most)) => format!("Bitte wähle ein Datum von {least} bis {most}."),
            Wrong::Date(Range::From(least)) => format!("Bitte wähle ein Datum ab {least}."),
            Wrong::Date(Range::UpTo(most)) => format!("Bitte wähle ein Datum bis {most}."),
        }
    }
}
