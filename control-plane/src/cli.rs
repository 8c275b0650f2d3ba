//! The commands.

mod backup;
mod check;
mod check_number;
mod do_not_call;
mod operator;
mod support;
mod suppressed;
mod trust;

use crate::{
    accounts::keys::{self, Scope},
    apply::{self, ApplyError},
    config::{ConfigError, Data, DataOptions, ServeOptions, Settings},
    fleet::{self, FleetError},
    say, serve,
    service::Service,
    store::{Store, StoreError},
    web,
};
use clap::{Parser, Subcommand, ValueEnum};
use daemon::{HandedOver, Manager};
use std::{path::PathBuf, process::ExitCode};

/// Wrong use or configuration.
const WRONG: u8 = 2;

/// Takes webhooks in and has phones rung: accounts, rules, the call queue and history.
#[derive(Parser)]
#[command(
    name = "control-plane",
    version,
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong use or configuration.\nCP_LOG=debug says more."
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until SIGTERM
    Serve(ServeOptions),
    /// Make organizations, people, endpoints and PBXs what this file says; prints what changed
    Apply {
        /// The file, TOML
        file: PathBuf,
        #[command(flatten)]
        data: DataOptions,
    },
    /// Print a one-time token with which a PBX may enrol within an hour
    EnrollToken {
        /// Its name in the apply file
        pbx: String,
        #[command(flatten)]
        data: DataOptions,
    },
    /// Revoke the key of a PBX's agent; a running serve closes its connection within a second
    RevokeAgent {
        /// Its name in the apply file
        pbx: String,
        #[command(flatten)]
        data: DataOptions,
    },
    /// Make a new order-signing key beside the old one; agents learn of it from a running serve
    RotateOrderKey {
        #[command(flatten)]
        data: DataOptions,
    },
    /// Remove the order-signing key that `rotate-order-key` has made a successor for
    RetireOrderKey {
        #[command(flatten)]
        data: DataOptions,
    },
    /// Make a new key for the tokens of sessions; nobody is signed out
    RotateSessionKey {
        #[command(flatten)]
        data: DataOptions,
    },
    /// Make somebody an operator, with the password on standard input; or an operator somebody like all others
    Operator {
        /// Their address
        email: String,
        /// They are to be an operator no more, and are signed out everywhere
        #[arg(long)]
        remove: bool,
        #[command(flatten)]
        data: DataOptions,
    },
    /// Make a key of the HTTP API and print it, once
    ApiKey {
        /// Slug of the organization
        org: String,
        /// What the key is for
        name: String,
        /// What it may do; given several times, all of that
        #[arg(long, value_enum, default_values_t = [ScopeName::Read])]
        scope: Vec<ScopeName>,
        #[command(flatten)]
        data: DataOptions,
    },
    /// Write the database into a new file, whole or not at all, also while `serve` works on it
    Backup {
        /// The file; the order-signing key is not in it
        file: PathBuf,
        #[command(flatten)]
        data: DataOptions,
    },
    /// Put a backup in the place of the database, which is kept; `serve` must be stopped
    Restore {
        /// What `backup` wrote
        file: PathBuf,
        #[command(flatten)]
        data: DataOptions,
    },
    /// Test every dependency one by one
    Check {
        /// For programs
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        options: ServeOptions,
    },
    /// Gather versions, configuration, findings and figures into one file, without secrets and numbers
    SupportBundle {
        /// A new file, such as support.tar.gz
        file: PathBuf,
        #[command(flatten)]
        options: ServeOptions,
    },
    /// Keep the list of numbers that are never rung
    #[command(subcommand)]
    DoNotCall(do_not_call::DoNotCall),
    /// Keep the list of addresses that get no letter any more
    #[command(subcommand)]
    Suppressed(suppressed::Suppressed),
    /// Print the description of the HTTP API (OpenAPI, JSON)
    Openapi,
    /// Say of each number whether it may be called; exit 0 only if every NUMBER may
    CheckNumber(check_number::CheckNumber),
}

#[derive(Clone, Copy, ValueEnum)]
enum ScopeName {
    /// Read alerts, calls, and names and health of the fleet
    Read,
    /// Acknowledge and close alerts, which hangs up phones that ring; does not read
    #[value(name = "alerts:write")]
    AlertsWrite,
    /// Make and change projects and scenarios; see, make and change endpoints
    #[value(name = "projects:write")]
    ProjectsWrite,
}

/// Runs a command to its end; `sockets` are those that `serve` was handed.
pub async fn execute(arguments: Arguments, sockets: HandedOver) -> ExitCode {
    let done = match arguments.command {
        Command::Serve(options) => run(options, sockets).await,
        Command::Apply { file, data } => apply(file, data).await,
        Command::EnrollToken { pbx, data } => enroll_token(&pbx, data).await,
        Command::RevokeAgent { pbx, data } => trust::revoke_agent(&pbx, data).await,
        Command::RotateOrderKey { data } => trust::rotate_order_key(data),
        Command::RetireOrderKey { data } => trust::retire_order_key(data),
        Command::RotateSessionKey { data } => trust::rotate_session_key(data),
        Command::Operator { email, remove: false, data } => operator::make(&email, data).await,
        Command::Operator { email, remove: true, data } => operator::unmake(&email, data).await,
        Command::ApiKey { org, name, scope, data } => api_key(&org, &name, &scope, data).await,
        Command::Backup { file, data } => backup::back_up(file, data).await,
        Command::Restore { file, data } => backup::restore(file, data).await,
        Command::SupportBundle { file, options } => support::write(file, options).await,
        Command::Check { json, options } => return check::run(options, json).await,
        Command::DoNotCall(command) => do_not_call::run(command).await,
        Command::Suppressed(command) => suppressed::run(command).await,
        Command::Openapi => {
            say::text(&web::openapi_document());
            Ok(())
        }
        Command::CheckNumber(asked) => return check_number::run(asked),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stop::Wrong(error)) => {
            say::complain(error);
            ExitCode::from(WRONG)
        }
        Err(Stop::Failed(error)) => {
            say::complain(error);
            ExitCode::FAILURE
        }
    }
}

/// Why a command did not do what it was asked.
enum Stop {
    /// Wrong use or configuration.
    Wrong(String),
    /// Anything else.
    Failed(String),
}

impl Stop {
    fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<ConfigError> for Stop {
    fn from(error: ConfigError) -> Self {
        Self::Wrong(error.to_string())
    }
}

async fn run(options: ServeOptions, sockets: HandedOver) -> Result<(), Stop> {
    let settings = Settings::resolve(options)?;
    let service = Service { manager: Manager::of_this_process(), sockets };
    serve::serve(&settings, service).await.map_err(|error| {
        if error.is_configuration() { Stop::Wrong(error.to_string()) } else { Stop::failed(error) }
    })
}

async fn apply(file: PathBuf, data: DataOptions) -> Result<(), Stop> {
    let data = Data::resolve(data)?;
    let text = apply::read_file(&file).map_err(|error| Stop::Wrong(error.to_string()))?;
    let store = open_or_make(&data).await?;
    let changes =
        apply::apply(&store, &file.display().to_string(), &text).await.map_err(|error| match error {
            ApplyError::Document(_) => Stop::Wrong(error.to_string()),
            ApplyError::Store(error) => Stop::failed(error),
        })?;
    say::json(&changes);
    Ok(())
}

/// Opens the database, and makes what is not there: the first command on a new installation may be this one.
async fn open_or_make(data: &Data) -> Result<Store, Stop> {
    if let Some(dir) = data.database_file().parent().filter(|dir| !dir.as_os_str().is_empty()) {
        serve::prepare(dir).map_err(Stop::failed)?;
    }
    Store::open(&data.database).await.map_err(Stop::failed)
}

async fn enroll_token(pbx: &str, data: DataOptions) -> Result<(), Stop> {
    let store = existing(&Data::resolve(data)?).await.map_err(Stop::Failed)?;
    let token = fleet::enrol_token(&store, pbx).await.map_err(|error: FleetError| Stop::failed(error))?;
    say::say(&*token);
    Ok(())
}

async fn api_key(org: &str, name: &str, scopes: &[ScopeName], data: DataOptions) -> Result<(), Stop> {
    let store = existing(&Data::resolve(data)?).await.map_err(Stop::Failed)?;
    let scopes: Vec<Scope> = scopes.iter().map(|scope| scope.scope()).collect();
    let key = keys::create(&store, org, name, &scopes).await.map_err(Stop::failed)?;
    say::say(&*key);
    Ok(())
}

impl ScopeName {
    const fn scope(self) -> Scope {
        match self {
            Self::Read => Scope::Read,
            Self::AlertsWrite => Scope::AlertsWrite,
            Self::ProjectsWrite => Scope::ProjectsWrite,
        }
    }
}

/// Opens a database that must be there: a mistyped directory must not become an empty installation.
async fn existing(data: &Data) -> Result<Store, String> {
    if !data.database_file().exists() {
        return Err(absent(data));
    }
    Store::open(&data.database).await.map_err(|error: StoreError| error.to_string())
}

fn absent(data: &Data) -> String {
    format!(
        "there is no database at {}: name the directory that `serve` uses with --data-dir (CP_DATA_DIR), or begin \
         with `control-plane apply FILE`",
        data.database_file().display()
    )
}
