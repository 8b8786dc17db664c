//! The controllers of kube-controller-manager: each brings the cluster closer to what some kind of object asks for.
//!
//! Models `pkg/controller`. A controller hears of changes, keeps small indexes of what it must look at, and syncs one
//! object at a time out of its work queue.

#[cfg(test)]
mod testbed;

pub mod claim;
pub mod conditions;
pub mod cronjob;
pub mod daemonset;
pub mod deployment;
pub mod disruption;
pub mod endpoints;
pub mod garbage_collector;
pub mod history;
pub mod horizontal;
pub mod job;
mod min_ready;
pub mod namespace;
pub mod node;
pub mod persistentvolume;
pub mod pod_control;
pub mod podgc;
pub mod replicaset;
pub mod resource_quota;
pub mod revision;
pub mod service_account;
pub mod statefulset;
pub mod tainteviction;
pub mod ttl_after_finished;
