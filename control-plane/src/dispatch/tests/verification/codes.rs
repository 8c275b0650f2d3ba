//! The code: spoken, typed, wrong, late, replaced, and nowhere once it is of no use.

use super::*;

#[tokio::test]
async fn a_call_speaks_the_code_and_whoever_types_it_is_right_once() {
    let stage = Stage::with_phone().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let id = stage.asks().await;
    let order = host.expect_order().await;
    let code = code_of(&order);
    assert_eq!((order.to.as_str(), order.prompt.language.as_str()), (PHONE, "uk"));
    assert_eq!((order.prompt.project.as_str(), &order.prompt.message), ("", &None));
    assert_eq!(stage.stands(id).await, State::Calling);
    stage.hears(&mut host, &order, true).await;
    assert_eq!(stage.stands(id).await, State::Spoken);
    assert_eq!(stage.types_now(&wrong(&code)).await, Checked::Wrong { left: 4 });
    let typed = format!(" {} - {}\n", &code[..3], &code[3..]);
    assert_eq!(stage.types_now(&typed).await, Checked::Right);
    assert_eq!(stage.types_now(&code).await, Checked::NoCode, "it is used up");
    assert_eq!(stage.stands(id).await, State::Spoken);
}

#[tokio::test]
async fn whoever_types_the_code_while_it_is_spoken_is_not_rung_again() {
    let stage = Stage::with_phone().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let id = stage.asks().await;
    let order = host.expect_order().await;
    assert_eq!(stage.types_now(&code_of(&order)).await, Checked::Right);
    assert_eq!(host.next().await, ControlFrame::Cancel { attempt_id: order.attempt_id });
    assert_eq!(stage.stands(id).await, State::Spoken);
    stage.hears(&mut host, &order, false).await;
    stage.hurries().await;
    host.expect_silence().await;
}

#[tokio::test]
async fn after_five_wrong_codes_the_right_one_is_none() {
    let stage = Stage::with_phone().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let id = stage.asks().await;
    let order = host.expect_order().await;
    let code = code_of(&order);
    for (typed, left) in [(wrong(&code).as_str(), 4), ("", 3), (&code[..5], 2), ("nonsense", 1)] {
        assert_eq!(stage.types_now(typed).await, Checked::Wrong { left });
    }
    assert_eq!(stage.types_now(&wrong(&code)).await, Checked::Wrong { left: 0 });
    assert_eq!(stage.types_now(&code).await, Checked::NoCode);
    assert_eq!(host.next().await, ControlFrame::Cancel { attempt_id: order.attempt_id });
    stage.comes_to(id, State::Failed { reason: TOO_MANY_TRIES }).await;
    assert!(stage.plain_codes().await.is_empty());
}

#[tokio::test]
async fn a_code_that_was_heard_and_typed_wrong_too_often_has_failed() {
    let stage = Stage::with_phone().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let id = stage.asks().await;
    let order = host.expect_order().await;
    stage.hears(&mut host, &order, true).await;
    for left in (0..5).rev() {
        assert_eq!(stage.stands(id).await, State::Spoken);
        assert_eq!(stage.types_now(&wrong(&code_of(&order))).await, Checked::Wrong { left });
    }
    assert_eq!(stage.stands(id).await, State::Failed { reason: TOO_MANY_TRIES });
}

#[tokio::test]
async fn a_code_is_good_for_ten_minutes() {
    let stage = Stage::with_phone().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let id = stage.asks().await;
    let code = code_of(&host.expect_order().await);
    let expires_at = stage.standing(PERSON, id).await.unwrap().expires_at;
    assert_eq!(stage.types(PERSON, &code, expires_at).await, Checked::NoCode);
    let just_before = expires_at - Duration::from_micros(1);
    assert_eq!(stage.types(PERSON, &code, just_before).await, Checked::Right);
    let valid = expires_at.since(Timestamp::now());
    assert!(valid > Duration::from_secs(590) && valid < Duration::from_secs(600), "{valid:?}");
}

#[tokio::test]
async fn a_newer_code_voids_the_older_and_hangs_up_its_call() {
    let stage = Stage::with_phone().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let older = stage.asks().await;
    let first = host.expect_order().await;
    let newer = stage.asks().await;
    let (mut second, mut cancelled) = (None, false);
    for _ in 0..2 {
        let frame = host.next().await;
        cancelled |= frame == ControlFrame::Cancel { attempt_id: first.attempt_id };
        if let ControlFrame::Order(order) = frame {
            second = Some(host.opened(&order));
        }
    }
    let second = second.expect("an order of its own");
    assert!(cancelled);
    assert_eq!(stage.stands(older).await, State::Replaced);
    if code_of(&first) != code_of(&second) {
        assert_eq!(stage.types_now(&code_of(&first)).await, Checked::Wrong { left: 4 });
    }
    assert_eq!(stage.types_now(&code_of(&second)).await, Checked::Right);
    assert_eq!(stage.stands(newer).await, State::Spoken);
}

#[tokio::test]
async fn a_code_is_its_accounts_and_its_numbers_alone() {
    let stage = Stage::with_phone().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let id = stage.asks().await;
    let code = code_of(&host.expect_order().await);
    assert_eq!(stage.types(STRANGER, &code, Timestamp::now()).await, Checked::NoCode);
    assert_eq!(stage.standing(STRANGER, id).await, None);
    // A stranger who asks for somebody else's phone voids nothing.
    let to: E164 = PHONE.parse().unwrap();
    let asked = move |tx: &mut Tx<'_>| {
        verification::request(tx, STRANGER, PHONE_ID, &to, "en", Timestamp::now()).map(drop)
    };
    stage.store.write(asked).await.unwrap();
    let renumber =
        |e164: &'static str| stage.store.write(move |tx| tx.execute("UPDATE phones SET e164 = $1", &[&e164]));
    renumber(OTHER_PHONE).await.unwrap();
    assert_eq!(stage.types_now(&code).await, Checked::NoCode, "another number was called");
    renumber(PHONE).await.unwrap();
    assert_eq!(stage.types_now(&code).await, Checked::Right);
}

#[tokio::test]
async fn the_code_stands_in_the_database_until_no_order_can_follow_and_then_as_a_hash_alone() {
    let stage = Stage::with_phone().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let id = stage.asks().await;
    let first = host.expect_order().await;
    let code = code_of(&first);
    assert_eq!(stage.plain_codes().await, [code.as_str()]);
    stage.hears(&mut host, &first, false).await;
    assert_eq!(stage.plain_codes().await, [code.as_str()], "a redial is to come");
    stage.hurries().await;
    let second = host.expect_order().await;
    assert_eq!(code_of(&second), code);
    stage.hears(&mut host, &second, false).await;
    assert_eq!(stage.stands(id).await, State::Failed { reason: "answered" });
    assert!(stage.plain_codes().await.is_empty());
    assert_eq!(stage.types_now(&code).await, Checked::Right, "it was heard all the same");
}

#[tokio::test]
async fn a_control_plane_that_is_killed_speaks_a_code_no_second_time_unasked_and_forgets_it_in_the_end() {
    let stage = Stage::with_phone().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let id = stage.asks().await;
    let order = host.expect_order().await;
    host.disconnect();
    // The agent goes on, and tells later how it ended.
    let AttemptEvent::Ended(ending) = ended(AttemptStatus::Answered, None, Some(16)) else { panic!() };
    let spoken = AttemptEvent::Ended(Ending { spoken: true, ..ending });
    let report = host.report(order.attempt_id, spoken);
    let stage = stage.restart().await;
    assert_eq!(stage.plain_codes().await.len(), 1, "an order could still follow");
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let journal = host.link.journal();
    stage.events.send(AgentEvent::Connected(host.link.clone())).await.unwrap();
    let told = AgentEvent::Report(host.link.clone(), shared::protocol::Report { journal, ..report });
    stage.events.send(told).await.unwrap();
    stage.comes_to(id, State::Spoken).await;
    assert!(stage.plain_codes().await.is_empty());
    while let ControlFrame::Query { .. } = host.next().await {}
    host.expect_silence().await;
    assert_eq!(stage.types_now(&code_of(&order)).await, Checked::Right);
}

#[tokio::test]
async fn a_call_that_cannot_be_handled_any_more_keeps_no_code() {
    let stage = Stage::with_phone().await;
    let id = stage.asks().await;
    stage.comes_to(id, State::Queued { waits_for: Some(shared::outcome::Reason::NoPbx) }).await;
    let later = Timestamp::now() + Duration::from_secs(240);
    let put_off = move |tx: &mut Tx<'_>| {
        let call = tx.row("SELECT id FROM calls", &[], |row| row.get::<CallId>(0))?.unwrap();
        queue::put_off(tx, call, later)
    };
    stage.store.write(put_off).await.unwrap();
    assert_eq!(stage.stands(id).await, State::Failed { reason: "expired" });
    assert!(stage.plain_codes().await.is_empty());
    assert_eq!(stage.count("SELECT COUNT(*) FROM alert_events").await, 0);
}

#[tokio::test]
async fn a_damaged_row_speaks_its_code_and_no_alert() {
    let stage = Stage::with_phone().await;
    stage.asks().await;
    stage.store.write(|tx| tx.execute("UPDATE calls SET machine = '{', due_at = 0", &[])).await.unwrap();
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    stage.events.send(AgentEvent::Freed(host.link.pbx())).await.unwrap();
    assert_eq!(stage.plain_codes().await, [code_of(&host.expect_order().await)]);
}
