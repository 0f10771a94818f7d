use super::*;

type Options<'a> = &'a [(&'a str, &'a str)];

fn names<'a>(options: Options<'a>) -> Vec<Named<'a>> {
    options.iter().map(|(value, label)| Named::new(value, label)).collect()
}

fn found(text: &str, options: Options<'_>) -> Option<usize> {
    one(text, &names(options)).found()
}

const ROLES: Options<'_> = &[("eng", "Engineering"), ("art", "Design"), ("sell", "Sales"), ("else", "Other")];

#[test]
fn as_people_name_a_choice() {
    for (at, texts) in [
        (
            0,
            &[
                "Engineering",
                "engineering",
                "ENG",
                "1",
                "1.",
                "1)",
                "(1)",
                "#1",
                "one",
                "One.",
                "option 1",
                "option one",
                "Engineering.",
                "Engineering!",
                "eng",
                "engin",
                "Enginering",
                "Enginereing",
                "engineerings",
                "*Engineering*",
                "_Engineering_",
                "`Engineering`",
                "\"Engineering\"",
                "“Engineering”",
                "1. Engineering",
                "1) Engineering",
                "- Engineering",
                "• Engineering",
                ":one:",
                "1️⃣",
                "Engineering please",
                "Engineering, thanks",
                "first",
                "1st",
                "the first",
                "the first one",
                "number 1",
                "no. 1",
                "I'd say Engineering",
                "nummer eins",
                "die erste",
            ][..],
        ),
        (1, &["2 please", "two", "design", "Desing", "des", "zwei", "option 2", "second", "art", "it's Design"][..]),
        (3, &["4", "other", "Other…", "oth", "four", "vier", "fourth"][..]),
    ] {
        for text in texts {
            assert_eq!(found(text, ROLES), Some(at), "{text}");
        }
    }
}

#[test]
fn what_names_none_of_them() {
    for text in [
        "",
        " ",
        "?",
        "pilot",
        "0",
        "5",
        "-1",
        "1 2",
        "1-3",
        "maybe",
        "yes",
        "no",
        "e",
        "en",
        "engeneeering",
        "18446744073709551616",
        "not Engineering",
        "none",
        "anything",
        "1.5",
        "option",
        "option 9",
        "the",
        "ngineering",
        "Designer wanted",
        "10",
        "a",
        "options",
        "no engineering",
        "sale of the day",
    ] {
        assert_eq!(one(text, &names(ROLES)), nothing(text), "{text}");
    }
    assert_eq!(found(&"Engineering ".repeat(1_000), ROLES), None);
}

#[test]
fn a_name_wins_over_every_tolerance() {
    let odd = &[("a", "Two"), ("b", "1"), ("c", "Tw"), ("d", "Please"), ("e", "1. Floor")];
    for (text, at) in [("two", 0), ("1", 1), ("tw", 2), ("please", 3), ("1. Floor", 4), ("1. floor", 4)] {
        assert_eq!(found(text, odd), Some(at), "{text}");
    }
    // Labels that differ by a capital letter alone.
    let capitals = &[("1a", "US"), ("1b", "us")];
    assert_eq!((found("us", capitals), found("US", capitals)), (Some(1), Some(0)));
    assert_eq!(found("second", &[("x", "Second-hand"), ("y", "New")]), Some(0));
    assert_eq!(found("back", &[("x", "Backend"), ("y", "Frontend")]), None);
    assert_eq!(found("back", &[("x", "Back"), ("y", "Backend")]), Some(0));
    assert_eq!(found("skip", &[("x", "Yes"), ("y", "Skip")]), Some(1));
}

#[test]
fn numbers_that_are_names_are_no_positions() {
    let sizes = &[("10", "10"), ("20", "20"), ("30", "30")];
    for (text, at) in [("20", Some(1)), ("twenty", Some(1)), ("20.", Some(1)), ("2", None), ("two", None), ("1", None)]
    {
        assert_eq!(found(text, sizes), at, "{text}");
    }
    let points = &[("1", "1 (not at all)"), ("2", "2"), ("3", "3"), ("4", "4"), ("5", "5 (very well)")];
    for (text, at) in [
        ("5", Some(4)),
        ("five", Some(4)),
        ("4.", Some(3)),
        ("5/5", Some(4)),
        ("4 out of 5", Some(3)),
        ("a 4", Some(3)),
        ("very well", Some(4)),
        ("Not at all.", Some(0)),
        ("⭐⭐⭐⭐", Some(3)),
        ("1 (NOT AT ALL)", Some(0)),
        ("6", None),
        ("0", None),
        ("4/10", None),
        ("3.5", None),
        ("well, I don't know", None),
        ("2-3", None),
    ] {
        assert_eq!(found(text, points), at, "{text}");
    }
}

#[test]
fn a_hidden_value_that_is_another_position_is_asked_back() {
    let colours = names(&[("0", "Red"), ("1", "Blue")]);
    assert_eq!(one("1", &colours), Answer::Ambiguous { part: "1".to_owned(), among: vec![0, 1] });
    assert_eq!(one("1.", &colours), Answer::Ambiguous { part: "1.".to_owned(), among: vec![0, 1] });
    assert_eq!(one("blue", &colours), Answer::Found(1));
    assert_eq!(one("2", &names(&[("1", "Red"), ("2", "Blue")])), Answer::Found(1));
}

#[test]
fn yes_and_no_have_synonyms_where_they_are_offered() {
    let plain = &[("yes", "Yes"), ("no", "No"), ("survey/skip", "Skip")];
    let long = &[("a", "Yes, end it"), ("b", "No, go on")];
    for (text, at) in
        [("yep", 0), ("yes!!", 0), ("👍", 0), ("ja", 0), ("No thanks", 1), ("nope", 1), ("нет", 1), ("n", 1)]
    {
        assert_eq!((found(text, plain), found(text, long)), (Some(at), Some(at)), "{text}");
    }
    for text in ["maybe", "yes and no", "3 or so", "vielleicht"] {
        assert_eq!(found(text, plain), None, "{text}");
    }
    assert_eq!(found("no", &[("a", "Never"), ("b", "Sometimes"), ("c", "Of course")]), None);
    assert_eq!(found("nope", &[("a", "OK"), ("b", "Cancel")]), None);
}

#[test]
fn what_may_be_two_is_neither() {
    let pets = names(&[("a", "Cats"), ("b", "Cattle"), ("c", "Dogs"), ("d", "Water dogs")]);
    let ambiguous = |text: &str, among: &[usize]| Answer::Ambiguous { part: text.to_owned(), among: among.to_vec() };
    assert_eq!(one("cat", &pets), ambiguous("cat", &[0, 1]));
    assert_eq!(one(" cat ", &pets), ambiguous("cat", &[0, 1]));
    assert_eq!(one("dogs", &pets), Answer::Found(2));
    let typos = names(&[("a", "Monday"), ("b", "Mondaz")]);
    assert_eq!(one("mondax", &typos), ambiguous("mondax", &[0, 1]));
}

#[test]
fn words_out_of_a_label_are_enough_where_nothing_else_is_an_answer() {
    let places = &[("remote", "At home"), ("office", "In the office"), ("no", "Not in a hotel")];
    for (text, at) in [("home", 0), ("office", 1), ("the office", 1), ("at  HOME", 0), ("in the", 1)] {
        assert_eq!(found(text, places), Some(at), "{text}");
    }
    assert_eq!(found("hotel", places), None);
    assert_eq!(found("not in a hotel", places), Some(2));
    let open = names(&[("a", "Tell me more about York"), ("b", "Enough")]);
    assert_eq!(pick("york", &open), nothing("york"));
    assert_eq!(pick("tell me", &open), Answer::Found(0));
    assert_eq!(pick("2", &open), Answer::Found(1));
}

#[test]
fn ornaments_and_prefixes_of_numbers() {
    let food = &[("a", "🍕 Pizza"), ("b", "🥗 Salad"), ("c", ".NET")];
    assert_eq!((found("pizza", food), found("net", food), found("🍕 pizza", food)), (Some(0), Some(2), Some(0)));
    let rooms = &[("a", "Room 1"), ("b", "Room 10"), ("c", "Hall")];
    assert_eq!((found("room 1", rooms), found("Room 10", rooms), found("room 2", rooms)), (Some(0), Some(1), None));
    assert_eq!(found("room 1", &[("b", "Room 10"), ("c", "Hall")]), None);
}

#[test]
fn sentences_that_name_one_option() {
    for (at, text) in [
        (2, "I am in sales"),
        (0, "I will work in engineering"),
        (0, "I will be in engineering, I think"),
        (0, "Engineering, I guess"),
        (1, "I guess design"),
        (1, "Design mostly"),
        (3, "ich glaube other"),
    ] {
        assert_eq!(found(text, ROLES), Some(at), "{text}");
    }
    for text in ["I am not in sales", "I guess", "I am", "mostly", "I am in", "maybe sales", "I hate sales"] {
        assert_eq!(found(text, ROLES), None, "{text}");
    }
    let places = &[("remote", "At home"), ("office", "In the office")];
    for (at, text) in [
        (0, "from home"),
        (0, "work from home"),
        (0, "wfh"),
        (0, "at home mostly"),
        (1, "at the office"),
        (1, "in office"),
        (1, "I will be working in the office"),
    ] {
        assert_eq!(found(text, places), Some(at), "{text}");
    }
    for text in ["from the", "not from home", "home and away"] {
        assert_eq!(found(text, places), None, "{text}");
    }
    assert_eq!(pick("I am in sales", &names(ROLES)), nothing("I am in sales"), "own words are an answer there");
}

#[test]
fn an_end_of_a_scale_is_named_as_a_whole() {
    let points = &[("1", "1 (not at all)"), ("2", "2"), ("3", "3"), ("4", "4"), ("5", "5 (very well)")];
    for (text, at) in [("very well", 4), ("very wel", 4), ("vrey well", 4), ("not at all", 0), ("4 I think", 3)] {
        assert_eq!(found(text, points), Some(at), "{text}");
    }
    for text in ["well", "very", "not", "not at", "all", "not very well", "not well", "quite well"] {
        assert_eq!(found(text, points), None, "{text}");
        assert_eq!(pick(text, &names(points)).found(), None, "{text}");
    }
    assert_eq!(found("alw", &[("1", "1 (never)"), ("2", "2 (always)")]), Some(1));
}

#[test]
fn two_that_are_named_are_asked_back() {
    for (text, among) in [
        ("sales and design", &[1, 2][..]),
        ("Engineering or Design", &[0, 1]),
        ("Engineering/Design", &[0, 1]),
        ("1 and 2", &[0, 1]),
        ("1 or 2", &[0, 1]),
        ("Engineering and Design", &[0, 1]),
        ("sales, design & other", &[1, 2, 3]),
    ] {
        let wanted = Answer::Ambiguous { part: text.to_owned(), among: among.to_vec() };
        assert_eq!(one(text, &names(ROLES)), wanted, "{text}");
        assert_eq!(pick(text, &names(ROLES)).found(), None, "{text}");
    }
    assert_eq!(one("both", &names(&[("a", "Tea"), ("b", "Milk")])).found(), None);
    assert_eq!(found("sales, or sales", ROLES), Some(2));
    for text in ["sales and singing", "sales or", "or", "and/or", "1 or 9"] {
        assert_eq!(found(text, ROLES), None, "{text}");
    }
    let _ = one(&"sales or ".repeat(40), &names(ROLES));
}
