//! One sample of each thing that travels, with every field that it can have.
//!
//! A variant that is added without a sample does not compile: each names the one after it.

use ed25519_dalek::SigningKey;
use shared::{
    code::Code,
    fence::RouteCountries,
    ids::{AttemptId, CallId, JournalId, PbxId},
    order::{ORDER_VERSION, Order, Prompt},
    order_keys::OrderKeys,
    outcome::{AttemptStatus, Reason},
    protocol::{
        AgentFrame, AttemptEvent, AttemptStanding, ControlFrame, Ending, EnrollRequest, FrameError, Health,
        Hello, NONCE_BYTES, Report, Standing, TrunkHealth, to_base64,
    },
    severity::Severity,
    time::Timestamp,
};
use std::iter::successors;
use uuid::Uuid;

/// The journal in the samples, so that a test can put a real one in its place.
pub const JOURNAL: JournalId = JournalId::new(Uuid::from_u128(0x10));
/// The attempt in the samples.
pub const ATTEMPT: AttemptId = AttemptId::new(Uuid::from_u128(0x7));

/// What has samples.
pub trait Sampled: Sized {
    /// One of each variant.
    fn samples() -> Vec<Self>;
}

impl Sampled for ControlFrame {
    fn samples() -> Vec<Self> {
        successors(control_frame_after(None), |frame| control_frame_after(Some(frame))).collect()
    }
}

impl Sampled for AgentFrame {
    fn samples() -> Vec<Self> {
        successors(agent_frame_after(None), |frame| agent_frame_after(Some(frame)))
            .flat_map(|frame| match frame {
                Self::Report(report) => AttemptEvent::samples()
                    .into_iter()
                    .map(|event| Self::Report(Report { event, ..report.clone() }))
                    .collect(),
                Self::Hello(_)
                | Self::Health(_)
                | Self::Standing { .. }
                | Self::OrderKeys { .. }
                | Self::Error(_) => vec![frame],
            })
            .collect()
    }
}

impl Sampled for AttemptEvent {
    fn samples() -> Vec<Self> {
        successors(event_after(None), |event| event_after(Some(event))).collect()
    }
}

impl Sampled for EnrollRequest {
    fn samples() -> Vec<Self> {
        vec![Self {
            token: "one-time-token".into(),
            pbx: "pbx-1".into(),
            public_key: to_base64(key().verifying_key().as_bytes()),
            signature: to_base64(&[1; 64]),
        }]
    }
}

impl Sampled for Order {
    fn samples() -> Vec<Self> {
        let now = Timestamp::now();
        let alert = Self {
            version: ORDER_VERSION,
            attempt_id: ATTEMPT,
            call_id: CallId::new(Uuid::from_u128(2)),
            pbx: "pbx-1".into(),
            trunk: "a".into(),
            to: "+380501234567".parse().expect("a number"),
            ring_seconds: 30,
            talk_seconds: 120,
            issued_at: now,
            expires_at: now + std::time::Duration::from_secs(60),
            prompt: Prompt {
                severity: Severity::Critical,
                project: "Shop".into(),
                language: "en".into(),
                message: Some("db down".into()),
                code: None,
            },
        };
        let prompt = Prompt { message: None, code: Some(Code::of(42)), ..alert.prompt.clone() };
        let code = Self { prompt, ..alert.clone() };
        vec![alert, code]
    }
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[42; 32])
}

fn control_frame_after(frame: Option<&ControlFrame>) -> Option<ControlFrame> {
    let Some(frame) = frame else {
        return Some(ControlFrame::Challenge {
            nonce: to_base64(&[7; NONCE_BYTES]),
            server_time: Timestamp::now(),
        });
    };
    Some(match frame {
        ControlFrame::Challenge { .. } => ControlFrame::Welcome {
            pbx_id: PbxId::new(Uuid::from_u128(0x9b)),
            heartbeat_seconds: 10,
            applied: 0,
        },
        ControlFrame::Welcome { .. } => {
            ControlFrame::Reject { code: "revoked".into(), detail: "enrol again".into() }
        }
        ControlFrame::Reject { .. } => ControlFrame::Order(Order::samples().remove(0).sign(&key())),
        ControlFrame::Order(_) => ControlFrame::Cancel { attempt_id: ATTEMPT },
        ControlFrame::Cancel { .. } => ControlFrame::Ack { journal: JOURNAL, seq: 1 },
        ControlFrame::Ack { .. } => ControlFrame::Query { attempts: vec![ATTEMPT] },
        ControlFrame::Query { .. } => {
            let keys = OrderKeys { generation: 1, keys: vec![key().verifying_key()] };
            ControlFrame::OrderKeys { announced: vec![keys.sign(&key())] }
        }
        ControlFrame::OrderKeys { .. } => ControlFrame::Error(FrameError::new("bad_field", "seq")),
        ControlFrame::Error(_) => return None,
    })
}

fn agent_frame_after(frame: Option<&AgentFrame>) -> Option<AgentFrame> {
    let Some(frame) = frame else {
        return Some(AgentFrame::Hello(Hello {
            pbx: "pbx-1".into(),
            journal: JOURNAL,
            oldest: Some(1),
            version: "0.1.0".into(),
            agent_time: Timestamp::now(),
            bound: false,
            signature: to_base64(&[1; 64]),
        }));
    };
    Some(match frame {
        AgentFrame::Hello(_) => AgentFrame::Health(Health {
            asterisk: Some("22.10.1".into()),
            trouble: Some("trunk a is away".into()),
            draining: false,
            active: 1,
            trunks: vec![TrunkHealth {
                name: "a".into(),
                online: true,
                route_countries: RouteCountries::try_from(vec!["+380".to_owned()]).expect("a country"),
                caller_id: Some("+14155550100".into()),
                active: 1,
                max_concurrent: 2,
            }],
            speaks_codes: true,
        }),
        AgentFrame::Health(_) => AgentFrame::Report(Report {
            journal: JOURNAL,
            seq: 1,
            attempt_id: ATTEMPT,
            at: Timestamp::now(),
            event: AttemptEvent::Ringing,
        }),
        AgentFrame::Report(_) => AgentFrame::Standing {
            attempts: vec![AttemptStanding { attempt_id: ATTEMPT, standing: Standing::Live }],
        },
        AgentFrame::Standing { .. } => AgentFrame::OrderKeys { pinned: vec!["0123456789abcdef".into()] },
        AgentFrame::OrderKeys { .. } => AgentFrame::Error(FrameError::new("bad_field", "seq")),
        AgentFrame::Error(_) => return None,
    })
}

fn event_after(event: Option<&AttemptEvent>) -> Option<AttemptEvent> {
    let Some(event) = event else {
        return Some(AttemptEvent::Refused {
            reason: Reason::CountryNotAllowed,
            detail: "trunk a reaches UA".into(),
        });
    };
    Some(match event {
        AttemptEvent::Refused { .. } => AttemptEvent::Originated { ari_status: 200 },
        AttemptEvent::Originated { .. } => AttemptEvent::Ringing,
        AttemptEvent::Ringing => AttemptEvent::Answered,
        AttemptEvent::Answered => AttemptEvent::Key { digit: '1' },
        AttemptEvent::Key { .. } => AttemptEvent::Ended(Ending {
            status: AttemptStatus::Busy,
            sip_code: Some(486),
            hangup_cause: Some(17),
            ari_status: Some(200),
            reason: Some(Reason::Capacity),
            unwitnessed: false,
            spoken: true,
        }),
        AttemptEvent::Ended(_) => return None,
    })
}
