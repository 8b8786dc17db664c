//! What a container runs: its command, or what its image runs by itself.

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
const HELLO: &str = "echo; echo Hello from Docker!";

/// Starts a container's first process, or says why it cannot start. `serves`: what is not known is taken for a server,
/// as the Pod is to run for ever or the container names ports.
pub fn launch(
    command: &[String],
    args: &[String],
    image: &str,
    serves: bool,
    env: &[(String, String)],
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
    match Machine::new(&words, env, true) {
        Ok(machine) => Ok(Process::Shell(Box::new(machine))),
        // An image of someone's own may well hold the program.
        Err(_) if !known && serves => Ok(Process::Server { ends: None }),
        Err(_) if !known => Ok(Process::Program { ends: io.now + DEFAULT_TIME }),
        Err(text) => Err(text),
    }
}
