//! The simulator: a Kubernetes 1.37 control plane, scheduler, kubelets and kubectl over virtual time.
pub mod api;
pub mod clock;
pub mod queue;
pub mod rng;
