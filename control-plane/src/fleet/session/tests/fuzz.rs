//! Whatever stands in any field of any frame, an honest agent can connect afterwards.

#[path = "../../../../../shared/tests/fuzz/json.rs"]
mod json;
#[path = "../../../../../shared/tests/fuzz/samples.rs"]
mod samples;

use super::{
    agent::{Agent, Field, health, journal},
    report,
};
use crate::fleet::session::AgentEvent;
use json::{Alteration, alterations};
use samples::{JOURNAL, Sampled};
use shared::protocol::{AgentFrame, ControlFrame, decode};
use std::pin::pin;
use tokio_tungstenite::tungstenite::Message;

/// Of the frames that cannot be read one in so many is sent: they all end in the same line of code.
const UNREADABLE: usize = 7;

/// Every field of these frames with every hostile value.
fn hostile(wanted: impl Fn(&AgentFrame) -> bool) -> Vec<Alteration> {
    let frames = AgentFrame::samples().into_iter().filter(wanted);
    frames
        .flat_map(|frame| alterations(&frame))
        .enumerate()
        .filter(|(at, altered)| at % UNREADABLE == 0 || decode::<AgentFrame>(&altered.text).is_ok())
        .map(|(_, altered)| altered)
        .collect()
}

/// What became of a connection.
#[derive(PartialEq)]
enum Fate {
    Survived,
    /// It was closed; whether those who follow have learnt so already.
    Ended {
        told: bool,
    },
}

/// Says this, and something whose answer is known.
async fn say(field: &mut Field, agent: &mut Agent, text: &str) -> Fate {
    let marker = r#"{"type":"are_you_still_there"}"#;
    let mut told = false;
    for text in [text, marker] {
        let mut putting = pin!(agent.put(Message::text(text)));
        loop {
            tokio::select! {
                () = &mut putting => break,
                event = field.event() => told |= matches!(event, AgentEvent::Disconnected(_)),
            }
        }
    }
    loop {
        tokio::select! {
            message = agent.hear_message() => match message {
                Message::Text(text) if text.contains("are_you_still_there") => return Fate::Survived,
                Message::Text(text) => {
                    let ControlFrame::Error(error) = decode(&text).unwrap() else { panic!("{text}") };
                    assert!(error.detail.chars().count() <= 300, "{error}");
                    // The number of a report may look like that of a phone.
                    let repeated = error.code != "out_of_order" && error.detail.contains("0501234567");
                    assert!(!repeated, "{error}");
                }
                Message::Close(Some(frame)) => {
                    assert!(!frame.reason.is_empty(), "{frame:?}");
                    return Fate::Ended { told };
                }
                other @ (Message::Binary(_)
                | Message::Ping(_)
                | Message::Pong(_)
                | Message::Close(None)
                | Message::Frame(_)) => panic!("{other:?}"),
            },
            event = field.event() => told |= matches!(event, AgentEvent::Disconnected(_)),
        }
    }
}

/// The session ends, and whoever follows it learns so.
async fn is_over(field: &mut Field, agent: Agent, told: bool) {
    let gone = async { while !told && !matches!(field.event().await, AgentEvent::Disconnected(_)) {} };
    tokio::join!(agent.expect_over(), gone);
}

async fn an_honest_agent_is_served(field: &mut Field) {
    let mut agent = field.welcome().await;
    agent.send(AgentFrame::Health(health(0))).await;
    assert!(matches!(field.event().await, AgentEvent::Freed(_)));
    agent.send(AgentFrame::Report(report(1))).await;
    assert!(matches!(field.event().await, AgentEvent::Report(_, heard) if heard == report(1)));
    agent.close().await;
}

#[tokio::test]
async fn whatever_an_agent_says_after_its_proof_an_honest_one_is_served() {
    let mut field = Field::new().await;
    field.enrol("pbx-1", 1).await;
    let mut agent = field.welcome().await;
    let (ours, theirs) = (journal(1).to_string(), JOURNAL.to_string());
    let mut ended = 0;
    for Alteration { what, text } in hostile(|frame| !matches!(frame, AgentFrame::Hello(_))) {
        let read = decode::<AgentFrame>(&text);
        let fate = say(&mut field, &mut agent, &text.replace(&theirs, &ours)).await;
        let tolerable = read.as_ref().is_err_and(|error| error.is_tolerable());
        assert!(fate != Fate::Survived || read.is_ok() || tolerable, "{what}: taken though {read:?}");
        if let Fate::Ended { told } = fate {
            ended += 1;
            is_over(&mut field, agent, told).await;
            agent = field.welcome().await;
        }
    }
    assert!(ended > 100, "{ended}");
    is_over(&mut field, agent, false).await;
    an_honest_agent_is_served(&mut field).await;
}

#[tokio::test]
async fn whatever_stands_in_a_hello_an_honest_agent_is_served() {
    let mut field = Field::new().await;
    field.enrol("pbx-1", 1).await;
    let Some(AgentFrame::Hello(sample)) = AgentFrame::samples().into_iter().next() else {
        panic!("no hello")
    };
    let (mut welcomed, mut refused) = (0, 0);
    for Alteration { what, text } in hostile(|frame| matches!(frame, AgentFrame::Hello(_))) {
        let mut agent = field.connect(None).await;
        agent.journal = JOURNAL;
        let AgentFrame::Hello(genuine) = agent.hello("pbx-1", 1) else { panic!("no hello") };
        let text = text.replace(&sample.signature, &genuine.signature);
        agent.put(Message::text(&text)).await;
        match agent.hear().await {
            ControlFrame::Welcome { .. } => {
                let Ok(AgentFrame::Hello(hello)) = decode(&text) else { panic!("{what}") };
                assert!(hello.pbx == "pbx-1" && hello.journal == JOURNAL && !hello.bound, "{what}");
                welcomed += 1;
                is_over(&mut field, agent, false).await;
            }
            ControlFrame::Reject { .. } | ControlFrame::Error(_) => {
                refused += 1;
                agent.expect_over().await;
            }
            other @ (ControlFrame::Challenge { .. }
            | ControlFrame::Order(_)
            | ControlFrame::Cancel { .. }
            | ControlFrame::Ack { .. }
            | ControlFrame::Query { .. }
            | ControlFrame::OrderKeys { .. }) => panic!("{what}: {other:?}"),
        }
    }
    assert!(welcomed > 10 && refused > 50, "{welcomed} {refused}");
    an_honest_agent_is_served(&mut field).await;
}
