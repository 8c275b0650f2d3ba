//! A stolen control plane: its keys are valid, its orders are hostile, the Asterisk is real.

use super::{
    Scene,
    control_plane::{Line, PHONE, attempt},
    until,
};
use anyhow::{Context, Result, bail, ensure};
use ed25519_dalek::Signer;
use serde_json::{Value, json};
use shared::{
    ids::AttemptId,
    order::{SignedOrder, key_id},
    outcome::Reason,
    protocol::{AttemptEvent, ControlFrame, from_base64, to_base64},
};
use std::{fs, time::Duration};

/// An INVITE of a refused order would come within this.
const QUIET: Duration = Duration::from_secs(2);
/// What SIP and Asterisk's dialplan read as more than text.
const INJECTED: [&str; 6] =
    ["@evil.example", ";user=phone", ",60,g", "&PJSIP/380671234567@a", "${SHELL(id)}", "\r\nX-Evil: 1"];

/// The lab's trunk reaches +380; these reach as narrowly as an operator would write it.
const MORE_TRUNKS: &str = r#"
[[trunk]]
name = "us"
dial = "PJSIP/{digits}@a"
route_countries = ["US"]
[[trunk]]
name = "ru"
dial = "PJSIP/{digits}@a"
route_countries = ["RU"]
[[trunk]]
name = "gb"
dial = "PJSIP/{digits}@a"
route_countries = ["GB"]
[[trunk]]
name = "world"
dial = "PJSIP/{digits}@a"
route_countries = ["+1", "+44", "+49", "+33", "+82", "+380", "UA"]
max_calls_per_second = 1000
"#;

async fn scene() -> Result<Scene> {
    Scene::configured(|config| config + MORE_TRUNKS).await
}

impl Scene {
    /// What an honest control plane would sign, to be spoilt.
    fn honest(&self) -> Result<Value> {
        Ok(serde_json::to_value(self.control_plane.order(self.lab.pbx(0).name(), attempt()))?)
    }

    /// An honest order but for these fields.
    fn spoilt(&self, fields: &[(&str, Value)]) -> Result<Value> {
        let mut order = self.honest()?;
        for (field, value) in fields {
            order[*field] = value.clone();
        }
        Ok(order)
    }

    /// Signs whatever it is, with the key that the host has pinned.
    fn sign_anything(&self, order: &Value) -> Result<SignedOrder> {
        let key = &self.control_plane.key;
        let bytes = serde_json::to_vec(order)?;
        let signature = key.sign(&[&b"callping order v1\0"[..], &bytes].concat());
        Ok(SignedOrder {
            key_id: key_id(&key.verifying_key()),
            order: to_base64(&bytes),
            signature: to_base64(&signature.to_bytes()),
        })
    }

    /// This order is reported as refused for this reason.
    async fn refuses(&self, line: &mut Line, order: &Value, reason: Reason) -> Result<()> {
        line.say(&ControlFrame::Order(self.sign_anything(order)?)).await?;
        let refused = refusal(line, id_of(order).context("an id")?).await;
        let refused = refused.with_context(|| format!("{order}\n{}", self.agent.log_tail()))?;
        ensure!(refused == reason, "{refused}, not {reason}: {order}");
        Ok(())
    }

    /// Whatever was refused before, an order as it should be still rings, so silence meant refusal.
    async fn still_rings(&self, line: &mut Line) -> Result<()> {
        let carrier = self.lab.carrier();
        ensure!(carrier.calls().is_empty(), "{}", carrier.story());
        let expected = carrier.expect_call(PHONE).on_trunk("a").press('1');
        let attempt = self.order(line).await?;
        expected.await?;
        until(line, attempt, |event| *event == AttemptEvent::Key { digit: '1' }).await?;
        ensure!(carrier.calls().len() == 1, "{}", carrier.story());
        Ok(())
    }

    /// Orders that the agent has refused so far, by its log.
    fn refusals_logged(&self) -> Result<usize> {
        let log = fs::read_to_string(self.lab.pbx(0).dir().join("log/agent"))?;
        Ok(log.matches("order refused").count())
    }
}

async fn refusal(line: &mut Line, attempt: AttemptId) -> Result<Reason> {
    let report = line.report().await?;
    line.acknowledge(report.seq).await?;
    ensure!(report.attempt_id == attempt, "a refusal of {attempt} was awaited: {report:?}");
    let AttemptEvent::Refused { reason, .. } = report.event else { bail!("{report:?}") };
    Ok(reason)
}

fn id_of(order: &Value) -> Option<AttemptId> {
    order["attempt_id"].as_str()?.parse().ok()
}

#[tokio::test]
async fn no_invite_leaves_for_a_number_that_nobody_may_call() -> Result<()> {
    let scene = scene().await?;
    let mut line = scene.ready().await?;
    for (number, reason) in [
        ("112", Reason::NumberEmergency),
        ("911", Reason::NumberEmergency),
        ("+380101", Reason::NumberEmergency),
        ("+19002345678", Reason::NumberPremium),
        ("+449012345678", Reason::NumberPremium),
        ("+33891123456", Reason::NumberPremium),
        ("+49180123456", Reason::NumberPremium),
        ("+18002345678", Reason::NumberTollFree),
        ("+380800501234", Reason::NumberTollFree),
        ("+881612345678", Reason::NumberType),
        ("+870301234567", Reason::NumberType),
        ("+4970012345678", Reason::NumberType),
        ("4242", Reason::NumberShort),
        ("+449", Reason::NumberShort),
        ("+97912345678", Reason::NumberInvalid),
        ("380501234567", Reason::NumberInvalid),
        ("+38 050 123 45 67", Reason::NumberInvalid),
        ("", Reason::NumberInvalid),
    ] {
        let order = scene.spoilt(&[("to", json!(number)), ("trunk", json!("world"))])?;
        scene.refuses(&mut line, &order, reason).await?;
    }
    scene.lab.carrier().expect_silence(QUIET).await?;
    scene.still_rings(&mut line).await
}

#[tokio::test]
async fn no_invite_leaves_for_a_country_beyond_the_trunks_fence() -> Result<()> {
    let scene = scene().await?;
    let mut line = scene.ready().await?;
    for (trunk, number) in [
        ("us", "+18762101234"),
        ("us", "+12423591234"),
        ("us", "+15062345678"),
        ("us", PHONE),
        ("ru", "+77710009998"),
        ("gb", "+447781123456"),
        ("a", "+14155550100"),
        ("a", "+447400123456"),
        ("world", "+79123456789"),
    ] {
        let order = scene.spoilt(&[("to", json!(number)), ("trunk", json!(trunk))])?;
        scene.refuses(&mut line, &order, Reason::CountryNotAllowed).await?;
    }
    scene.lab.carrier().expect_silence(QUIET).await?;
    scene.still_rings(&mut line).await
}

#[tokio::test]
async fn no_invite_leaves_for_what_is_injected_into_a_name_or_a_number() -> Result<()> {
    let scene = scene().await?;
    let mut line = scene.ready().await?;
    let pbx = scene.lab.pbx(0).name().to_owned();
    for injected in INJECTED {
        for (field, honest, reason) in [
            ("to", PHONE, Reason::NumberInvalid),
            ("trunk", "a", Reason::Capacity),
            ("pbx", &pbx, Reason::WrongPbx),
        ] {
            let order = scene.spoilt(&[(field, json!(format!("{honest}{injected}")))])?;
            scene.refuses(&mut line, &order, reason).await?;
        }
    }
    for (fields, reason) in [
        (("trunk", json!("ghost")), Reason::Capacity),
        (("trunk", json!("A")), Reason::Capacity),
        (("pbx", json!("pbx-of-somebody-else")), Reason::WrongPbx),
        (("also_ring", json!("+380671234567")), Reason::BadSignature),
        (("version", json!(2)), Reason::BadSignature),
        (("ring_seconds", json!(70_000)), Reason::BadSignature),
        (("ring_seconds", json!(-1)), Reason::BadSignature),
        (("talk_seconds", json!(1e9)), Reason::BadSignature),
        (("talk_seconds", json!("60")), Reason::BadSignature),
    ] {
        scene.refuses(&mut line, &scene.spoilt(&[fields])?, reason).await?;
    }
    scene.lab.carrier().expect_silence(QUIET).await?;
    scene.still_rings(&mut line).await
}

#[tokio::test]
async fn what_is_injected_into_the_words_of_a_prompt_is_words_and_nothing_else() -> Result<()> {
    let scene = scene().await?;
    let mut line = scene.ready().await?;
    let carrier = scene.lab.carrier();
    let injected = INJECTED.concat();
    let mut order = scene.honest()?;
    order["ring_seconds"] = json!(u16::MAX);
    order["talk_seconds"] = json!(u16::MAX);
    for field in ["project", "language", "message"] {
        order["prompt"][field] = json!(injected);
    }
    let expected = carrier.expect_call(PHONE).on_trunk("a").press('1');
    line.say(&ControlFrame::Order(scene.sign_anything(&order)?)).await?;
    let call = expected.await?;
    ensure!(!call.invite().contains("vil"), "{}", call.invite());
    carrier.expect_silence(QUIET).await?;
    ensure!(carrier.calls().len() == 1, "{}", carrier.story());
    Ok(())
}

#[tokio::test]
async fn no_invite_leaves_for_an_order_that_is_late_or_was_captured() -> Result<()> {
    let scene = scene().await?;
    let mut line = scene.ready().await?;
    let mut late = scene.control_plane.order(scene.lab.pbx(0).name(), attempt());
    late.expires_at = late.issued_at - Duration::from_secs(1);
    scene.refuses(&mut line, &serde_json::to_value(&late)?, Reason::Expired).await?;
    let mut eternal = scene.control_plane.order(scene.lab.pbx(0).name(), attempt());
    eternal.issued_at = eternal.issued_at - Duration::from_secs(49 * 3600);
    eternal.expires_at = eternal.expires_at + Duration::from_secs(365 * 86_400);
    scene.refuses(&mut line, &serde_json::to_value(&eternal)?, Reason::Expired).await?;
    scene.lab.carrier().expect_silence(QUIET).await?;

    let captured = scene.control_plane.sign(&scene.control_plane.order(scene.lab.pbx(0).name(), attempt()));
    let expected = scene.lab.carrier().expect_call(PHONE).press('1');
    line.say(&captured).await?;
    expected.await?.expect_hung_up(Duration::from_secs(20)).await?;
    for _ in 0..3 {
        line.say(&captured).await?;
    }
    scene.lab.carrier().expect_silence(QUIET).await
}

#[tokio::test]
async fn no_invite_leaves_for_an_order_that_is_altered_in_any_byte() -> Result<()> {
    let scene = scene().await?;
    let mut line = scene.ready().await?;
    let length = serde_json::to_vec(&scene.honest()?)?.len();
    let before = scene.refusals_logged()?;
    for place in 0..length {
        let order = serde_json::to_vec(&scene.honest()?)?;
        let mut signed = scene.sign_anything(&serde_json::from_slice(&order)?)?;
        let mut altered = serde_json::to_vec(&serde_json::from_slice::<Value>(&order)?)?;
        altered[place] ^= 1;
        signed.order = to_base64(&altered);
        line.say(&ControlFrame::Order(signed)).await?;
        // An id that cannot be read any more can only be reported to the operator.
        let readable = serde_json::from_slice::<Value>(&altered).ok().and_then(|order| id_of(&order));
        if let Some(attempt) = readable {
            let refused = refusal(&mut line, attempt).await.with_context(|| format!("byte {place}"))?;
            ensure!(refused == Reason::BadSignature, "byte {place}: {refused}");
        }
    }
    for place in 0..64 {
        let order = scene.honest()?;
        let mut signed = scene.sign_anything(&order)?;
        let mut signature = from_base64::<64>(&signed.signature).context("64 bytes")?;
        signature[place] ^= 1;
        signed.signature = to_base64(&signature);
        line.say(&ControlFrame::Order(signed)).await?;
        let refused = refusal(&mut line, id_of(&order).context("an id")?).await?;
        ensure!(refused == Reason::BadSignature, "byte {place} of the signature: {refused}");
    }
    scene.lab.carrier().expect_silence(QUIET).await?;
    scene.still_rings(&mut line).await?;
    ensure!(scene.refusals_logged()? - before == length + 64, "each refusal stands in the log");
    Ok(())
}
