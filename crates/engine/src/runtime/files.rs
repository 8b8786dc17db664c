//! The files of a Pod: its volumes, and each container's own file system.
//!
//! A path is first put into its space: the volume mounted over it, or the container instance. A space that ends loses
//! its files, a volume keeps them as long as the Pod lives.

use std::collections::BTreeMap;
use std::rc::Rc;

/// A volume mounted into a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where it is in the container, without a slash at the end.
    pub path: Rc<str>,
    /// The volume's space.
    pub space: Rc<str>,
    /// The folder of the volume that is mounted, empty or with a slash in front.
    pub sub_path: Rc<str>,
    /// Whether writing fails.
    pub read_only: bool,
}

/// What lies at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A folder.
    Dir,
    /// A file and what it holds.
    File(Rc<str>),
}

/// All files of a Pod, by space and path.
#[derive(Clone, Debug, Default)]
pub struct Files {
    nodes: Rc<BTreeMap<(Rc<str>, String), Node>>,
    /// How often a file was written or taken away.
    changes: u64,
    /// How much was written since the files were last counted, in bytes: at least what they hold.
    size: usize,
}

/// How many bytes a Pod's files may hold. A loop that fills the disk is not to fill the page's memory.
const ROOM: usize = 4 << 20;
/// How much of it each file takes besides its text.
const ENTRY: usize = 64;

impl Node {
    fn size(&self) -> usize {
        ENTRY + if let Self::File(text) = self { text.len() } else { 0 }
    }
}

/// Folders that every image has.
const FOLDERS: [&str; 30] = [
    "",
    "/bin",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/media",
    "/mnt",
    "/opt",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/srv",
    "/sys",
    "/tmp",
    "/usr",
    "/usr/bin",
    "/usr/lib",
    "/usr/local",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/share",
    "/usr/src",
    "/var",
    "/var/cache",
    "/var/lib",
    "/var/log",
    "/var/run",
    "/var/tmp",
];

/// A path without `.`, `..`, doubled and trailing slashes, made absolute. The root is the empty text.
pub fn normalize(cwd: &str, path: &str) -> String {
    let full = if path.starts_with('/') { path.to_owned() } else { format!("{cwd}/{path}") };
    let mut parts: Vec<&str> = vec![];
    for p in full.split('/') {
        match p {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            p => parts.push(p),
        }
    }
    parts.iter().fold(String::new(), |out, p| out + "/" + p)
}

/// A container's view of the files: its own space and its mounts.
#[derive(Clone, Debug)]
pub struct View {
    /// The container instance's own space.
    pub own: Rc<str>,
    /// Volumes.
    pub mounts: Rc<Vec<Mount>>,
}

/// Whether a path lies below a folder.
fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

impl View {
    fn place(&self, path: &str) -> (Rc<str>, String, bool) {
        let under = |m: &&Mount| path == m.path.as_ref() || is_below(path, &m.path);
        match self.mounts.iter().filter(under).max_by_key(|m| m.path.len()) {
            Some(m) => (m.space.clone(), [&m.sub_path, &path[m.path.len()..]].concat(), m.read_only),
            None => (self.own.clone(), path.to_owned(), false),
        }
    }
}

impl Files {
    /// A number that grows with every change.
    pub fn changes(&self) -> u64 {
        self.changes
    }
    /// What lies at a normalized path.
    pub fn get(&self, view: &View, path: &str) -> Option<Node> {
        let (space, inner, _) = view.place(path);
        if let Some(node) = self.nodes.get(&(space.clone(), inner.clone())) {
            return Some(node.clone());
        }
        let is_root = inner.is_empty();
        let is_folder = is_root || FOLDERS.contains(&path) || self.is_above(view, path);
        is_folder.then_some(Node::Dir)
    }
    /// Whether something lies below a path.
    fn is_above(&self, view: &View, path: &str) -> bool {
        let (space, inner, _) = view.place(path);
        let first = || (space.clone(), [&*inner, "/"].concat());
        view.mounts.iter().any(|m| is_below(&m.path, path))
            || self.nodes.range(first()..).next().is_some_and(|((s, p), _)| *s == space && is_below(p, &inner))
    }
    /// Whether a path is a folder.
    pub fn is_dir(&self, view: &View, path: &str) -> bool {
        self.get(view, path) == Some(Node::Dir)
    }
    /// The text of a file.
    pub fn read(&self, view: &View, path: &str) -> Option<Rc<str>> {
        match self.get(view, path)? {
            Node::File(text) => Some(text),
            Node::Dir => None,
        }
    }
    /// Writes a file, or adds to its end. The error is the system's word for it.
    pub fn write(&mut self, view: &View, path: &str, text: &str, append: bool) -> Result<(), &'static str> {
        let (space, inner, read_only) = view.place(path);
        if read_only {
            return Err("Read-only file system");
        }
        if self.is_dir(view, path) {
            return Err("Is a directory");
        }
        let parent = path.rfind('/').map_or("", |i| &path[..i]);
        if !self.is_dir(view, parent) {
            return Err("No such file or directory");
        }
        let size = text.len() + ENTRY;
        if self.size + size > ROOM {
            self.size = self.nodes.values().map(Node::size).sum();
        }
        if self.size + size > ROOM {
            return Err("No space left on device");
        }
        self.size += size;
        self.changes += 1;
        let nodes = Rc::make_mut(&mut self.nodes);
        let node = nodes.entry((space, inner)).or_insert_with(|| Node::File(Rc::from("")));
        if let Node::File(old) = node {
            *old = if append && !old.is_empty() { Rc::from(format!("{old}{text}")) } else { Rc::from(text) };
        }
        Ok(())
    }
    /// Makes a folder.
    pub fn make_dir(&mut self, view: &View, path: &str) -> Result<(), &'static str> {
        let (space, inner, read_only) = view.place(path);
        if read_only {
            return Err("Read-only file system");
        }
        if self.get(view, path).is_some() {
            return Err("File exists");
        }
        let parent = path.rfind('/').map_or("", |i| &path[..i]);
        if !self.is_dir(view, parent) {
            return Err("No such file or directory");
        }
        Rc::make_mut(&mut self.nodes).insert((space, inner), Node::Dir);
        Ok(())
    }
    /// Takes a file, or a folder and all below it, away.
    pub fn remove(&mut self, view: &View, path: &str) -> Result<(), &'static str> {
        let (space, inner, read_only) = view.place(path);
        if self.get(view, path).is_none() {
            return Err("No such file or directory");
        }
        if read_only {
            return Err("Read-only file system");
        }
        let below = format!("{inner}/");
        self.changes += 1;
        Rc::make_mut(&mut self.nodes).retain(|(s, p), _| *s != space || (*p != inner && !p.starts_with(&below)));
        Ok(())
    }
    /// The names in a folder, sorted.
    pub fn list(&self, view: &View, path: &str) -> Vec<String> {
        let (space, inner, _) = view.place(path);
        let below = format!("{inner}/");
        let mut names: Vec<String> = self
            .nodes
            .range((space.clone(), below.clone())..)
            .take_while(|((s, p), _)| *s == space && p.starts_with(&below))
            .map(|((_, p), _)| p[below.len()..].split('/').next().unwrap_or("").to_owned())
            .collect();
        let prefix = format!("{path}/");
        let fixed = FOLDERS.iter().copied().filter(|_| space == view.own);
        for p in fixed.chain(view.mounts.iter().map(|m| m.path.as_ref())) {
            if let Some(rest) = p.strip_prefix(&prefix) {
                names.push(rest.split('/').next().unwrap_or("").to_owned());
            }
        }
        names.sort();
        names.dedup();
        names
    }
    /// Puts a file straight into a space, as the kubelet fills volumes.
    pub fn put(&mut self, space: &Rc<str>, path: String, text: Rc<str>) {
        self.changes += 1;
        Rc::make_mut(&mut self.nodes).insert((space.clone(), path), Node::File(text));
    }
    /// The text of a file of a space.
    pub fn read_in(&self, space: &str, path: &str) -> Option<Rc<str>> {
        match self.nodes.get(&(Rc::from(space), path.to_owned()))? {
            Node::File(text) => Some(text.clone()),
            Node::Dir => None,
        }
    }
    /// Takes all files of a space away.
    pub fn clear(&mut self, space: &str) {
        Rc::make_mut(&mut self.nodes).retain(|(s, _), _| s.as_ref() != space);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(own: &str) -> View {
        let mount = |p: &str, s: &str, ro| Mount {
            path: Rc::from(p),
            space: Rc::from(s),
            sub_path: Rc::from(""),
            read_only: ro,
        };
        View { own: Rc::from(own), mounts: Rc::new(vec![mount("/data", "vol", false), mount("/etc/conf", "cm", true)]) }
    }

    #[test]
    fn volumes_are_shared_and_own_files_are_not() {
        let (a, b) = (view("a"), view("b"));
        let mut f = Files::default();
        f.write(&a, "/data/x", "1", false).unwrap();
        f.write(&a, "/tmp/x", "1", false).unwrap();
        f.write(&a, "/data/x", "2", true).unwrap();
        assert_eq!(f.read(&b, "/data/x").as_deref(), Some("12"));
        assert_eq!(f.read(&b, "/tmp/x"), None);
        assert_eq!(f.write(&a, "/etc/conf/y", "", false), Err("Read-only file system"));
        assert_eq!(f.write(&a, "/nowhere/y", "", false), Err("No such file or directory"));
        assert!(f.list(&a, "").contains(&"data".to_owned()));
        assert_eq!(f.list(&a, "/data"), ["x"]);
        f.remove(&a, "/data/x").unwrap();
        assert_eq!(f.get(&b, "/data/x"), None);
    }

    #[test]
    fn the_disk_is_full_until_something_is_taken_away() {
        let a = view("a");
        let mut f = Files::default();
        let half = "x".repeat(ROOM / 2 - 2 * ENTRY);
        f.write(&a, "/tmp/1", &half, false).unwrap();
        f.write(&a, "/tmp/1", &half, false).unwrap();
        f.write(&a, "/tmp/2", &half, false).unwrap();
        assert_eq!(f.write(&a, "/tmp/2", &half, true), Err("No space left on device"));
        f.remove(&a, "/tmp/1").unwrap();
        f.write(&a, "/tmp/2", &half, true).unwrap();
        assert_eq!(f.read(&a, "/tmp/2").unwrap().len(), 2 * half.len());
    }

    #[test]
    fn paths() {
        for (cwd, p, want) in [("", "/", ""), ("/a", "b/../c", "/a/c"), ("/a", "/x//y/", "/x/y"), ("", "./z", "/z")] {
            assert_eq!(normalize(cwd, p), want);
        }
    }
}
