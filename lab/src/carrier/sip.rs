//! Just enough of SIP (RFC 3261) to route and read what passes the carrier.

/// The value of a header, by its long name; compact forms (RFC 3261, 7.3.3) are understood.
pub fn header<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    let compact = match name {
        "Call-ID" => "i",
        "From" => "f",
        "To" => "t",
        "Via" => "v",
        "Contact" => "m",
        _ => name,
    };
    message
        .lines()
        .skip(1)
        .take_while(|line| !line.trim_end().is_empty())
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim().eq_ignore_ascii_case(name) || key.trim().eq_ignore_ascii_case(compact))
        .map(|(_, value)| value.trim())
}

/// The method of a request.
pub fn method(message: &str) -> Option<&str> {
    let (first, _) = message.split_once(' ')?;
    (!first.starts_with("SIP/")).then_some(first)
}

/// The status code of a response.
pub fn status(message: &str) -> Option<u16> {
    message.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
}

/// Number and method of CSeq.
pub fn cseq(message: &str) -> Option<(u32, &str)> {
    let (number, method) = header(message, "CSeq")?.split_once(char::is_whitespace)?;
    Some((number.parse().ok()?, method.trim()))
}

/// `INVITE sip:…` or `SIP/2.0 200 OK (INFO)`: the first line, with what a response answers.
pub fn summary(message: &str) -> String {
    let first = message.lines().next().unwrap_or_default().trim_end();
    match (status(message), cseq(message)) {
        (Some(_), Some((_, method))) => format!("{} ({method})", first.trim_start_matches("SIP/2.0 ")),
        _ if method(message) == Some("INFO") => format!("INFO key {}", key(message).unwrap_or('?')),
        _ => first.trim_end_matches(" SIP/2.0").to_owned(),
    }
}

/// The key of an `application/dtmf-relay` body.
pub fn key(message: &str) -> Option<char> {
    message.lines().find_map(|line| line.trim().strip_prefix("Signal="))?.trim().chars().next()
}

/// The user part of the first SIP URI in a header value or request line.
pub fn user(text: &str) -> Option<&str> {
    let rest = text.split_once("sip:")?.1;
    let uri = rest.split(['>', ';', ' ']).next()?;
    uri.split_once('@').map(|(user, _)| user)
}

/// The display name in front of a URI.
pub fn display_name(text: &str) -> Option<&str> {
    let name = text.split_once('<')?.0.trim().trim_matches('"');
    (!name.is_empty()).then_some(name)
}

/// The port of the audio stream in a session description.
pub fn audio_port(message: &str) -> Option<u16> {
    message.lines().find_map(|line| line.strip_prefix("m=audio "))?.split(' ').next()?.parse().ok()
}

/// The message with another Contact.
pub fn with_contact(message: &str, contact: &str) -> String {
    let mut out = String::with_capacity(message.len() + 16);
    let mut in_head = true;
    for line in message.split_inclusive('\n') {
        if in_head && line.trim_end().is_empty() {
            in_head = false;
        }
        if in_head && line.split_once(':').is_some_and(|(key, _)| key.trim().eq_ignore_ascii_case("contact"))
        {
            out.push_str("Contact: ");
            out.push_str(contact);
            out.push_str("\r\n");
        } else {
            out.push_str(line);
        }
    }
    out
}

/// A response that the relay gives itself: everything that must be copied (RFC 3261, 8.2.6.2).
pub fn respond(request: &str, status: &str) -> String {
    let mut out = format!("SIP/2.0 {status}\r\n");
    for line in request.lines().skip(1).take_while(|line| !line.trim_end().is_empty()) {
        let Some((key, _)) = line.split_once(':') else { continue };
        match key.trim().to_ascii_lowercase().as_str() {
            "via" | "v" | "from" | "f" | "call-id" | "i" | "cseq" => {
                out.push_str(line.trim_end());
                out.push_str("\r\n");
            }
            "to" | "t" => {
                out.push_str(line.trim_end());
                out.push_str(if line.contains("tag=") { "\r\n" } else { ";tag=lab\r\n" });
            }
            _ => {}
        }
    }
    out.push_str("Content-Length: 0\r\n\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const INVITE: &str = "INVITE sip:380501234567@127.0.0.1:13500 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9\r\n\
        From: \"x\" <sip:+14155550100@h>;tag=1\r\nt: <sip:380501234567@h>\r\nContact: <sip:a@127.0.0.1:5060>\r\ni: abc\r\n\
        CSeq: 17 INVITE\r\nContent-Length: 30\r\n\r\nv=0\r\nm=audio 4002 RTP/AVP 0\r\nContact: body\r\n";

    #[test]
    fn what_a_message_says_is_read_from_its_headers_alone() {
        assert_eq!(method(INVITE), Some("INVITE"));
        assert_eq!(header(INVITE, "Call-ID"), Some("abc"));
        assert_eq!(cseq(INVITE), Some((17, "INVITE")));
        assert_eq!(user(INVITE), Some("380501234567"));
        assert_eq!(header(INVITE, "From").and_then(user), Some("+14155550100"));
        assert_eq!(header(INVITE, "From").and_then(display_name), Some("x"));
        assert_eq!(audio_port(INVITE), Some(4002));
    }

    #[test]
    fn a_rewritten_contact_leaves_the_body_alone() {
        let message = with_contact(INVITE, "<sip:carrier@127.0.0.1:1>");
        assert!(message.contains("\r\nContact: <sip:carrier@127.0.0.1:1>\r\n"));
        assert!(message.ends_with("Contact: body\r\n"));
    }

    #[test]
    fn a_response_copies_what_it_must() {
        let response = respond(INVITE, "200 OK");
        assert_eq!(status(&response), Some(200));
        assert_eq!(header(&response, "Call-ID"), Some("abc"));
        assert!(response.contains(";tag=lab\r\n"));
        assert_eq!(summary(&response), "200 OK (INVITE)");
    }
}
