//! The whole field: PBX hosts and the carrier they call through.

use crate::{
    asterisk::Asterisk,
    carrier::Carrier,
    dirs::RunDir,
    packages,
    pbx::{PbxHost, Trunk},
    ports::Ports,
};
use anyhow::{Context, Result};
use std::{path::Path, sync::Arc};

/// What to set up.
#[derive(Clone, Debug)]
pub struct LabOptions {
    /// How many PBX hosts.
    pub pbxs: usize,
    /// Trunks; every PBX has each of them.
    pub trunks: Vec<Trunk>,
    /// RTP ports of each PBX: two for each call at a time.
    pub rtp_ports: u16,
}

impl Default for LabOptions {
    fn default() -> Self {
        Self { pbxs: 1, trunks: vec![Trunk::named("a")], rtp_ports: 60 }
    }
}

/// A running field. Dropped, everything ends and its directory is removed, unless the thread is
/// panicking or `LAB_KEEP` is set.
#[derive(Debug)]
pub struct Lab {
    // Order matters: processes go before the ports and directories they use.
    pbxs: Vec<PbxHost>,
    carrier: Carrier,
    ports: Arc<Ports>,
    run: RunDir,
}

impl Lab {
    /// Prepares what is missing on this machine, then starts everything and waits until it answers.
    pub async fn start(options: LabOptions) -> Result<Self> {
        tokio::task::spawn_blocking(packages::ensure_sipp_and_espeak).await.context("prepare packages")??;
        let asterisk = Asterisk::prepare().await?;
        let run = RunDir::create()?;
        let ports = Arc::new(Ports::default());
        let names: Vec<&str> = options.trunks.iter().map(|trunk| trunk.name.as_str()).collect();
        let carrier = Carrier::open(&run.path().join("carrier"), &ports, &names)?;
        let trunks = with_ports(&carrier, &options.trunks)?;
        let starting = (1..=options.pbxs).map(|number| {
            let (run, asterisk, ports, trunks) = (run.path(), &asterisk, &ports, trunks.clone());
            async move {
                PbxHost::start(&format!("pbx-{number}"), run, asterisk, ports, trunks, options.rtp_ports)
                    .await
            }
        });
        let pbxs = futures_util::future::try_join_all(starting).await?;
        Ok(Self { pbxs, carrier, ports, run })
    }

    /// The carrier.
    pub fn carrier(&self) -> Carrier {
        self.carrier.clone()
    }

    /// Every PBX host.
    pub fn pbxs(&self) -> &[PbxHost] {
        &self.pbxs
    }

    /// A PBX host, counted from 0.
    pub fn pbx(&self, index: usize) -> &PbxHost {
        &self.pbxs[index]
    }

    /// A PBX host, to kill or restart it.
    pub fn pbx_mut(&mut self, index: usize) -> &mut PbxHost {
        &mut self.pbxs[index]
    }

    /// The directory of this run.
    pub fn dir(&self) -> &Path {
        self.run.path()
    }

    /// Leaves the directory of this run to be read.
    pub fn keep(&mut self) {
        self.run.keep();
    }

    /// More ports for whatever else the test starts.
    pub fn ports(&self) -> &Arc<Ports> {
        &self.ports
    }

    /// Gives a PBX host other trunks, without a restart. The carrier must have them.
    pub async fn set_trunks(&mut self, pbx: usize, trunks: &[Trunk]) -> Result<()> {
        let trunks = with_ports(&self.carrier, trunks)?;
        self.pbxs[pbx].set_trunks(trunks).await
    }
}

fn with_ports(carrier: &Carrier, trunks: &[Trunk]) -> Result<Vec<(Trunk, u16)>> {
    trunks.iter().map(|trunk| Ok((trunk.clone(), carrier.port(&trunk.name)?))).collect()
}
