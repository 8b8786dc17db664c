//! What an embed is asked to show, and what it tells its host. Times are in milliseconds here; hosts hear of seconds.
//!
//! The shell (`embed/frame.js`) reads the address and checks messages; here are the values it hands over and the events
//! that come of a run.

use batchyard_engine::api::Value;

use super::desk::Desk;
use super::permalink::{self, Shared};
use super::view::Workload;
use super::{act::Panel, examples};

/// How the controls are drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Controls {
    /// All.
    Full,
    /// Play and the scrubber.
    Mini,
    /// The timeline alone.
    None,
}

/// What an embed is asked to show.
#[derive(Clone, PartialEq, Debug)]
pub struct Parameters {
    /// The run.
    pub shared: Shared,
    /// `split`, `sim` or `yaml`.
    pub view: String,
    /// Whether the manifest is edited in the code editor.
    pub code: bool,
    /// Whether the manifest can be edited.
    pub editable: bool,
    /// How fast.
    pub speed: u32,
    /// The controls.
    pub controls: Controls,
    /// Whether the host is told when the goal is reached.
    pub goal: bool,
    /// Lines that are highlighted, first and last, from 1.
    pub highlighted: Vec<(usize, usize)>,
}

impl Parameters {
    /// Reads what the shell hands over: its parameters as JSON, with the manifest and the address' hash.
    pub fn read(json: &str) -> Self {
        let v = Value::from_json(json).unwrap_or_default();
        let seed = v.int_at("seed").unwrap_or(1).max(0) as u64;
        let hash = v.str_at("hash");
        let linked = if hash.is_empty() { None } else { permalink::decode(hash).and_then(Result::ok) };
        // The shell has the scenario's manifest, too: it shows it before anything runs.
        let text = match v.str_at("yaml") {
            "" => examples::open(v.str_at("scenario")).text.to_owned(),
            own => own.to_owned(),
        };
        let at = v.int_at("t").filter(|t| *t > 0);
        let shared = linked.unwrap_or_else(|| Shared { text, seed, at, ..Shared::default() });
        Self {
            editable: v.str_at("editor") != "none" && !shared.read_only,
            shared,
            view: v.str_at("view").to_owned(),
            code: v.str_at("editor") == "code",
            speed: v.at("speed").as_i64().unwrap_or(1).clamp(1, 600) as u32,
            controls: match v.str_at("controls") {
                "mini" => Controls::Mini,
                "none" => Controls::None,
                _ => Controls::Full,
            },
            goal: v.str_at("goal") == "1",
            highlighted: v
                .at("hl")
                .items()
                .iter()
                .filter_map(|r| Some((r.int_at("0")?.max(1) as usize, r.int_at("1")?.max(1) as usize)))
                .collect(),
        }
    }
    /// The pane that a narrow widget shows first.
    pub fn panel(&self) -> Panel {
        if self.view == "yaml" { Panel::Yaml } else { Panel::Inspector }
    }
}

/// What the host is told: the event's name and its payload.
pub type News = (&'static str, Value);

/// What a host knows of a run, so that it is told only what is new.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Told {
    status: Value,
    marks: usize,
    over: bool,
    playing: bool,
    text: String,
    problem: String,
}

/// The first workload in the host's words.
fn status(desk: &Desk) -> Value {
    let Some(w) = desk.scene.workloads.first().filter(|_| desk.is_applied()) else { return Value::Null };
    let mut v = Value::object([("kind", Value::from(w.kind())), ("name", w.name().as_str().into())]);
    if let Workload::Job(j) = w {
        v.set("status", j.word.as_str());
        v.set("active", j.active);
        v.set("ready", j.ready);
        v.set("succeeded", j.succeeded);
        v.set("failed", j.failed);
    }
    let pods = desk.scene.pods.iter().map(|p| {
        Value::object([
            ("name", Value::from(p.name.as_str())),
            ("status", p.word.as_str().into()),
            ("restarts", p.restarts.into()),
        ])
    });
    v.set("pods", Value::array(pods));
    v
}

/// The state of the run: what `getState` answers.
pub fn state(desk: &Desk) -> Value {
    let mut v = Value::object([
        ("loaded", Value::from(true)),
        ("t", Value::from(desk.run.now() - desk.run.origin)),
        ("seen", Value::from(desk.run.seen() - desk.run.origin)),
        ("playing", (desk.playing || desk.rushing).into()),
        ("applied", desk.is_applied().into()),
        ("speed", desk.speed.into()),
        ("yaml", (*desk.draft).into()),
    ]);
    v.set("workload", status(desk));
    v
}

impl Told {
    /// A host that knows the manifest as it is.
    pub fn of(desk: &Desk) -> Self {
        Self { text: desk.draft.to_string(), ..Self::default() }
    }
    /// What has changed since the last time, as events.
    pub fn news(&mut self, desk: &Desk, goal: bool) -> Vec<News> {
        let mut out = Vec::new();
        let now = desk.run.now();
        let t = Value::from(now - desk.run.origin);
        let playing = desk.playing || desk.rushing;
        if playing && !self.playing {
            out.push(("playing", Value::object([("t", t.clone())])));
        }
        self.playing = playing;
        if *desk.draft != *self.text {
            self.text = desk.draft.to_string();
            out.push(("change", Value::object([("yaml", Value::from(self.text.as_str()))])));
        }
        let problem = desk.problems.first().filter(|_| desk.judged).map(|p| p.message.to_string()).unwrap_or_default();
        if problem != self.problem {
            if !problem.is_empty() {
                out.push(("error", Value::object([("message", Value::from(problem.as_str()))])));
            }
            self.problem = problem;
        }
        let status = status(desk);
        if status != self.status {
            if !status.is_null() {
                let mut payload = status.clone();
                payload.set("t", t.clone());
                out.push(("status", payload));
            }
            self.status = status;
        }
        let marks: Vec<_> = desk.run.history.marks.iter().filter(|m| m.at >= desk.run.origin && m.at <= now).collect();
        for m in marks.iter().skip(self.marks.min(marks.len())) {
            out.push(("marker", Value::object([("t", Value::from(m.at - desk.run.origin)), ("kind", m.kind.into())])));
        }
        self.marks = marks.len();
        let ended = desk.scene.job().filter(|j| desk.is_applied() && j.is_over());
        if let Some(job) = ended.filter(|_| !self.over) {
            let word = Value::from(job.word.as_str());
            out.push((
                "complete",
                Value::object([("t", t.clone()), ("status", word), ("duration", job.duration.as_str().into())]),
            ));
            if goal {
                let passed = &*job.word == "Complete";
                out.push(("goal", Value::object([("t", t), ("passed", passed.into())])));
            }
        }
        self.over = ended.is_some();
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::act::Act;

    use crate::session::desk::Part;

    fn desk(parameters: &Parameters) -> Desk {
        Desk::embedded(&parameters.shared, Part::Simulator)
    }

    #[test]
    fn parameters_come_from_the_shell() {
        let p = Parameters::read(
            r#"{"scenario":"never","view":"sim","editor":"none","t":12500,"speed":10,"seed":7,"controls":"mini","goal":"1","hl":[[6,8]],"yaml":"","hash":""}"#,
        );
        assert_eq!((p.shared.seed, p.shared.at, p.speed, p.editable, p.goal), (7, Some(12_500), 10, false, true));
        assert_eq!((p.controls, p.highlighted.as_slice()), (Controls::Mini, &[(6, 8)][..]));
        assert!(p.shared.text.contains("kind: Job"));
        assert!(Parameters::read(r#"{"editor":"code"}"#).code && !p.code);
        assert_eq!(Parameters::read("not JSON").shared.seed, 1, "nonsense falls back");
    }

    #[test]
    fn the_host_s_own_manifest_comes_before_the_scenario() {
        let p = Parameters::read(r#"{"scenario":"never","yaml":"kind: Pod"}"#);
        assert_eq!(p.shared.text, "kind: Pod");
    }

    #[test]
    fn a_run_is_told_from_start_to_end_once() {
        let p = Parameters::read(r#"{"scenario":"db-migration","goal":"1"}"#);
        let mut desk = desk(&p);
        let mut told = Told::of(&desk);
        assert_eq!(told.news(&desk, true), Vec::new());
        desk.act(Act::Play);
        let mut names = Vec::new();
        for _ in 0..2_000 {
            desk.tick(50.0, || true);
            names.extend(told.news(&desk, true).into_iter().map(|(n, _)| n));
        }
        assert_eq!(names.iter().filter(|n| **n == "complete").count(), 1);
        assert_eq!(names.iter().filter(|n| **n == "goal").count(), 1);
        assert_eq!(names[0], "playing");
        assert!(names.contains(&"marker") && names.contains(&"status"));
        assert_eq!(state(&desk).str_at("workload.status"), "Complete");
        assert!(desk.live.is_empty() && desk.shown.inspected.text.is_empty(), "nobody would read it");
    }

    #[test]
    fn what_is_wrong_is_said_more_closely_once_all_of_the_program_is_there() {
        let yaml = "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: x\nspec:\n  template:\n    spec:\n      restartPolicy: Always\n      containers:\n      - name: a\n        image: b\n";
        let mut desk = Desk::embedded(&Shared { text: yaml.to_owned(), ..Shared::default() }, Part::Simulator);
        assert!(desk.problems[0].message.contains("restartPolicy"), "{:?}", desk.problems);
        desk.come(Part::All);
        assert_eq!(desk.problems[0].line, Some(7));
    }
}
