//! The lab's command line.

use anyhow::Result;
use clap::{Parser, Subcommand};
use lab::{
    bench, chaos,
    demo::{self, DemoOptions},
    say::preparing,
    simulation,
    stage::{self, StageOptions},
    stop::unless_stopped,
    up::{self, UpOptions},
};
use std::{process::ExitCode, time::Duration};

/// A laboratory on one machine: real Asterisk hosts, a scripted SIP carrier, and the product between them.
///
/// Other variables: LAB_DIR, where everything is kept (target/lab); LAB_PORT_BASE, where the search for free
/// ports begins (12000); LAB_KEEP, set to keep a run's directory; CONTROL_PLANE_BIN and PBX_AGENT_BIN, the
/// product's programs where they do not lie beside this one.
#[derive(Debug, Parser)]
#[command(name = "lab", version)]
struct Arguments {
    #[command(subcommand)]
    command: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Starts Asterisk hosts and the carrier, and writes an agent.toml for each host.
    Up {
        /// How many PBX hosts.
        #[arg(long, env = "LAB_PBXS", default_value_t = 1)]
        pbxs: usize,
        /// Trunks of every host.
        #[arg(long, env = "LAB_TRUNKS", default_value = "a,b", value_delimiter = ',')]
        trunks: Vec<String>,
        /// Port of the control plane that the agents are to connect to.
        #[arg(long, env = "CP_PORT", default_value_t = 8080)]
        port: u16,
    },
    /// Starts everything, sends a real webhook and tells the call as it happens.
    Demo {
        /// Ends when the call is acknowledged in the log.
        #[arg(long)]
        once: bool,
        /// How many PBX hosts.
        #[arg(long, env = "LAB_PBXS", default_value_t = 1)]
        pbxs: usize,
        /// Trunks of every host.
        #[arg(long, env = "LAB_TRUNKS", default_value = "trunk-a,trunk-b", value_delimiter = ',')]
        trunks: Vec<String>,
        /// Port of the control plane; 0 takes a free one.
        #[arg(long, env = "CP_PORT", default_value_t = 0)]
        port: u16,
        /// The phone that rings; the lab's carrier answers for it.
        #[arg(long, env = "LAB_PHONE", default_value = "+380501234567")]
        phone: String,
    },
    /// Starts everything for the portal's stories: prints where it is as one line of JSON and takes cues, until its
    /// standard input is closed.
    Stage {
        /// Port of the control plane; 0 takes a free one.
        #[arg(long, default_value_t = 0)]
        port: u16,
        /// Port that takes cues; 0 takes a free one.
        #[arg(long, default_value_t = 0)]
        stage_port: u16,
    },
    /// Runs the whole system in virtual time with everything that can go wrong, one run a seed.
    Simulate {
        /// Seeds from 0 on.
        #[arg(long, env = "SEEDS", default_value_t = 1_000)]
        seeds: u64,
        /// This seed alone, with its story.
        #[arg(long, env = "SEED")]
        seed: Option<u64>,
    },
    /// Kills, cuts and fills up parts at moments that a seed decides, under a stream of webhooks; says what
    /// was lost or rung twice, and fails if anything was.
    Chaos {
        /// Runs the seeds 1 to this.
        #[arg(long, default_value_t = 1, conflicts_with = "seed")]
        seeds: u64,
        /// Runs this seed alone.
        #[arg(long)]
        seed: Option<u64>,
        /// How long webhooks are sent and harm is done, in each run.
        #[arg(long, env = "CHAOS_SECONDS", default_value_t = 20)]
        seconds: u64,
    },
    /// Measures webhook to INVITE beside raw ARI and writes target/bench.json.
    Bench {
        /// Calls each way.
        #[arg(long, env = "BENCH_CALLS", default_value_t = 200)]
        calls: usize,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            preparing(format!("failed: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(what: What) -> Result<()> {
    match what {
        What::Up { pbxs, trunks, port } => {
            let control_plane_url = format!("ws://127.0.0.1:{port}");
            unless_stopped(up::run(UpOptions { pbxs, trunks, control_plane_url })).await
        }
        What::Demo { once, pbxs, trunks, port, phone } => {
            demo::run(DemoOptions { pbxs, trunks, port, phone, once }).await
        }
        What::Stage { port, stage_port } => stage::run(StageOptions { port, stage_port }).await,
        What::Simulate { seeds, seed } => {
            tokio::task::spawn_blocking(move || simulation::campaign::tell(seeds, seed)).await?
        }
        What::Chaos { seeds, seed, seconds } => {
            let seeds: Vec<u64> = seed.map_or_else(|| (1..=seeds).collect(), |seed| vec![seed]);
            unless_stopped(chaos::run(&seeds, Duration::from_secs(seconds))).await
        }
        What::Bench { calls } => unless_stopped(bench::run(calls)).await,
    }
}
