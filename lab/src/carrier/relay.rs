//! The wires: a UDP socket per trunk towards the PBX hosts, one towards the sipp players.
//!
//! Plain threads with blocking sockets, so that the time of an INVITE's arrival does not wait for
//! a busy runtime. Contact is rewritten to the trunk's port, so the whole dialog passes here.

use super::{
    behaviour::Outcome,
    book::{Book, CallRecord, Direction, Passed, digits},
    player::Players,
    sip,
};
use anyhow::{Context, Result};
use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// How soon a thread notices that the carrier closed.
const TICK: Duration = Duration::from_millis(100);
/// Largest UDP datagram.
const DATAGRAM: usize = 65_535;

/// The threads; dropped, they end.
#[derive(Debug)]
pub(super) struct Relay {
    wires: Arc<Wires>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Wires {
    book: Arc<Book>,
    players: Arc<Players>,
    trunks: Vec<(String, UdpSocket)>,
    inner: UdpSocket,
    closed: AtomicBool,
}

impl Relay {
    pub(super) fn open(
        book: Arc<Book>,
        players: Arc<Players>,
        trunks: Vec<(String, UdpSocket)>,
        audio: UdpSocket,
    ) -> Result<Self> {
        let inner = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("bind the carrier's inner socket")?;
        for socket in trunks.iter().map(|(_, socket)| socket).chain([&inner, &audio]) {
            socket.set_read_timeout(Some(TICK)).context("set a read timeout")?;
        }
        let wires = Arc::new(Wires { book, players, trunks, inner, closed: AtomicBool::new(false) });
        let mut threads = Vec::new();
        for index in 0..wires.trunks.len() {
            let wires = Arc::clone(&wires);
            threads.push(std::thread::spawn(move || {
                let socket = &wires.trunks[index].1;
                wires.listen(socket, |at, message, from| wires.from_pbx(at, message, from, index));
            }));
        }
        let from_players = Arc::clone(&wires);
        threads.push(std::thread::spawn(move || {
            let wires = &from_players;
            wires.listen(&wires.inner, |at, message, _| wires.from_player(at, message));
        }));
        let hearing = Arc::clone(&wires);
        threads.push(std::thread::spawn(move || hearing.hear(&audio)));
        Ok(Self { wires, threads })
    }

    /// Sends a message of the lab's own to the sipp that plays this call.
    pub(super) fn tell(&self, call: &CallRecord, body: &str) -> Result<()> {
        let player = call.player.context("nobody plays this call")?;
        let message = format!(
            "MESSAGE sip:lab SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:1;branch=z9hG4bK{:x}\r\nFrom: <sip:lab>;tag=lab\r\n\
             To: <sip:lab>\r\nCall-ID: {}\r\nCSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}",
            rand::random::<u64>(),
            call.call_id,
            body.len()
        );
        self.wires.inner.send_to(message.as_bytes(), player).context("tell sipp")?;
        Ok(())
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.wires.closed.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Wires {
    fn listen(&self, socket: &UdpSocket, mut each: impl FnMut(Instant, String, SocketAddr)) {
        let mut buffer = vec![0; DATAGRAM];
        while !self.closed.load(Ordering::Relaxed) {
            let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
            let at = Instant::now();
            each(at, String::from_utf8_lossy(&buffer[..length]).into_owned(), from);
        }
    }

    fn from_pbx(self: &Arc<Self>, at: Instant, message: String, from: SocketAddr, trunk: usize) {
        let name = &self.trunks[trunk].0;
        let Some(call_id) = sip::header(&message, "Call-ID").map(str::to_owned) else { return };
        let line = self.book.read().lines.get(name).copied().unwrap_or_default();
        if sip::method(&message) == Some("OPTIONS") {
            self.book.change(|book| *book.options.entry(name.clone()).or_default() += 1);
            if !line.dead {
                let answer = sip::respond(&message, "200 OK");
                self.later(line.delay, move |wires| wires.send(trunk, &answer, from));
            }
            return;
        }
        let mut passed = Some(Passed { at, direction: Direction::FromPbx, message: message.clone() });
        let known = self.book.change(|book| {
            let index = match book.by_call_id.get(&call_id) {
                Some(index) => *index,
                None if sip::method(&message) == Some("INVITE") => {
                    let to = digits(sip::user(&message).unwrap_or_default());
                    let behaviour = book.behaviour_for(&to, name);
                    book.calls.push(CallRecord {
                        call_id: call_id.clone(),
                        trunk: name.clone(),
                        to,
                        pbx: from,
                        audio_port: sip::audio_port(&message),
                        behaviour,
                        passed: Vec::new(),
                        player: None,
                        taken: false,
                    });
                    let index = book.calls.len() - 1;
                    book.by_call_id.insert(call_id.clone(), index);
                    // Nobody sees a call without the INVITE that made it.
                    if let Some(invite) = passed.take() {
                        book.enter(index, invite);
                    }
                    index
                }
                None => return None,
            };
            let call = &mut book.calls[index];
            let first = passed.is_none();
            if call.player.is_none() && first {
                call.player = self.players.running(&call.behaviour);
            }
            Some((index, first, call.behaviour.clone(), call.player))
        });
        let Some((index, first, behaviour, player)) = known else { return };
        let enter = move |wires: &Self| {
            if let Some(passed) = passed {
                wires.book.change(|book| book.enter(index, passed));
            }
        };
        if line.dead || behaviour.outcome == Outcome::Silence {
            return enter(self);
        }
        // sipp verifies a digest only where a 401's answer stands.
        let message = message.replacen("\nProxy-Authorization:", "\nAuthorization:", 1);
        match player {
            // Entered once it is sent: whoever waits for an ACK must not overtake it on the way to sipp.
            Some(player) => self.later(line.delay, move |wires| {
                let _ = wires.inner.send_to(message.as_bytes(), player);
                enter(wires);
            }),
            None if first => {
                // Starting sipp takes some 20 ms; nobody else on this trunk shall wait for it.
                let wires = Arc::clone(self);
                std::thread::spawn(move || match wires.players.ready(&behaviour) {
                    Ok(player) => {
                        wires.book.change(|book| {
                            if let Some(index) = book.by_call_id.get(&call_id).copied() {
                                book.calls[index].player = Some(player);
                            }
                        });
                        wires.later(line.delay, move |wires| {
                            let _ = wires.inner.send_to(message.as_bytes(), player);
                        });
                    }
                    Err(error) => wires.book.change(|book| book.faults.push(format!("{error:#}"))),
                });
            }
            // A repeated INVITE while its player is being started: it gets the first one's answer.
            None => enter(self),
        }
    }

    fn from_player(self: &Arc<Self>, at: Instant, message: String) {
        let Some(call_id) = sip::header(&message, "Call-ID") else { return };
        // sipp's answer to what `tell` sent it.
        if sip::cseq(&message).is_some_and(|(_, method)| method == "MESSAGE") {
            return;
        }
        let found = {
            let book = self.book.read();
            let Some(call) = book.by_call_id.get(call_id).and_then(|index| book.calls.get(*index)) else {
                return;
            };
            let line = book.lines.get(&call.trunk).copied().unwrap_or_default();
            self.trunks.iter().position(|(name, _)| *name == call.trunk).map(|trunk| (trunk, call.pbx, line))
        };
        let Some((trunk, pbx, line)) = found else { return };
        let Ok(here) = self.trunks[trunk].1.local_addr() else { return };
        let rewritten = sip::with_contact(&message, &format!("<sip:carrier@{here}>"));
        if line.dead {
            return;
        }
        if line.delay.is_zero() {
            self.send(trunk, &rewritten, pbx);
        } else {
            let rewritten = rewritten.clone();
            self.later(line.delay, move |wires| wires.send(trunk, &rewritten, pbx));
        }
        let call_id = call_id.to_owned();
        self.book.change(|book| {
            if let Some(index) = book.by_call_id.get(&call_id).copied() {
                book.enter(index, Passed { at, direction: Direction::ToPbx, message: rewritten });
            }
        });
    }

    /// Counts what the PBX hosts say to callees, by the port they say it from.
    fn hear(&self, audio: &UdpSocket) {
        let mut buffer = vec![0; DATAGRAM];
        while !self.closed.load(Ordering::Relaxed) {
            let Ok((length, from)) = audio.recv_from(&mut buffer) else { continue };
            // RTP (RFC 3550): 12 bytes of header, then G.711, whose silence is 0xFF/0x7F or 0xD5/0x55.
            let voiced = buffer.get(12..length).is_some_and(|payload| {
                payload.iter().any(|byte| !matches!(byte & 0x7F, 0x7F | 0x7E | 0x55 | 0x54))
            });
            let mut book = self.book.read();
            let heard = book.heard.entry(from.port()).or_default();
            heard.packets += 1;
            heard.voiced += u64::from(voiced);
        }
    }

    fn send(&self, trunk: usize, message: &str, to: SocketAddr) {
        let _ = self.trunks[trunk].1.send_to(message.as_bytes(), to);
    }

    fn later(self: &Arc<Self>, delay: Duration, act: impl FnOnce(&Self) + Send + 'static) {
        if delay.is_zero() {
            return act(self);
        }
        let wires = Arc::clone(self);
        std::thread::spawn(move || {
            std::thread::sleep(delay);
            act(&wires);
        });
    }
}
