//! The commands.

mod drain;
mod support;

use crate::{
    check,
    config::{self, Config, Trunk},
    identity::{self, EnrolError, Enrolment},
    run, say,
    status::{self, Known},
};
use clap::{Args, Parser, Subcommand};
use daemon::Manager;
use shared::phone;
use std::{path::PathBuf, process::ExitCode};

/// Wrong use or configuration.
const WRONG: u8 = 2;

/// Obeys the control plane's signed dial orders on this Asterisk host, within its own limits.
#[derive(Debug, Parser)]
#[command(
    name = "pbx-agent",
    version,
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong use or configuration; of `drain --wait` also 3: calls are under way."
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Exchange a one-time token for the right to connect
    Enroll(EnrollArguments),
    /// Serve until SIGTERM
    Run(ConfigArgument),
    /// Test every dependency one by one; exit 0 only if calls could be placed now
    Check {
        #[command(flatten)]
        config: ConfigArgument,
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// How the running agent is
    Status {
        #[command(flatten)]
        config: ConfigArgument,
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// Take no new work, also after a restart, until `undrain`; calls under way go on
    Drain(drain::Drain),
    /// Take new work again
    Undrain(ConfigArgument),
    /// Gather versions, configuration, findings and state into one file, without secrets and numbers
    SupportBundle(support::SupportBundle),
    /// Which trunk would take a number, or why none does
    CheckRoute {
        /// The number, as + and digits
        number: String,
        #[command(flatten)]
        config: ConfigArgument,
    },
}

#[derive(Debug, Args)]
struct ConfigArgument {
    /// Configuration file
    #[arg(long, value_name = "FILE", env = "PBX_AGENT_CONFIG", default_value = config::DEFAULT_PATH)]
    config: PathBuf,
}

#[derive(Debug, Args)]
struct EnrollArguments {
    /// URL of the control plane; without it, the configuration's
    #[arg(long, value_name = "URL", env = "PBX_AGENT_CONTROL_PLANE")]
    control_plane: Option<String>,
    /// File with the token that `control-plane enroll-token` printed
    #[arg(long, value_name = "FILE", env = "PBX_AGENT_TOKEN_FILE")]
    token_file: PathBuf,
    /// PEM of the authority that signed the control plane's certificate; without it, the configuration's
    #[arg(long, value_name = "FILE", env = "PBX_AGENT_CA_FILE")]
    ca_file: Option<PathBuf>,
    /// Make a new key, because the old one may be known to a stranger
    #[arg(long)]
    new_key: bool,
    #[command(flatten)]
    config: ConfigArgument,
}

/// Runs a command to its end.
pub async fn execute(arguments: Arguments) -> ExitCode {
    match arguments.command {
        Command::Enroll(arguments) => enroll(arguments).await,
        Command::Run(ConfigArgument { config }) => match Config::load(&config) {
            Ok(config) => serve(config).await,
            Err(error) => wrong(error),
        },
        Command::Check { config: ConfigArgument { config }, json } => {
            let findings = check::check(&config).await;
            check::tell(&findings, json);
            match findings.verdict() {
                check::Verdict::Good | check::Verdict::Worth => ExitCode::SUCCESS,
                check::Verdict::Bad => ExitCode::FAILURE,
                check::Verdict::Misconfigured => ExitCode::from(WRONG),
            }
        }
        Command::Status { config: ConfigArgument { config }, json } => match Config::load(&config) {
            Ok(config) => show_status(&config, json),
            Err(error) => wrong(error),
        },
        Command::Drain(drain) => drain::begin(drain).await,
        Command::Undrain(config) => drain::end(config).await,
        Command::SupportBundle(wanted) => support::write(wanted).await,
        Command::CheckRoute { number, config: ConfigArgument { config } } => match Config::load(&config) {
            Ok(config) => check_route(&config, &number),
            Err(error) => wrong(error),
        },
    }
}

async fn enroll(arguments: EnrollArguments) -> ExitCode {
    let EnrollArguments { control_plane, token_file, ca_file, new_key, config: ConfigArgument { config } } =
        arguments;
    let config = match Config::load(&config) {
        Ok(config) => config,
        Err(error) => return wrong(error),
    };
    let control_plane = match control_plane.map(|url| config::control_plane_url(&url)) {
        None => config.control_plane.url.clone(),
        Some(Ok(url)) => url,
        Some(Err(why)) => return wrong(format!("--control-plane: {why}")),
    };
    let enrolment = Enrolment {
        config: &config,
        control_plane: &control_plane,
        token_file: &token_file,
        ca_file: ca_file.as_deref().or(config.control_plane.ca_file.as_deref()),
        new_key,
    };
    match identity::enrol(enrolment).await {
        Ok(keys) => {
            say::say(format!(
                "{} is enrolled with {control_plane}; it obeys orders signed by key {}",
                config.name,
                keys.join(", ")
            ));
            if control_plane != config.control_plane.url {
                say::say(format!(
                    "note: {} names another control plane, {}; `run` connects to that one",
                    config.path.display(),
                    config.control_plane.url
                ));
            }
            ExitCode::SUCCESS
        }
        Err(error @ (EnrolError::Token { .. } | EnrolError::Identity(_) | EnrolError::Tls(_))) => {
            wrong(error)
        }
        Err(
            error @ (EnrolError::Unreachable { .. }
            | EnrolError::Refused { .. }
            | EnrolError::Nonsense { .. }),
        ) => failed(error),
    }
}

async fn serve(config: Config) -> ExitCode {
    match run::run(config, &Manager::of_this_process()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is_configuration() => wrong(error),
        Err(error) => failed(error),
    }
}

fn show_status(config: &Config, json: bool) -> ExitCode {
    let (status, running) = match status::read(&config.state_dir) {
        Known::Running(status) => (status, true),
        Known::Stale(status) => (status, false),
        Known::Nothing(path) => {
            return failed(format!(
                "is not running: {} is not there; start it with `pbx-agent run`",
                path.display()
            ));
        }
    };
    if json {
        let mut document = serde_json::to_value(&*status).unwrap_or_default();
        document["running"] = running.into();
        say::json(&document);
    } else {
        check::tell_status(&status, running);
    }
    if running { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn check_route(config: &Config, number: &str) -> ExitCode {
    let number = match phone::judge(number) {
        Ok(number) => number,
        Err(refusal) => {
            say::say(format!("no trunk: {refusal}"));
            return ExitCode::FAILURE;
        }
    };
    let (taking, others): (Vec<&Trunk>, Vec<&Trunk>) =
        config.trunks.iter().partition(|trunk| trunk.route_countries.allows(&number));
    if taking.is_empty() {
        say::say(format!(
            "no trunk: country_not_allowed: none of {} trunks may reach {}",
            config.trunks.len(),
            number.region
        ));
        others.into_iter().for_each(say_reach);
        return ExitCode::FAILURE;
    }
    let names: Vec<&str> = taking.iter().map(|trunk| trunk.name.as_str()).collect();
    say::say(format!("{} ({}): {}", number.e164, number.region, names.join(", ")));
    taking.into_iter().for_each(say_reach);
    ExitCode::SUCCESS
}

fn say_reach(trunk: &Trunk) {
    let countries = Vec::<String>::from(trunk.route_countries.clone());
    let reach = if countries.is_empty() { "nothing".to_owned() } else { countries.join(" ") };
    say::say(format!("trunk {} reaches {reach}", trunk.name));
}

fn wrong(error: impl std::fmt::Display) -> ExitCode {
    say::complain(error);
    ExitCode::from(WRONG)
}

fn failed(error: impl std::fmt::Display) -> ExitCode {
    say::complain(error);
    ExitCode::FAILURE
}
