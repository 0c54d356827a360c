//! What the program tells of itself: completions, and pages of the manual.

use std::fs;

use tempfile::TempDir;
use tokio::process::Command;

use super::tools::ended;
use crate::http::graphiql::on_path;

/// Completes the words of a command line as bash does.
const COMPLETE: &str = r#"
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
previous=; [ $# -gt 1 ] && previous=${@: -2:1}
function_of=$(complete -p salesgraph | sed -n 's/.*-F \([^ ]*\).*/\1/p')
"$function_of" salesgraph "${@: -1}" "$previous" 2>/dev/null
printf '%s\n' "${COMPREPLY[@]}"
"#;

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_salesgraph"));
    // What only describes the program does not read the configuration.
    command.env("DATABASE_MAX_CONNECTIONS", "many");
    command
}

async fn completions(shell: &str, folder: &TempDir) -> String {
    let script = ended(program().args(["completions", shell])).await.expect("a script");
    let file = folder.path().join(shell);
    fs::write(&file, script).expect("a file");
    file.display().to_string()
}

#[tokio::test]
async fn bash_completes_subcommands_flags_and_values() {
    let folder = TempDir::new().expect("a folder");
    let script = completions("bash", &folder).await;
    for (words, offered, not_offered) in [
        (vec!["salesgraph", "l"], vec!["load", "lambda", "lineage"], "serve"),
        (vec!["salesgraph", "load", "--m"], vec!["--mode", "--mapping", "--migrate"], "--json"),
        (vec!["salesgraph", "key", ""], vec!["create", "list", "revoke"], "load"),
        (vec!["salesgraph", "completions", ""], vec!["bash", "zsh", "fish"], "load"),
    ] {
        let mut bash = Command::new("bash");
        bash.args(["--noprofile", "--norc", "-c", COMPLETE, "complete", &script]).args(&words);
        let said = ended(&mut bash).await.unwrap_or_else(|said| panic!("{words:?}: {said}"));
        let said: Vec<&str> = said.lines().collect();
        for word in offered {
            assert!(said.contains(&word), "{words:?} does not offer {word}: {said:?}");
        }
        assert!(!said.contains(&not_offered), "{words:?} offers {not_offered}");
    }
}

#[tokio::test]
async fn the_scripts_of_other_shells_are_valid() {
    let folder = TempDir::new().expect("a folder");
    for (shell, check) in [("zsh", "-n"), ("fish", "--no-execute")] {
        let script = completions(shell, &folder).await;
        let text = fs::read_to_string(&script).expect("a script");
        assert!(text.contains("salesgraph") && text.contains("max-rejects"), "{shell}");
        match on_path(shell) {
            Some(program) => {
                let said = ended(Command::new(program).args([check, &script])).await;
                assert_eq!(said, Ok(String::new()), "{shell}");
            }
            None => eprintln!("SKIPPED: the script for {shell}, which is not on the PATH"),
        }
    }
}

#[tokio::test]
async fn each_subcommand_has_a_page_that_groff_renders_without_warning() {
    let folder = TempDir::new().expect("a folder");
    let pages = folder.path().join("man1");
    let out = pages.display().to_string();
    ended(program().args(["man", "--out", &out])).await.expect("the pages");
    for page in
        ["salesgraph.1", "salesgraph-load.1", "salesgraph-lambda.1", "salesgraph-key-create.1"]
    {
        assert!(pages.join(page).is_file(), "{page} is missing");
    }
    let load = fs::read_to_string(pages.join("salesgraph-load.1")).expect("a page");
    assert!(load.contains("max\\-rejects") && load.contains("Exit codes"), "{load}");
    let Some(groff) = on_path("groff") else {
        eprintln!("SKIPPED: the pages: groff is not on the PATH");
        return;
    };
    for page in fs::read_dir(&pages).expect("the pages") {
        let page = page.expect("a page").path();
        let mut groff = Command::new(&groff);
        groff.args(["-man", "-Tutf8", "-ww", "-z", "-K", "utf8"]).arg(&page);
        let output = groff.output().await.expect("groff starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{}: {said}", page.display());
    }
    let main = ended(program().arg("man")).await.expect("the main page");
    let written = fs::read_to_string(pages.join("salesgraph.1")).expect("a page");
    assert_eq!(main, written);
}
