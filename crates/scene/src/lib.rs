//! What the page shows at an instant, derived from a cluster: the scene of the yard, the rows of the timeline, and a still
//! picture of them.
//!
//! Plain values and pure functions over the engine's facade. The page's components draw them, and the command line tool's
//! `render` prints the same picture without a page.

pub mod history;
pub mod picture;
pub mod podstatus;
pub mod scene;
pub mod status;
pub mod text;
pub mod view;
