//! Two runs on one clock, and what differs between them.

use std::rc::Rc;

use yew::AttrValue;

use super::act::Act;
use super::desk::Desk;
use super::examples;
use super::history::History;
use super::run::Run;
use super::text::{Ms, human};

/// A pair that is offered.
pub struct Preset {
    /// Its id, in the address.
    pub id: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What is the same, and what is not.
    pub says: &'static str,
    /// How the two sides are called.
    pub sides: [&'static str; 2],
    texts: fn() -> [String; 2],
}

const JOB: &str = "apiVersion: batch/v1
kind: Job
metadata:
  name: hello
spec:
  backoffLimit: 3
  template:
    metadata:
      annotations:
        batchyard.dev/attempts: \"exit 1 after 1s\"
    spec:
      restartPolicy: Never
      containers:
      - name: main
        image: busybox:1.36
";

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: hello
spec:
  selector:
    matchLabels:
      app: hello
  template:
    metadata:
      labels:
        app: hello
      annotations:
        batchyard.dev/attempts: \"exit 0 after 1s\"
    spec:
      containers:
      - name: main
        image: busybox:1.36
";

const CRON: &str = "apiVersion: batch/v1
kind: CronJob
metadata:
  name: slow
spec:
  schedule: \"* * * * *\"
  concurrencyPolicy: Forbid
  jobTemplate:
    spec:
      template:
        metadata:
          annotations:
            batchyard.dev/attempts: \"exit 0 after 90s\"
        spec:
          restartPolicy: Never
          containers:
          - name: main
            image: busybox:1.36
";

const POLICY: &str = "  podFailurePolicy:
    rules:
    - action: FailJob
      onExitCodes:
        containerName: main
        operator: In
        values: [42]
";

fn swap(text: &str, from: &str, to: &str) -> [String; 2] {
    [text.to_owned(), text.replace(from, to)]
}

/// The pairs, the article's first.
pub const PRESETS: &[Preset] = &[
    Preset {
        id: "kind",
        title: "Job or Deployment",
        says: "The same container, which ends with exit 0 after one second.",
        sides: ["Job", "Deployment"],
        texts: || [JOB.replace("  backoffLimit: 3\n", "").replace("exit 1", "exit 0"), DEPLOYMENT.to_owned()],
    },
    Preset {
        id: "policy",
        title: "Never or OnFailure",
        says: "One line differs. Both containers end with exit 1, one second after they start.",
        sides: ["Never", "OnFailure"],
        texts: || swap(JOB, "Never", "OnFailure"),
    },
    Preset {
        id: "limit",
        title: "backoffLimit 2 or 6",
        says: "One number differs. Every Pod fails after one second.",
        sides: ["backoffLimit 2", "backoffLimit 6"],
        texts: || {
            let text = JOB.replace("backoffLimit: 3", "backoffLimit: 2");
            swap(&text, "backoffLimit: 2", "backoffLimit: 6")
        },
    },
    Preset {
        id: "concurrency",
        title: "Forbid or Replace",
        says: "A run each minute, and each takes a minute and a half.",
        sides: ["Forbid", "Replace"],
        texts: || swap(CRON, "Forbid", "Replace"),
    },
    Preset {
        id: "allow",
        title: "Forbid or Allow",
        says: "A run each minute, and each takes a minute and a half.",
        sides: ["Forbid", "Allow"],
        texts: || swap(CRON, "Forbid", "Allow"),
    },
    Preset {
        id: "failure-policy",
        title: "With a podFailurePolicy or without",
        says: "Every Pod ends with exit 42, which the policy takes for final.",
        sides: ["With podFailurePolicy", "Without"],
        texts: || {
            let plain = JOB.replace("exit 1", "exit 42");
            [plain.replace("  backoffLimit: 3\n", &["  backoffLimit: 3\n", POLICY].concat()), plain]
        },
    },
    Preset {
        id: "own",
        title: "Two of your own",
        says: "Write both manifests, then apply both.",
        sides: ["Left", "Right"],
        texts: || [examples::open("never").text.to_owned(), examples::open("on-failure").text.to_owned()],
    },
];

/// A preset by its id.
pub fn preset(id: &str) -> &'static Preset {
    PRESETS.iter().find(|p| p.id == id).unwrap_or(&PRESETS[0])
}

/// A line in which the two manifests differ: its number from 1, what stands before and what differs.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct DiffLine {
    /// The number.
    pub number: usize,
    /// What is the same at its start.
    pub same: AttrValue,
    /// What differs.
    pub other: AttrValue,
}

/// A row of the table of differences.
#[derive(Clone, PartialEq, Debug)]
pub struct Difference {
    /// What is compared.
    pub what: AttrValue,
    /// Both sides.
    pub sides: [AttrValue; 2],
}

/// Two desks on one clock.
pub struct Pair {
    /// Which pair.
    pub preset: &'static Preset,
    /// The desks.
    pub sides: [Desk; 2],
    /// Whether time runs.
    pub playing: bool,
    /// How fast.
    pub speed: u32,
    /// Whether waits are skipped.
    pub skip: bool,
    /// The lines in which they differ.
    pub diff: [DiffLine; 2],
    /// What is different in the end.
    pub differs: Rc<Vec<Difference>>,
}

/// How far runs are looked into for the table.
const HORIZON: Ms = 30 * 60_000;
/// A run is shown at most so far.
const LAST: Ms = 3 * 3_600_000;

fn desk(text: String) -> Desk {
    Desk::new(examples::open(""), Some(text))
}

impl Pair {
    /// A pair at its start, applied.
    #[allow(clippy::large_stack_arrays, reason = "two desks, made once")]
    pub fn new(id: &str) -> Self {
        let preset = preset(id);
        let [a, b] = (preset.texts)();
        let mut pair = Self {
            preset,
            sides: [desk(a), desk(b)],
            playing: false,
            speed: 1,
            skip: false,
            diff: Default::default(),
            differs: Rc::default(),
        };
        pair.apply();
        pair
    }
    /// Applies both manifests in fresh clusters; time does not run yet.
    pub fn apply(&mut self) {
        for side in &mut self.sides {
            side.act(Act::Apply);
            side.playing = false;
        }
        self.diff = diff(&self.sides[0].draft, &self.sides[1].draft);
        self.differs = Rc::new(differences(&self.sides));
        self.playing = false;
    }
    /// The moment since apply.
    pub fn now(&self) -> Ms {
        self.sides[0].run.now() - self.sides[0].run.origin
    }
    /// The furthest moment either has been run to.
    fn seen(&self) -> Ms {
        self.sides.iter().map(|s| s.run.seen() - s.run.origin).max().unwrap_or(0)
    }
    /// Takes both to a moment.
    pub fn seek(&mut self, t: Ms) {
        let t = t.clamp(0, LAST);
        for s in &mut self.sides {
            s.cut = true;
            let origin = s.run.origin;
            s.run.seek(origin + t);
            s.derive();
        }
    }
    /// Whether both have nothing left to wait for.
    fn is_settled(&self) -> bool {
        self.sides.iter().all(|s| s.run.is_settled() || !s.is_applied())
    }
    /// Time has run.
    pub fn tick(&mut self, dt: f64, mut go_on: impl FnMut() -> bool) {
        if !self.playing {
            return;
        }
        let to = self.now() + (dt * f64::from(self.speed)).round() as Ms;
        let waits = self.skip
            && self
                .sides
                .iter()
                .all(|s| s.run.history.moment_from(s.run.now() + 1, false).is_none_or(|m| s.run.now() - m > 1_500));
        if waits {
            self.step(true);
            return;
        }
        for s in &mut self.sides {
            s.cut = false;
            let origin = s.run.origin;
            s.run.advance(origin + to, &mut go_on);
        }
        // Both stay at the same moment, that of the slower.
        let at = self.sides.iter().map(|s| s.run.now() - s.run.origin).min().unwrap_or(0);
        for s in &mut self.sides {
            if s.run.now() - s.run.origin > at {
                let origin = s.run.origin;
                s.run.seek(origin + at);
            }
            s.derive();
        }
        if (self.is_settled() && self.now() > self.last_moment() + 3_000) || self.now() >= LAST {
            self.playing = false;
        }
    }
    fn last_moment(&self) -> Ms {
        self.sides.iter().filter_map(|s| s.run.history.moments.last().map(|m| m - s.run.origin)).max().unwrap_or(0)
    }
    /// To the next change on either side, or back to the last.
    pub fn step(&mut self, forward: bool) {
        let now = self.now();
        let mut found = Vec::new();
        for s in &mut self.sides {
            if s.run.step(forward) {
                found.push(s.run.now() - s.run.origin);
            }
        }
        let to = if forward { found.into_iter().min().unwrap_or(now) } else { found.into_iter().max().unwrap_or(0) };
        self.seek(to);
    }
    /// To the end of what ends.
    pub fn end(&mut self) {
        let mut to = self.seen();
        for s in &mut self.sides {
            to = to.max(settle(&mut s.run).unwrap_or(0) - s.run.origin);
        }
        self.seek(to + 1_000);
    }
}

/// Runs until nothing is left to wait for, or as far as is looked. When that was.
fn settle(run: &mut Run) -> Option<Ms> {
    while !run.is_settled() && run.now() - run.origin < HORIZON {
        if !run.step(true) {
            break;
        }
    }
    run.history.moments.last().copied()
}

/// The first line in which two texts differ.
fn diff(a: &str, b: &str) -> [DiffLine; 2] {
    let number =
        a.lines().zip(b.lines()).position(|(x, y)| x != y).unwrap_or_else(|| a.lines().count().min(b.lines().count()));
    let (x, y) = (a.lines().nth(number).unwrap_or(""), b.lines().nth(number).unwrap_or(""));
    // Up to the value, when the key is the same.
    let key = x.find(": ").filter(|i| y.get(..i + 2) == x.get(..i + 2)).map_or(0, |i| i + 2);
    // The kind says more than the group that it is in.
    if x.starts_with("apiVersion:") && key > 0 {
        let next = (a.lines().nth(number + 1).unwrap_or(""), b.lines().nth(number + 1).unwrap_or(""));
        if next.0 != next.1 && next.0.starts_with("kind:") {
            let line =
                |l: &str| DiffLine { number: number + 2, same: "kind: ".into(), other: l[6..].to_owned().into() };
            return [line(next.0), line(next.1)];
        }
    }
    let line =
        |l: &str| DiffLine { number: number + 1, same: l[..key].to_owned().into(), other: l[key..].to_owned().into() };
    [line(x), line(y)]
}

/// What is different in the end: both are run as far as they go, on desks of their own.
fn differences(sides: &[Desk; 2]) -> Vec<Difference> {
    let ends: Vec<Facts> = sides.iter().map(facts).collect();
    let row = |what: &'static str, pick: fn(&Facts) -> String| Difference {
        what: what.into(),
        sides: [pick(&ends[0]).into(), pick(&ends[1]).into()],
    };
    vec![
        row("Ends", |f| f.ends.clone()),
        row("Pods made", |f| f.pods.to_string()),
        row("Pods that failed", |f| f.failed.to_string()),
        row("Restarts of containers", |f| f.restarts.clone()),
        row("STATUS words of Pods, in order", |f| f.words.clone()),
        row("Pods kept, with their logs", |f| f.kept.to_string()),
    ]
}

struct Facts {
    ends: String,
    pods: usize,
    failed: usize,
    restarts: String,
    words: String,
    kept: usize,
}

fn facts(side: &Desk) -> Facts {
    let mut run = Run::new(side.run.seed());
    if run.apply_fresh(&side.draft).exit != 0 {
        let none = || "not accepted".to_owned();
        return Facts { ends: none(), pods: 0, failed: 0, restarts: none(), words: none(), kept: 0 };
    }
    settle(&mut run);
    let h: &History = &run.history;
    let settled = run.is_settled();
    let ends: Vec<String> = h
        .work
        .iter()
        .filter_map(|w| w.end.map(|(t, word)| format!("`{word}` after {}", human(t - w.created))))
        .collect();
    let mut words: Vec<&str> = Vec::new();
    for s in h.pods.iter().flat_map(|p| &p.spans) {
        if !words.contains(&&*s.word) {
            words.push(&s.word);
        }
    }
    let restarts: i64 = h.pods.iter().map(|p| p.restarts).sum();
    let failed = h
        .pods
        .iter()
        .filter(|p| p.spans.iter().any(|s| s.to.is_none() && s.exit.is_some_and(|c| c != 0)) && p.never)
        .count();
    Facts {
        ends: match ends.len() {
            0 => format!("never; still going after {}", human(run.now() - run.origin)),
            1 if settled => ends[0].clone(),
            n => format!("{n} Jobs ended in {}", human(run.now() - run.origin)),
        },
        pods: h.pods.len(),
        failed,
        restarts: if settled { restarts.to_string() } else { format!("{restarts}, with no limit") },
        words: words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", "),
        kept: h.pods.iter().filter(|p| p.gone.is_none()).count(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_is_accepted_and_differs() {
        for p in PRESETS {
            let pair = Pair::new(p.id);
            for side in &pair.sides {
                assert_eq!(side.problems, [], "{}", p.id);
            }
            assert!(pair.differs.iter().any(|d| d.sides[0] != d.sides[1]), "{}: {:?}", p.id, pair.differs);
            assert_ne!(pair.diff[0].other, pair.diff[1].other, "{}", p.id);
        }
    }

    #[test]
    fn the_article_s_point() {
        let pair = Pair::new("kind");
        assert!(pair.differs[0].sides[0].starts_with("`Complete` after"), "{:?}", pair.differs[0]);
        assert!(pair.differs[0].sides[1].starts_with("never"), "{:?}", pair.differs[0]);
        assert_eq!((&*pair.diff[0].other, &*pair.diff[1].other), ("Job", "Deployment"));
    }

    #[test]
    fn both_sides_are_always_at_the_same_moment() {
        let mut pair = Pair::new("policy");
        pair.playing = true;
        for _ in 0..40 {
            pair.tick(500.0, || true);
            assert_eq!(
                pair.sides[0].run.now() - pair.sides[0].run.origin,
                pair.sides[1].run.now() - pair.sides[1].run.origin
            );
        }
        pair.step(true);
        let there = pair.now();
        pair.step(false);
        assert!(pair.now() < there);
        pair.end();
        assert!(pair.sides.iter().all(|s| s.scene.job().is_some_and(|j| j.is_over())));
    }
}
