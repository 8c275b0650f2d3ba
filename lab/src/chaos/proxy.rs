//! The network between an agent and the control plane: a TCP proxy that cuts, delays and falls silent.

use anyhow::{Context, Result};
use std::{net::Ipv4Addr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{mpsc, watch},
    task::JoinHandle,
    time::Instant,
};

/// Pieces on their way at once in one direction; more wait in the kernel.
const IN_FLIGHT: usize = 256;
const PIECE: usize = 16 * 1024;

/// What the line does to everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Connections break; new ones are closed at once.
    pub cut: bool,
    /// Everything takes so much longer, each way.
    pub delay: Duration,
    /// Nothing comes through to who connected (the agent); neither does the end of a connection.
    pub deaf: bool,
    /// Nothing comes through from who connected.
    pub mute: bool,
}

/// Listens on loopback and passes everything on. Dropped, every connection breaks.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    line: watch::Sender<Line>,
    listening: JoinHandle<()>,
}

#[derive(Clone, Copy, Debug)]
enum Direction {
    ToAgent,
    FromAgent,
}

impl Proxy {
    /// From `port` to `target`, both on loopback.
    pub async fn open(port: u16, target: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .with_context(|| format!("bind the proxy's port {port}"))?;
        let port = listener.local_addr().context("the proxy's port")?.port();
        let (line, watched) = watch::channel(Line::default());
        let listening = tokio::spawn(async move {
            loop {
                let Ok((inbound, _)) = listener.accept().await else { continue };
                if !watched.borrow().cut {
                    tokio::spawn(carry(inbound, target, watched.clone()));
                }
            }
        });
        Ok(Self { port, line, listening })
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on the line is like this.
    pub fn set(&self, line: Line) {
        self.line.send_replace(line);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// One connection, until either side ends it, or the line is cut.
async fn carry(inbound: TcpStream, target: u16, mut line: watch::Receiver<Line>) {
    let Ok(outbound) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await else { return };
    let _ = (inbound.set_nodelay(true), outbound.set_nodelay(true));
    let (from_agent, to_agent) = inbound.into_split();
    let (from_control_plane, to_control_plane) = outbound.into_split();
    tokio::select! {
        () = pump(from_agent, to_control_plane, line.clone(), Direction::FromAgent) => {}
        () = pump(from_control_plane, to_agent, line.clone(), Direction::ToAgent) => {}
        _ = line.wait_for(|line| line.cut) => {}
    }
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut line: watch::Receiver<Line>,
    direction: Direction,
) {
    let (pieces, mut arriving) = mpsc::channel::<(Instant, Vec<u8>)>(IN_FLIGHT);
    let seen = line.clone();
    let reading = async move {
        let mut buffer = vec![0; PIECE];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            let due = Instant::now() + seen.borrow().delay;
            if pieces.send((due, buffer[..length].to_vec())).await.is_err() {
                return;
            }
        }
    };
    let writing = async move {
        while let Some((due, piece)) = arriving.recv().await {
            tokio::time::sleep_until(due).await;
            let open = line.wait_for(|line| !line.silent(direction)).await.is_ok();
            if !open || to.write_all(&piece).await.is_err() {
                return;
            }
        }
        // The end of a connection travels no faster than what was said on it.
        let _ = line.wait_for(|line| !line.silent(direction)).await;
    };
    tokio::pin!(writing);
    tokio::select! {
        () = &mut writing => {}
        () = reading => writing.await,
    }
}

impl Line {
    fn silent(&self, direction: Direction) -> bool {
        match direction {
            Direction::ToAgent => self.deaf,
            Direction::FromAgent => self.mute,
        }
    }
}

#[cfg(test)]
mod tests;
