//! A run's figures, and those of all runs together.

use super::{
    recovery::{LIMIT, Recovery},
    verdict::Verdict,
};
use std::time::Duration;

/// What one seed came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// Of the webhooks.
    pub verdict: Verdict,
    /// Of the parts.
    pub recoveries: Vec<Recovery>,
    /// Programs that ended though nobody had killed them.
    pub fallen: Vec<String>,
}

impl Outcome {
    /// Whether every promise was kept.
    pub fn is_sound(&self) -> bool {
        self.verdict.is_sound() && self.fallen.is_empty() && self.slow().next().is_none()
    }

    /// The figures, and everything that went wrong.
    pub fn told(&self) -> String {
        let Verdict { lost, unlabelled, originated_twice, .. } = &self.verdict;
        let mut lines =
            vec![format!("seed {}: {}", self.seed, Figures::of(std::slice::from_ref(self)).told())];
        lines.extend(self.recoveries.iter().map(|recovery| format!("  recovered in {}", told(recovery))));
        for (name, stories) in [
            ("LOST", lost),
            ("RUNG TWICE, UNLABELLED", unlabelled),
            ("ORIGINATED TWICE", originated_twice),
            ("ENDED BY ITSELF", &self.fallen),
        ] {
            lines.extend(stories.iter().map(|story| format!("  {name}: {story}")));
        }
        lines.extend(self.slow().map(|slow| format!("  SLOW RECOVERY: {}", told(slow))));
        lines.join("\n")
    }

    fn slow(&self) -> impl Iterator<Item = &Recovery> {
        self.recoveries.iter().filter(|recovery| recovery.took > LIMIT)
    }
}

/// Sums and maxima over runs.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    runs: Vec<Verdict>,
    recoveries: usize,
    slowest: Option<Recovery>,
    fallen: usize,
}

impl Figures {
    /// Of these runs together.
    pub fn of(outcomes: &[Outcome]) -> Self {
        let recoveries = || outcomes.iter().flat_map(|outcome| &outcome.recoveries);
        Self {
            runs: outcomes.iter().map(|outcome| outcome.verdict.clone()).collect(),
            recoveries: recoveries().count(),
            slowest: recoveries().max_by_key(|recovery| recovery.took).cloned(),
            fallen: outcomes.iter().map(|outcome| outcome.fallen.len()).sum(),
        }
    }

    /// In a few lines.
    pub fn told(&self) -> String {
        let sum = |of: fn(&Verdict) -> usize| self.runs.iter().map(of).sum::<usize>();
        let outage = self.runs.iter().map(|run| run.longest_outage).max().unwrap_or_default();
        let slowest = self.slowest.as_ref().map_or_else(|| "none".to_owned(), told);
        let ended =
            if self.fallen == 0 { String::new() } else { format!("; ended by themselves: {}", self.fallen) };
        format!(
            "accepted {}, delivered {}, unheard {} (machines), lost {}\n  \
             rung twice {}: labelled {}, unlabelled {}; originated twice {}; labels without a second ring {}\n  \
             answers other than 202: {}, no answer: {}, never accepted: {} (of these rang: {})\n  \
             longest outage {}; recoveries {}, slowest {slowest}{ended}",
            sum(|run| run.accepted),
            sum(|run| run.delivered),
            sum(|run| run.unheard),
            sum(|run| run.lost.len()),
            sum(Verdict::rung_twice),
            sum(|run| run.labelled),
            sum(|run| run.unlabelled.len()),
            sum(|run| run.originated_twice.len()),
            sum(|run| run.needless_labels),
            sum(|run| run.refused),
            sum(|run| run.unanswered),
            sum(|run| run.not_accepted),
            sum(|run| run.rang_unaccepted),
            seconds(outage),
            self.recoveries,
        )
    }
}

fn told(Recovery { pbx, after, from, took }: &Recovery) -> String {
    let after: Vec<String> = after.iter().map(ToString::to_string).collect();
    format!("{} (pbx-{} from {}, after {})", seconds(*took), pbx + 1, seconds(*from), after.join(", "))
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::harm::What;

    fn outcome(seed: u64, verdict: Verdict, took: u64) -> Outcome {
        let recovery = Recovery {
            pbx: 1,
            after: vec![What::KillAgent(1)],
            from: Duration::from_secs(3),
            took: Duration::from_secs(took),
        };
        Outcome { seed, verdict, recoveries: vec![recovery], fallen: vec![] }
    }

    #[test]
    fn figures_of_several_runs_are_added_and_the_slowest_recovery_is_named() {
        let verdict = |accepted| Verdict { accepted, delivered: accepted, ..Verdict::default() };
        let runs = [outcome(1, verdict(3), 2), outcome(2, verdict(4), 5)];
        let told = Figures::of(&runs).told();
        assert!(told.contains("accepted 7, delivered 7"), "{told}");
        assert!(
            told.contains("recoveries 2, slowest 5.00 s (pbx-2 from 3.00 s, after agent of pbx-2 killed)"),
            "{told}"
        );
    }

    #[test]
    fn a_slow_recovery_a_loss_and_a_program_that_ended_each_make_a_run_unsound() {
        let good = outcome(1, Verdict::default(), 10);
        assert!(good.is_sound());
        assert!(!outcome(1, Verdict::default(), 11).is_sound());
        let verdict = Verdict { lost: vec!["the log has 0 calls".to_owned()], ..Verdict::default() };
        let lost = outcome(1, verdict, 1);
        assert!(!lost.is_sound() && lost.told().contains("LOST: the log has 0 calls"));
        let fallen = Outcome { fallen: vec!["control plane ended".to_owned()], ..good };
        assert!(!fallen.is_sound() && fallen.told().contains("ENDED BY ITSELF: control plane ended"));
    }
}
