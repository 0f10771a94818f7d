use super::*;
use crate::LONGEST;

#[test]
fn yes() {
    for text in [
        "yes",
        "Y",
        "yes!!",
        "Yep",
        "yeah",
        "sure",
        "ok",
        "OK.",
        "Okay",
        "Yes please",
        "yes, please!",
        "of course",
        "yup",
        "k",
        "ja",
        "Ja!",
        "Ja, gerne",
        "klar",
        "jawohl",
        "oui",
        "si",
        "sí",
        "да",
        "はい",
        "👍",
        "👍🏽",
        "👍👍",
        ":+1:",
        ":thumbsup:",
        "✅",
        ":white_check_mark:",
        "`yes`",
        "*yes*",
        "“yes”",
        "yes yes",
        "yeah, sure",
        "yes, of course",
        "Absolutely!",
        "да!",
        "yes, I do",
        "sim",
        "tak",
        "- yes",
    ] {
        assert_eq!(yes_no(text), Some(true), "{text}");
    }
}

#[test]
fn no() {
    for text in [
        "no",
        "N",
        "nope",
        "No thanks",
        "no, thank you",
        "not really",
        "nein",
        "Nein danke",
        "nö",
        "nah",
        "non",
        "нет",
        "いいえ",
        "👎",
        ":-1:",
        "❌",
        "no no no",
        "never",
        "No way!",
        "I don't",
        "No, I don’t",
        "lieber nicht",
        "não",
    ] {
        assert_eq!(yes_no(text), Some(false), "{text}");
    }
}

#[test]
fn neither() {
    for text in [
        "",
        " ",
        "maybe",
        "perhaps",
        "yes and no",
        "yes no",
        "no yes",
        "yes, no",
        "who knows",
        "7",
        "depends",
        "yesterday",
        "november",
        "not",
        "no idea",
        "I do not know",
        "don't know",
        "vielleicht",
        "jein",
        "yes but only on Mondays",
        "okra",
        "😀",
        "please",
        "thanks",
        "not no",
        "?",
        "1",
        "know",
        "yes?no",
        "nobody",
        "yes maybe",
    ] {
        assert_eq!(yes_no(text), None, "{text}");
    }
    assert_eq!(yes_no(&"yes ".repeat(LONGEST / 4)), None);
    assert_eq!(yes_no(&"👍".repeat(LONGEST / 4)), None);
}

#[test]
fn agreement_to_send() {
    for text in [
        "yes",
        "ok",
        "looks good",
        "Looks good to me!",
        "Submit!",
        "send",
        "send it",
        "yes, submit",
        "ok send",
        "Yes. Send it.",
        "👍",
        "ja, abschicken",
        "passt so",
        "LGTM",
        "yes submit",
        "please submit",
        "perfect, thanks",
        "done",
    ] {
        assert!(agrees(text), "{text}");
    }
    for text in ["", "no", "change", "yes, but change my name", "wait", "submit no", "resubmit", "maybe", "not ok"] {
        assert!(!agrees(text), "{text}");
    }
    assert!(declines("No!") && declines("nein") && !declines("not yet sure"));
}

#[test]
fn wishes_to_leave() {
    for text in [
        "stop",
        "STOP!",
        "Stop please",
        "please stop",
        "exit",
        "quit",
        "abort",
        "never mind",
        "Nevermind.",
        "leave me alone",
        "Leave me alone!!",
        "not now",
        "forget it",
        "`exit`",
        "stopp",
        "aufhören",
        "Abbrechen",
        "lass mich in Ruhe",
        "jetzt nicht",
        "vergiss es",
        "stop stop stop",
        "🛑",
        "стоп",
    ] {
        assert!(wants_out(text), "{text}");
    }
    for text in [
        "",
        "stop at nothing",
        "Stopford",
        "bus stop",
        "exits",
        "non-stop",
        "quite",
        "no",
        "cancel",
        "mind",
        "endless",
        "alone",
        "now",
        "not",
        "Ende gut",
        "stopping",
    ] {
        assert!(!wants_out(text), "{text}");
    }
}

#[test]
fn wishes_for_help() {
    for text in ["help", "Help!", "help me", "Help me, please", "?", "??", " ? ", "Hilfe!", "hilf mir", "🆘"] {
        assert!(wants_help(text), "{text}");
    }
    for text in ["", "!", "helper", "help Ann with her desk", "what?", "helpful", "status?"] {
        assert!(!wants_help(text), "{text}");
    }
}

#[test]
fn wishes_to_leave_what_is_named() {
    for text in [
        "stop the survey",
        "Stop this survey, please!",
        "cancel survey",
        "quit survey",
        "end the survey",
        "Umfrage beenden",
        "die Umfrage abbrechen",
        "beende die Umfrage",
        "brich die Umfrage ab",
        "bye",
        "unsubscribe",
        "/cancel",
    ] {
        assert!(wants_out(text), "{text}");
    }
    for text in ["later", "pause", "done", "start over", "survey", "the survey", "stop the surveyor", "end of survey"] {
        assert!(!wants_out(text), "{text}");
    }
}

#[test]
fn wishes_to_begin_again() {
    for text in [
        "start over",
        "Start over!",
        "restart survey",
        "restart the survey",
        "begin again",
        "Neustart",
        "von vorn",
        "neu anfangen",
    ] {
        assert!(wants_restart(text), "{text}");
    }
    for text in ["", "start", "begin", "again", "start over there", "a restart of my career", "neu", "stop"] {
        assert!(!wants_restart(text), "{text}");
    }
}

#[test]
fn decisions_with_an_explanation() {
    for (text, decision) in [
        ("yes, one for my car", true),
        ("Yes! I come by bike and by car.", true),
        ("yes I need one", true),
        ("yes, but only on Mondays", true),
        ("ja, für mein Auto", true),
        ("No, I take the train", false),
        ("no - I walk", false),
        ("no need", false),
        ("noo", false),
        ("hell no", false),
        ("Nein, ich komme mit dem Rad", false),
        ("yep", true),
    ] {
        assert_eq!(yes_no_explained(text), Some(decision), "{text}");
    }
    for text in [
        "",
        "maybe",
        "yes and no",
        "yes, and no",
        "yes, no",
        "yes, maybe",
        "yes maybe",
        "no, actually yes",
        "yes, not really",
        "no idea",
        "no problem",
        "no, go back",
        "yes, stop",
        "yes but only on Mondays",
        "november, I think",
        "one for my car",
        "yes, if it is free",
        "ne",
    ] {
        assert_eq!(yes_no_explained(text), None, "{text}");
    }
    assert_eq!(yes_no_explained(&"yes, ".repeat(LONGEST / 5)), None);
}

#[test]
fn answers_to_whether_it_shall_end() {
    for text in [
        "no, go on",
        "No, continue.",
        "no I want to go on",
        "no please don't",
        "not yet",
        "not now",
        "continue",
        "go on",
        "Weiter!",
        "never mind",
        "nein, weiter",
        "no, not now",
        "No thanks",
    ] {
        assert_eq!(answers_yes_no(text), Some(false), "{text}");
    }
    for text in ["yes please end it", "yes", "Yes, stop the survey", "ja, beenden", "end it", "stop", "yes I am sure"] {
        assert_eq!(answers_yes_no(text), Some(true), "{text}");
    }
    for text in [
        "",
        "what?",
        "Ann",
        "no, end it",
        "yes, go on",
        "yes but not now",
        "ok go on",
        "no problem",
        "no idea",
        "no more",
        "maybe",
        "Noah",
        "Yesenia",
    ] {
        assert_eq!(answers_yes_no(text), None, "{text}");
    }
    assert_eq!(answers_yes_no(&"no ".repeat(LONGEST / 3)), None);
}
