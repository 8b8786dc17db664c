//! The simulator: a Kubernetes 1.37 control plane, scheduler, kubelets and kubectl over virtual time.
//!
//! [`cluster::Cluster`] is the way in: commands (manifests, kubectl lines) go in, [`cluster::Cluster::advance`] runs the
//! control loops up to a virtual time, and snapshots and the [`journal::Journal`] come out. Nothing here knows the web,
//! a wall clock or threads: the same seed and commands give the same history, byte for byte, anywhere.
//!
//! A module imports only from those above it in this list.

pub mod clock;
pub mod queue;
pub mod rng;
pub mod sorted;

pub mod cron;

pub mod api;
pub use batchyard_tree::json;

pub mod manifest;

pub mod apiserver;

pub mod component;
pub mod events;
pub mod workqueue;

pub mod controllers;

pub mod scheduler;

pub mod kubelet;
pub mod runtime;

pub mod kubectl;

pub mod journal;

pub mod cluster;
