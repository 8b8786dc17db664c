//! Certificate signing requests.
//!
//! Models `ValidateCertificateSigningRequest` of `pkg/apis/certificates/validation/validation.go`.

use super::{Checks, items};
use crate::api::field::Path;
use crate::api::{Value, base64, content};

/// What a certificate may be used for.
const USAGES: [&str; 23] = [
    "any",
    "cert sign",
    "client auth",
    "code signing",
    "content commitment",
    "crl sign",
    "data encipherment",
    "decipher only",
    "digital signature",
    "email protection",
    "encipher only",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "key agreement",
    "key encipherment",
    "microsoft sgc",
    "netscape sgc",
    "ocsp signing",
    "s/mime",
    "server auth",
    "signing",
    "timestamping",
];
const FORM: &str = "must be a fully qualified domain and path of the form 'example.com/signer-name'";

impl Checks {
    pub(super) fn signing_request(&mut self, spec: &Value) {
        let path = Path::new("spec");
        let request = spec.str_at("request");
        let text = base64::decode(request).map(|b| String::from_utf8_lossy(&b).into_owned()).unwrap_or_default();
        if !text.contains("-----BEGIN CERTIFICATE REQUEST-----") {
            self.invalid(&path.child("request"), request, "PEM block type must be CERTIFICATE REQUEST");
        }
        if spec.at("usages").items().is_empty() {
            self.required(&path.child("usages"), "");
        }
        for (usage, p) in items(spec, "usages", &path) {
            let usage = usage.as_str().unwrap_or("");
            if !USAGES.contains(&usage) {
                self.not_supported(&p, usage, &USAGES);
            }
        }
        self.signer_name(spec.str_at("signerName"), &path.child("signerName"));
        if let Some(n) = spec.int_at("expirationSeconds").filter(|n| *n < 600) {
            let detail = "may not specify a duration less than 600 seconds (10 minutes)";
            self.invalid(&path.child("expirationSeconds"), n, detail);
        }
    }
    /// Models `ValidateSignerName`.
    fn signer_name(&mut self, name: &str, path: &Path) {
        if name.is_empty() {
            return self.required(path, "");
        }
        let parts: Vec<&str> = name.split('/').collect();
        let [domain, signer] = parts.as_slice() else { return self.invalid(path, name, FORM) };
        if domain.is_empty() || signer.is_empty() {
            return self.invalid(path, name, FORM);
        }
        self.messages(path, name, content::dns_subdomain(domain));
        if !domain.contains('.') {
            self.invalid(path, name, "should be a domain with at least two segments separated by dots");
        }
        self.messages(path, name, content::dns_subdomain(signer));
    }
}
