//! The forms of names, labels, ports and the like, with the messages for what does not have them.
//!
//! Models apimachinery `pkg/api/validate/content` and `pkg/util/validation`. Each function returns the messages, none when
//! the value is right. The patterns are small enough to be checked by hand; their text appears in the messages.

const DNS_LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const DNS_SUBDOMAIN: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const LABEL_KEY: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

/// `msg (e.g. 'a',  or 'b', regex used for validation is 're')`, Kubernetes' doubled blank included.
pub fn regex_error(message: &str, pattern: &str, examples: &[&str]) -> String {
    if examples.is_empty() {
        return format!("{message} (regex used for validation is '{pattern}')");
    }
    let examples: Vec<String> = examples.iter().map(|e| format!("'{e}', ")).collect();
    format!("{message} (e.g. {}regex used for validation is '{pattern}')", examples.join(" or "))
}

/// `must be no more than 63 bytes`
pub fn max_bytes(n: usize) -> String {
    format!("must be no more than {n} bytes")
}

/// `must be no more than 15 characters`
pub fn max_characters(n: usize) -> String {
    format!("must be no more than {n} characters")
}

/// `must be between 1 and 65535, inclusive`
pub fn inclusive_range(lo: i64, hi: i64) -> String {
    format!("must be between {lo} and {hi}, inclusive")
}

fn lower_alnum(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit()
}

/// Whether `s` begins and ends with `edge` and holds only `inner` in between.
fn framed(s: &str, edge: fn(u8) -> bool, inner: fn(u8) -> bool) -> bool {
    let b = s.as_bytes();
    match (b.first(), b.last()) {
        (Some(&first), Some(&last)) => edge(first) && edge(last) && b.iter().all(|&c| inner(c)),
        _ => false,
    }
}

fn matches_dns_label(s: &str) -> bool {
    framed(s, lower_alnum, |b| lower_alnum(b) || b == b'-')
}

fn matches_dns_subdomain(s: &str) -> bool {
    s.split('.').all(matches_dns_label)
}

/// A DNS label: `my-name`.
pub fn dns_label(s: &str) -> Vec<String> {
    dns_label_limited(s, max_characters(63))
}

/// A DNS label, its length limit worded in bytes as the newer checks do.
pub fn dns_label_bytes(s: &str) -> Vec<String> {
    dns_label_limited(s, max_bytes(63))
}

fn dns_label_limited(s: &str, too_long: String) -> Vec<String> {
    let mut out = Vec::new();
    if s.len() > 63 {
        out.push(too_long);
    }
    if !matches_dns_label(s) {
        if matches_dns_subdomain(s) {
            out.push("must not contain dots".to_owned());
        } else {
            out.push(regex_error("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character", DNS_LABEL, &["my-name", "123-abc"]));
        }
    }
    out
}

/// A DNS subdomain: `example.com`.
pub fn dns_subdomain(s: &str) -> Vec<String> {
    dns_subdomain_limited(s, max_characters(253))
}

/// A DNS subdomain, its length limit worded in bytes as the newer checks do.
pub fn dns_subdomain_bytes(s: &str) -> Vec<String> {
    dns_subdomain_limited(s, max_bytes(253))
}

/// A DNS subdomain whose first label is `*`.
pub fn wildcard_dns_subdomain(s: &str) -> Vec<String> {
    let mut out = Vec::new();
    if s.len() > 253 {
        out.push(max_characters(253));
    }
    if !s.strip_prefix("*.").is_some_and(matches_dns_subdomain) {
        let text = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
        out.push(regex_error(text, &format!(r"\*\.{DNS_SUBDOMAIN}"), &["*.example.com"]));
    }
    out
}

fn dns_subdomain_limited(s: &str, too_long: String) -> Vec<String> {
    let mut out = Vec::new();
    if s.len() > 253 {
        out.push(too_long);
    }
    if !matches_dns_subdomain(s) {
        out.push(regex_error("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character", DNS_SUBDOMAIN, &["example.com"]));
    }
    out
}

/// A DNS subdomain whose labels may hold underscores, as search domains may.
pub fn dns_subdomain_with_underscore(s: &str) -> Vec<String> {
    let label = |l: &str| {
        let l = l.strip_prefix('_').unwrap_or(l);
        framed(l, lower_alnum, |b| lower_alnum(b) || matches!(b, b'-' | b'_'))
    };
    let mut out = Vec::new();
    if s.len() > 253 {
        out.push(max_characters(253));
    }
    if !s.split('.').all(label) {
        out.push(regex_error(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
            "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*",
            &["example.com"],
        ));
    }
    out
}

/// A name of a Service: a label that begins with a letter.
pub fn dns_1035_label(s: &str) -> Vec<String> {
    let mut out = Vec::new();
    if s.len() > 63 {
        out.push(max_characters(63));
    }
    if !(matches_dns_label(s) && s.as_bytes()[0].is_ascii_lowercase()) {
        out.push(regex_error("a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character", "[a-z]([-a-z0-9]*[a-z0-9])?", &["my-name", "abc-123"]));
    }
    out
}

fn alnum(b: u8) -> bool {
    b.is_ascii_alphanumeric()
}

fn matches_label_name(s: &str) -> bool {
    framed(s, alnum, |b| alnum(b) || matches!(b, b'-' | b'_' | b'.'))
}

/// A label key: `app`, `example.com/app`.
pub fn label_key(s: &str) -> Vec<String> {
    const MESSAGE: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
    const EXAMPLES: &[&str] = &["MyName", "my.name", "123-abc"];
    let mut out = Vec::new();
    let parts: Vec<&str> = s.split('/').collect();
    let name = match parts[..] {
        [name] => name,
        [prefix, name] => {
            if prefix.is_empty() {
                out.push("prefix part must be non-empty".to_owned());
            } else {
                out.extend(dns_subdomain_bytes(prefix).into_iter().map(|m| format!("prefix part {m}")));
            }
            name
        }
        _ => {
            out.push(format!(
                "a valid label key {} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
                regex_error(MESSAGE, LABEL_KEY, EXAMPLES)
            ));
            return out;
        }
    };
    if name.is_empty() {
        out.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        out.push(format!("name part {}", max_bytes(63)));
    }
    if !matches_label_name(name) {
        out.push(format!("name part {}", regex_error(MESSAGE, LABEL_KEY, EXAMPLES)));
    }
    out
}

/// A label value: empty or like a label name.
pub fn label_value(s: &str) -> Vec<String> {
    let mut out = Vec::new();
    if s.len() > 63 {
        out.push(max_bytes(63));
    }
    if !s.is_empty() && !matches_label_name(s) {
        out.push(regex_error("a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character", "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?", &["MyValue", "my_value", "12345"]));
    }
    out
}

/// A name that becomes part of a URL.
pub fn path_segment(s: &str) -> Vec<String> {
    if s == "." || s == ".." {
        return vec![format!("may not be '{s}'")];
    }
    ["/", "%"].iter().filter(|c| s.contains(**c)).map(|c| format!("may not contain '{c}'")).collect()
}

/// A port number.
pub fn port_number(n: i64) -> Vec<String> {
    if (1..=65535).contains(&n) { Vec::new() } else { vec![inclusive_range(1, 65535)] }
}

/// A port name: `http`.
pub fn port_name(s: &str) -> Vec<String> {
    let mut out = Vec::new();
    if s.len() > 15 {
        out.push(max_characters(15));
    }
    if s.is_empty() || !s.bytes().all(|b| lower_alnum(b) || b == b'-') {
        out.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".to_owned());
    }
    if !s.bytes().any(|b| b.is_ascii_lowercase()) {
        out.push("must contain at least one letter (a-z)".to_owned());
    }
    if s.contains("--") {
        out.push("must not contain consecutive hyphens".to_owned());
    }
    if s.starts_with('-') || s.ends_with('-') {
        out.push("must not begin or end with a hyphen".to_owned());
    }
    out
}

/// A percentage: `25%`.
pub fn percent(s: &str) -> Vec<String> {
    let number = s.strip_suffix('%').unwrap_or("");
    if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) {
        return Vec::new();
    }
    vec![regex_error(
        "a valid percent string must be a numeric string followed by an ending '%'",
        "[0-9]+%",
        &["1%", "93%"],
    )]
}

/// An HTTP header name.
pub fn http_header_name(s: &str) -> Vec<String> {
    if !s.is_empty() && s.bytes().all(|b| alnum(b) || b == b'-') {
        return Vec::new();
    }
    vec![regex_error(
        "a valid HTTP header must consist of alphanumeric characters or '-'",
        "[-A-Za-z0-9]+",
        &["X-Header-Name"],
    )]
}

/// A name of an environment variable, as leniently as the API server takes it today.
pub fn env_name(s: &str) -> Vec<String> {
    if s.is_empty() {
        return vec!["environment variable name must be non-empty".to_owned()];
    }
    if s.bytes().all(|b| (0x20..0x7f).contains(&b) && b != b'=') {
        return Vec::new();
    }
    vec!["a valid environment variable name must consist only of printable ASCII characters other than '='".to_owned()]
}

/// An environment variable's name as files of variables may hold it.
pub fn strict_env_name(s: &str) -> Vec<String> {
    let letter = |b: u8| b.is_ascii_alphabetic() || matches!(b, b'-' | b'_' | b'.');
    let mut bytes = s.bytes();
    if bytes.next().is_some_and(letter) && bytes.all(|b| letter(b) || b.is_ascii_digit()) {
        return Vec::new();
    }
    vec![regex_error(
        "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not \
         start with a digit",
        "[-._a-zA-Z][-._a-zA-Z0-9]*",
        &["my.env-name", "MY_ENV.NAME", "MyEnvName1"],
    )]
}

/// A key of a ConfigMap or Secret.
pub fn config_key(s: &str) -> Vec<String> {
    let mut out = Vec::new();
    if s.len() > 253 {
        out.push(max_characters(253));
    }
    if s.is_empty() || !s.bytes().all(|b| alnum(b) || matches!(b, b'-' | b'_' | b'.')) {
        out.push(regex_error(
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
            "[-._a-zA-Z0-9]+",
            &["key.name", "KEY_NAME", "key-name"],
        ));
    }
    match s {
        "." | ".." => out.push(format!("must not be '{s}'")),
        _ if s.starts_with("..") => out.push("must not start with '..'".to_owned()),
        _ => {}
    }
    out
}

/// The characters of a path after the domain in `acme.io/foo`.
pub fn http_path(s: &str) -> Vec<String> {
    if !s.is_empty() && s.bytes().all(|b| alnum(b) || b"/-._~%!$&'()*+,;=:".contains(&b)) {
        return Vec::new();
    }
    vec![regex_error("Invalid path", r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+", &[])]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_forms_have_no_message() {
        assert!(dns_label("my-name").is_empty());
        assert!(dns_subdomain("a.b-c.d0").is_empty());
        assert!(label_key("example.com/My_Name.x").is_empty());
        assert!(label_value("").is_empty() && label_value("v1.2_a").is_empty());
        assert!(port_name("http-1").is_empty());
        assert!(config_key("..x").len() == 1);
        assert!(env_name("A-1").is_empty());
    }

    #[test]
    fn messages() {
        assert_eq!(dns_label("a.b"), ["must not contain dots"]);
        assert_eq!(
            dns_label("A_b"),
            [
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
            ]
        );
        assert_eq!(label_value(&"a".repeat(64)), ["must be no more than 63 bytes"]);
        assert_eq!(label_key("/x"), ["prefix part must be non-empty"]);
        assert_eq!(label_key("").len(), 2);
    }
}
