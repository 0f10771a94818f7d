//! Whole configurations. The broken ones stand in `tests/configs`, each beside what it says and how it is put right.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pesto_engine::life::Expiry;

use super::*;

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/configs")
}

/// Lines `NAME=VALUE` of a file; none if it is not there.
fn environment(file: &Path) -> Environment {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines().map(|line| line.split_once('=').unwrap()).map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
}

/// Checks a text as if it were a file in a folder named `conf`.
fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let environment = variables.iter().copied().collect();
    let layers = layers::Layers::new("conf/pesto.toml", text, &environment).map_err(|error| error.to_string())?;
    check::check(&layers, Path::new("conf"), &environment, Scope::Whole).map_err(|error| error.to_string())
}

fn refused(text: &str, variables: &[(&str, &str)]) -> String {
    load(text, variables).map(|config| format!("{config:?}")).expect_err("a broken configuration passed")
}

#[test]
fn the_flows_folder_needs_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    fs::write(&file, "flows = \"deploy\"\n[llm]\nmodel = \"small\"\napi_key_env = \"KEY\"\n").unwrap();
    let flows = |variables: &[(&str, &str)]| Config::flows_folder(Some(&file), &variables.iter().copied().collect());
    assert!(Config::load(Some(&file), &Environment::default()).is_err());
    assert_eq!(flows(&[]).unwrap(), folder.path().join("deploy"));
    assert_eq!(flows(&[("PESTO_FLOWS", "/elsewhere")]).unwrap(), Path::new("/elsewhere"));
}

/// Whoever reads answers has no tokens, and a chat on the machine needs none of Slack's.
#[test]
fn a_command_needs_only_the_secrets_that_it_uses() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    let text =
        "[llm]\nmodel = \"small\"\napi_key_env = \"KEY\"\n[slack]\nbot_token_env = \"BOT\"\napp_token_env = \"APP\"\n";
    fs::write(&file, text).unwrap();
    let load = |scope, variables: &[(&str, &str)]| {
        let environment = variables.iter().copied().collect();
        Config::load_for(scope, Some(&file), &environment).map_err(|error| error.to_string())
    };
    let config = load(Scope::Store, &[]).unwrap();
    assert!(matches!(config.llm, Llm::None) && config.slack.is_none());
    assert!(load(Scope::Terminal, &[]).unwrap_err().contains("KEY is not set"));
    let config = load(Scope::Terminal, &[("KEY", "abc")]).unwrap();
    assert!(matches!(config.llm, Llm::Provider(_)) && config.slack.is_none());
    assert!(load(Scope::Whole, &[("KEY", "abc")]).unwrap_err().contains("BOT is not set"));
    let all = [("KEY", "abc"), ("BOT", "xoxb-1"), ("APP", "xapp-1")];
    assert!(load(Scope::Whole, &all).unwrap().slack.is_some());
}

#[cfg(unix)]
#[test]
fn a_way_back_is_shown_short_where_it_leads_to_the_same_folder() {
    let top = tempfile::tempdir().unwrap();
    for folder in ["conf", "flows", "deep/conf", "deep/flows"] {
        fs::create_dir_all(top.path().join(folder)).unwrap();
    }
    std::os::unix::fs::symlink(top.path().join("deep/conf"), top.path().join("link")).unwrap();
    let flows = |conf: &str| {
        let file = top.path().join(conf).join("pesto.toml");
        fs::write(&file, "flows = \"../flows\"\n").unwrap();
        Config::flows_folder(Some(&file), &Environment::default()).unwrap()
    };
    assert_eq!(flows("conf"), top.path().join("flows"));
    assert_eq!(flows("link"), top.path().join("link/../flows"));
    // The data folder is made by the first host.
    let config = |conf: &str| {
        let file = top.path().join(conf).join("pesto.toml");
        fs::write(&file, "data = \"../made/later\"\n").unwrap();
        Config::load(Some(&file), &Environment::default()).unwrap()
    };
    assert_eq!(config("conf").data, top.path().join("made/later"));
    assert_eq!(config("link").data, top.path().join("link/../made/later"));
}

#[test]
fn broken_files_say_how_they_are_put_right() {
    let mut names: Vec<_> = fs::read_dir(cases()).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    assert_eq!(names.len(), 13);
    for case in names {
        let broken = case.join("broken.toml");
        let error =
            Config::load(Some(&broken), &environment(&case.join("broken.env"))).expect_err("a broken file passed");
        let error = error.to_string().replace(&broken.display().to_string(), "broken.toml");
        let wanted = fs::read_to_string(case.join("error.txt")).unwrap_or_default();
        assert_eq!(error, wanted.trim_end(), "{}", case.display());
        Config::load(Some(&case.join("fixed.toml")), &environment(&case.join("fixed.env"))).unwrap();
    }
}

#[test]
fn without_a_file_all_is_by_default() {
    let config = load("", &[]).unwrap();
    assert_eq!(config.data, Path::new("conf/data"));
    assert_eq!(config.flows, Path::new("conf/flows"));
    assert_eq!(config.limits.memory, 64 << 20);
    assert_eq!(config.limits.state, 64 << 10);
    assert_eq!(config.limits.turn, Duration::from_secs(600));
    assert_eq!(config.log, Log { format: LogFormat::Auto, level: tracing::Level::INFO });
    assert!(matches!(config.llm, Llm::None));
    assert!(config.grants.is_empty() && config.default_flow.is_none());
}

#[test]
fn a_named_file_must_be_there() {
    let error = Config::load(Some(Path::new("no/such.toml")), &Environment::default()).unwrap_err().to_string();
    assert!(error.starts_with("no/such.toml: cannot be read: "), "{error}");
    assert!(error.contains("--config"), "{error}");
}

#[test]
fn variables_override_the_file() {
    let text = "default_flow = \"ask\"\n[llm]\nmodel = \"small\"\nbase_url = \"http://127.0.0.1:9/v1/\"\n";
    let config = load(
        text,
        &[
            ("PESTO_DEFAULT_FLOW", "other"),
            ("PESTO_LIMITS__CPU_MS", "250"),
            ("PESTO_LLM__MODEL", "large"),
            ("PESTO_LLM__MODELS", "[\"tiny\"]"),
            ("PESTO_FLOW__ONBOARDING_SURVEY__GRANT", "[\"llm\"]"),
            ("PESTO_FAILPOINT", "not a key"),
        ],
    )
    .unwrap();
    assert_eq!(config.default_flow.unwrap().as_str(), "other");
    assert_eq!(config.limits.cpu, Duration::from_millis(250));
    assert_eq!(config.grants.keys().map(FlowName::as_str).collect::<Vec<_>>(), ["onboarding-survey"]);
    let Llm::Provider(provider) = config.llm else { panic!("no provider") };
    assert_eq!((provider.model.as_str(), provider.models.as_slice()), ("large", ["tiny".to_owned()].as_slice()));
    assert_eq!(provider.base_url, "http://127.0.0.1:9/v1");
    assert!(provider.key.is_none());
}

#[test]
fn variables_may_make_a_table_and_a_stray_one_is_named() {
    let tokens = [("BOT", "xoxb-1"), ("APP", "xapp-1")];
    let names = [("PESTO_SLACK__BOT_TOKEN_ENV", "BOT"), ("PESTO_SLACK__APP_TOKEN_ENV", "APP")];
    assert!(load("", &[tokens, names].concat()).unwrap().slack.unwrap().app_token.is_some());

    let error = refused("", &[("PESTO_LLM__MODEL", "large")]);
    assert!(error.starts_with("PESTO_LLM__MODEL: llm.api_key_env: not given"), "{error}");
    assert!(error.contains("Unset PESTO_LLM__MODEL, or write [llm] into conf/pesto.toml."), "{error}");
    // Where the file has the table, it is the table that lacks a key.
    let error = refused("[slack]\n", &[("PESTO_SLACK__LISTEN", "127.0.0.1:3000")]);
    assert!(error.starts_with("conf/pesto.toml:1: slack.bot_token_env: not given. Name the variable"), "{error}");
}

#[test]
fn calls_in_doubt_are_made_again_unless_the_flow_is_to_be_told() {
    let config = load("[flow.ask]\nin_doubt = \"tell\"\n[flow.other]\n", &[]).unwrap();
    let in_doubt: Vec<_> = config.in_doubt.iter().map(|(flow, done)| (flow.as_str(), *done)).collect();
    assert_eq!(in_doubt, [("ask", Resolution::Told), ("other", Resolution::Repeated)]);
    let error = refused("[flow.ask]\nin_doubt = \"tel\"\n", &[]);
    assert!(
        error.starts_with("conf/pesto.toml:2: flow.ask.in_doubt: unknown value. Did you mean \"tell\"?"),
        "{error}"
    );
}

#[test]
fn conversations_end_after_a_silence() {
    const DAY: u64 = 86_400_000;
    let expiry = |days, remind| Some(Expiry { after: days * DAY, remind });
    let of = |config: &Config, flow: &str| config.expiries.of(&flow.parse().unwrap());
    let none = load("", &[]).unwrap();
    assert_eq!(of(&none, "ask"), expiry(30, Some(30 * DAY - 30 * DAY / 4)));
    let text = "[limits]\nexpires_after = \"8d\"\nremind_after = \"1d\"\n\
                [flow.a]\nexpires_after = \"4d\"\n[flow.b]\nremind_after = \"never\"\n[flow.c]\nexpires_after = \"never\"\n";
    let config = load(text, &[]).unwrap();
    assert_eq!(of(&config, "ask"), expiry(8, Some(DAY)));
    assert_eq!(of(&config, "a"), expiry(4, Some(3 * DAY)));
    assert_eq!(of(&config, "b"), expiry(8, None));
    assert_eq!(of(&config, "c"), None);
    for wrong in ["soon", "0s", "5", "9999d", "-1d"] {
        let error = refused(&format!("[limits]\nexpires_after = \"{wrong}\"\n"), &[]);
        assert!(error.starts_with("conf/pesto.toml:2: limits.expires_after: not a span of time."), "{error}");
    }
    let error = refused("[flow.ask]\nexpires_after = \"1h\"\nremind_after = \"60m\"\n", &[]);
    assert!(error.starts_with("conf/pesto.toml:3: flow.ask.remind_after: not shorter than expires_after."), "{error}");
}

#[test]
fn a_bad_variable_is_named() {
    let error = refused("[llm]\nmodel = \"m\"\n", &[("PESTO_LLM__TIMOUT_S", "5")]);
    assert!(error.starts_with("PESTO_LLM__TIMOUT_S: llm.timout_s: unknown key."), "{error}");
    assert!(error.contains("Did you mean `PESTO_LLM__TIMEOUT_S`?"), "{error}");
    let error = refused("", &[("PESTO_DATTA", "x")]);
    assert!(error.starts_with("PESTO_DATTA: datta: unknown key. Did you mean `PESTO_DATA`?"), "{error}");
    let error = refused("", &[("PESTO_LIMITZ__CPU_MS", "3")]);
    assert!(error.contains("Did you mean `PESTO_LIMITS__CPU_MS`?"), "{error}");
    let error = refused("", &[("PESTO_FLOW__ASK__GRANT", "[\"shell\"]")]);
    assert!(error.starts_with("PESTO_FLOW__ASK__GRANT: flow.ask.grant: unknown right."), "{error}");
}

#[test]
fn secrets_are_never_repeated() {
    let secret = "sk-proj-0123456789abcdef";
    for text in [
        format!("[llm]\napi_key_env = \"{secret}\"\n"),
        format!("[llm]\napi_key = \"{secret}\"\n"),
        format!("[llm]\nmax_tokens = \"{secret}\"\n"),
        format!("[llm]\nmodels = \"{secret}\"\n"),
        format!("[llm]\nwithout_key = \"{secret}\"\n"),
        format!("[llm]\nbase_url = \"https://user:{secret}@api.example/v1\"\n"),
        format!("[llm]\nbase_url = \"https://api.example/v1?key={secret}\"\n"),
        format!("default_flow = \"{secret}/\"\n"),
        format!("llm = \"{secret}\"\n"),
        format!("flow = \"{secret}\"\n"),
        format!("[llm]\nmodel = \"{secret}"),
        format!("[llm]\nmodel = {secret}\n"),
        format!("[flow.ask]\ngrant = [\"{secret}\"]\n"),
    ] {
        let error = refused(&text, &[]);
        assert!(!error.contains(secret), "{error}");
        assert!(error.starts_with("conf/pesto.toml:"), "{error}");
    }
    let provider = "[llm]\nmodel = \"m\"\napi_key_env = \"KEY\"\n";
    let config = load(provider, &[("KEY", secret)]).unwrap();
    assert!(!format!("{config:?}").contains(secret));
    let error = refused(provider, &[("KEY", &format!("{secret} {secret}"))]);
    assert!(error.contains("KEY holds no key") && !error.contains(secret), "{error}");
}

#[test]
fn a_key_from_a_file_may_end_with_a_line_break() {
    let config = load("[llm]\nmodel = \"m\"\napi_key_env = \"KEY\"\n", &[("KEY", "abc\n")]).unwrap();
    let Llm::Provider(provider) = config.llm else { panic!("no provider") };
    assert_eq!(provider.key.unwrap().expose(), "abc");
}

#[test]
fn without_a_key_answers_are_canned_only_if_the_operator_says_so() {
    let text = "[llm]\napi_key_env = \"KEY\"\nwithout_key = \"scripted\"\n";
    let config = load(text, &[("KEY", " ")]).unwrap();
    assert!(matches!(config.llm, Llm::Scripted));
    let warnings = config.warnings(&BTreeSet::new());
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].starts_with("conf/pesto.toml:3: llm.without_key: there is no key"), "{warnings:?}");
    assert!(
        refused("[llm]\nmodel = \"m\"\n", &[])
            .starts_with("conf/pesto.toml:1: llm.api_key_env: not given, and there is no default.")
    );
}

#[test]
fn a_flow_that_is_not_there_is_a_warning() {
    let config = load("default_flow = \"ask\"\n[flow.gone]\ngrant = [\"llm\"]\n", &[]).unwrap();
    let present = BTreeSet::from(["ask".parse().unwrap()]);
    let warnings = config.warnings(&present);
    assert_eq!(
        warnings,
        ["conf/pesto.toml:3: flow.gone: there is no flow `gone` yet. Put it at conf/flows/gone.wasm, or correct the \
          name."]
    );
}

#[test]
fn talk_in_the_clear_is_a_warning_unless_it_stays_on_the_machine() {
    let warnings = |url: &str| {
        let text = format!("[llm]\nmodel = \"m\"\nbase_url = \"{url}\"\n");
        load(&text, &[]).unwrap().warnings(&BTreeSet::new()).len()
    };
    assert_eq!(warnings("http://models.example/v1"), 1);
    assert_eq!(warnings("http://127.0.0.1:4010/v1"), 0);
    assert_eq!(warnings("http://[::1]:4010"), 0);
    assert_eq!(warnings("https://models.example/v1"), 0);
}

#[test]
fn what_must_fit_together_is_checked() {
    let error = refused("[limits]\nturn_s = 30\n[llm]\nmodel = \"m\"\n", &[]);
    assert!(
        error.starts_with("conf/pesto.toml:3: llm.timeout_s: longer than a turn, which ends after 30 s."),
        "{error}"
    );
    let error = refused("data = \"x\"\nflows = \"x\"\n", &[]);
    assert!(error.starts_with("conf/pesto.toml:2: flows: `data` and `flows` are the same folder."), "{error}");
}

#[test]
fn every_limit_has_its_range() {
    for key in [
        "memory_mib",
        "memory_total_mib",
        "cpu_ms",
        "host_calls",
        "state_kib",
        "component_mib",
        "code_mib",
        "turns_in_flight",
        "instances",
        "turn_s",
    ] {
        for value in ["0", "-1", "9223372036854775807"] {
            let error = refused(&format!("[limits]\n{key} = {value}\n"), &[]);
            assert!(
                error.starts_with(&format!("conf/pesto.toml:2: limits.{key}: {value} is out of range. Use ")),
                "{error}"
            );
        }
    }
    // Half of it must be room for one turn.
    let error = refused("[limits]\nmemory_mib = 100\nmemory_total_mib = 199\n", &[]);
    assert!(error.contains("limits.memory_total_mib: 199 is out of range. Use 200 to "), "{error}");
}

#[test]
fn odd_texts_are_refused_with_a_line() {
    for text in
        ["\u{0}", "[", "a.b.c", "[limits]\nmemory_mib = 99999999999999999999\n", "data = 1\ndata = 2\n", "limits = 5\n"]
    {
        let error = refused(text, &[]);
        assert!(error.starts_with("conf/pesto.toml:"), "{error}");
    }
}

#[test]
fn the_store_is_in_the_data_folder_or_in_a_redis() {
    let url = "redis://:very-secret@redis.example:6379/1";
    for text in ["", "[store]\n"] {
        assert!(matches!(load(text, &[]).unwrap().store, Storage::Embedded));
    }
    let text = "[store]\nredis_url_env = \"REDIS_URL\"\n";
    let config = load(text, &[("REDIS_URL", url)]).unwrap();
    assert!(!format!("{config:?}").contains("very-secret"));
    let Storage::Redis(found) = config.store else { panic!("not in Redis") };
    assert_eq!(found.url.expose(), url);
    for (variables, words) in [
        (&[][..], "REDIS_URL is not set. Set REDIS_URL to the URL of a Redis"),
        (&[("REDIS_URL", "very-secret")], "holds no URL of a Redis. Set REDIS_URL to one such as redis://"),
    ] {
        let error = refused(text, variables);
        assert!(error.starts_with("conf/pesto.toml:2: store.redis_url_env: ") && error.contains(words), "{error}");
        assert!(!error.contains("very-secret"), "{error}");
    }
    let error = refused(&format!("[store]\nredis_url_env = \"{url}\"\n"), &[]);
    assert!(error.contains("change the password in it") && !error.contains("very-secret"), "{error}");
}

#[test]
fn files_for_tls_are_read_and_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let pem = |what: &str| format!("-----BEGIN {what}-----\nAAAA\n-----END {what}-----\n");
    let [certificate, key, text] =
        [file("certificate", &pem("CERTIFICATE")), file("key", &pem("PRIVATE KEY")), file("text", "very-secret")];
    let store = |keys: &[(&str, &str)]| {
        let keys: String = keys.iter().map(|(key, path)| format!("redis_{key}_file = \"{path}\"\n")).collect();
        format!("[store]\nredis_url_env = \"REDIS_URL\"\n{keys}")
    };
    let variables = [("REDIS_URL", "rediss://h")];
    let all = [("ca", certificate.as_str()), ("cert", &certificate), ("key", &key)];
    let Storage::Redis(redis) = load(&store(&all), &variables).unwrap().store else { panic!("not in Redis") };
    assert!(redis.authority.is_some() && redis.identity.is_some());
    assert!(!format!("{redis:?}").contains("AAAA"), "the key is not shown");

    for (keys, url, words) in [
        (&[("ca", "gone")][..], "rediss://h", "store.redis_ca_file: conf/gone cannot be read"),
        (&[("ca", text.as_str())], "rediss://h", "holds no certificate. Name a PEM file"),
        (&[("cert", &certificate), ("key", &text)], "rediss+sentinel://h/m", "holds no key. Name a PEM file"),
        (&[("cert", &certificate)], "rediss://h", "Give both, or none."),
        (&[("ca", &certificate)], "redis://h", "asks for none. Begin the URL with rediss://"),
    ] {
        let error = refused(&store(keys), &[("REDIS_URL", url)]);
        assert!(error.contains(words) && !error.contains("very-secret"), "{error}");
    }
    let error = refused("[store]\nredis_ca_file = \"ca.pem\"\n", &[]);
    assert!(error.contains("store.redis_url_env: not given, though a file for Redis is"), "{error}");
}
