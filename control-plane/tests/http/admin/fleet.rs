//! Hosts: named, let in, drained, revoked; and trunks that rest.

use super::{Office, host::Host, if_so, until};
use crate::{
    accounts::sql,
    agents::enrolment,
    plane::{Plane, answer},
};
use control_plane::serve::Server;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

/// Of one organization: a request that rings its phone in Ukraine. Of equal words one alert would be made.
async fn sends_an_alert(plane: &Plane, message: &str) -> Value {
    let body = json!({"severity": "critical", "message": message}).to_string();
    let sent = plane.send("POST", &plane.hook(), body).await;
    assert_eq!(sent.status, 202, "{}", sent.body);
    sent.body["request_id"].clone()
}

async fn pbx(office: &Office<'_>) -> Value {
    let fleet = office.reads("/fleet").await;
    fleet["items"].as_array().unwrap().iter().find(|pbx| pbx["name"] == "pbx-1").unwrap().clone()
}

/// Until the call of this request waits for this.
async fn waits_for(plane: &Plane, key: &str, request: &Value, reason: &str) {
    let path = format!("/api/v1/calls?request_id={}", request.as_str().unwrap());
    until(|| async {
        let calls = answer(plane.request("GET", &path).bearer_auth(key)).await.body;
        if_so(calls["items"][0]["reason"] == reason, (), &calls)
    })
    .await;
}

/// A host that is enrolled by the operator and tells of these trunks; and the path of its PBX.
async fn with_host(office: &Office<'_>, plane: &Plane, trunks: &[&str]) -> (Host, String) {
    let path = format!("/pbxs/{}", pbx(office).await["id"].as_str().unwrap());
    let made = office.does("POST", &format!("{path}/enrolment-token"), json!({}), 201).await;
    let mut host = Host::enrols(plane, made["token"].as_str().unwrap()).await;
    host.is_healthy(trunks).await;
    until(|| async {
        let pbx = pbx(office).await;
        if_so(pbx["health"] == "healthy", (), &pbx)
    })
    .await;
    (host, path)
}

#[tokio::test]
async fn a_pbx_is_named_once_and_enrols_with_a_token_that_is_told_once() {
    let plane = Plane::empty().await;
    let office = Office::of(&plane).await;
    let made = office.does("POST", "/pbxs", json!({"name": "pbx-1", "region": "eu"}), 201).await;
    assert_eq!((&made["name"], &made["region"]), (&"pbx-1".into(), &"eu".into()), "{made}");
    let deed = office.last_deed("pbx.created").await;
    assert_eq!((&deed["subject"], &deed["after"]["name"]), (&made["id"], &"pbx-1".into()), "{deed}");
    let again = office.asks("POST", "/pbxs", json!({"name": "pbx-1", "region": "us"})).await;
    again.is_problem(409, "pbx_exists");
    for wrong in [json!({"name": "pbx 1", "region": ""}), json!({"name": "", "region": ""})] {
        office.asks("POST", "/pbxs", wrong).await.is_problem(422, "bad_value");
    }
    let seen = pbx(&office).await;
    assert_eq!((&seen["health"], &seen["enrolled_at"]), (&"offline".into(), &Value::Null), "{seen}");
    assert_eq!((&seen["revoked"], &seen["drained_at"]), (&json!(false), &Value::Null), "{seen}");

    let path = format!("/pbxs/{}/enrolment-token", made["id"].as_str().unwrap());
    let token = office.does("POST", &path, json!({}), 201).await;
    assert!(token["expires_at"].is_string(), "{token}");
    let deed = office.last_deed("pbx.enrolment_token_made").await;
    assert!(!deed.to_string().contains(token["token"].as_str().unwrap()), "{deed}");
    Host::enrols(&plane, token["token"].as_str().unwrap()).await;
    assert!(pbx(&office).await["enrolled_at"].is_string());
    office
        .asks("POST", "/pbxs/0198c0de-0000-7000-8000-000000000000/enrolment-token", json!({}))
        .await
        .is_problem(404, "unknown_pbx");
}

#[tokio::test]
async fn a_drained_host_takes_no_new_calls_until_it_is_taken_back_not_even_after_a_restart() {
    let plane = Plane::provisioned().await;
    let key = plane.api_key().await;
    let office = Office::of(&plane).await;
    let (mut host, path) = with_host(&office, &plane, &["a"]).await;
    let path = format!("{path}/drain");
    assert_eq!(office.does("POST", &path, json!({"drained": true}), 200).await, json!({"drained": true}));
    office.last_deed("pbx.drained").await;
    let seen = pbx(&office).await;
    assert_eq!((&seen["health"], seen["drained_at"].is_string()), (&"draining".into(), true), "{seen}");
    // Said twice it is done once.
    office.does("POST", &path, json!({"drained": true}), 200).await;
    assert_eq!(office.deeds().await.iter().filter(|deed| deed["action"] == "pbx.drained").count(), 1);
    let request = sends_an_alert(&plane, "db down").await;
    waits_for(&plane, &key, &request, "draining").await;
    host.hears_nothing().await;

    drop(office);
    let order_keys = host.leaves();
    let settings = plane.settings.clone();
    let dir = plane.end_and_keep().await;
    let plane = Plane::over(Server::start(&settings, Default::default()).await.unwrap(), settings, dir);
    let mut host = Host::comes_back(&plane, order_keys).await;
    host.is_healthy(&["a"]).await;
    let request = sends_an_alert(&plane, "disk full").await;
    waits_for(&plane, &key, &request, "draining").await;
    host.hears_nothing().await;

    let office = Office::again(&plane).await;
    office.does("POST", &path, json!({"drained": false}), 200).await;
    office.last_deed("pbx.resumed").await;
    host.is_ordered_to_ring().await;
}

#[tokio::test]
async fn what_is_decided_beside_a_running_server_is_followed_within_a_second() {
    let plane = Plane::provisioned().await;
    let office = Office::of(&plane).await;
    let (mut host, _) = with_host(&office, &plane, &["a"]).await;
    sql(&plane, "UPDATE pbxs SET drained_at = 1").await;
    until(|| async {
        let view =
            answer(plane.request("GET", "/api/v1/fleet").bearer_auth(plane.api_key().await)).await.body;
        if_so(view["items"][0]["health"] == "draining", (), &view)
    })
    .await;
    sends_an_alert(&plane, "db down").await;
    host.hears_nothing().await;
}

#[tokio::test]
async fn a_trunk_that_rests_is_used_where_nothing_better_may_take_the_call() {
    let plane = Plane::provisioned().await;
    let office = Office::of(&plane).await;
    let (mut host, path) = with_host(&office, &plane, &["a", "b"]).await;
    let rest = |trunk: &str| format!("{path}/trunks/{trunk}/rest");
    let rested = office.does("POST", &rest("a"), json!({"minutes": 30}), 200).await;
    assert!(rested["rested_until"].is_string(), "{rested}");
    let deed = office.last_deed("trunk.rested").await;
    assert_eq!(
        (&deed["after"]["trunk"], &deed["before"]["rested_until"]),
        (&"a".into(), &Value::Null),
        "{deed}"
    );
    let standing = async || {
        let trunks = pbx(&office).await["trunks"].clone();
        let of = |trunk: &Value| (trunk["name"].clone(), trunk["standing"].clone());
        trunks.as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    let expected = [("a".into(), "resting".into()), ("b".into(), "works".into())];
    assert_eq!(standing().await, expected);
    sends_an_alert(&plane, "db down").await;
    assert_eq!(host.is_ordered_to_ring().await, "b");
    assert_eq!(pbx(&office).await["trunks"][0]["rested_until"], rested["rested_until"]);

    office.asks("POST", &rest("A"), json!({"minutes": 5})).await.is_problem(404, "unknown_trunk");
    office.asks("POST", &rest("a"), json!({"minutes": 1441})).await.is_problem(422, "bad_value");
    let ended = office.does("POST", &rest("a"), json!({"minutes": 0}), 200).await;
    assert_eq!(ended, json!({"rested_until": null}));
    assert_eq!(standing().await[0].1, "works");
    // Both rest: a doubtful way is better than none.
    for trunk in ["a", "b"] {
        office.does("POST", &rest(trunk), json!({"minutes": 5}), 200).await;
    }
    sends_an_alert(&plane, "disk full").await;
    host.is_ordered_to_ring().await;
}

#[tokio::test]
async fn a_revoked_host_is_hung_up_on_within_a_second_and_stays_out() {
    let plane = Plane::provisioned().await;
    let office = Office::of(&plane).await;
    let (mut host, path) = with_host(&office, &plane, &["a"]).await;
    let unused = office.does("POST", &format!("{path}/enrolment-token"), json!({}), 201).await;
    sql(&plane, "UPDATE sessions SET proved_at = 0").await;
    let revoke = format!("{path}/revoke");
    office.asks("POST", &revoke, json!({})).await.is_problem(403, "proof_needed");
    sql(&plane, "UPDATE sessions SET proved_at = created_at").await;
    office.does("POST", &revoke, json!({}), 204).await;
    assert_eq!(office.last_deed("pbx.revoked").await["after"]["keys"], 1);
    host.is_hung_up_on(CloseCode::Library(4003)).await;
    assert_eq!(pbx(&office).await["revoked"], true);
    let token = unused["token"].as_str().unwrap();
    plane.send("POST", "/agent/v1/enroll", enrolment(token, "pbx-1")).await.is_problem(410, "expired_token");
}
