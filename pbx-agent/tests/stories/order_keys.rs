//! The control plane changes the key that signs its orders.

use crate::{
    control_plane::{ControlPlane, Line, attempt},
    host::Field,
};
use anyhow::{Result, bail, ensure};
use ed25519_dalek::SigningKey;
use shared::{
    order::key_id,
    order_keys::{OrderKeys, SignedOrderKeys},
    outcome::Reason,
    protocol::{AgentFrame, AttemptEvent, ControlFrame},
};

fn new_key() -> SigningKey {
    SigningKey::from_bytes(&[43; 32])
}

fn id(key: &SigningKey) -> String {
    key_id(&key.verifying_key())
}

fn announcement(generation: u64, keys: &[&SigningKey], by: &SigningKey) -> SignedOrderKeys {
    let keys = keys.iter().map(|key| key.verifying_key()).collect();
    OrderKeys { generation, keys }.sign(by)
}

/// What the agent pins once it has been told this.
async fn tell(line: &mut Line, announced: &[SignedOrderKeys]) -> Result<Vec<String>> {
    line.say(&ControlFrame::OrderKeys { announced: announced.to_vec() }).await?;
    loop {
        match line.hears().await? {
            AgentFrame::OrderKeys { pinned } => return Ok(pinned),
            AgentFrame::Health(_) => {}
            other @ (AgentFrame::Hello(_)
            | AgentFrame::Report(_)
            | AgentFrame::Standing { .. }
            | AgentFrame::Error(_)) => bail!("order keys were awaited: {other:?}"),
        }
    }
}

/// Whether an order that this key signs is believed: the order is for another host, and refused for
/// that or for its signature.
async fn believes(line: &mut Line, control_plane: &ControlPlane, key: &SigningKey) -> Result<bool> {
    let order = control_plane.order("pbx-9", attempt());
    line.say(&ControlFrame::Order(order.sign(key))).await?;
    let report = loop {
        let report = line.report().await?;
        line.acknowledge(report.seq).await?;
        if report.attempt_id == order.attempt_id {
            break report;
        }
    };
    let AttemptEvent::Refused { reason, .. } = report.event else { bail!("{report:?}") };
    ensure!(matches!(reason, Reason::WrongPbx | Reason::BadSignature), "{reason:?}");
    Ok(reason == Reason::WrongPbx)
}

#[tokio::test]
async fn both_keys_are_obeyed_during_a_change_and_the_old_one_never_after_it() -> Result<()> {
    let mut field = Field::running().await?;
    let (old, new) = (field.control_plane.key().clone(), new_key());
    let mut line = field.control_plane.links_ready().await?;
    ensure!(!believes(&mut line, &field.control_plane, &new).await?);
    let change = [announcement(1, &[&old, &new], &old), announcement(2, &[&new], &new)];
    ensure!(tell(&mut line, &change[..1]).await? == [id(&old), id(&new)]);
    ensure!(believes(&mut line, &field.control_plane, &old).await?);
    ensure!(believes(&mut line, &field.control_plane, &new).await?);
    ensure!(tell(&mut line, &change).await? == [id(&new)]);
    ensure!(!believes(&mut line, &field.control_plane, &old).await?);
    // Played back, it brings nothing back.
    ensure!(tell(&mut line, &change[..1]).await? == [id(&new)]);

    field.host.restart().await?;
    let mut line = field.control_plane.links_ready().await?;
    ensure!(!believes(&mut line, &field.control_plane, &old).await?, "forgotten by a restart");
    ensure!(believes(&mut line, &field.control_plane, &new).await?);
    Ok(())
}

#[tokio::test]
async fn a_stranger_changes_no_key() -> Result<()> {
    let field = Field::running().await?;
    let (old, new) = (field.control_plane.key().clone(), new_key());
    let mut line = field.control_plane.links_ready().await?;
    let genuine = announcement(1, &[&old, &new], &old);
    let forged = announcement(1, &[&old, &new], &new);
    for announced in [
        forged.clone(),
        SignedOrderKeys { key_id: id(&old), ..forged.clone() },
        SignedOrderKeys { keys: announcement(1, &[&new], &new).keys, ..genuine.clone() },
        SignedOrderKeys { signature: "?".into(), ..genuine.clone() },
        announcement(0, &[&new], &old),
    ] {
        ensure!(tell(&mut line, &[announced]).await? == [id(&old)]);
    }
    ensure!(tell(&mut line, &[genuine, forged]).await? == [id(&old), id(&new)]);
    Ok(())
}
