//! The file `/etc/hosts` of a container.
//!
//! Models `managedHostsFileContent` and `hostsEntriesFromHostAliases` of `pkg/kubelet/kubelet_pods.go`.

use std::rc::Rc;

use super::pod::Pod;

/// Where it is.
const PATH: &str = "/etc/hosts";

/// Writes it for a container, where it is not there yet: only for those in which anybody could read it.
pub fn write(pod: &mut Pod, container: &Rc<str>) {
    if pod.files.read_in(container, PATH).is_none() {
        let text = file(pod);
        pod.files.put(container, PATH.to_owned(), text);
    }
}

/// What is in it.
fn file(pod: &Pod) -> Rc<str> {
    let spec = pod.spec();
    let mut text = if spec.bool_at("hostNetwork") {
        format!("# Kubernetes-managed hosts file (host network).\n127.0.0.1\tlocalhost\n127.0.1.1\t{}\n", pod.node)
    } else {
        let name = match spec.str_at("hostname") {
            "" => pod.api.name().as_ref(),
            own => own,
        };
        let ip = pod.sandbox.as_ref().map_or("", |s| &s.ip);
        format!(
            "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n\
             fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n{ip}\t{name}\n"
        )
    };
    let aliases = spec.at("hostAliases").items();
    if !aliases.is_empty() {
        text += "\n# Entries added by HostAliases.\n";
    }
    for alias in aliases {
        let names: Vec<&str> = alias.at("hostnames").items().iter().filter_map(|n| n.as_str()).collect();
        text += &format!("{}\t{}\n", alias.str_at("ip"), names.join("\t"));
    }
    text.into()
}
