//! Manifests to start from, each with what it shows.

/// An example.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Example {
    /// Its id, which is also the name of its file.
    pub id: &'static str,
    /// What it teaches.
    pub group: &'static str,
    /// Its title.
    pub title: &'static str,
    /// One sentence.
    pub says: &'static str,
    /// What to watch for.
    pub watch: &'static str,
    /// The manifest.
    pub text: &'static str,
}

macro_rules! examples {
    ($($group:literal { $($id:literal $title:literal $says:literal $watch:literal;)* })*) => {
        /// All examples, in the order of the menu.
        pub const EXAMPLES: &[Example] = &[$($(Example {
            id: $id,
            group: $group,
            title: $title,
            says: $says,
            watch: $watch,
            text: include_str!(concat!("../../examples/", $id, ".yaml")),
        },)*)*];
    };
}

examples! {
    "The article" {
        "db-migration" "A Job that runs once" "A database migration runs to completion and is never run again." "ContainerCreating, Running, Completed, and then nothing: that is the point.";
    }
}

/// The example that opens first.
pub const FIRST: &str = "db-migration";

/// An example by its id.
pub fn find(id: &str) -> Option<&'static Example> {
    EXAMPLES.iter().find(|e| e.id == id)
}
