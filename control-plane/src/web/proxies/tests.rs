//! Whom a header can make us believe to be somebody else.

use super::*;
use hyper::header::{HeaderName, HeaderValue};
use proptest::prelude::*;

fn proxies(text: &str) -> TrustedProxies {
    text.parse().unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    let line = |(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
    };
    lines.iter().map(line).collect()
}

#[test]
fn a_stranger_says_who_he_is_to_nobody() {
    let said = headers(&[("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=203.0.113.9")]);
    assert_eq!(TrustedProxies::default().client(ip("127.0.0.1"), &said), ip("127.0.0.1"));
    assert_eq!(proxies("127.0.0.1").client(ip("192.0.2.1"), &said), ip("192.0.2.1"));
    assert_eq!(proxies("10.0.0.0/8").client(ip("11.0.0.1"), &said), ip("11.0.0.1"));
}

#[test]
fn a_proxy_on_this_host_is_told_from_who_asks_for_himself() {
    for name in ["x-forwarded-for", "forwarded"] {
        let said = headers(&[(name, "for=203.0.113.9")]);
        assert!(is_proxy_of_this_host(ip("127.0.0.1"), &said) && is_proxy_of_this_host(ip("::1"), &said));
        assert!(!is_proxy_of_this_host(ip("192.0.2.1"), &said), "anybody can write a header");
    }
    assert!(!is_proxy_of_this_host(ip("127.0.0.1"), &headers(&[("host", "localhost")])));
}

#[test]
fn the_client_is_the_last_of_the_list_that_is_no_trusted_proxy() {
    let trusted = proxies("127.0.0.1, 10.0.0.0/8, fd00::/8");
    for (lines, expected) in [
        (&[("x-forwarded-for", "203.0.113.9")][..], "203.0.113.9"),
        // What the client wrote itself stands before what the proxy added.
        (&[("x-forwarded-for", "198.51.100.1, 203.0.113.9")], "203.0.113.9"),
        (&[("x-forwarded-for", "127.0.0.1, 203.0.113.9")], "203.0.113.9"),
        (&[("x-forwarded-for", "203.0.113.9, 10.1.2.3")], "203.0.113.9"),
        (&[("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "203.0.113.9")], "203.0.113.9"),
        (&[("x-forwarded-for", "203.0.113.9:4711")], "203.0.113.9"),
        (&[("x-forwarded-for", "::ffff:203.0.113.9")], "203.0.113.9"),
        (&[("x-forwarded-for", "[2001:db8::1]:4711")], "2001:db8::1"),
        (&[("x-forwarded-for", "[2001:db8::1]")], "2001:db8::1"),
        (&[("x-forwarded-for", "2001:db8::1, fd00::7")], "2001:db8::1"),
        (&[("forwarded", "for=203.0.113.9;proto=https, for=10.1.2.3")], "203.0.113.9"),
        (&[("forwarded", "proto=https; For=\"[2001:db8::1]:4711\"")], "2001:db8::1"),
        // A proxy that sets one of the two passes the other on as the client wrote it.
        (&[("forwarded", "for=198.51.100.1"), ("x-forwarded-for", "203.0.113.9")], "203.0.113.9"),
        (&[], "127.0.0.1"),
    ] {
        assert_eq!(trusted.client(ip("127.0.0.1"), &headers(lines)), ip(expected), "{lines:?}");
    }
}

#[test]
fn what_cannot_be_read_is_not_guessed_at() {
    let trusted = proxies("127.0.0.1,10.0.0.0/8");
    for (line, expected) in [
        ("unknown", "127.0.0.1"),
        ("", "127.0.0.1"),
        ("203.0.113.9,", "127.0.0.1"),
        ("203.0.113.9, not an address, 10.1.2.3", "10.1.2.3"),
        ("203.0.113.999", "127.0.0.1"),
        ("2001:db8::1:", "127.0.0.1"),
    ] {
        assert_eq!(
            trusted.client(ip("127.0.0.1"), &headers(&[("x-forwarded-for", line)])),
            ip(expected),
            "{line}"
        );
    }
    for line in ["for=_hidden", "for=unknown", "by=203.0.113.9", "for=\"203.0.113.9", "for"] {
        let client = trusted.client(ip("127.0.0.1"), &headers(&[("forwarded", line)]));
        assert_eq!(client, ip("127.0.0.1"), "{line}");
    }
    let endless = vec!["10.0.0.1"; 1000].join(",");
    let line = format!("203.0.113.9,{endless}");
    assert_eq!(trusted.client(ip("127.0.0.1"), &headers(&[("x-forwarded-for", &line)])), ip("10.0.0.1"));
}

#[test]
fn a_list_of_networks_that_is_none_is_refused() {
    for text in [
        "",
        "10.0.0.0/33",
        "10.0.0.1/8",
        "0.0.0.0/0",
        "::/0",
        "proxy.example.com",
        "10.0.0.0/8;",
        "10.0.0.0/-1",
        "fd00::/129",
        "10.0.0.0/8,",
    ] {
        let error = text.parse::<TrustedProxies>().unwrap_err();
        assert!(error.contains("10.0.0.0/8,fd00::/8"), "{text:?}: {error}");
    }
}

proptest! {
    #[test]
    fn no_header_makes_a_client_of_anybody_but_the_list_or_the_peer(text in "[ -~]{0,80}") {
        let mut said = HeaderMap::new();
        said.insert("x-forwarded-for", HeaderValue::from_str(&text).unwrap());
        let client = proxies("127.0.0.1").client(ip("127.0.0.1"), &said);
        // An IPv6 address can be written in more ways than one.
        prop_assert!(client == ip("127.0.0.1") || text.contains(':') || text.contains(&client.to_string()));
    }

    #[test]
    fn an_address_is_in_its_own_network(address: u32, bits in 1u8..=32) {
        let network = Network { address: IpAddr::from(address.to_be_bytes()), bits };
        let written: Network = format!("{}/{bits}", network.first()).parse().unwrap();
        prop_assert!(written.holds(network.address));
        let other = IpAddr::from((address ^ (1 << (32 - u32::from(bits)))).to_be_bytes());
        prop_assert!(!written.holds(other));
    }
}
