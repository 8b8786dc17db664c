//! What the Tab key offers: commands, kinds, names, flags, namespaces and files.
//!
//! Models `pkg/util/completion`, with the flags that learners use.

use super::cmd::{COMMANDS, NAMES};
use super::filters::FILTERS;
use super::{Home, shell};
use crate::api::{KINDS, Kind};
use crate::apiserver::Store;

/// What could stand at the cursor.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Completion {
    /// Where the word under the cursor begins, in bytes.
    pub from: usize,
    /// What it could become, sorted. A choice that ends in `=` or `/` goes on; after any other a space belongs.
    pub choices: Vec<String>,
}

/// Commands with commands of their own.
const SUBCOMMANDS: [(&str, &str); 6] = [
    ("create", "configmap cronjob deployment job namespace priorityclass quota secret serviceaccount"),
    ("rollout", "history pause restart resume status undo"),
    ("set", "env image resources selector serviceaccount"),
    ("config", "current-context get-contexts set-context use-context view"),
    ("auth", "can-i whoami"),
    ("top", "node pod"),
];

/// The flags that are offered, by command.
const FLAGS: [(&str, &str); 25] = [
    (
        "get",
        "--all-namespaces --field-selector= --no-headers --output= --selector= --show-labels --sort-by= --watch --watch-only",
    ),
    ("describe", "--all-namespaces --selector= --show-events="),
    (
        "logs",
        "--all-containers --container= --follow --max-log-requests= --prefix --previous --selector= --since= --tail= --timestamps",
    ),
    ("apply", "--dry-run= --filename= --force-conflicts --output= --server-side --validate="),
    ("create", "--dry-run= --filename= --output= --save-config"),
    ("create job", "--dry-run= --from= --image= --output="),
    ("create cronjob", "--dry-run= --image= --output= --restart= --schedule="),
    ("create deployment", "--dry-run= --image= --output= --port= --replicas="),
    ("create configmap", "--dry-run= --from-env-file= --from-file= --from-literal= --output="),
    ("create quota", "--dry-run= --hard= --output= --scopes="),
    ("run", "--command --dry-run= --env= --image= --labels= --output= --restart= --rm --stdin --tty"),
    (
        "delete",
        "--all --cascade= --dry-run= --filename= --force --grace-period= --ignore-not-found --now --selector= --timeout= --wait=",
    ),
    ("replace", "--filename= --force --grace-period="),
    ("patch", "--dry-run= --output= --patch= --patch-file= --subresource= --type="),
    ("scale", "--current-replicas= --replicas= --timeout="),
    ("label", "--all --list --overwrite --selector="),
    ("annotate", "--all --list --overwrite --selector="),
    ("wait", "--all --for= --selector= --timeout="),
    ("rollout", "--revision= --timeout= --to-revision= --watch="),
    ("drain", "--delete-emptydir-data --disable-eviction --force --grace-period= --ignore-daemonsets --timeout="),
    ("exec", "--container= --stdin --tty"),
    ("events", "--all-namespaces --for= --types= --watch"),
    ("explain", "--api-version= --recursive"),
    ("taint", "--all --overwrite --selector="),
    ("set", "--containers= --env= --limits= --list --requests= --selector="),
];

/// What stands after a flag.
const VALUES: [(&str, &str); 10] = [
    ("--output", "custom-columns= json jsonpath= name wide yaml"),
    ("-o", "custom-columns= json jsonpath= name wide yaml"),
    ("--dry-run", "client none server"),
    ("--cascade", "background foreground orphan"),
    ("--for", "condition= create delete jsonpath="),
    ("--type", "json merge strategic"),
    ("--restart", "Always Never OnFailure"),
    ("--sort-by", ".lastTimestamp .metadata.creationTimestamp .metadata.name .status.startTime"),
    ("--field-selector", "metadata.name= spec.nodeName= status.phase="),
    ("--show-events", "false true"),
];

/// Commands whose arguments are a kind and names.
const OF_KINDS: [&str; 14] = [
    "get",
    "describe",
    "delete",
    "edit",
    "label",
    "annotate",
    "patch",
    "scale",
    "wait",
    "rollout",
    "set",
    "explain",
    "expose",
    "autoscale",
];

/// Completes a line at a place in it.
pub fn complete(line: &str, cursor: usize, home: &Home, store: &Store, files: &[String]) -> Completion {
    let mut cursor = cursor.min(line.len());
    while !line.is_char_boundary(cursor) {
        cursor -= 1;
    }
    let before = &line[..cursor];
    // Only the last command of the line counts.
    let begin = before.rfind(['|', ';', '&', '(']).map_or(0, |i| i + 1);
    let word_at = before.rfind([' ', '\t', '|', ';', '&', '(', '\n']).map_or(0, |i| i + 1);
    let word = &before[word_at..];
    let mut words: Vec<String> = before[begin..word_at.max(begin)].split_whitespace().map(str::to_owned).collect();
    if let Some(text) = words.first().and_then(|w| home.aliases.get(w)) {
        words.splice(0..1, text.split_whitespace().map(str::to_owned));
    }
    let redirect = words.last().is_some_and(|w| shell::is_redirect(w));
    let mut from = word_at;
    let mut choices: Vec<String> = if redirect {
        files.to_vec()
    } else if words.is_empty() {
        let names = NAMES.iter().chain(&FILTERS).map(|n| (*n).to_owned());
        names.chain(home.aliases.keys().cloned()).collect()
    } else if words[0] == "kubectl" || words[0] == "watch" && words.get(1).is_some_and(|w| w == "kubectl") {
        let skip = 1 + usize::from(words[0] == "watch");
        kubectl(&words[skip..], word, &mut from, home, store, files)
    } else {
        files.to_vec()
    };
    let typed = &before[from..];
    choices.retain(|c| c.starts_with(typed));
    choices.sort();
    choices.dedup();
    Completion { from, choices }
}

fn table(of: &[(&str, &str)], name: &str) -> Vec<String> {
    let found = of.iter().find(|(n, _)| *n == name).map_or("", |(_, text)| *text);
    found.split(' ').filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

fn kubectl(
    words: &[String],
    word: &str,
    from: &mut usize,
    home: &Home,
    store: &Store,
    files: &[String],
) -> Vec<String> {
    let mut namespace = home.namespace().to_string();
    let mut everywhere = false;
    let mut plain: Vec<&str> = Vec::new();
    let mut flag = None;
    let mut given = words.iter();
    while let Some(w) = given.next() {
        flag = None;
        if !w.starts_with('-') {
            plain.push(w);
            continue;
        }
        let (name, value) = w.split_once('=').map_or((w.as_str(), None), |(n, v)| (n, Some(v.to_owned())));
        everywhere |= name == "-A" || name == "--all-namespaces";
        let valued = matches!(name, "-n" | "-o" | "-f" | "-l" | "-c" | "--namespace" | "--filename" | "--container")
            || VALUES.iter().any(|(n, _)| *n == name && *n != "--cascade" && *n != "--dry-run");
        if value.is_none() && valued {
            flag = Some(name);
            if let Some(value) = given.next() {
                flag = None;
                if matches!(name, "-n" | "--namespace") {
                    namespace.clone_from(value);
                }
            }
        } else if let Some(value) = value.filter(|_| name == "--namespace" || name == "-n") {
            namespace = value;
        }
    }
    if flag.is_none()
        && word.starts_with("--")
        && let Some((name, _)) = word.split_once('=')
    {
        *from += name.len() + 1;
        flag = Some(name);
    }
    let names = |kind: Kind| -> Vec<String> {
        let all = store.list(kind);
        let inside = |o: &&std::rc::Rc<crate::api::Object>| {
            everywhere || !kind.info().namespaced || &**o.namespace() == namespace.as_str()
        };
        all.filter(inside).map(|o| o.name().to_string()).collect()
    };
    let containers = || -> Vec<String> {
        let name = plain.get(1).map_or("", |p| p.trim_start_matches("pod/"));
        let pod = store.find(Kind::Pod, &namespace, name);
        let of = |path: &'static str| -> Vec<String> {
            let list = pod.map(|p| p.at(path).items()).unwrap_or_default();
            list.iter().map(|c| c.str_at("name").to_owned()).collect()
        };
        of("spec.initContainers").into_iter().chain(of("spec.containers")).collect()
    };
    let command = plain.first().copied().unwrap_or("");
    match flag {
        Some("-n" | "--namespace") => return names(Kind::Namespace),
        Some("-f" | "--filename") => return files.to_vec(),
        Some("-c" | "--container") => return containers(),
        Some("--from") => return names(Kind::CronJob).iter().map(|n| format!("cronjob/{n}")).collect(),
        Some(name) => return table(&VALUES, name),
        None => {}
    }
    if word.starts_with('-') {
        let two = plain.get(1).map(|second| format!("{command} {second}")).unwrap_or_default();
        let mut found = table(&FLAGS, &two);
        if found.is_empty() {
            found = table(&FLAGS, command);
        }
        found.extend(["--help".to_owned(), "--namespace=".to_owned()]);
        return found;
    }
    if command.is_empty() {
        return COMMANDS.iter().map(|c| (*c).to_owned()).collect();
    }
    let subcommands = table(&SUBCOMMANDS, command);
    let mut place = plain.len();
    if !subcommands.is_empty() && command != "top" {
        if place == 1 {
            return subcommands;
        }
        place -= 1;
    }
    let kinds = || -> Vec<String> { KINDS.iter().map(|k| k.plural.to_owned()).collect() };
    let rest = &plain[plain.len() + 1 - place..];
    match command {
        "logs" | "exec" | "attach" if rest.is_empty() => {
            let mut all = names(Kind::Pod);
            if command == "logs" && word.contains('/') {
                return slashed(word, &names);
            }
            if command == "logs" {
                all.extend(["cronjob/", "daemonset/", "deployment/", "job/", "statefulset/"].map(str::to_owned));
            }
            all
        }
        "cordon" | "uncordon" | "drain" => names(Kind::Node),
        "taint" if rest.is_empty() => vec!["nodes".to_owned()],
        "help" => COMMANDS.iter().map(|c| (*c).to_owned()).collect(),
        "create" | "config" | "auth" => Vec::new(),
        "taint" => names(Kind::Node),
        "top" if rest.is_empty() => subcommands,
        _ if !OF_KINDS.contains(&command) => Vec::new(),
        _ if word.contains('/') => slashed(word, &names),
        _ => match rest.first() {
            None if command == "explain" || command == "rollout" || command == "set" => {
                let workloads = ["cronjob", "daemonset", "deployment", "job", "statefulset"];
                if command == "explain" { kinds() } else { workloads.map(|w| format!("{w}/")).to_vec() }
            }
            None => kinds(),
            Some(first) => Kind::from_resource(first).map(names).unwrap_or_default(),
        },
    }
}

/// Names behind `kind/`.
fn slashed(word: &str, names: &dyn Fn(Kind) -> Vec<String>) -> Vec<String> {
    let Some((resource, _)) = word.split_once('/') else { return Vec::new() };
    let all = Kind::from_resource(resource).map(names).unwrap_or_default();
    all.iter().map(|n| format!("{resource}/{n}")).collect()
}
