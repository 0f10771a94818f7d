use super::*;

#[track_caller]
fn becomes(cases: &[(&str, &str)]) {
    for (markdown, text) in cases {
        assert_eq!(to_text(markdown), *text, "{markdown:?}");
    }
}

#[test]
fn marks_around_words() {
    becomes(&[
        ("**Bold** and **more words**.", "*Bold* and *more words*."),
        ("(**bold**): ***both***, ~~gone~~", "(*bold*): *_both_*, ~gone~"),
        ("**a *b* c**", "*a b c*"),
        ("**Note**s and un**bold**", "*Note*\u{200b}s and un\u{200b}*bold*"),
        ("这是**粗体**文字", "这是\u{200b}*粗体*\u{200b}文字"),
        ("**`code`** and `**code**`", "*`code`* and `**code**`"),
        ("**see https://a.example/x**", "*see https://a.example/x*"),
    ]);
}

#[test]
fn what_is_meant_as_it_stands_stays() {
    for text in [
        "plain text, with *bold*, _italic_ and `code`",
        "2**3**4 and 2 ** 3 ** 4",
        "f(*args, **kwargs)",
        "__init__ and snake_case_name",
        "#general, #1 and C#",
        "-5 or - 5",
        "a - b\n---\n* * *\n***",
        "> 5 km",
        "1. one\n2. two",
        "https://a.example/**/x?y=~~z~~ **",
        "[1] and [x](y), [a](javascript:alert(1)), [b](#c), [d](/e), [f](https://)",
        "`[a](https://a.example)`",
        "a | b\nc | d",
        "~~~ wow ~~~",
        "",
        "\n\n",
        "** a ** b **",
        "a\tb  c   ",
    ] {
        assert_eq!(to_text(text), text);
    }
}

#[test]
fn headings_are_bold_lines() {
    becomes(&[
        ("# Plan\ntext\n### **Deep** one ###", "*Plan*\ntext\n*Deep one*"),
        ("# C#", "*C#*"),
        ("# a *b* c", "a *b* c"),
        ("####### seven", "####### seven"),
        ("#", "#"),
        ("# ", "# "),
    ]);
}

#[test]
fn lists_get_bullets() {
    becomes(&[
        ("- one\n* **two**\n  - nested\n\t* too", "• one\n• *two*\n  ◦ nested\n\t◦ too"),
        ("- [ ] open\n- [x] done\n- [X] also", "☐ open\n☑ done\n☑ also"),
        ("- 5 apples\n* 5", "• 5 apples\n• 5"),
        ("- [a](https://a.example)", "• a (https://a.example)"),
    ]);
}

#[test]
fn links_show_where_they_lead() {
    becomes(&[
        ("See [the docs](https://a.example/b?c=1).", "See the docs (https://a.example/b?c=1)."),
        ("[https://a.example](https://a.example)", "https://a.example"),
        ("[https://bank.example](https://evil.example)", "https://bank.example (https://evil.example)"),
        ("![a cat](https://a.example/cat.png)", "a cat (https://a.example/cat.png)"),
        ("[write](mailto:a@b.example) [](https://a.example)", "write (a@b.example) https://a.example"),
        ("[wiki](https://a.example/Rust_(game) \"Rust\")", "wiki (https://a.example/Rust_(game))"),
        ("[a](<https://a.example>)", "a (https://a.example)"),
        ("<https://a.example>, <mailto:a@b.example>", "https://a.example, a@b.example"),
        ("<https://a.example|b> <b> <https://> <http a>", "<https://a.example|b> <b> <https://> <http a>"),
        ("[[1]](https://a.example)", "[1] (https://a.example)"),
        ("**[a](https://a.example)**", "*a (https://a.example)*"),
        ("[**a**](https://a.example)", "*a* (https://a.example)"),
    ]);
}

#[test]
fn code_stays_as_it_is() {
    becomes(&[
        ("```rust\n# not **bold**\n- x\n```\n**b**", "```\n# not **bold**\n- x\n```\n*b*"),
        ("~~~\n**a**\n~~~", "```\n**a**\n```"),
        ("- a\n  ```sh\n  ls **\n  ```", "• a\n```\n  ls **\n```"),
        ("```one line``` **b**", "```one line``` *b*"),
        ("```\nopen **to the end**", "```\nopen **to the end**"),
        ("```word **a**\n# b```\n**c**", "```word **a**\n# b```\n*c*"),
        ("```word\n# b``` and\n**c**", "```word\n# b``` and\n*c*"),
        ("~~~\n**c**", "~~~\n*c*"),
    ]);
}

#[test]
fn tables_are_aligned_or_listed() {
    becomes(&[
        (
            "Here:\n| Name | Age |\n|:-----|----:|\n| **Ann** | 5 |\n| 日本 | 12 |\n\nDone",
            "Here:\n```\nName | Age\n-----+----\nAnn  | 5\n日本 | 12\n```\n\nDone",
        ),
        ("a | b\n--|--\nx \\| y | z\nmore", "```\na     | b\n------+--\nx | y | z\n```\nmore"),
        ("| a | b |\n|---|\n| x | y |", "| a | b |\n|---|\n| x | y |"),
        ("| a |\n|---|\n| x |", "| a |\n|---|\n| x |"),
    ]);
    let long = "word ".repeat(20);
    let wide = format!("| Name | About | |\n|---|---|---|\n| Ann | {long}| **yes** |\n| Bob | | |");
    assert_eq!(to_text(&wide), format!("• *Ann*\n  About: {}\n  yes\n• *Bob*", long.trim_end()));
}

#[test]
fn hostile_text_stays_bounded() {
    let sizes = |unit: &str| {
        let text: String = unit.repeat(12_000 / unit.len());
        let begun = std::time::Instant::now();
        let out = to_text(&text);
        assert!(out.len() <= text.len() * 4 + 2_000, "{unit:?}: {} of {}", out.len(), text.len());
        // In proportion to the text it takes a millisecond or two; by its square it would take minutes.
        assert!(begun.elapsed() < std::time::Duration::from_secs(2), "{unit:?}");
    };
    let units = [
        "**",
        "**a",
        "**a** ",
        "[",
        "[a](",
        "[a](https://",
        "`",
        "``a`",
        "~~~\n",
        "~~~a\n",
        "a|b\n-|-\n",
        "|",
        "# ",
        "- ",
        "|\n-|-\n|a",
        "<https://",
        "<",
        "-|-\n",
        "a|b\n-|-\n|\n",
    ];
    units.into_iter().for_each(sizes);
    let long_cell = format!("|{}|b|\n|-|-|\n{}", "x".repeat(4_000), "|a|b|\n".repeat(1_000));
    let long_head = format!("{}|b\n-|-\n{}", "x".repeat(4_000), "|a|b|\n".repeat(1_000));
    assert!(to_text(&long_head).len() < long_head.len() * 4);
    let empty = format!("{}|b\n-|-\n{}", "x".repeat(60), "|\n".repeat(4_000));
    assert!(to_text(&empty).len() < empty.len() * 4);
    assert!(to_text(&long_cell).len() < long_cell.len() * 4);

    // A fixed seed, and an alphabet of everything that matters.
    let alphabet: Vec<char> = "*~`[]()#-| \n:htps/!<>&é😀x1_".chars().collect();
    let mut seed = 11_u64;
    for _ in 0..3_000 {
        let text: String = (0..80)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                alphabet[usize::try_from(seed >> 33).expect("31 bits") % alphabet.len()]
            })
            .collect();
        assert!(to_text(&text).len() <= text.len() * 4 + 2_000, "{text:?}");
    }
}
