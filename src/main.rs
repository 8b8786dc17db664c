//! batchyard's page: an editor, a yard, a timeline and a terminal over a simulated cluster.

mod app;
mod components;
mod pages;
mod platform;
mod session;

fn main() {
    app::start();
}
