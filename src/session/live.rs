//! What a screen reader is told: the difference between two scenes, in few words, summed up when there is much of it.

use super::text::{count, exact, ordinal};
use super::view::{JobView, Scene, Workload};

fn jobs(scene: &Scene) -> impl Iterator<Item = &JobView> {
    scene.workloads.iter().filter_map(|w| if let Workload::Job(j) = w { Some(&**j) } else { None })
}

/// What has changed, as sentences, the most important last.
pub fn told(old: &Scene, new: &Scene) -> Vec<String> {
    let mut out = Vec::new();
    let (mut created, mut failed, mut succeeded) = (0, 0, 0);
    for pod in &new.pods {
        let was = old.pods.iter().find(|p| p.key == pod.key);
        match was {
            None => {
                created += 1;
                out.push(format!("Pod {} created.", pod.id));
            }
            Some(was) if was.word != pod.word => {
                let place = if &*pod.word == "Running" && !pod.node.is_empty() {
                    format!(" on {}", pod.node)
                } else {
                    String::new()
                };
                let code = pod.exit.map(|c| format!(", exit {c}")).unwrap_or_default();
                out.push(format!("Pod {} {}{code}{place}.", pod.id, pod.word));
            }
            Some(was) if was.restarts < pod.restarts => {
                out.push(format!("{} restart of Pod {}.", ordinal(pod.restarts), pod.id));
            }
            Some(_) => {}
        }
        if pod.over && was.is_none_or(|w| !w.over) {
            if pod.succeeded { succeeded += 1 } else { failed += 1 }
        }
    }
    if out.len() > 3 {
        out = vec![format!("{} created, {failed} failed, {succeeded} succeeded.", count(created, "Pod"))];
    }
    for job in jobs(new) {
        let was = jobs(old).find(|j| j.key == job.key);
        if was.is_some_and(|w| w.used < job.used) && !job.is_over() && job.tracks.limit > 0 {
            out.push(format!("{} of {} retries used.", job.used.min(job.tracks.limit), job.tracks.limit));
        }
        if let Some(wait) = job.signal.wait.as_ref().filter(|_| was.is_none_or(|w| w.signal.wait.is_none())) {
            out.push(format!("Back-off {}.", exact(wait.to - wait.from + 500)));
        }
    }
    out.extend(ends(old, new));
    out
}

/// Jobs that have ended.
pub fn ends(old: &Scene, new: &Scene) -> Vec<String> {
    let ended = |j: &&JobView| j.is_over() && jobs(old).find(|o| o.key == j.key).is_none_or(|o| !o.is_over());
    jobs(new)
        .filter(ended)
        .map(|j| match &*j.word {
            "Complete" => format!("Job {} Complete after {}.", j.name, j.duration),
            _ => format!("Job {} Failed: {}.", j.name, j.reason),
        })
        .collect()
}
