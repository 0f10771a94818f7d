use super::*;

const DAYS: &str = "How many days a week will you be in the office?";

#[test]
fn whole_numbers_as_people_write_them() {
    for (written, number) in [
        ("3", 3),
        ("3.", 3),
        ("3)", 3),
        ("three", 3),
        ("Three!", 3),
        ("drei", 3),
        ("3️⃣", 3),
        (":three:", 3),
        ("five!", 5),
        ("~3", 3),
        ("about 3", 3),
        ("about three days", 3),
        ("ca. 3", 3),
        ("3 days", 3),
        ("3 days.", 3),
        ("three days a week", 3),
        ("3 days per week", 3),
        ("1 day", 1),
        ("3 Tage", 3),
        ("drei Tage pro Woche", 3),
        ("3 times", 3),
        ("3x", 3),
        ("3d", 3),
        ("5/5", 5),
        ("4 out of 5", 4),
        ("4 von 5", 4),
        ("a 4", 4),
        ("just 2", 2),
        ("2 please", 2),
        ("⭐⭐⭐⭐", 4),
        (":star::star:", 2),
        ("★★★☆☆", 3),
        ("+3", 3),
        ("-2", -2),
        ("minus two", -2),
        ("003", 3),
        ("4.0", 4),
        ("twenty-one", 21),
        ("twenty one", 21),
        ("einundzwanzig", 21),
        ("🔟", 10),
        ("zero", 0),
        ("trois", 3),
    ] {
        assert_eq!(whole(written, DAYS, Some(5)), Some(number), "{written}");
    }
    assert_eq!(whole("2 monitors", "How many monitors?", None), Some(2));
    assert_eq!(whole("1 monitor", "How many monitors?", None), Some(1));
}

#[test]
fn what_is_no_number_or_more_than_one() {
    for written in [
        "",
        "few",
        "many",
        "3 or 4",
        "3-4",
        "3 to 4",
        "3, 4",
        "1,000",
        "1.5",
        "3 weeks",
        "3 hours",
        "3 cats",
        "4/6",
        "4 of 10",
        "1e1",
        "0x1",
        "٣",
        "1 2",
        "+",
        "-",
        "maybe",
        "none of your business",
        "third",
        "three four",
        "one two three",
        "99999999999999999999",
        "three hundred and five days and more",
        "half",
        "forty twelve",
        "3 days and 2 weeks",
    ] {
        assert_eq!(whole(written, DAYS, Some(5)), None, "{written}");
    }
    for unit in ["maybe ", "or so ", "i think ", "3 ", "a ", "about ", "twenty ", "/", "⭐"] {
        let _ = whole(&unit.repeat(LONGEST / unit.len()), DAYS, None);
    }
}

#[test]
fn decimals() {
    for (written, number) in
        [("1.5", 1.5), ("1,5", 1.5), ("2", 2.0), ("~2.5", 2.5), ("two", 2.0), ("-0.5", -0.5), (".5", 0.5)]
    {
        assert_eq!(decimal(written, "How far?"), Some(number), "{written}");
    }
    assert_eq!(decimal("1.5 hours", "How many hours?"), Some(1.5));
    for written in ["1,500", "nan", "inf", "1e0", "", ".", "1.2.3", "1,2,3", "many"] {
        assert_eq!(decimal(written, "How far?"), None, "{written}");
    }
}

#[test]
fn numbers_in_a_sentence() {
    for (written, number) in [
        ("maybe 4", 4),
        ("4 maybe", 4),
        ("I come 3 days", 3),
        ("I come in 3 days a week", 3),
        ("three or so", 3),
        ("twice a week", 2),
        ("3 per week", 3),
        ("３", 3),
        ("3, I think", 3),
        ("vielleicht vier", 4),
        ("so drei Tage", 3),
    ] {
        assert_eq!(whole(written, DAYS, Some(5)), Some(number), "{written}");
    }
    for written in ["maybe", "or so", "I come", "maybe 3 or 4", "3 a day", "twice a year", "maybe not", "I guess"] {
        assert_eq!(whole(written, DAYS, Some(5)), None, "{written}");
    }
    assert_eq!(count("maybe 4"), None);
}
