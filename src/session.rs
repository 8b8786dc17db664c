//! The state of the page as plain values: what the stage shows at an instant, and what each action of the learner does to it.
//! Nothing here knows a browser, so all of it is tested natively.

pub mod act;
pub mod behaviour;
pub mod desk;
pub mod embed;
pub mod examples;
pub mod laid;
pub mod live;
pub mod manifest;
pub mod pair;
pub mod permalink;
pub mod run;
pub mod says;
pub mod why;
pub mod yaml;

pub use batchyard_scene::{history, picture, podstatus, scene, status, text, view};
