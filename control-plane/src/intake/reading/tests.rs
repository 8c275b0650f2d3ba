//! What real senders say, as far as rules that know no sender carry.

use super::*;
use crate::intake::testing::request;
use proptest::prelude::*;
use serde_json::json;
use shared::severity::Severity::{Critical, Info, Major, Minor};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// What is expected: severity, message, dedup key, whether it resolves.
type Said = (Severity, &'static str, Option<&'static str>, bool);

fn check(content_type: &str, query: &str, body: &str, said: Said) {
    let reading = read(&request(content_type, query, body));
    let found = (reading.severity, reading.message.as_str(), reading.dedup_key.as_deref(), reading.resolves);
    assert_eq!(found, said, "{query} {body}");
}

#[test]
fn curl_as_people_type_it() {
    for (content_type, query, body, said) in [
        (FORM, "", r#"{"status":"critical","message":"db down"}"#, (Critical, "db down", None, false)),
        (FORM, "", "message=db+down&severity=p2&dedup_key=db", (Major, "db down", Some("db"), false)),
        (FORM, "", "db down", (Major, "db down", None, false)),
        (FORM, "", "critical", (Critical, "status: critical", None, false)),
        (FORM, "", "ok", (Info, "status: ok", None, true)),
        ("", "severity=warn&message=db%20down", "", (Minor, "db down", None, false)),
        ("", "dedup_key=db&status=resolved", "", (Info, "dedup_key: db, status: resolved", Some("db"), true)),
        ("text/plain", "severity=info", "db down\nsince 09:00", (Info, "db down since 09:00", None, false)),
        ("", "", "", (Major, "Alert without a message", None, false)),
        (JSON, "", "{\"message\": \"db down\"", (Major, "{\"message\": \"db down\"", None, false)),
    ] {
        check(content_type, query, body, said);
    }
}

#[test]
fn alertmanager_firing_and_resolved() {
    let webhook = |status: &str, first: &str, severities: [&str; 2]| {
        json!({
            "version": "4", "groupKey": "{}:{alertname=\"HighErrorRate\"}", "truncatedAlerts": 0,
            "status": status, "receiver": "callping", "groupLabels": {"alertname": "HighErrorRate"},
            "commonLabels": {"alertname": "HighErrorRate", "job": "shop"},
            "commonAnnotations": {"summary": "Error rate of shop is above 5 %"},
            "externalURL": "http://alertmanager.example",
            "alerts": [
                {"status": first, "labels": {"alertname": "HighErrorRate", "severity": severities[0]},
                 "annotations": {"description": "pod a"}, "startsAt": "2026-01-01T00:00:00Z",
                 "endsAt": "0001-01-01T00:00:00Z", "fingerprint": "8a1f7"},
                {"status": status, "labels": {"alertname": "HighErrorRate", "severity": severities[1]},
                 "annotations": {"description": "pod b"}, "fingerprint": "8a1f8"},
            ],
        })
        .to_string()
    };
    let (says, key) = ("Error rate of shop is above 5 %", Some("{}:{alertname=\"HighErrorRate\"}"));
    check(JSON, "", &webhook("firing", "firing", ["warning", "critical"]), (Critical, says, key, false));
    check(JSON, "", &webhook("firing", "resolved", ["warning", "warning"]), (Minor, says, key, false));
    check(JSON, "", &webhook("resolved", "resolved", ["page", "page"]), (Critical, says, key, true));
}

#[test]
fn grafana() {
    let webhook = |status: &str, state: &str| {
        json!({
            "receiver": "callping", "status": status, "state": state, "orgId": 1,
            "groupKey": "{}:{alertname=\"Disk\"}", "title": "[FIRING:1] Disk (db-1)",
            "message": "**Firing**\n\nValue: B=95\nLabels:\n - alertname = Disk\n",
            "alerts": [{"status": status, "labels": {"alertname": "Disk", "severity": "critical"},
                        "annotations": {"summary": "Disk of db-1 is full"}, "values": {"B": 95}}],
            "commonLabels": {"alertname": "Disk"}, "commonAnnotations": {},
        })
        .to_string()
    };
    let says = "**Firing** Value: B=95 Labels: - alertname = Disk";
    let key = Some("{}:{alertname=\"Disk\"}");
    check(JSON, "", &webhook("firing", "alerting"), (Critical, says, key, false));
    check(JSON, "", &webhook("resolved", "ok"), (Critical, says, key, true));
}

#[test]
fn datadog() {
    let webhook = |kind: &str, transition: &str| {
        json!({
            "id": "7012345", "event_type": "metric_alert_monitor", "title": "CPU of db-1 is high",
            "body": "%%%\nsystem.cpu.user > 95\n%%%", "date": 1_700_000_000_000_u64, "priority": "normal",
            "alert_type": kind, "alert_transition": transition, "alert_id": "5512",
            "org": {"id": "1", "name": "Acme"},
        })
        .to_string()
    };
    let (says, key) = ("CPU of db-1 is high", Some("5512"));
    check(JSON, "", &webhook("error", "Triggered"), (Major, says, key, false));
    check(JSON, "", &webhook("warning", "Warn"), (Minor, says, key, false));
    check(JSON, "", &webhook("success", "Recovered"), (Info, says, key, true));
}

#[test]
fn uptimerobot_as_get() {
    let query = |kind: &str, word: &str| {
        format!(
            "monitorID=77&monitorURL=https%3A%2F%2Fshop.example&monitorFriendlyName=Shop&alertType={kind}\
             &alertTypeFriendlyName={word}&alertDetails=Connection+Timeout"
        )
    };
    check("", &query("1", "Down"), "", (Major, "Shop", None, false));
}

#[test]
fn zabbix_like() {
    let webhook = |status: &str| {
        json!({"severity": "Disaster", "status": status, "subject": "Problem: agent is not available",
               "message": "Agent on db-1 is not available\r\nfor 5m", "dedup_key": "zbx-4711", "eventid": "4711"})
        .to_string()
    };
    let (says, key) = ("Agent on db-1 is not available for 5m", Some("zbx-4711"));
    check(JSON, "", &webhook("PROBLEM"), (Critical, says, key, false));
    check(JSON, "", &webhook("RESOLVED"), (Critical, says, key, true));
}

#[test]
fn pagerduty_events() {
    let webhook = |action: &str| {
        json!({"routing_key": "x", "event_action": action, "dedup_key": "srv01/http",
               "payload": {"summary": "http is down", "severity": "error", "source": "srv01"}})
        .to_string()
    };
    check(JSON, "", &webhook("trigger"), (Major, "http is down", Some("srv01/http"), false));
    check(JSON, "", &webhook("resolve"), (Major, "http is down", Some("srv01/http"), true));
}

#[test]
fn rules_see_both_what_was_read_and_what_was_sent() {
    let reading = read(&request(JSON, "team=shop", r#"{"level":"P1","message":" db\ndown","severity":"?"}"#));
    assert_eq!(
        reading.fields,
        json!({
            "severity": "critical", "message": "db down",
            "payload": {"level": "P1", "message": " db\ndown", "severity": "?", "team": "shop"},
        })
    );
    assert!(reading.has_own_message);
    assert!(!read(&request("", "status=ok", "")).has_own_message);
    assert!(!read(&request("", "", "ok\n")).has_own_message);
}

proptest! {
    #[test]
    fn any_request_can_be_read(
        body in prop::collection::vec(any::<u8>(), 0..300),
        content_type in prop_oneof![Just(JSON.to_owned()), Just(FORM.to_owned()), any::<String>()],
        query in any::<String>(),
        key in any::<String>(),
    ) {
        let mut arrival = request(&content_type, &query, "");
        arrival.body = body.into();
        arrival.headers.push(("dedup-key".into(), key));
        let reading = read(&arrival);
        prop_assert!((1..=500).contains(&reading.message.chars().count()));
        prop_assert!(!reading.message.contains(char::is_control));
        prop_assert!(reading.dedup_key.is_none_or(|key| (1..=255).contains(&key.len())));
    }

    #[test]
    fn any_json_can_be_read(values in prop::collection::btree_map(
        "severity|status|state|message|alerts|data|labels|dedup_key|\\PC{0,9}",
        prop_oneof![
            "ok|firing|p[0-9]|\\PC{0,20}".prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            prop::collection::vec(any::<bool>(), 0..3).prop_map(Value::from),
        ],
        0..6,
    )) {
        let inner = Value::Object(values.into_iter().collect());
        let body = json!({"data": [inner.clone(), {"alerts": inner}]}).to_string();
        let reading = read(&request(JSON, "", &body));
        prop_assert!((1..=500).contains(&reading.message.chars().count()));
        prop_assert!(!reading.message.contains(char::is_control));
    }
}
