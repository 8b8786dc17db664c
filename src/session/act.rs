//! What a learner can do, as values: every control of the page sends one of these.

use yew::AttrValue;

use super::text::Ms;

/// A panel that a small screen shows one at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Panel {
    /// The manifest.
    #[default]
    Yaml,
    /// Container behaviour.
    Behave,
    /// The terminal.
    Terminal,
    /// The inspector.
    Inspector,
}

impl Panel {
    /// The value of `data-show`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Yaml => "yaml",
            Self::Behave => "behave",
            Self::Terminal => "terminal",
            Self::Inspector => "inspector",
        }
    }
}

/// A tab of the inspector.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Tab {
    /// `kubectl describe`
    #[default]
    Describe,
    /// `kubectl events --for`
    Events,
    /// `kubectl get -o yaml`
    Yaml,
    /// `kubectl logs`
    Logs,
}

impl Tab {
    /// All, in order.
    pub const ALL: [Self; 4] = [Self::Describe, Self::Events, Self::Yaml, Self::Logs];
    /// Its label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Describe => "Describe",
            Self::Events => "Events",
            Self::Yaml => "YAML",
            Self::Logs => "Logs",
        }
    }
}

/// An object by the words kubectl takes: `job`, `db-migration`.
#[derive(Clone, PartialEq, Debug)]
pub struct Target {
    /// The resource: `job`, `pod`, `cronjob`, `deployment`, `node`.
    pub resource: &'static str,
    /// The namespace.
    pub namespace: AttrValue,
    /// The name.
    pub name: AttrValue,
}

impl Target {
    /// The words for a workload of a kind, whose key begins with its namespace.
    pub fn of(kind: &str, key: &str, name: &AttrValue) -> Self {
        let resource = match kind {
            "Job" => "job",
            "CronJob" => "cronjob",
            "Deployment" => "deployment",
            "StatefulSet" => "statefulset",
            "DaemonSet" => "daemonset",
            "ReplicaSet" => "replicaset",
            "ReplicationController" => "replicationcontroller",
            _ => "pod",
        };
        let namespace = key.split('/').next().unwrap_or("default").to_owned();
        Self { resource, namespace: namespace.into(), name: name.clone() }
    }
}

/// A dialog of the page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialog {
    /// Share this run.
    Share,
    /// Keyboard.
    Keys,
    /// Pod statuses.
    Legend,
    /// Examples.
    Examples,
    /// Settings.
    Settings,
    /// The menu of a phone.
    Menu,
}

impl Dialog {
    /// The id of its element.
    pub fn id(self) -> &'static str {
        match self {
            Self::Share => "share",
            Self::Keys => "keys",
            Self::Legend => "legend",
            Self::Examples => "examples",
            Self::Settings => "settings",
            Self::Menu => "menu",
        }
    }
}

/// What Why? is asked of.
#[derive(Clone, PartialEq, Debug)]
pub enum Question {
    /// A Job, by `namespace/name`.
    Job(AttrValue),
    /// A Pod, by name.
    Pod(AttrValue),
    /// Any other workload, by `namespace/name`.
    Other(AttrValue),
}

/// What a learner did.
#[derive(Clone, PartialEq, Debug)]
pub enum Act {
    /// The text of the manifest was changed.
    Edit(String),
    /// The behaviour of containers is to be these attempts.
    Behave(Vec<super::behaviour::Step>),
    /// Behaviour is to be about this part.
    Scope(super::behaviour::Scope),
    /// As [`Act::Behave`], and apply.
    Try(Vec<super::behaviour::Step>),
    /// Apply in a fresh cluster, and play.
    Apply,
    /// Apply in the running cluster, now.
    ApplyHere,
    /// Back to before the apply; the manifest stays.
    Reset,
    /// An example was chosen, by its id.
    Example(&'static str),
    /// An example was chosen of which a draft was kept.
    Draft(&'static str, Option<String>),
    /// The draft is to be the example's text again.
    Restore,
    /// A text was brought in from a file.
    Open(String, String),
    /// Undo the last act that cut or changed the run.
    Undo,
    /// Play or pause.
    Play,
    /// One change forward (true) or back.
    Step(bool),
    /// The next (true) or last failure or end.
    Failure(bool),
    /// To the start.
    Start,
    /// Run to the end.
    End,
    /// To a moment since apply.
    Seek(Ms),
    /// To a tenth of what has been seen.
    Tenth(u8),
    /// Speed.
    Speed(u32),
    /// One speed faster (true) or slower.
    Faster(bool),
    /// The timeline larger (true) or smaller.
    Zoom(bool),
    /// Skip waits.
    Skip(bool),
    /// Selects an object; the same again clears the selection.
    Select(Option<Target>),
    /// A tab of the inspector.
    Tab(Tab),
    /// A panel of a small screen.
    Show(Panel),
    /// A line for the terminal.
    Command(String),
    /// A Pod's first container is to fail (true) or hang, now: namespace and name.
    Break(AttrValue, AttrValue, bool),
    /// A text that kubectl wanted was loaded, for the line that wanted it.
    Provide(String, String, String),
    /// Ctrl+C in the terminal.
    Interrupt,
    /// A kubectl line sent from a button, without the word kubectl.
    Do(String),
    /// Why?
    Why(Question),
    /// The answer is closed.
    Unwhy,
    /// The passing message is closed.
    Unnote,
    /// Opens a dialog.
    Dialog(Dialog),
    /// Single keys act (true) or not.
    SingleKeys(bool),
    /// A setting, by its name.
    Setting(&'static str, &'static str),
    /// Settings and drafts go into a file.
    Export,
    /// The timeline goes into a file, as a picture.
    Picture,
    /// The tour is shown, or has been seen.
    Tour(bool),
    /// The address is to hold this run.
    Address(String),
    /// A message is to be shown.
    Say(String),
    /// The other theme.
    Theme,
    /// Puts the caret at a line of the manifest.
    GoTo(usize),
    /// A field of the manifest is to have a value: dotted path and YAML.
    Set(&'static str, String),
    /// Stretches of the manifest are to be replaced: first byte, last byte, and by what.
    Fix(Vec<(usize, usize, String)>),
    /// The Tab key in the terminal: the line and the place in it, in bytes.
    Complete(String, usize),
}
