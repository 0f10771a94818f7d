//! `pesto new`: a flow to begin with, which builds and passes its scenario.

use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, bail};
use pesto_engine::model::FlowName;
use pesto_engine::policy::contract;
use toml::de::{DeTable, DeValue};

use crate::out::outln;

/// What a template holds: where each file goes, and its text.
type Template = [(&'static str, &'static str); 4];

/// The files of one of the folders in `templates`.
macro_rules! template {
    ($folder:literal) => {
        [
            ("Cargo.toml", include_str!(concat!("../../templates/", $folder, "/Cargo.toml"))),
            ("src/lib.rs", include_str!(concat!("../../templates/", $folder, "/src/lib.rs"))),
            ("scenarios/happy.yaml", include_str!(concat!("../../templates/", $folder, "/scenarios/happy.yaml"))),
            ("README.md", include_str!(concat!("../../templates/", $folder, "/README.md"))),
        ]
    };
}

/// What a new flow begins as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Survey,
    Flow,
    Form,
}

impl Kind {
    const fn template(self) -> Template {
        match self {
            Self::Survey => template!("survey"),
            Self::Flow => template!("flow"),
            Self::Form => template!("form"),
        }
    }
}

/// What a crate outside a workspace says for itself: small components, and no search for a workspace above it.
const ALONE: &str = "\n[profile.release]\nopt-level = \"s\"\nlto = true\ncodegen-units = 1\npanic = \"abort\"\nstrip = true\n\n[workspace]\n";

/// Names that mean something else to the host, to cargo or in the workspace.
const TAKEN: [&str; 16] = [
    "alloc",
    "build",
    "cancel",
    "core",
    "deps",
    "help",
    "pesto-sdk",
    "proc-macro",
    "restart",
    "sdk",
    "src",
    "start",
    "status",
    "std",
    "target",
    "test",
];

/// The longest name, in characters. A flow's may be longer, but this one is also the words that start it.
const LONGEST: usize = 40;

/// Makes a new flow, which builds and passes its scenario: a survey, unless it is to be another.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The flow's name: 1 to 40 of a-z, 0-9 and `-`, beginning with a letter. It also begins the flow when somebody
    /// writes it.
    pub name: String,
    /// A flow that handles events by itself, and no survey.
    #[arg(long, conflicts_with = "form")]
    pub flow: bool,
    /// A flow that asks with one form, and no survey.
    #[arg(long)]
    pub form: bool,
    /// The folder to make; plugins/NAME where there is such a workspace, or else NAME.
    #[arg(long, value_name = "DIR")]
    pub path: Option<PathBuf>,
    /// The folder of the crate pesto-sdk, for a flow outside a workspace that has it.
    #[arg(long, value_name = "DIR")]
    pub sdk: Option<PathBuf>,
}

/// Makes the flow's folder, and adds it to its workspace. Nothing that is there is overwritten.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let name = check(&args.name)?;
    let plugins = Path::new("plugins");
    let folder = match &args.path {
        Some(path) => path.clone(),
        None if plugins.join("Cargo.toml").is_file() => plugins.join(name.as_str()),
        None => PathBuf::from(name.as_str()),
    };
    if folder.symlink_metadata().is_ok() {
        bail!("{} is there already. Choose another name, or another folder with --path", folder.display());
    }
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let manifest = parent.join("Cargo.toml");
    let home = match fs::read_to_string(&manifest) {
        Ok(text) if args.sdk.is_none() => Home::of(&text, &folder)
            .with_context(|| format!("{} cannot take the flow as a member", manifest.display()))?,
        _ => None,
    };
    let dependency = match (&home, &args.sdk) {
        (Some(home), _) if home.lints => "pesto-sdk.workspace = true\n\n[lints]\nworkspace = true\n".to_owned(),
        (Some(_), _) => "pesto-sdk.workspace = true\n".to_owned(),
        (None, Some(sdk)) => format!("pesto-sdk = {{ path = {} }}\n{ALONE}", quoted(&relative(&folder, parent, sdk)?)?),
        (None, None) => bail!(
            "{} is in no workspace that has pesto-sdk. Go to the folder above plugins/, or name the kit's folder with \
             --sdk",
            folder.display()
        ),
    };
    let kind = match (args.flow, args.form) {
        (true, _) => Kind::Flow,
        (_, true) => Kind::Form,
        _ => Kind::Survey,
    };
    if let Err(error) = write(&folder, kind, &name, &dependency).and_then(|()| match &home {
        Some(home) => Ok(fs::write(&manifest, &home.manifest)?),
        None => Ok(()),
    }) {
        // It was not there before, so all in it is ours.
        let _ = fs::remove_dir_all(&folder);
        return Err(error.context(format!("cannot make {}", folder.display())));
    }
    outln!("Made the flow {name} in {}.", folder.display());
    if home.is_some() {
        outln!("Added it to the members in {}.", manifest.display());
    }
    outln!("Next: pesto build {0}, then pesto test {0}", folder.display());
    Ok(())
}

fn check(name: &str) -> anyhow::Result<FlowName> {
    let Some(name) = name.parse::<FlowName>().ok().filter(|name| name.as_str().len() <= LONGEST) else {
        let name = pesto_engine::text::line(name, 80);
        bail!("`{name}` cannot be the name: use 1 to {LONGEST} of a-z, 0-9 and `-`, beginning with a letter");
    };
    if TAKEN.contains(&name.as_str()) || syntax_word(name.as_str()) {
        bail!("the name `{name}` means something else to the host or to Rust. Choose another, such as `my-{name}`");
    }
    Ok(name)
}

/// Whether Rust keeps a word for itself, so that no library can be called by it.
fn syntax_word(name: &str) -> bool {
    const WORDS: &str = "abstract as async await become box break const continue crate do dyn else enum extern false \
                         final fn for gen if impl in let loop macro match mod move mut override priv pub ref return \
                         self static struct super trait true try type typeof unsafe unsized use virtual where while \
                         yield";
    WORDS.split_whitespace().any(|word| word == name)
}

fn write(folder: &Path, kind: Kind, name: &FlowName, dependency: &str) -> anyhow::Result<()> {
    let words = name.as_str().replace('-', " ");
    let title = capital(&words);
    // With its ending it is none of the kit's types.
    let ending = match kind {
        Kind::Survey => "Survey",
        Kind::Flow => "Flow",
        Kind::Form => "Form",
    };
    let type_name = words.split(' ').map(capital).collect::<String>() + ending;
    // A form's title has room for so many characters.
    let short: String = title.chars().take(contract::TITLE).collect();
    for (file, text) in kind.template() {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        let mut text = text
            .replace("{{name}}", name.as_str())
            .replace("{{title}}", &title)
            .replace("{{type}}", &type_name)
            .replace("{{short}}", short.trim_end())
            .replace("{{words}}", &words)
            .replace("{{folder}}", &folder.display().to_string());
        if file == "Cargo.toml" {
            text.push_str(dependency);
        }
        fs::write(path, text)?;
    }
    Ok(())
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// A workspace that has the kit.
#[derive(Debug, PartialEq, Eq)]
struct Home {
    /// The manifest's text with the new member.
    manifest: String,
    /// It has lints to share.
    lints: bool,
}

impl Home {
    /// None if the manifest is of no workspace, or of one without the kit.
    fn of(text: &str, folder: &Path) -> anyhow::Result<Option<Self>> {
        let tree = DeTable::parse(text).map_err(|error| anyhow::anyhow!("{}", error.message().to_owned()))?;
        let Some(workspace) = tree.get_ref().get("workspace").and_then(|it| it.get_ref().as_table()) else {
            return Ok(None);
        };
        let has = |table: &str, key: &str| {
            let table = workspace.get(table).and_then(|it| it.get_ref().as_table());
            table.is_some_and(|table| key.is_empty() || table.contains_key(key))
        };
        if !has("dependencies", "pesto-sdk") {
            return Ok(None);
        }
        let member = folder.file_name().and_then(|name| name.to_str()).context("its folder's name is not text")?;
        let lints = has("lints", "");
        let Some(DeValue::Array(members)) = workspace.get("members").map(|it| it.get_ref()) else {
            bail!("it has no list `members`");
        };
        if members.iter().any(|it| it.get_ref().as_str().is_some_and(|it| it == "*" || it == member)) {
            return Ok(Some(Self { manifest: text.to_owned(), lints }));
        }
        let Some(last) = members.iter().next_back().map(|it| it.span()) else {
            bail!("its list `members` is empty");
        };
        // In the manner of the list: on a line of its own below the last one and its comment, or on the same line.
        let (before, after) = text.split_at_checked(last.end).context("its list `members` cannot be found")?;
        let line = before.get(..last.start).and_then(|it| it.rsplit('\n').next()).unwrap_or_default();
        let (rest, below) = after.split_once('\n').unwrap_or((after, ""));
        let comment = rest.trim_start().strip_prefix(',').unwrap_or(rest).trim_start();
        let member = quoted(Path::new(member))?;
        let manifest = if line.trim().is_empty() && (comment.is_empty() || comment.starts_with('#')) {
            let comma = if rest.trim_start().starts_with(',') { "" } else { "," };
            format!("{before}{comma}{rest}\n{line}{member},\n{below}")
        } else {
            format!("{before}, {member}{after}")
        };
        DeTable::parse(&manifest).map_err(|error| anyhow::anyhow!("{}", error.message().to_owned()))?;
        Ok(Some(Self { manifest, lints }))
    }
}

/// The way from a folder that is yet to be made to one that is there.
fn relative(folder: &Path, parent: &Path, to: &Path) -> anyhow::Result<PathBuf> {
    if !to.join("Cargo.toml").is_file() {
        bail!("{} is no crate: it has no Cargo.toml. Name the folder of pesto-sdk with --sdk", to.display());
    }
    fs::create_dir_all(parent)?;
    let from = parent.canonicalize()?.join(folder.file_name().context("--path names no folder")?);
    let to = to.canonicalize()?;
    let (from, to): (Vec<Component<'_>>, Vec<Component<'_>>) = (from.components().collect(), to.components().collect());
    let shared = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
    Ok(from.iter().skip(shared).map(|_| Component::ParentDir).chain(to.into_iter().skip(shared)).collect())
}

/// A path as a TOML string.
fn quoted(path: &Path) -> anyhow::Result<String> {
    let text = path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))?;
    Ok(toml::Value::from(text).to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn joined(members: &str) -> Home {
        let text =
            format!("[workspace]\nmembers = {members}\n\n[workspace.dependencies]\npesto-sdk = {{ path = \"sdk\" }}\n");
        Home::of(&text, Path::new("plugins/lunch")).unwrap().unwrap()
    }

    #[test]
    fn members_grow_in_their_own_manner() {
        assert!(joined(r#"["sdk", "ask"] # all"#).manifest.contains("members = [\"sdk\", \"ask\", \"lunch\"] # all\n"));
        let lines = "[\n    \"sdk\",\n    \"ask\", # asks\n]";
        assert!(joined(lines).manifest.contains("\n    \"ask\", # asks\n    \"lunch\",\n]\n"));
        assert!(joined("[\n  \"sdk\"\n]").manifest.contains("[\n  \"sdk\",\n  \"lunch\",\n]\n"));
        assert!(joined("[\n  \"sdk\"]").manifest.contains("[\n  \"sdk\", \"lunch\"]\n"));
        for unchanged in [r#"["*"]"#, r#"["sdk", "lunch"]"#] {
            assert!(joined(unchanged).manifest.contains(&format!("members = {unchanged}\n")));
        }
    }

    #[test]
    fn only_a_workspace_with_the_kit_is_a_home() {
        let folder = Path::new("lunch");
        assert_eq!(Home::of("[package]\nname = \"x\"\n", folder).unwrap(), None);
        assert_eq!(Home::of("[workspace]\nmembers = [\"x\"]\n", folder).unwrap(), None);
        let error = Home::of("[workspace.dependencies]\npesto-sdk = \"1\"\n", folder).unwrap_err();
        assert_eq!(error.to_string(), "it has no list `members`");
    }

    #[test]
    fn bad_names_are_refused() {
        for name in ["", "Lunch", "two words", "../up", "1st", "fn", "test", "sdk", "help", &"a".repeat(41)] {
            assert!(check(name).is_err(), "{name}");
        }
        assert_eq!(check("team-lunch").unwrap().as_str(), "team-lunch");
    }

    fn args(name: &str, path: &Path, sdk: Option<&Path>) -> Args {
        Args { name: name.into(), flow: false, form: false, path: Some(path.to_owned()), sdk: sdk.map(Path::to_owned) }
    }

    #[test]
    fn makes_a_member_or_a_crate_of_its_own() {
        let top = tempfile::tempdir().unwrap();
        let plugins = top.path().join("plugins");
        fs::create_dir_all(plugins.join("sdk")).unwrap();
        fs::write(plugins.join("sdk/Cargo.toml"), "").unwrap();
        let workspace = "[workspace]\nmembers = [\"sdk\"]\n[workspace.dependencies]\npesto-sdk = { path = \"sdk\" }\n";
        fs::write(plugins.join("Cargo.toml"), workspace).unwrap();

        run(&args("team-lunch", &plugins.join("team-lunch"), None)).unwrap();
        assert!(fs::read_to_string(plugins.join("Cargo.toml")).unwrap().contains("[\"sdk\", \"team-lunch\"]"));
        let made = |file| fs::read_to_string(plugins.join("team-lunch").join(file)).unwrap();
        assert!(made("Cargo.toml").ends_with("[dependencies]\npesto-sdk.workspace = true\n"));
        assert!(made("src/lib.rs").contains("About::new(\"Team lunch\""));
        assert!(made("src/lib.rs").contains("\nstruct TeamLunchSurvey;\n"));
        assert!(Kind::Survey.template().iter().all(|(file, _)| !made(file).contains("{{")));

        for (kind, name) in [(Kind::Flow, "visits"), (Kind::Form, "visit-with-a-title-of-many-words")] {
            let folder = plugins.join(name);
            let (flow, form) = (kind == Kind::Flow, kind == Kind::Form);
            run(&Args { flow, form, ..args(name, &folder, None) }).unwrap();
            for (file, _) in kind.template() {
                let text = fs::read_to_string(folder.join(file)).unwrap();
                assert!(!text.contains("{{"), "{file}: {text}");
            }
            assert_eq!(fs::read_to_string(folder.join("src/lib.rs")).unwrap().contains("Form::new("), form);
        }

        let alone = top.path().join("far/away/alone");
        let error = run(&args("alone", &alone, None)).unwrap_err().to_string();
        assert!(error.contains("--sdk"), "{error}");
        run(&args("alone", &alone, Some(&plugins.join("sdk")))).unwrap();
        let manifest = fs::read_to_string(alone.join("Cargo.toml")).unwrap();
        assert!(manifest.contains("pesto-sdk = { path = \"../../../plugins/sdk\" }"), "{manifest}");

        let error = run(&args("alone", &alone, Some(&plugins.join("sdk")))).unwrap_err().to_string();
        assert!(error.contains("is there already"), "{error}");
    }
}
