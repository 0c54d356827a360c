//! `salesgraph serve` and `salesgraph token`: what they need to start.

use hyper::StatusCode;

use super::program::Serving;
use crate::support::TestApp;

const TOKENS: [(&str, &str); 4] = [
    ("JWT_ALGORITHM", "HS256"),
    ("JWT_SECRET", "a secret of more than thirty-two bytes"),
    ("JWT_ISSUER", "salesgraph"),
    ("JWT_AUDIENCE", "salesgraph"),
];

/// Runs the program to its end; returns exit code and standard error.
async fn run(
    app: &TestApp,
    arguments: &[&str],
    env: &[(&str, &str)],
) -> (Option<i32>, String, String) {
    let mut command = app.command();
    let output =
        command.args(arguments).envs(env.iter().copied()).output().await.expect("it starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn serving_without_access_control_is_a_choice_for_this_machine() {
    let app = TestApp::start().await;
    let short = [TOKENS[0], ("JWT_SECRET", "short"), TOKENS[2], TOKENS[3]];
    for (arguments, env, part) in [
        (&["serve"][..], &[][..], "--insecure-no-auth"),
        (&["serve", "--bind", "0.0.0.0:0"], &[], "JWT_ALGORITHM"),
        (&["serve", "--insecure-no-auth", "--bind", "0.0.0.0:0"], &[], "loopback"),
        (&["serve", "--insecure-no-auth"], &TOKENS, "leave out"),
        (&["serve"], &TOKENS[..3], "jwt.audience is not set"),
        (&["serve"], &short, "32 bytes"),
    ] {
        let (code, _, error) = run(&app, arguments, env).await;
        assert_eq!(code, Some(2), "{arguments:?}: {error}");
        assert!(error.contains(part), "{arguments:?}: {error}");
    }
}

#[tokio::test]
async fn a_signed_token_is_accepted_at_any_address() {
    let app = TestApp::start().await;
    let server = Serving::start(&app, "0.0.0.0:0", &TOKENS).await;
    let arguments = ["token", "--scope", "sales:read", "--org", "acme", "--territories", "1,4"];
    let (code, token, error) = run(&app, &arguments, &TOKENS).await;
    assert_eq!(code, Some(0), "{error}");
    assert_eq!(server.status(token.trim_end()).await, StatusCode::OK);
    assert_eq!(server.ask(None).await.status, StatusCode::UNAUTHORIZED);
    let other =
        [TOKENS[0], ("JWT_SECRET", "another secret of thirty-two bytes"), TOKENS[2], TOKENS[3]];
    let (_, token, _) = run(&app, &arguments, &other).await;
    assert_eq!(server.status(token.trim_end()).await, StatusCode::UNAUTHORIZED);

    let (code, _, error) = run(&app, &arguments, &[]).await;
    assert_eq!(code, Some(2));
    assert!(error.contains("JWT_SECRET"), "{error}");
    let (code, _, error) = run(&app, &["token", "--scope", "sales:all"], &TOKENS).await;
    assert_eq!(code, Some(2));
    assert!(error.contains("sales:read persons:read"), "{error}");
}
