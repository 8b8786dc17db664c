//! The texts that the page loads when kubectl first wants them.

use std::rc::Rc;

use batchyard_engine::cluster::{Cluster, Command, Outcome};

/// Gives a cluster the texts a command asked for, until it has what it needs.
pub fn answer(cluster: &mut Cluster, command: usize, mut outcome: Outcome) -> Outcome {
    for _ in 0..4 {
        let Some(name) = outcome.output.wants.clone() else { break };
        let text = lookup(&name).unwrap_or("");
        cluster.handle(Command::Provide { name, text: Rc::from(text) });
        outcome = cluster.outcome(command).unwrap_or(outcome);
    }
    outcome
}

fn lookup(name: &str) -> Option<&'static str> {
    match name {
        "help" => Some(include_str!("../../../assets/kubectl/help.txt")),
        "explain" => Some(include_str!("../../../assets/kubectl/explain.txt")),
        _ => None,
    }
}
