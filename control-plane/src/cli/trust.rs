//! Commands that change whom to trust while `serve` runs: keys of agents, and the one that signs orders.

use super::{Stop, existing};
use crate::{
    accounts::session_keys,
    config::{Data, DataOptions},
    fleet::{self, KeyChange},
    say,
};

/// Takes a PBX its keys; a running `serve` hangs up.
pub(super) async fn revoke_agent(pbx: &str, data: DataOptions) -> Result<(), Stop> {
    let store = existing(&Data::resolve(data)?).await.map_err(Stop::Failed)?;
    match fleet::revoke_agent(&store, pbx).await.map_err(Stop::failed)? {
        0 => say::say(format!("{pbx} holds no key; tokens that were made for it are void")),
        _ => say::say(format!(
            "the key of {pbx} is revoked and tokens that were made for it are void; a running serve closes its \
             connection now. To let the host back in: `control-plane enroll-token {pbx}` and `pbx-agent enroll \
             --new-key`"
        )),
    }
    Ok(())
}

/// Makes a new order-signing key beside the old one.
pub(super) fn rotate_order_key(data: DataOptions) -> Result<(), Stop> {
    let data = Data::resolve(data)?;
    let KeyChange { old, new } = fleet::rotate_order_key(&data.dir).map_err(Stop::failed)?;
    say::say(format!(
        "order-signing key {new} is made beside {old}; a running serve tells the agents and signs with it for \
         those that confirm. End the change with `control-plane retire-order-key`, also after days"
    ));
    Ok(())
}

/// Removes the old one.
pub(super) fn retire_order_key(data: DataOptions) -> Result<(), Stop> {
    let data = Data::resolve(data)?;
    let KeyChange { old, new } = fleet::retire_order_key(&data.dir).map_err(Stop::failed)?;
    say::say(format!(
        "order-signing key {old} is removed; {new} signs alone. Agents drop the old one now, those that are \
         away when they come back"
    ));
    Ok(())
}

/// Makes a new key for the tokens of sessions.
pub(super) fn rotate_session_key(data: DataOptions) -> Result<(), Stop> {
    let data = Data::resolve(data)?;
    session_keys::rotate(&data.dir).map_err(Stop::failed)?;
    say::say(
        "a new session key is made; a running serve signs with it within seconds. Tokens that the one before it has \
         signed are good until they end, which is minutes; run this twice to end them at once: browsers fetch new ones",
    );
    Ok(())
}
