use super::*;

fn names<'a>(labels: &[&'a str]) -> Vec<Named<'a>> {
    labels.iter().map(|label| Named::new(label, label)).collect()
}

const LANGUAGES: [&str; 5] = ["Rust", "Python", "TypeScript", "Go", "Another"];

#[test]
fn as_people_list_them() {
    for (text, wanted) in [
        ("rust", &[0][..]),
        ("rust, 4", &[0, 3]),
        ("go, RUST,1 ;", &[3, 0]),
        ("rust and go", &[0, 3]),
        ("Rust & Go", &[0, 3]),
        ("rust + go", &[0, 3]),
        ("rust+go", &[0, 3]),
        ("Rust/Go", &[0, 3]),
        ("rust und go", &[0, 3]),
        ("Rust AND Go", &[0, 3]),
        ("rust, python and go", &[0, 1, 3]),
        ("rust, python, and go.", &[0, 1, 3]),
        ("rust go", &[0, 3]),
        ("1-3", &[0, 1, 2]),
        ("1 - 3", &[0, 1, 2]),
        ("1 to 3", &[0, 1, 2]),
        ("1 bis 3", &[0, 1, 2]),
        ("1-2, 5", &[0, 1, 4]),
        ("1 2 4", &[0, 1, 3]),
        ("1 and 4", &[0, 3]),
        ("1,2,4", &[0, 1, 3]),
        ("all", &[0, 1, 2, 3, 4]),
        ("All of them!", &[0, 1, 2, 3, 4]),
        ("alle", &[0, 1, 2, 3, 4]),
        ("everything", &[0, 1, 2, 3, 4]),
        ("all except go", &[0, 1, 2, 4]),
        ("all but rust and go", &[1, 2, 4]),
        ("none", &[]),
        ("none of them", &[]),
        ("keine", &[]),
        ("• Rust\n• Go", &[0, 3]),
        ("- Rust\n- Go", &[0, 3]),
        ("1. Rust\n2. Go", &[0, 3]),
        ("Rust\nGo", &[0, 3]),
        ("just python", &[1]),
        ("only Python and Go", &[1, 3]),
        ("nur Rust", &[0]),
        ("I use rust and go", &[0, 3]),
        ("pyton, go", &[1, 3]),
        ("type, py", &[]),
        ("typescript, *Go*", &[2, 3]),
        ("rust, rust", &[0]),
        (" , ,", &[]),
        ("", &[]),
    ] {
        let expected = if text == "type, py" { nothing("py") } else { Answer::Found(wanted.to_vec()) };
        assert_eq!(several(text, &names(&LANGUAGES)), expected, "{text:?}");
    }
}

#[test]
fn what_is_not_among_them_is_named() {
    for (text, part) in [
        ("go, cobol", "cobol"),
        ("rust and cobol", "cobol"),
        ("rust or go", "rust or go"),
        ("rust cobol", "rust cobol"),
        ("3-1", "3-1"),
        ("1-9", "1-9"),
        ("some", "some"),
        ("maybe", "maybe"),
        ("not rust", "not rust"),
        ("all except cobol", "cobol"),
        ("both", "both"),
        ("rust, 7", "7"),
        ("no go", "no go"),
    ] {
        assert_eq!(several(text, &names(&LANGUAGES)), nothing(part), "{text:?}");
    }
    let pets = names(&["Cats", "Cattle", "Dogs"]);
    assert_eq!(several("dogs, cat", &pets), Answer::Ambiguous { part: "cat".to_owned(), among: vec![0, 1] });
}

#[test]
fn names_with_marks_in_them_are_whole() {
    let tools = names(&["Rust", "C, C++", "C++", "R&D", "Salt and pepper", "In the office"]);
    for (text, wanted) in [
        ("C, C++", &[1][..]),
        ("C++, rust", &[2, 0]),
        ("c++ and r&d", &[2, 3]),
        ("salt and pepper, rust", &[4, 0]),
        ("rust in the office", &[0, 5]),
    ] {
        assert_eq!(several(text, &names(&["x"])).found(), None);
        assert_eq!(several(text, &tools), Answer::Found(wanted.to_vec()), "{text}");
    }
    let allergies = names(&["Allergies", "Asthma"]);
    assert_eq!(several("all", &allergies), Answer::Found(vec![0, 1]));
    assert_eq!(several("allerg", &allergies), Answer::Found(vec![0]));
    assert_eq!(several("none", &names(&["Nuts", "None"])), Answer::Found(vec![1]));
    let sizes = names(&["10", "20", "30", "40"]);
    assert_eq!(several("20, 30", &sizes), Answer::Found(vec![1, 2]));
    assert_eq!(several("1-2", &sizes).found(), None);
    assert_eq!(several("both", &names(&["a", "b"])), Answer::Found(vec![0, 1]));
}

#[test]
fn where_own_words_are_an_answer_too_blanks_divide_nothing() {
    let open = names(&LANGUAGES);
    assert_eq!(pick_several("rust and go", &open), Answer::Found(vec![0, 3]));
    assert_eq!(pick_several("rust go", &open), nothing("rust go"));
    assert_eq!(pick_several("none", &open), nothing("none"));
    assert_eq!(pick_several("", &open), nothing(""));
}

#[test]
fn hostile_texts_end_soon() {
    let labels: Vec<String> = (0..99).map(|n| format!("{}{n}", "a".repeat(70))).collect();
    let options: Vec<Named<'_>> = labels.iter().map(|label| Named::new(label, label)).collect();
    for unit in [
        "spam, ",
        "a ",
        "a and ",
        "1-",
        "- ",
        "\n",
        "&",
        &format!("{}, ", "a".repeat(70)),
        "aaaaaaaaaaaa ",
        "2 a ",
        "i am ",
        "mostly ",
        "9 ",
    ] {
        let text = unit.repeat(LONGEST / unit.len());
        assert!(!matches!(several(&text, &options), Answer::Found(found) if !found.is_empty()), "{unit}");
    }
}

#[test]
fn a_number_beside_a_name_is_an_amount() {
    let desk = names(&["Laptop", "Monitor", "Keyboard", "Headset", "Phone"]);
    for (text, wanted) in [
        ("2 laptops", &[0][..]),
        ("two monitors", &[1]),
        ("2x laptop", &[0]),
        ("9 laptops", &[0]),
        ("I need 2 laptops", &[0]),
        ("1 laptop, 2 monitors and a headset", &[0, 1, 3]),
        ("1 laptop 2 monitors", &[0, 1]),
        ("Laptop & 2 monitors", &[0, 1]),
        ("laptop, 2", &[0, 1]),
        ("laptop 9", &[0]),
        ("laptop 1", &[0]),
        ("monitor 2x", &[1]),
        ("laptop 1 monitor 2", &[0, 1]),
        ("laptop and 3", &[0, 2]),
        ("1 3", &[0, 2]),
        ("a laptop and a phone", &[0, 4]),
    ] {
        assert_eq!(several(text, &desk), Answer::Found(wanted.to_vec()), "{text}");
    }
    let either = Answer::Ambiguous { part: "laptop 2".to_owned(), among: vec![0, 1] };
    assert_eq!(several("laptop 2", &desk), either);
    for text in ["2 3 laptops", "9 8", "3 of them", "2 tables", "laptop monitor 3"] {
        assert_eq!(several(text, &desk).found(), None, "{text}");
    }
    assert_eq!(several("rust mostly", &names(&LANGUAGES)), Answer::Found(vec![0]));
}
