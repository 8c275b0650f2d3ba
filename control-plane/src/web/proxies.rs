//! Reverse proxies that the operator trusts, and who the client behind them is.
//!
//! Whoever connects can write any header. What a trusted proxy says of its own peer is the last entry
//! of the list, so the list is read from its end for as long as trusted proxies speak.

use hyper::{HeaderMap, header::FORWARDED};
use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    str::FromStr,
    sync::Once,
};

const X_FORWARDED_FOR: &str = "x-forwarded-for";
/// Hops that are followed: more proxies in a row are a loop or a lie.
const MOST_HOPS: usize = 16;
/// Once in a process: it would be said with every request.
static SAY_UNTRUSTED: Once = Once::new();
const FORM: &str = "write addresses or networks separated by commas, as in 127.0.0.1,10.0.0.0/8,fd00::/8";

/// Networks of trusted proxies; without any, no header says who a client is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Network>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    /// Leading bits that count.
    bits: u8,
}

impl FromStr for TrustedProxies {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let networks: Result<Vec<Network>, String> =
            text.split(',').map(|part| part.trim().parse()).collect();
        networks.map(Self)
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let not = |what: &str| format!("{text:?} is {what}; {FORM}");
        let address: IpAddr = address.parse().map_err(|_| not("no network"))?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) => {
                bits.parse().ok().filter(|bits| *bits <= longest).ok_or_else(|| not("no network"))?
            }
            None => longest,
        };
        // Everybody would be believed, which nobody means.
        if bits == 0 {
            return Err(not("the whole Internet"));
        }
        let network = Self { address, bits };
        if network.first() != address {
            Err(not("an address within a network, not a network"))
        } else {
            Ok(network)
        }
    }
}

impl TrustedProxies {
    /// Whether this is one of them.
    pub(super) fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.holds(address))
    }

    /// Who is at the far end of a connection from `peer`. `X-Forwarded-For` is read, and `Forwarded`
    /// (RFC 7239) where there is none. An entry that cannot be read ends the reading: who is known by
    /// then is the client.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.trusts(peer) {
            if is_proxy_of_this_host(peer, headers) {
                SAY_UNTRUSTED.call_once(|| {
                    tracing::warn!(
                        "a proxy on {peer} says for whom it asks and is not trusted, so every client behind it counts as \
                         {peer}, in logs, limits and stored requests: set trusted_proxies = \"{peer}\" \
                         (docs/reverse-proxy.md)"
                    );
                });
            }
            return peer;
        }
        let mut client = peer;
        for hop in hops(headers) {
            let Some(address) = hop else { break };
            client = address;
            if !self.trusts(address) {
                break;
            }
        }
        client
    }
}

impl Network {
    fn holds(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.address.is_ipv4()
            && Self { address, bits: self.bits }.first() == self.first()
    }

    fn first(&self) -> IpAddr {
        match self.address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                IpAddr::from((u32::from(address) & mask).to_be_bytes())
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
                IpAddr::from((u128::from(address) & mask).to_be_bytes())
            }
        }
    }
}

/// A client on this host does not say for whom it asks; a proxy does.
fn is_proxy_of_this_host(peer: IpAddr, headers: &HeaderMap) -> bool {
    peer.is_loopback() && (headers.contains_key(X_FORWARDED_FOR) || headers.contains_key(FORWARDED))
}

/// The list, last entry first; `None` for one that cannot be read.
fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let list = |name: &str| -> Vec<String> {
        let lines = headers.get_all(name).iter();
        lines.map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned()).collect()
    };
    let plain = list(X_FORWARDED_FOR);
    if !plain.is_empty() {
        let entries = plain.iter().rev().flat_map(|line| line.rsplit(','));
        return entries.take(MOST_HOPS).map(address).collect();
    }
    let forwarded = list(FORWARDED.as_str());
    forwarded.iter().rev().flat_map(|line| line.rsplit(',')).take(MOST_HOPS).map(forwarded_for).collect()
}

/// The `for` of one element of `Forwarded`, such as `for="[2001:db8::1]:4711";proto=https`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut named = element.split(';').filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = named.find(|(name, _)| name.eq_ignore_ascii_case("for"))?;
    let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    address(bare.unwrap_or(value))
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    let address = text
        .parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
        .or_else(bracketed)?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests;
