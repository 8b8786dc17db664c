//! The desk as a link holds it, and as a few lines of text.

use batchyard_engine::cluster::Command;

use super::{Desk, LazyRun};
use crate::session::act::{Act, Target};
use crate::session::permalink::Shared;
use crate::session::picture::{Caption, Theme, timeline_svg};
use crate::session::run::APPLY;
use crate::session::text::{Ms, clock, human};

/// A link opens at most so far into a run.
const HORIZON: Ms = 24 * 3_600_000;
/// Verbs of kubectl that change nothing: a link need not repeat them.
const READING: [&str; 16] = [
    "get",
    "describe",
    "logs",
    "explain",
    "events",
    "top",
    "api-resources",
    "api-versions",
    "wait",
    "diff",
    "auth",
    "version",
    "config",
    "cluster-info",
    "help",
    "options",
];

impl Desk {
    /// The run as a link holds it.
    pub fn shared(&self) -> Shared {
        let origin = self.run.origin;
        let now = self.run.now();
        let main = self.run.applied.as_deref().unwrap_or(&self.draft);
        let mut acts = Vec::new();
        for (at, command) in self.run.cluster().commands().iter().filter(|(t, _)| t.0 <= now) {
            let broken = |word: &str, ns: &str, pod: &str| (at.0 - origin, [word, " ", ns, " ", pod].concat(), None);
            let (line, files) = match command {
                Command::Kubectl { line, files } => (line, files),
                Command::FailContainer { namespace, pod, .. } => {
                    acts.push(broken("!fail", namespace, pod));
                    continue;
                }
                Command::HangContainer { namespace, pod, .. } => {
                    acts.push(broken("!hang", namespace, pod));
                    continue;
                }
                _ => continue,
            };
            let verb = line.split_whitespace().nth(1).unwrap_or("");
            let first = acts.is_empty() && line == APPLY;
            if !first && !READING.contains(&verb) {
                let file = files.first().map(|(_, t)| &**t).filter(|t| *t != main && line.contains(" -f"));
                acts.push((at.0 - origin, line.clone(), file.map(str::to_owned)));
            }
        }
        let selected = self.selected.as_ref().filter(|t| t.resource == "pod").map(|t| t.name.to_string());
        let text = if self.is_applied() { main.to_owned() } else { self.draft.to_string() };
        Shared {
            text,
            seed: self.run.seed(),
            acts,
            at: self.is_applied().then_some(now - origin),
            selected,
            read_only: false,
        }
    }

    /// Opens what a link holds.
    pub fn restore(&mut self, shared: &Shared) {
        self.run = LazyRun::new(shared.seed);
        self.write(&shared.text);
        self.check();
        self.cut = true;
        if let Some(at) = shared.at.filter(|_| self.problems.is_empty()) {
            self.run.apply_fresh(&shared.text);
            let origin = self.run.origin;
            for (t, line, text) in &shared.acts {
                self.run.seek(origin + t);
                match line.split(' ').collect::<Vec<_>>()[..] {
                    [word @ ("!fail" | "!hang"), ns, pod] => {
                        let _ = self.act(Act::Break(ns.to_owned().into(), pod.to_owned().into(), word == "!fail"));
                    }
                    _ => {
                        self.run.kubectl(line, text.as_deref().unwrap_or(&shared.text));
                    }
                }
            }
            self.run.seek(origin + at.clamp(0, HORIZON));
            self.say_accepted(false);
        }
        self.selected = shared.selected.as_ref().map(|p| Target {
            resource: "pod",
            namespace: "default".into(),
            name: p.clone().into(),
        });
        self.derived = None;
        self.derive();
    }

    /// The run in a few lines of text, for Markdown.
    pub fn summary(&self) -> String {
        let mut out = String::new();
        for w in &self.run.history.work {
            let end = w.end.map_or_else(String::new, |(t, word)| format!(": {word} after {}", human(t - w.created)));
            out += &format!("- {} `{}`{end}\n", w.kind.name(), w.name);
            for p in self.run.history.pods.iter().filter(|p| p.owner == w.uid) {
                let words: Vec<&str> = p.spans.iter().map(|s| &*s.word).collect();
                out +=
                    &format!("  - Pod `{}`, at {}: {}\n", p.name, clock(p.created - self.run.origin), words.join(", "));
            }
        }
        out
    }

    /// The timeline as a picture.
    pub fn picture(&self) -> String {
        let now = self.run.now() - self.run.origin;
        let text = self.scene.job().map_or_else(String::new, |j| format!("{} at {}", j.word, human(now)));
        let title = self.scene.workloads.first().map_or_else(String::new, |w| format!("{} {}", w.kind(), w.name()));
        let caption = Caption { title, text, foot: "batchyard, simulating Kubernetes 1.37".into() };
        timeline_svg(&self.run.timeline(&self.scene), now, &caption, Theme::Auto)
    }
}
