//! NetworkPolicies, which nothing here enforces but which are checked all the same.
//!
//! Models `pkg/apis/networking/validation/validation.go`.

use std::net::IpAddr;

use super::{Checks, items};
use crate::api::field::Path;
use crate::api::{Value, content};

/// The address and the length of the prefix of a block; none where it is no block.
fn block(text: &str) -> Option<(IpAddr, u32)> {
    let (ip, length) = text.split_once('/')?;
    let (ip, length): (IpAddr, u32) = (ip.parse().ok()?, length.parse().ok()?);
    (length <= if ip.is_ipv4() { 32 } else { 128 }).then_some((ip, length))
}

/// The first bits of an address.
fn prefix(ip: IpAddr, length: u32) -> u128 {
    let (bits, size) = match ip {
        IpAddr::V4(ip) => (u128::from(u32::from(ip)), 32),
        IpAddr::V6(ip) => (u128::from(ip), 128),
    };
    bits.checked_shr(size - length).unwrap_or(0)
}

impl Checks {
    pub(super) fn network_policy(&mut self, spec: &Value) {
        let path = Path::new("spec");
        self.label_selector(spec.at("podSelector"), &path.child("podSelector"));
        for (rules, peers) in [("ingress", "from"), ("egress", "to")] {
            for (rule, p) in items(spec, rules, &path) {
                for (port, p) in items(rule, "ports", &p) {
                    self.policy_port(port, &p);
                }
                for (peer, p) in items(rule, peers, &p) {
                    self.policy_peer(peer, &p);
                }
            }
        }
        let known = ["Ingress", "Egress"];
        let types = spec.at("policyTypes").items();
        if types.len() > known.len() {
            let shown = spec.at("policyTypes").clone();
            return self.invalid(&path.child("policyTypes"), shown, "may not specify more than two policyTypes");
        }
        for (kind, p) in items(spec, "policyTypes", &path) {
            let kind = kind.as_str().unwrap_or("");
            if !known.contains(&kind) {
                self.not_supported(&p, kind, &known);
            }
        }
    }

    fn policy_port(&mut self, port: &Value, path: &Path) {
        let known = ["TCP", "UDP", "SCTP"];
        if let Some(protocol) = port.at("protocol").as_str().filter(|p| !known.contains(p)) {
            self.not_supported(&path.child("protocol"), protocol, &known);
        }
        let (number, end, end_path) = (port.at("port"), port.int_at("endPort"), path.child("endPort"));
        match (number.as_i64(), number.as_str()) {
            (Some(n), _) => {
                self.number_messages(&path.child("port"), n, content::port_number(n));
                if let Some(end) = end {
                    if end < n {
                        self.invalid(&end_path, end, "must be greater than or equal to `port`");
                    }
                    self.number_messages(&end_path, end, content::port_number(end));
                }
            }
            (None, Some(name)) => {
                if let Some(end) = end {
                    self.invalid(&end_path, end, "may not be specified when `port` is non-numeric");
                }
                self.messages(&path.child("port"), name, content::port_name(name));
            }
            (None, None) => {
                if let Some(end) = end {
                    self.invalid(&end_path, end, "may not be specified when `port` is not specified");
                }
            }
        }
    }

    fn policy_peer(&mut self, peer: &Value, path: &Path) {
        let mut count = 0;
        for field in ["podSelector", "namespaceSelector"].into_iter().filter(|f| !peer.at(f).is_null()) {
            count += 1;
            self.label_selector(peer.at(field), &path.child(field));
        }
        let within = peer.at("ipBlock");
        if !within.is_null() {
            count += 1;
            self.address_block(within, &path.child("ipBlock"));
        }
        if count == 0 {
            self.required(path, "must specify a peer");
        } else if count > 1 && !within.is_null() {
            self.forbidden(path, "may not specify both ipBlock and another peer");
        }
    }

    fn address_block(&mut self, within: &Value, path: &Path) {
        let text = within.str_at("cidr");
        if text.is_empty() {
            return self.required(&path.child("cidr"), "");
        }
        let Some((ip, length)) = self.address_range(text, &path.child("cidr")) else { return };
        for (except, p) in items(within, "except", path) {
            let except = except.as_str().unwrap_or("");
            let Some((inner, longer)) = self.address_range(except, &p) else { continue };
            let inside = ip.is_ipv4() == inner.is_ipv4() && prefix(inner, length) == prefix(ip, length);
            if !inside || length >= longer {
                self.invalid(&p, except, "must be a strict subset of `cidr`");
            }
        }
    }

    /// A block of addresses.
    pub(super) fn address_range(&mut self, text: &str, path: &Path) -> Option<(IpAddr, u32)> {
        let found = block(text);
        if found.is_none() {
            self.invalid(path, text, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)");
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::{block, prefix};

    #[test]
    fn blocks() {
        for (outer, inner, want) in [
            ("10.0.0.0/8", "10.1.0.0/16", true),
            ("10.0.0.0/8", "11.1.0.0/16", false),
            ("0.0.0.0/0", "8.8.8.8/32", true),
            ("2001:db8::/32", "2001:db8:1::/48", true),
        ] {
            let ((a, n), (b, _)) = (block(outer).unwrap(), block(inner).unwrap());
            assert_eq!(prefix(a, n) == prefix(b, n), want, "{outer} {inner}");
        }
        for wrong in ["1.2.3.4", "1.2.3.4/33", "1.2.3/8", "a/8", ""] {
            assert_eq!(block(wrong), None, "{wrong}");
        }
    }
}
