//! Ports on loopback that no other lab on this machine, nor the kernel, hands to somebody else.
//!
//! Asterisk and sipp take their ports by number, some time after we chose them. Ports below the
//! ephemeral range are never given away by the kernel; a lock file per block in the temporary
//! directory keeps labs of other checkouts off.

use anyhow::{Context, Result, bail};
use std::{
    fs::File,
    net::{Ipv4Addr, TcpListener, UdpSocket},
    sync::Mutex,
};

const BLOCK: u16 = 250;
const DEFAULT_BASE: u16 = 12_000;
const CEILING: u16 = 32_000;

/// Hands out ports for as long as it lives.
#[derive(Debug, Default)]
pub struct Ports(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    next: u16,
    end: u16,
    /// One a block; the block is ours while the file is locked.
    locks: Vec<File>,
}

impl Ports {
    /// `count` consecutive free ports, UDP and TCP; the first one is even, as RTP wants it.
    ///
    /// # Errors
    /// When every block from `LAB_PORT_BASE` (12000) to 32000 is taken.
    pub fn take(&self, count: u16) -> Result<u16> {
        let mut inner = self.0.lock().map_err(|_| anyhow::anyhow!("the port list was poisoned"))?;
        loop {
            let first = inner.next.next_multiple_of(2);
            if inner.end == 0 || first + count > inner.end {
                inner.claim_blocks(count.div_ceil(BLOCK))?;
                continue;
            }
            match (first..first + count).find(|port| !free(*port)) {
                Some(taken) => inner.next = taken + 1,
                None => {
                    inner.next = first + count;
                    return Ok(first);
                }
            }
        }
    }

    /// One port.
    pub fn one(&self) -> Result<u16> {
        self.take(1)
    }
}

impl Inner {
    /// Claims consecutive blocks, so that a long range fits.
    fn claim_blocks(&mut self, blocks: u16) -> Result<()> {
        let base = match std::env::var("LAB_PORT_BASE") {
            Ok(text) => text.parse().with_context(|| format!("LAB_PORT_BASE={text:?} is not a port"))?,
            Err(_) => DEFAULT_BASE,
        };
        let dir = std::env::temp_dir().join("callping-lab-ports");
        std::fs::create_dir_all(&dir).with_context(|| format!("create {}", dir.display()))?;
        let mut first = base.max(self.end);
        while first.checked_add(BLOCK * blocks).is_some_and(|end| end <= CEILING.max(base)) {
            let mut locks = Vec::new();
            for block in 0..blocks {
                let path = dir.join((first + block * BLOCK).to_string());
                let file =
                    File::create(&path).with_context(|| format!("create the lock {}", path.display()))?;
                if file.try_lock().is_err() {
                    break;
                }
                locks.push(file);
            }
            if locks.len() == usize::from(blocks) {
                self.next = first;
                self.end = first + BLOCK * blocks;
                self.locks.extend(locks);
                return Ok(());
            }
            first += BLOCK;
        }
        bail!(
            "no free block of ports between {base} and {CEILING}: other labs are running (locks in {}); \
             set LAB_PORT_BASE to search elsewhere",
            dir.display()
        )
    }
}

fn free(port: u16) -> bool {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
        && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_labs_never_share_a_port() {
        let (one, other) = (Ports::default(), Ports::default());
        let mut seen = std::collections::HashSet::new();
        for _ in 0..40 {
            for ports in [&one, &other] {
                let first = ports.take(11).unwrap();
                assert_eq!(first % 2, 0);
                for port in first..first + 11 {
                    assert!(seen.insert(port), "{port} was handed out twice");
                }
            }
        }
    }

    #[test]
    fn a_range_longer_than_a_block_is_one_piece() {
        let ports = Ports::default();
        let first = ports.take(600).unwrap();
        assert!(ports.one().unwrap() >= first + 600);
    }
}
