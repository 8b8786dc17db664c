//! The controllers of kube-controller-manager: each brings the cluster closer to what some kind of object asks for.
//!
//! Models `pkg/controller`. A controller hears of changes, keeps small indexes of what it must look at, and syncs one
//! object at a time out of its work queue.

pub mod claim;
pub mod conditions;
pub mod cronjob;
pub mod deployment;
pub mod job;
pub mod pod_control;
pub mod replicaset;
pub mod revision;
#[cfg(test)]
mod testbed;
