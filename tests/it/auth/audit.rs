//! The audit log of the command line: what it says, and what it must not say.

use nix::unistd::{Uid, User};
use serde_json::Value as Json;

use crate::support::TestApp;

/// Runs the program; returns its output and the lines of its audit log as action, object,
/// outcome and code. Fails if the secret is in the log; an empty one is none.
async fn audited(app: &TestApp, arguments: &[&str], secret: &str) -> (String, Vec<[String; 4]>) {
    let mut command = app.command();
    let output = command.args(arguments).env("LOG_FORMAT", "json").output().await.expect("starts");
    let log = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(secret.is_empty() || !log.contains(secret), "{log}");
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
    let id = Uid::current();
    let user = User::from_uid(id).expect("users").map_or_else(|| id.to_string(), |user| user.name);
    let lines = lines.filter(|line| line["target"] == "salesgraph::audit").map(|line| {
        assert_eq!((&line["level"], &line["subject"]), (&"INFO".into(), &Json::from(&*user)));
        assert_eq!((&line["org"], &line["credential"]), (&"".into(), &"0000000000000000".into()));
        ["action", "object", "outcome", "code"].map(|field| {
            line[field].as_str().unwrap_or_else(|| panic!("{field}: {line}")).to_owned()
        })
    });
    (String::from_utf8(output.stdout).expect("UTF-8"), lines.collect())
}

#[tokio::test]
async fn each_change_of_a_key_is_in_the_audit_log() {
    let app = TestApp::start().await;
    let create = |name| ["key", "create", "--name", name, "--scope", "sales:read"];
    let (key, created) = audited(&app, &create("till 1"), "").await;
    let (id, secret) = (&key[4..16], &key.trim_end()[17..]);
    assert_eq!(created, [["key create", &format!("{id} till 1"), "accepted", ""]]);
    let (_, refused) = audited(&app, &create(" "), "").await;
    assert_eq!(refused, [["key create", " ", "refused", "BAD_USER_INPUT"]]);

    // A key that was cut off names itself as well.
    let cut = &key[..50];
    for (argument, object, outcome, code) in [
        ("000000000000", "000000000000", "refused", "NOT_FOUND"),
        (secret, "", "refused", "BAD_USER_INPUT"),
        (cut, id, "accepted", ""),
        (key.trim_end(), id, "accepted", ""),
        (id, id, "accepted", ""),
    ] {
        let (_, revoked) = audited(&app, &["key", "revoke", argument], &secret[..20]).await;
        assert_eq!(revoked, [["key revoke", object, outcome, code]], "{argument}");
    }
    let (list, nothing) = audited(&app, &["key", "list"], secret).await;
    assert!(list.contains("revoked") && nothing.is_empty(), "{list}{nothing:?}");
}

#[tokio::test]
async fn each_load_and_replay_is_in_the_audit_log() {
    let app = TestApp::start().await;
    let source = app.source_uri();
    for (arguments, line) in [
        (&["load"][..], ["load", &source, "accepted", ""]),
        (&["rejects", "replay"], ["rejects replay", "", "accepted", ""]),
        (
            &["rejects", "replay", "99:1", "--raw", "1;a secret"],
            ["rejects replay", "99:1", "refused", "NOT_FOUND"],
        ),
        (
            &["rejects", "replay", "--file", "a.csv"],
            ["rejects replay", "file=a.csv", "accepted", ""],
        ),
    ] {
        let (_, lines) = audited(&app, arguments, "a secret").await;
        assert_eq!(lines, [line], "{arguments:?}");
    }
    for arguments in [&["load", "--check"][..], &["rejects"]] {
        assert!(audited(&app, arguments, "").await.1.is_empty(), "{arguments:?}");
    }
    app.run(&["migrate", "down"]).await.expect(0);
    let (_, lines) = audited(&app, &["load"], "").await;
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!([&*line[0], &*line[2]], ["load", "refused"], "{line:?}");
}
