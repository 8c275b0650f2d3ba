//! Many seeds on every core, and what is told of them.

use super::{
    bug::Bug,
    plan::Plan,
    shrink::shrink,
    stage::Stage,
    world::{self, Figures},
};
use crate::say::say;
use anyhow::{Result, bail};
use std::{
    collections::BTreeSet,
    fmt,
    panic::{self, AssertUnwindSafe},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// Seeds that once found something, one a line after which what it was may follow; they go first.
const PAST: &str = include_str!("past_failures.txt");

/// What was found: the shortest plan of a seed that breaks something.
#[derive(Clone, Debug)]
pub struct Found {
    /// The seed.
    pub seed: u64,
    /// What was broken.
    pub broken: String,
    /// The shortest plan that still breaks something.
    pub plan: Plan,
    /// What happened in it.
    pub story: Vec<String>,
}

/// What a campaign came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    /// Runs.
    pub runs: u64,
    /// Their figures together.
    pub figures: Figures,
    /// How long it took.
    pub took: Duration,
}

/// Seeds that once found something.
pub fn past_failures() -> Vec<u64> {
    let seed = |line: &str| line.split_whitespace().next().and_then(|word| word.parse().ok());
    PAST.lines().filter(|line| !line.starts_with('#')).filter_map(seed).collect()
}

/// Runs past failures and then seeds from 0 on, until something is found.
///
/// # Errors
/// Where a run cannot even be prepared.
pub fn run(seeds: u64, bug: Option<Bug>) -> Result<(Totals, Option<Found>)> {
    let past = past_failures();
    let known: BTreeSet<u64> = past.iter().copied().collect();
    let mut order = past;
    order.extend((0..seeds).filter(|seed| !known.contains(seed)));
    let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let found: Mutex<Option<(u64, Found)>> = Mutex::new(None);
    let totals = Mutex::new(Totals::default());
    let begun = Instant::now();
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let outcome: Result<()> = thread::scope(|scope| {
        let threads: Vec<_> = (0..workers)
            .map(|_| {
                scope.spawn(|| -> Result<()> {
                    let mut stage = Stage::set()?;
                    let mut own = Totals::default();
                    while !stop.load(Ordering::Relaxed) {
                        let place = next.fetch_add(1, Ordering::Relaxed);
                        let Some(seed) = order.get(usize::try_from(place)?).copied() else { break };
                        own.runs += 1;
                        let run = AssertUnwindSafe(|| one(&mut stage, seed, bug));
                        let Ok(outcome) = panic::catch_unwind(run) else {
                            bail!("the run of seed {seed} panicked")
                        };
                        match outcome {
                            Ok(figures) => own.figures.add(&figures),
                            Err(failure) => {
                                let mut first = found.lock().unwrap_or_else(PoisonError::into_inner);
                                if first.as_ref().is_none_or(|(other, _)| place < *other) {
                                    *first = Some((place, *failure));
                                }
                                stop.store(true, Ordering::Relaxed);
                            }
                        }
                    }
                    let mut totals = totals.lock().unwrap_or_else(PoisonError::into_inner);
                    totals.runs += own.runs;
                    totals.figures.add(&own.figures);
                    Ok(())
                })
            })
            .collect();
        for thread in threads {
            match thread.join() {
                Ok(ended) => ended?,
                Err(_) => bail!("a thread of the campaign panicked"),
            }
        }
        Ok(())
    });
    outcome?;
    let totals = totals.into_inner().unwrap_or_else(PoisonError::into_inner);
    let found = found.into_inner().unwrap_or_else(PoisonError::into_inner).map(|(_, found)| found);
    Ok((Totals { took: begun.elapsed(), ..totals }, found))
}

/// `make simulate`: runs them and says what came of it.
///
/// # Errors
/// When something was found.
pub fn tell(seeds: u64, seed: Option<u64>) -> Result<()> {
    let found = match seed {
        Some(seed) => match one(&mut Stage::set()?, seed, None) {
            Ok(figures) => {
                say(format!("seed {seed}: {figures:?}"));
                None
            }
            Err(found) => Some(*found),
        },
        None => {
            let (totals, found) = run(seeds, None)?;
            say(totals.to_string());
            found
        }
    };
    match found {
        None => Ok(()),
        Some(found) => {
            say(found.to_string());
            bail!("make simulate SEED={} tells it again", found.seed)
        }
    }
}

/// Runs one seed; what it broke, shrunk.
///
/// # Errors
/// [`Found`]
pub fn one(stage: &mut Stage, seed: u64, bug: Option<Bug>) -> Result<Figures, Box<Found>> {
    let plan = Plan::of(seed);
    world::run(stage, &plan, bug, false).map_err(|(broken, _)| {
        let (plan, broken) = shrink(stage, &plan, bug, broken);
        let story = world::run(stage, &plan, bug, true).err().map(|(_, story)| story).unwrap_or_default();
        Box::new(Found { seed, broken: broken.0, plan, story })
    })
}

impl Figures {
    fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.accepted += other.accepted;
        self.reached += other.reached;
        self.originated += other.originated;
        self.labelled += other.labelled;
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { runs, figures, took } = self;
        let Figures { events, accepted, reached, originated, labelled } = figures;
        let rate = *runs as f64 / took.as_secs_f64();
        write!(
            f,
            "{runs} runs in {:.1} s ({rate:.0} a second), {events} steps: {accepted} webhooks accepted, {originated} calls placed, {reached} people reached, {labelled} rings labelled",
            took.as_secs_f64()
        )
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {} breaks a promise: {}", self.seed, self.broken)?;
        writeln!(
            f,
            "the shortest plan that does ({:?} network, clocks off by {:?} µs and fast by {:?} µs a second):",
            self.plan.network, self.plan.skews, self.plan.drifts
        )?;
        for incident in &self.plan.incidents {
            writeln!(f, "  {incident}")?;
        }
        writeln!(f, "what happened:")?;
        for line in &self.story {
            writeln!(f, "  {line}")?;
        }
        Ok(())
    }
}
