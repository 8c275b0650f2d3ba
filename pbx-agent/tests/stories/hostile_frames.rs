//! Whatever stands in any field of any frame, nothing but digits is dialled, and an honest order rings
//! afterwards.

#[path = "../../../shared/tests/fuzz/json.rs"]
mod json;
#[path = "../../../shared/tests/fuzz/samples.rs"]
mod samples;

use crate::{
    asterisk::Asterisk,
    control_plane::{Line, attempt},
    host::Field,
};
use anyhow::{Context, Result, ensure};
use ed25519_dalek::Signer;
use futures_util::{StreamExt, stream::FuturesUnordered};
use json::{Alteration, alterations};
use samples::{JOURNAL, Sampled};
use shared::{
    order::{Order, SignedOrder, key_id},
    protocol::{AgentFrame, ControlFrame, Standing, decode, encode, to_base64},
};
use tokio_tungstenite::tungstenite::Message;

/// Whom the honest order rings: nobody else does.
const HONEST: &str = "+380671234567";

/// What a control plane with a valid key and hostile intent can sign.
fn signed(field: &Field, order: &str) -> ControlFrame {
    let key = &field.control_plane.key;
    let signature = key.sign(&[b"callping order v1\0", order.as_bytes()].concat());
    ControlFrame::Order(SignedOrder {
        key_id: key_id(&key.verifying_key()),
        order: to_base64(order.as_bytes()),
        signature: to_base64(&signature.to_bytes()),
    })
}

/// Waits for what was said before to be dealt with, reading what the agent says.
async fn is_through(line: &mut Line) -> Result<()> {
    let marker = attempt();
    line.say(&ControlFrame::Query { attempts: vec![marker] }).await?;
    loop {
        match line.hears().await? {
            AgentFrame::Standing { attempts } if attempts.iter().any(|told| told.attempt_id == marker) => {
                ensure!(attempts.len() == 1 && attempts[0].standing == Standing::NeverSeen, "{attempts:?}");
                return Ok(());
            }
            AgentFrame::Standing { .. }
            | AgentFrame::Hello(_)
            | AgentFrame::Health(_)
            | AgentFrame::Report(_)
            | AgentFrame::OrderKeys { .. }
            | AgentFrame::Error(_) => {}
        }
    }
}

/// An honest order is dialled, once, and everything else that was dialled was digits.
async fn an_honest_order_rings(field: &Field, line: &mut Line) -> Result<()> {
    let mut order = field.control_plane.order("pbx-1", attempt());
    order.to = HONEST.parse().expect("a number");
    line.say(&field.control_plane.sign(&order)).await?;
    field.asterisk.expect_originate(&order.attempt_id.to_string()).await?;
    is_through(line).await?;
    ensure!(
        endpoints(&field.asterisk).iter().filter(|endpoint| endpoint.contains(&HONEST[1..])).count() == 1
    );
    Ok(())
}

fn endpoints(asterisk: &Asterisk) -> Vec<String> {
    asterisk.state().originates.iter().map(|query| query["endpoint"].clone()).collect()
}

/// A host whose caps stand in nobody's way.
async fn field() -> Result<Field> {
    let mut field = Field::enrolled().await?;
    field.host.reconfigure("max_concurrent = 2", "max_concurrent = 1000\nmax_calls_per_second = 1000")?;
    field.host.reconfigure("[control_plane]", "max_calls_per_number = 10000\n[control_plane]")?;
    field.host.start()?;
    Ok(field)
}

#[tokio::test]
async fn whatever_stands_in_a_well_signed_order_only_digits_are_dialled() -> Result<()> {
    let mut field = field().await?;
    let mut line = field.control_plane.links_ready().await?;
    let mut hostile = 0;
    for order in Order::samples() {
        for (at, Alteration { mut text, .. }) in alterations(&order).into_iter().enumerate() {
            // Each is new to the host, so that none is refused for having been seen.
            text = text.replace(&samples::ATTEMPT.to_string(), &attempt().to_string());
            let frame = signed(&field, &text);
            if decode::<ControlFrame>(&encode(&frame)).is_ok() {
                line.say(&frame).await?;
                hostile += 1;
            }
            if at % 50 == 0 {
                is_through(&mut line).await?;
            }
        }
    }
    is_through(&mut line).await?;
    an_honest_order_rings(&field, &mut line).await?;
    let dialled = endpoints(&field.asterisk);
    ensure!(hostile > 800 && dialled.len() > 50, "{hostile} orders, {} dialled", dialled.len());
    for endpoint in dialled {
        let digits = endpoint.strip_prefix("PJSIP/").and_then(|rest| rest.strip_suffix("@a"));
        let digits = digits.with_context(|| endpoint.clone())?;
        ensure!(digits.bytes().all(|byte| byte.is_ascii_digit()), "{endpoint}");
    }
    ensure!(field.host.is_running()?);
    // The safety net's own example of a number is the one in the sample.
    let log = field.host.log().replace("for example +380501234567", "");
    let hostile = |line: &&str| line.contains("0501234567") || line.contains(['\u{202e}', '\u{1b}']);
    let said: Vec<&str> = log.lines().filter(hostile).collect();
    ensure!(said.is_empty(), "{said:#?}");
    Ok(())
}

#[tokio::test]
async fn whatever_a_linked_control_plane_says_an_honest_order_rings_once() -> Result<()> {
    let mut field = field().await?;
    let mut line = field.control_plane.links_ready().await?;
    let (theirs, ours) = (JOURNAL.to_string(), line.journal.to_string());
    let mut said = 0;
    for Alteration { text, .. } in ControlFrame::samples().iter().flat_map(alterations) {
        let is_taken = match decode::<ControlFrame>(&text) {
            Ok(
                ControlFrame::Challenge { .. } | ControlFrame::Welcome { .. } | ControlFrame::Reject { .. },
            ) => false,
            Ok(
                ControlFrame::Order(_)
                | ControlFrame::Cancel { .. }
                | ControlFrame::Query { .. }
                | ControlFrame::OrderKeys { .. }
                | ControlFrame::Error(_),
            ) => true,
            // Of more than was handed over it ends the connection.
            Ok(ControlFrame::Ack { journal, seq }) => journal != JOURNAL || seq == 0,
            Err(error) => error.is_tolerable(),
        };
        if is_taken {
            line.say_raw(Message::text(text.replace(&theirs, &ours))).await?;
            said += 1;
            if said % 50 == 0 {
                is_through(&mut line).await?;
            }
        }
    }
    is_through(&mut line).await?;
    an_honest_order_rings(&field, &mut line).await?;
    ensure!(said > 300, "{said}");
    ensure!(field.host.is_running()?);
    let log = field.host.log();
    let said: Vec<&str> = log.lines().filter(|line| line.contains(['\u{202e}', '\u{1b}'])).collect();
    ensure!(said.is_empty(), "{said:#?}");
    Ok(())
}

/// What is said in a handshake, or ends a connection: each costs one, and each next one takes longer to
/// come, so several hosts are told a few each.
#[tokio::test]
async fn whatever_ends_a_connection_the_next_one_serves_an_honest_order() -> Result<()> {
    const HOSTS: usize = 10;
    const EACH: usize = 3;
    let frames: Vec<Alteration> = ControlFrame::samples().iter().flat_map(alterations).collect();
    // A host that is rejected stays away for long.
    let frames: Vec<&Alteration> = frames
        .iter()
        .filter(|altered| !matches!(decode(&altered.text), Ok(ControlFrame::Reject { .. })))
        .collect();
    let step = frames.len() / (HOSTS * EACH);
    let told = (0..HOSTS).map(|host| {
        let frames: Vec<&Alteration> =
            frames.iter().copied().skip(host * step).step_by(step * HOSTS).take(EACH).collect();
        async move {
            let mut field = field().await?;
            for Alteration { text, .. } in &frames {
                // Instead of the challenge, and instead of the welcome.
                let mut line = field.control_plane.line().await?;
                let _ = line.say_raw(Message::text(text.clone())).await;
                drop(line);
            }
            for Alteration { text, .. } in &frames[..1] {
                let (mut line, _) = field.control_plane.greeted(shared::time::Timestamp::now()).await?;
                let _ = line.say_raw(Message::text(text.clone())).await;
                drop(line);
            }
            let told = || format!("{:?}", frames.iter().map(|altered| &altered.what).collect::<Vec<_>>());
            let mut line = field.control_plane.links_ready().await.with_context(told)?;
            an_honest_order_rings(&field, &mut line).await.with_context(told)?;
            ensure!(field.host.is_running()?);
            anyhow::Ok(())
        }
    });
    let mut told: FuturesUnordered<_> = told.collect();
    while let Some(done) = told.next().await {
        done?;
    }
    Ok(())
}
