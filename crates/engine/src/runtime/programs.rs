//! What a container runs: its command, or what its image runs by itself.

use super::EnvVar;
use super::images::repository_name;
use super::process::{Io, Process};
use super::shell::Machine;
use crate::clock::{Millis, SECOND};

/// How long a program runs about which nothing is known.
const DEFAULT_TIME: Millis = 5 * SECOND;

/// Images whose own command serves until it is told to stop.
const SERVERS: &[&str] = &[
    "nginx",
    "httpd",
    "redis",
    "postgres",
    "mysql",
    "mariadb",
    "mongo",
    "memcached",
    "rabbitmq",
    "caddy",
    "traefik",
    "haproxy",
    "registry",
    "grafana",
    "prometheus",
    "elasticsearch",
    "kafka",
    "zookeeper",
    "tomcat",
    "jetty",
    "wordpress",
    "pause",
    "etcd",
    "minio",
    "nats",
    "vault",
    "consul",
    "nginx-unprivileged",
    "valkey",
    "echo-server",
    "http-echo",
    "hello-app",
    "agnhost",
];
/// Images whose own command ends at once: a shell without input, or an interpreter.
const SHELLS: &[&str] = &[
    "busybox",
    "alpine",
    "debian",
    "ubuntu",
    "bash",
    "fedora",
    "centos",
    "rockylinux",
    "almalinux",
    "amazonlinux",
    "python",
    "perl",
    "node",
    "ruby",
    "php",
    "golang",
    "rust",
    "openjdk",
    "eclipse-temurin",
    "curl",
    "toolbox",
];
/// What `stress` takes where it is not told how much.
const STRESS_BYTES: i64 = 256 << 20;
const HELLO: &str = "echo; echo Hello from Docker!";

/// Starts a container's first process, or says why it cannot start. `serves`: what is not known is taken for a server,
/// as the Pod is to run for ever or the container names ports.
pub fn launch(
    command: &[String],
    args: &[String],
    image: &str,
    serves: bool,
    env: &[EnvVar],
    io: &mut Io<'_>,
) -> Result<Process, String> {
    let repository = repository_name(image);
    let known = SERVERS.contains(&repository.as_str()) || SHELLS.contains(&repository.as_str());
    let words: Vec<String> = command.iter().chain(args).cloned().collect();
    if command.is_empty() {
        if repository == "hello-world" {
            return Machine::new(&["sh".into(), "-c".into(), HELLO.into()], env, true)
                .map(|m| Process::Shell(Box::new(m)));
        }
        if SERVERS.contains(&repository.as_str()) || (serves && !known) {
            return Ok(Process::Server { ends: None });
        }
        if args.is_empty() {
            let time = if SHELLS.contains(&repository.as_str()) { 0 } else { DEFAULT_TIME };
            return Ok(Process::Program { ends: io.now + time });
        }
    }
    if serves && interprets(&words) {
        return Ok(Process::Server { ends: None });
    }
    match Machine::new(&words, env, true) {
        Ok(machine) => Ok(Process::Shell(Box::new(machine))),
        // An image of someone's own may well hold the program.
        Err(_) if !known && serves => Ok(Process::Server { ends: None }),
        Err(_) if !known => Ok(Process::Program { ends: io.now + DEFAULT_TIME }),
        Err(text) => Err(text),
    }
}

/// What an image answers over HTTP that is made to fail after a while, in the notation of the annotation for it.
pub fn answers(image: &str, argument: &str) -> Option<&'static str> {
    (repository_name(image) == "agnhost" && argument == "liveness").then_some("200 for 10s; 500")
}

/// Whether an interpreter is to run a program of the image's own, which may well be a server.
fn interprets(words: &[String]) -> bool {
    const INTERPRETERS: [&str; 9] = ["python", "python3", "node", "java", "ruby", "php", "dotnet", "npm", "yarn"];
    let [program, first, ..] = words else { return false };
    let name = program.rsplit('/').next().unwrap_or("");
    let own = match name {
        "npm" | "yarn" => first == "start",
        "java" => first == "-jar",
        _ => !first.starts_with('-') && !first.ends_with("manage.py"),
    };
    own && INTERPRETERS.contains(&name)
}

/// How many bytes of memory the program `stress` is told to fill; none for any other.
pub fn appetite(command: &[String], args: &[String], image: &str) -> Option<i64> {
    let words: Vec<&str> = command.iter().chain(args).map(String::as_str).collect();
    let by_image = command.is_empty() && repository_name(image) == "stress";
    let named = words.first().is_some_and(|w| w.rsplit('/').next() == Some("stress"));
    if !(named || by_image) {
        return None;
    }
    let value = |flags: [&str; 2]| {
        words.iter().enumerate().find_map(|(i, w)| match w.split_once('=') {
            Some((flag, value)) if flags.contains(&flag) => Some(value),
            None if flags.contains(w) => words.get(i + 1).copied(),
            _ => None,
        })
    };
    let workers: i64 = value(["--vm", "-m"])?.parse().ok()?;
    let bytes = value(["--vm-bytes", "--vm-bytes"]).map_or(Some(STRESS_BYTES), |text| {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let shift = match text[digits.len()..].to_ascii_uppercase().as_str() {
            "" | "B" => 0,
            "K" => 10,
            "M" => 20,
            "G" => 30,
            _ => return None,
        };
        digits.parse::<i64>().ok().map(|n| n.saturating_mul(1 << shift))
    })?;
    Some(workers.saturating_mul(bytes))
}

#[cfg(test)]
mod tests {
    use super::{appetite, interprets};

    #[test]
    fn programs_of_the_images_own() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        for (text, want) in [
            ("python app.py", true),
            ("/usr/bin/python3 /srv/main.py --port 80", true),
            ("java -jar app.jar", true),
            ("npm start", true),
            ("python -c x", false),
            ("python manage.py migrate", false),
            ("node --version", false),
            ("sh run.sh", false),
            ("node", false),
        ] {
            assert_eq!(interprets(&words(text)), want, "{text}");
        }
    }

    #[test]
    fn what_stress_fills() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        for (command, args, image, want) in [
            ("stress", "--vm 1 --vm-bytes 250M --vm-hang 1", "polinux/stress", Some(250 << 20)),
            ("", "--vm 2 --vm-bytes=1G", "polinux/stress:1", Some(2 << 30)),
            ("/usr/bin/stress -m 1", "", "mine", Some(256 << 20)),
            ("stress", "--cpu 2", "polinux/stress", None),
            ("sleep", "--vm 1", "busybox", None),
        ] {
            assert_eq!(appetite(&words(command), &words(args), image), want, "{command} {args}");
        }
    }
}
