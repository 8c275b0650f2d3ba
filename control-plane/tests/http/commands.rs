//! The program as a person or a script runs it.

use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) fn run(arguments: &[&str]) -> Done {
    run_with_input(arguments, b"")
}

pub(crate) fn run_with_input(arguments: &[&str], input: &[u8]) -> Done {
    let mut child = program(arguments).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    Done {
        code: status.code().unwrap_or(-1),
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
    }
}

/// Nothing of the environment reaches it, and what it makes is made elsewhere.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_control-plane"));
    command.args(arguments).env_clear().stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_wrong_configuration_ends_with_2_and_names_the_place() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("control-plane.toml");
    std::fs::write(&file, "\nlisen = \"127.0.0.1:0\"\n").unwrap();
    for command in [&["serve"][..], &["check"], &["enroll-token", "pbx-1"], &["api-key", "acme", "x"]] {
        let done = run(&[command, &["--config", text(&file)]].concat());
        assert_eq!(done.code, 2, "{}", done.err);
        let said = if command == ["check"] { &done.out } else { &done.err };
        assert!(said.contains(":2: lisen: no such key \"lisen\"; did you mean \"listen\"?"), "{said}");
    }
    for arguments in [
        &["serve", "--lisen", "x"][..],
        &["serve", "--listen", "x"],
        &["serve", "--database", "postgres://localhost/x"],
        &["apply", "/nowhere/acme.toml"],
        &["api-key", "acme", "x", "--scope", "everything"],
        &["check-number", "--route-countries", "+380,Ukraine", "+380501234567"],
        &[],
    ] {
        assert_eq!(run(arguments).code, 2, "{arguments:?}");
    }
}

#[test]
fn an_apply_file_that_is_no_text_is_told_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("acme.toml");
    std::fs::write(&file, b"[[org]]\nslug = \"caf\xe9\"\n").unwrap();
    let done = run(&["apply", text(&file), "--data-dir", text(&dir.path().join("data"))]);
    assert_eq!(done.code, 2, "{}", done.err);
    assert!(done.err.contains("acme.toml:2: is not UTF-8 text"), "{}", done.err);
}

#[test]
fn a_mistyped_data_directory_is_not_made_into_an_empty_installation() {
    let dir = tempfile::tempdir().unwrap();
    let typo = dir.path().join("dtaa");
    for command in [&["enroll-token", "pbx-1"][..], &["api-key", "acme", "x"], &["check"]] {
        let done = run(&[command, &["--data-dir", text(&typo)]].concat());
        assert_eq!(done.code, 1, "{}{}", done.out, done.err);
        assert!(format!("{}{}", done.out, done.err).contains("control-plane apply FILE"));
        assert!(!typo.exists(), "{command:?}");
    }
}

#[tokio::test]
async fn the_do_not_call_list_is_kept_by_commands_while_the_server_runs() {
    let plane = crate::plane::Plane::provisioned().await;
    let dir = plane.data_dir().to_owned();
    let list = |arguments: &[&str]| run(&[&["do-not-call"], arguments, &["--data-dir", text(&dir)]].concat());
    for said in ["+380501234567 added\n", "+380501234567 was there already\n"] {
        let done = list(&["add", "+380501234567"]);
        assert_eq!((done.code, done.out.as_str()), (0, said), "{}", done.err);
    }
    assert_eq!(list(&["list"]).out, "+380501234567\n");
    for wrong in ["380501234567", "+380 50 123 45 67", "112", "everybody"] {
        let done = list(&["add", wrong]);
        assert!(done.code == 2 && done.err.contains("as in +380501234567"), "{wrong}: {}", done.err);
    }
    assert_eq!(list(&["remove", "+380501234567"]).code, 0);
    let done = list(&["remove", "+380501234567"]);
    assert!(done.code == 1 && done.err.contains("do-not-call list"), "{}", done.err);
    assert_eq!(list(&["list"]).out, "");
}

#[tokio::test]
async fn a_key_only_reads_unless_more_is_asked_for() {
    let plane = crate::plane::Plane::provisioned().await;
    let dir = plane.data_dir().to_owned();
    let path = format!("/api/v1/alerts/{}/close", crate::plane::ENDPOINT);
    for (scopes, status, code) in [
        (&[][..], 403, "scope_missing"),
        (&["--scope", "read"], 403, "scope_missing"),
        (&["--scope", "read", "--scope", "alerts:write"], 404, "unknown_alert"),
    ] {
        let done = run(&[&["api-key", "acme", "x"], scopes, &["--data-dir", text(&dir)]].concat());
        assert_eq!(done.code, 0, "{}", done.err);
        let asked = plane.request("POST", &path).bearer_auth(done.out.trim());
        crate::plane::answer(asked).await.is_problem(status, code);
    }
    assert!(run(&["api-key", "--help"]).out.contains("alerts:write"));
}

#[test]
fn the_description_that_is_printed_is_the_one_checked_in() {
    let done = run(&["openapi"]);
    assert_eq!((done.code, done.out.as_str()), (0, include_str!("../../openapi.json")));
}

#[test]
fn numbers_are_judged_one_line_each() {
    let input = b"\"+380501234567\"\r\n\n\"not a number\"\n\"+1 415 555 0100\"\n\xff\n+380501234567\n\"112\"";
    let done = run_with_input(&["check-number", "--route-countries", "+380,PL"], input);
    assert_eq!((done.code, done.err.as_str()), (0, ""), "every line was answered");
    let answers: Vec<serde_json::Value> =
        done.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 7, "{}", done.out);
    assert_eq!(
        answers[0],
        serde_json::json!({
            "input": "+380501234567", "verdict": "allow", "e164": "+380501234567",
            "region": "UA", "type": "MOBILE", "reason": null,
        })
    );
    assert!(answers[1..].iter().all(|answer| answer["verdict"] == "block" && answer["reason"].is_string()));
    assert_eq!(answers[3]["reason"], "country_not_allowed");
    let done = run(&["check-number", "+380501234567"]);
    assert_eq!((done.code, done.out.as_str()), (0, "+380501234567 (UA, MOBILE): may be called\n"));
    let done = run(&["check-number", "--json", "+380501234567", "112"]);
    assert_eq!((done.code, done.out.lines().count()), (1, 2));
    assert_eq!(run(&["check-number", "+380501234567", "112"]).code, 1);
    assert_eq!(run(&["check-number", "-112"]).code, 1, "a number with a dash is no option");
}

#[test]
fn serve_says_where_it_listens_and_ends_with_0_on_sigterm() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut child =
        program(&["serve", "--listen", "127.0.0.1:0", "--data-dir", text(&data)]).spawn().unwrap();
    let key = data.join("order-signing.key");
    let patience = Instant::now() + Duration::from_secs(20);
    while !key.exists() && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(20));
    }
    let id = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(id, Signal::TERM).unwrap();
    let started = Instant::now();
    let status = child.wait().unwrap();
    assert!(started.elapsed() < Duration::from_secs(10));
    let mut said = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut said).unwrap();
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(said.contains("http://127.0.0.1:"), "{said}");

    let checked = run(&["check", "--json", "--data-dir", text(&data)]);
    let document: serde_json::Value = serde_json::from_str(&checked.out).unwrap();
    assert_eq!((checked.code, &document["ok"]), (0, &true.into()), "{}", checked.out);
    let probes: Vec<_> =
        document["findings"].as_array().unwrap().iter().map(|f| f["probe"].clone()).collect();
    assert!(probes.contains(&"integrity".into()) && probes.contains(&"PBXs".into()), "{}", checked.out);
}
