//! Programs of which only their look is known: servers, interpreters, and well-known commands that print what one expects.

use super::python;
use super::tools::{Poll, Tool};
use super::{Machine, Proc};
use crate::clock::{Millis, SECOND, Time};
use crate::runtime::process::Io;

/// How long a program runs about which nothing is known.
const DEFAULT_TIME: Millis = 3 * SECOND;

/// Lines at times, then an exit code.
#[derive(Clone, Debug, Default)]
pub struct Play {
    /// When each line is printed, and on which descriptor.
    lines: Vec<(Time, usize, String)>,
    at: usize,
    ends: Time,
    pub(super) code: i64,
    /// Whether it ends because it takes more memory than there is.
    pub(super) out_of_memory: bool,
}

impl Play {
    /// Prints what is due.
    pub fn poll(&mut self, p: &Proc, m: &mut Machine, io: &mut Io<'_>) -> Poll {
        while let Some((at, fd, text)) = self.lines.get(self.at).filter(|l| l.0 <= io.now) {
            let _ = at;
            let fd = p.fds[*fd].clone();
            m.write(&fd, &format!("{text}\n"), io);
            self.at += 1;
        }
        if self.at < self.lines.len() || self.ends > io.now {
            return Poll::Wait;
        }
        m.out_of_memory |= self.out_of_memory;
        Poll::Done(self.code)
    }
    /// When the next line is due, or the end.
    pub fn wake_at(&self) -> Time {
        self.lines.get(self.at).map_or(self.ends, |l| l.0)
    }
}

const SERVERS: &[&str] = &[
    "nginx",
    "httpd",
    "httpd-foreground",
    "apache2ctl",
    "redis-server",
    "postgres",
    "mysqld",
    "mongod",
    "gunicorn",
    "uvicorn",
    "caddy",
    "traefik",
    "haproxy",
    "memcached",
    "http-server",
    "rabbitmq-server",
    "etcd",
    "minio",
    "flask",
];
const PROGRAMS: &[&str] = &[
    "python",
    "python3",
    "perl",
    "ruby",
    "php",
    "node",
    "npm",
    "npx",
    "yarn",
    "java",
    "go",
    "cargo",
    "dotnet",
    "pip",
    "pip3",
    "curl",
    "psql",
    "pg_dump",
    "pg_isready",
    "mysql",
    "mysqldump",
    "mongosh",
    "mongodump",
    "redis-cli",
    "sqlite3",
    "aws",
    "gcloud",
    "gsutil",
    "az",
    "kubectl",
    "helm",
    "terraform",
    "ansible-playbook",
    "git",
    "make",
    "ffmpeg",
    "convert",
    "jq",
    "openssl",
    "ssh",
    "scp",
    "rsync",
    "rclone",
    "restic",
    "flyway",
    "liquibase",
    "alembic",
    "rake",
    "rails",
    "bundle",
    "celery",
    "pytest",
    "spark-submit",
    "wrk",
    "ab",
    "hey",
    "k6",
    "stress",
    "stress-ng",
    "apt-get",
    "apt",
    "apk",
    "yum",
    "dnf",
    "django-admin",
];

/// Whether a program is known here.
pub fn knows(name: &str) -> bool {
    SERVERS.contains(&name) || PROGRAMS.contains(&name)
}

/// Starts a program.
pub fn start(p: &mut Proc, _m: &mut Machine, io: &mut Io<'_>, name: &str, args: &[&str]) -> Tool {
    let serves = SERVERS.contains(&name)
        || args.windows(2).any(|w| w == ["-m", "http.server"])
        || args.iter().any(|a| matches!(*a, "runserver" | "http-server" | "serve"));
    if serves && !args.iter().any(|a| matches!(*a, "-v" | "-V" | "--version")) {
        return Tool::Server(None);
    }
    let mut play = Play { ends: io.now, ..Play::default() };
    match (name, args) {
        (_, ["--version" | "-V" | "-v" | "version", ..]) => {
            let version = match name {
                "python" | "python3" => "Python 3.13.1",
                "node" => "v22.12.0",
                _ => "1.0",
            };
            play.say(0, version);
        }
        ("perl", _) => perl(&mut play, args),
        ("python" | "python3", ["-c", code, ..]) => {
            let env = p.script.as_ref().map(|s| s.environment()).unwrap_or_default();
            let var = |name: &str| env.iter().find(|(k, _)| k == name).map(|(_, v)| v.to_string());
            python::run(&mut play, code, &var);
        }
        ("python" | "python3", [file, "migrate", ..]) if file.ends_with("manage.py") => migrate(&mut play),
        ("python" | "python3", [file, "collectstatic", ..]) if file.ends_with("manage.py") => {
            play.say(2 * SECOND, "132 static files copied to '/app/static'.");
        }
        ("pg_isready", _) => play.say(50, "localhost:5432 - accepting connections"),
        ("curl", _) => play.wait(200),
        ("stress" | "stress-ng", _) => {
            let seconds = args.iter().position(|a| matches!(*a, "--timeout" | "-t")).and_then(|i| args.get(i + 1));
            let time = seconds.and_then(|s| super::tools::duration(s));
            match time {
                Some(t) => play.wait(t),
                None => return Tool::Forever,
            }
        }
        _ => play.wait(DEFAULT_TIME),
    }
    Tool::Play(Box::new(play))
}

impl Play {
    /// All that it prints.
    #[cfg(test)]
    pub(super) fn texts(&self) -> Vec<String> {
        self.lines.iter().map(|(_, _, text)| text.clone()).collect()
    }
    /// Lets time pass.
    pub(super) fn wait(&mut self, time: Millis) {
        self.ends = self.ends + time;
    }
    /// Goes on for ever, without a word.
    pub(super) fn never_ends(&mut self) {
        self.ends = Time(Millis::MAX / 4);
    }
    /// Prints a line after so long.
    pub(super) fn say(&mut self, after: Millis, text: &str) {
        self.wait(after);
        self.lines.push((self.ends, 1, text.to_owned()));
    }
    /// Prints a line on standard error.
    pub(super) fn complain(&mut self, text: &str) {
        self.lines.push((self.ends, 2, text.to_owned()));
    }
}

/// The documentation's example, `bpi(2000)`, and simple one-liners.
fn perl(play: &mut Play, args: &[&str]) {
    let code = args.iter().rev().find(|a| !a.starts_with('-')).copied().unwrap_or("");
    let digits = code.split_once("bpi(").and_then(|(_, r)| r.split_once(')')).and_then(|(n, _)| n.trim().parse().ok());
    match digits {
        Some(n) => {
            let n: usize = n;
            play.say(DEFAULT_TIME + n as Millis, &pi(n.clamp(1, 5_000)));
        }
        None => {
            let quoted = code.split_once("print").and_then(|(_, r)| r.split('"').nth(1));
            match quoted {
                Some(text) => play.say(20, text.trim_end_matches("\\n")),
                None => play.wait(DEFAULT_TIME),
            }
        }
    }
}

/// Pi to so many significant digits, rounded down but for the last, as `bpi` prints it. A spigot in base 10^4 (Rabinowitz
/// and Wagon 1995).
#[allow(clippy::many_single_char_names, reason = "the names of the published algorithm")]
fn pi(digits: usize) -> String {
    let extra = 8;
    let n = (digits + extra) / 4 + 1;
    let len = n * 14 + 14;
    let mut a = vec![2_000_u64; len + 1];
    let (mut out, mut carry) = (String::new(), 0_u64);
    let mut c = len;
    while c > 0 && out.len() < digits + extra {
        let mut d = 0_u64;
        let mut b = c;
        loop {
            d += a[b] * 10_000;
            let g = 2 * b as u64 - 1;
            a[b] = d % g;
            d /= g;
            b -= 1;
            if b == 0 {
                break;
            }
            d *= b as u64;
        }
        out += &format!("{:04}", carry + d / 10_000);
        carry = d % 10_000;
        c -= 14;
    }
    // Rounds the last digit.
    let mut kept: Vec<u8> = out.bytes().take(digits + 1).map(|b| b - b'0').collect();
    if let Some(last) = kept.pop()
        && last >= 5
    {
        for d in kept.iter_mut().rev() {
            if *d == 9 {
                *d = 0;
            } else {
                *d += 1;
                break;
            }
        }
    }
    let text: String = kept.iter().map(|d| char::from(d + b'0')).collect();
    if digits > 1 { format!("{}.{}", &text[..1], &text[1..]) } else { text }
}

/// What Django prints, in substance.
fn migrate(play: &mut Play) {
    play.say(SECOND, "Operations to perform:");
    play.say(0, "  Apply all migrations: accounts, auth, orders, sessions");
    play.say(0, "Running migrations:");
    for name in [
        "auth.0001_initial",
        "accounts.0001_initial",
        "orders.0001_initial",
        "orders.0002_add_total",
        "sessions.0001_initial",
    ] {
        play.say(600, &format!("  Applying {name}... OK"));
    }
}

#[cfg(test)]
mod tests {
    use super::pi;

    #[test]
    fn digits_of_pi() {
        assert_eq!(pi(20), "3.1415926535897932385");
        assert_eq!(pi(50), "3.1415926535897932384626433832795028841971693993751");
        let long = pi(2000);
        assert_eq!(long.len(), 2001);
        assert!(long.ends_with("80275901"), "{}", &long[1980..]);
    }
}
