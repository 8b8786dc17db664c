//! Starts batchyard's page. Everything is in the library beside it.

fn main() {
    batchyard::start();
}
