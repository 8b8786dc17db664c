//! kubectl's STATUS words, and how each looks: its lamp (colour), its glyph and the family whose edge it wears.

/// The five lamps. Nothing else on the page has a colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Lamp {
    /// Not started, going, unknown.
    #[default]
    Idle,
    /// Being made, running.
    Work,
    /// Succeeded.
    Done,
    /// Failed.
    Fail,
    /// Waiting before another try.
    Wait,
}

impl Lamp {
    /// The value of `data-lamp`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Work => "work",
            Self::Done => "done",
            Self::Fail => "fail",
            Self::Wait => "wait",
        }
    }
}

/// How a STATUS word looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Look {
    /// The value of `data-status`: the word whose edge and fill this one wears.
    pub family: &'static str,
    /// The lamp.
    pub lamp: Lamp,
    /// The name of its glyph, which says how the page draws it.
    pub glyph: &'static str,
}

/// The look of a word that kubectl prints for a Pod or a Job.
pub fn look(word: &str) -> Look {
    let of = |family, lamp, glyph| Look { family, lamp, glyph };
    match word {
        "Pending" | "SchedulingGated" | "Suspended" | "" => of("Pending", Lamp::Idle, "pending"),
        "ContainerCreating" | "PodInitializing" => of("ContainerCreating", Lamp::Work, "creating"),
        "Running" => of("Running", Lamp::Work, "running"),
        "NotReady" => of("NotReady", Lamp::Work, "notready"),
        "Completed" | "Complete" | "SuccessCriteriaMet" => of("Completed", Lamp::Done, "completed"),
        "OOMKilled" => of("OOMKilled", Lamp::Fail, "oom"),
        "Terminating" => of("Terminating", Lamp::Idle, "terminating"),
        "Unknown" | "ContainerStatusUnknown" => of("Unknown", Lamp::Idle, "unknown"),
        "CrashLoopBackOff" | "Init:CrashLoopBackOff" => of("CrashLoopBackOff", Lamp::Wait, "crashloop"),
        "ImagePullBackOff" | "Init:ImagePullBackOff" => of("ImagePullBackOff", Lamp::Wait, "imagewait"),
        "ErrImagePull"
        | "ErrImageNeverPull"
        | "InvalidImageName"
        | "Init:ErrImagePull"
        | "Init:ErrImageNeverPull"
        | "Init:InvalidImageName" => of("ErrImagePull", Lamp::Fail, "errimage"),
        w if w.strip_prefix("Init:").is_some_and(|n| n.contains('/')) => {
            of("ContainerCreating", Lamp::Work, "creating")
        }
        _ => of("Error", Lamp::Fail, "error"),
    }
}

/// Whether the word says that a Pod waits out a back-off.
pub fn is_waiting(word: &str) -> bool {
    look(word).lamp == Lamp::Wait
}

/// All families in the order of the legend, each with one sentence.
pub const LEGEND: [(&str, &str); 12] = [
    ("Pending", "Accepted, not placed on a node yet, or waiting for its node."),
    (
        "ContainerCreating",
        "On a node. The image is being pulled, the sandbox set up. Init:0/1 and PodInitializing look the same.",
    ),
    ("Running", "At least one container is running."),
    ("NotReady", "Some containers have ended, others still run or are not ready."),
    ("Completed", "Every container ended with exit 0."),
    ("Error", "A container ended with another exit code. Other words for failure look the same."),
    ("OOMKilled", "The container passed its memory limit. Exit 137."),
    ("CrashLoopBackOff", "Waiting before the next restart in the same Pod."),
    ("ErrImagePull", "The last pull attempt failed."),
    ("ImagePullBackOff", "Waiting before the next pull attempt."),
    ("Terminating", "Being deleted. Has up to 30 s to stop."),
    ("Unknown", "The node does not report on it."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_a_look() {
        for (word, family) in [
            ("Init:0/2", "ContainerCreating"),
            ("Init:Error", "Error"),
            ("Init:CrashLoopBackOff", "CrashLoopBackOff"),
            ("CreateContainerConfigError", "Error"),
            ("DeadlineExceeded", "Error"),
            ("Failed", "Error"),
            ("Complete", "Completed"),
        ] {
            assert_eq!(look(word).family, family, "{word}");
        }
        for (word, _) in LEGEND {
            assert_eq!(look(word).family, word);
        }
    }
}
