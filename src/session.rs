//! The state of the page as plain values: what the stage shows at an instant, and what each action of the learner does to it.
//! Nothing here knows a browser, so all of it is tested natively.

pub mod act;
pub mod behaviour;
pub mod desk;
pub mod examples;
pub mod history;
pub mod laid;
pub mod live;
pub mod manifest;
pub mod permalink;
pub mod picture;
pub mod podstatus;
pub mod run;
pub mod scene;
pub mod status;
pub mod text;
pub mod view;
pub mod why;
pub mod yaml;
