//! A behaviour as a sipp scenario.
//!
//! Every wait is a `recv` with a timeout, never a `pause`: a message that comes during a pause is
//! unexpected to sipp, which then ends the call in its own way.

use super::behaviour::{Behaviour, Challenge, Outcome, phrase};
use std::{fmt::Write, net::SocketAddrV4, time::Duration};

/// The body of the message with which the relay tells a sipp call to hang up.
pub(super) const HANG_UP: &str = "hangup";

/// Headers of a response to the message that was received last.
const LAST: &str =
    "[last_Via:]\n[last_From:]\n[last_To:];tag=L[pid]T[call_number]\n[last_Call-ID:]\n[last_CSeq:]";
/// As [`LAST`], where To already carries our tag.
const LAST_IN_DIALOG: &str = "[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]";
const NO_BODY: &str = "Content-Length: 0";

/// The XML of a behaviour; `audio` is where the PBX is asked to send what it says.
pub(super) fn xml(behaviour: &Behaviour, audio: SocketAddrV4) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<scenario name=\"carrier\">\n");
    invite(&mut out);
    if let Some(challenge) = &behaviour.challenge {
        challenged(&mut out, challenge);
    }
    let waits_forever = behaviour.outcome == Outcome::RingOut;
    if waits_forever || !behaviour.ring.is_zero() {
        send(&mut out, "", &format!("SIP/2.0 180 Ringing\n{LAST}\nContact: <sip:lab>\n{NO_BODY}"));
        let timeout = if waits_forever { String::new() } else { timeout(behaviour.ring, "rang") };
        let _ = writeln!(out, "<recv request=\"CANCEL\"{timeout} next=\"cancelled\"/>\n<label id=\"rang\"/>");
    }
    match &behaviour.outcome {
        Outcome::Answer { keys, hang_up_after } => answered(&mut out, keys, *hang_up_after, audio),
        Outcome::Refuse { code, cause } => refused(&mut out, *code, *cause),
        Outcome::RingOut | Outcome::Silence => {}
    }
    ends(&mut out);
    out
}

/// Keeps what requests of our own must carry.
fn invite(out: &mut String) {
    out.push_str(
        "<recv request=\"INVITE\" crlf=\"true\"><action>\n\
         <ereg regexp=\"[0-9]+\" search_in=\"hdr\" header=\"CSeq:\" assign_to=\"seq\"/>\n\
         <ereg regexp=\"[^ ].*\" search_in=\"hdr\" header=\"From:\" assign_to=\"from\"/>\n\
         <ereg regexp=\"[^ ].*\" search_in=\"hdr\" header=\"To:\" assign_to=\"to\"/>\n\
         <ereg regexp=\"sip:[^>]*\" search_in=\"hdr\" header=\"Contact:\" assign_to=\"contact\"/>\n\
         </action></recv>\n",
    );
}

fn challenged(out: &mut String, challenge: &Challenge) {
    let (status, header) = if challenge.by_proxy {
        ("407 Proxy Authentication Required", "Proxy-Authenticate")
    } else {
        ("401 Unauthorized", "WWW-Authenticate")
    };
    let Challenge { user, password, .. } = challenge;
    send(
        out,
        "",
        &format!(
            "SIP/2.0 {status}\n{LAST}\n{header}: Digest realm=\"carrier\", nonce=\"[pid]n[call_number]\", algorithm=MD5\n{NO_BODY}"
        ),
    );
    out.push_str("<recv request=\"ACK\"/>\n");
    let _ = writeln!(
        out,
        "<recv request=\"INVITE\" crlf=\"true\"><action>\n\
         <ereg regexp=\"[0-9]+\" search_in=\"hdr\" header=\"CSeq:\" assign_to=\"seq\"/>\n\
         <verifyauth assign_to=\"ok\" username=\"{}\" password=\"{}\"/>\n\
         </action></recv>\n<nop hide=\"true\" test=\"ok\" next=\"welcome\"/>",
        attribute(user),
        attribute(password)
    );
    send(out, "", &format!("SIP/2.0 403 Forbidden\n{LAST}\n{NO_BODY}"));
    out.push_str("<recv request=\"ACK\" next=\"end\"/>\n<label id=\"welcome\"/>\n");
}

fn refused(out: &mut String, code: u16, cause: Option<u16>) {
    let phrase = phrase(code);
    let reason = cause.map(|cause| format!("\nReason: Q.850;cause={cause}")).unwrap_or_default();
    send(out, " retrans=\"500\"", &format!("SIP/2.0 {code} {phrase}\n{LAST}{reason}\n{NO_BODY}"));
    out.push_str(
        "<recv request=\"CANCEL\" optional=\"true\" next=\"end\"/>\n<recv request=\"ACK\" next=\"end\"/>\n",
    );
}

fn answered(
    out: &mut String,
    keys: &[(Duration, char)],
    hang_up_after: Option<Duration>,
    audio: SocketAddrV4,
) {
    let (ip, port) = (audio.ip(), audio.port());
    send(
        out,
        " retrans=\"500\"",
        &format!(
            "SIP/2.0 200 OK\n{LAST}\nContact: <sip:lab>\nContent-Type: application/sdp\nContent-Length: [len]\n\n\
             v=0\no=lab 1 1 IN IP4 {ip}\ns=-\nc=IN IP4 {ip}\nt=0 0\n\
             m=audio {port} RTP/AVP 0 8\na=rtpmap:0 PCMU/8000\na=rtpmap:8 PCMA/8000\na=sendrecv"
        ),
    );
    // A CANCEL may cross our 200; the caller then acknowledges and hangs up.
    out.push_str("<recv request=\"CANCEL\" optional=\"true\"/>\n<recv request=\"ACK\"/>\n");
    for (number, (pause, key)) in keys.iter().enumerate() {
        let label = format!("key{number}");
        let _ = writeln!(
            out,
            "<recv request=\"BYE\"{} next=\"bye\"/>\n<label id=\"{label}\"/>",
            timeout(*pause, &label)
        );
        press(out, &key.to_string());
    }
    let timeout = hang_up_after.map(|after| timeout(after, "hangup")).unwrap_or_default();
    let _ = writeln!(
        out,
        "<label id=\"wait\"/>\n\
         <recv request=\"MESSAGE\" optional=\"true\"{timeout} next=\"told\"><action>\n\
         <ereg regexp=\"{HANG_UP}\" search_in=\"body\" assign_to=\"hang\"/>\n\
         <ereg regexp=\"[0-9A-D*#]\" search_in=\"body\" assign_to=\"key\"/>\n\
         </action></recv>\n\
         <recv request=\"BYE\"{timeout} next=\"bye\"/>\n\
         <label id=\"told\"/>\n<nop hide=\"true\" test=\"hang\" next=\"hangup\"/>"
    );
    press(out, "[$key]");
    out.push_str("<nop hide=\"true\" next=\"wait\"/>\n<label id=\"hangup\"/>\n");
    send(out, " retrans=\"500\"", &format!("{}\n{NO_BODY}", own_request("BYE")));
    out.push_str(
        "<recv request=\"BYE\" optional=\"true\" next=\"bye\"/>\n\
         <recv response=\"481\" optional=\"true\" next=\"end\"/>\n\
         <recv response=\"200\" next=\"end\"/>\n",
    );
}

/// A key as SIP INFO.
fn press(out: &mut String, key: &str) {
    send(
        out,
        " retrans=\"500\"",
        &format!(
            "{}\nContent-Type: application/dtmf-relay\nContent-Length: [len]\n\nSignal={key}\nDuration=160",
            own_request("INFO")
        ),
    );
    out.push_str(
        "<recv request=\"BYE\" optional=\"true\" next=\"bye\"/>\n\
         <recv response=\"481\" optional=\"true\" next=\"end\"/>\n\
         <recv response=\"200\"/>\n",
    );
}

fn own_request(method: &str) -> String {
    format!(
        "{method} [$contact] SIP/2.0\nVia: SIP/2.0/UDP [local_ip]:[local_port];rport;branch=[branch]\n\
         From: [$to];tag=L[pid]T[call_number]\nTo: [$from]\nCall-ID: [call_id]\nCSeq: [cseq] {method}\n\
         Max-Forwards: 70\nContact: <sip:lab>"
    )
}

/// The ways a call is over for the caller.
fn ends(out: &mut String) {
    out.push_str("<nop hide=\"true\" next=\"end\"/>\n<label id=\"cancelled\"/>\n");
    send(out, "", &format!("SIP/2.0 200 OK\n{LAST}\n{NO_BODY}"));
    send(
        out,
        " retrans=\"500\"",
        &format!(
            "SIP/2.0 487 Request Terminated\n[last_Via:]\n[last_From:]\n[last_To:];tag=L[pid]T[call_number]\n\
             [last_Call-ID:]\nCSeq: [$seq] INVITE\n{NO_BODY}"
        ),
    );
    out.push_str("<recv request=\"ACK\" next=\"end\"/>\n<label id=\"bye\"/>\n");
    send(out, "", &format!("SIP/2.0 200 OK\n{LAST_IN_DIALOG}\n{NO_BODY}"));
    // A short stay, so that a repeated request is answered again and not taken for a new call.
    // sipp refuses a variable that is set and never used, unless it is referenced after it is set.
    out.push_str(
        "<Reference variables=\"seq,from,to,contact\"/>\n<label id=\"end\"/>\n\
         <timewait milliseconds=\"500\"/>\n</scenario>\n",
    );
}

fn send(out: &mut String, attributes: &str, message: &str) {
    let _ = writeln!(out, "<send{attributes}><![CDATA[\n\n{message}\n\n]]></send>");
}

/// sipp takes whole milliseconds, and 0 for "no timeout".
fn timeout(after: Duration, label: &str) -> String {
    format!(" timeout=\"{}\" ontimeout=\"{label}\"", after.as_millis().max(1))
}

fn attribute(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
