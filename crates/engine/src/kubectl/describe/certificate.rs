//! Certificate signing requests, and of what they hold whom the certificate is to name.
//!
//! Models `describeCertificateSigningRequest`; the little of DER that a request's subject needs is read here.

use super::{Doc, labels, stamp};
use crate::api::{Object, base64};
use crate::clock::{SECOND, human_duration};
use crate::kubectl::printers::signing_status;

/// One value of DER: its tag and content, and what follows it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let n = usize::from(first & 0x7f);
        let digits = rest.get(..n).filter(|d| d.len() <= 4)?;
        (digits.iter().fold(0, |sum, d| sum << 8 | usize::from(*d)), &rest[n..])
    };
    Some((tag, rest.get(..length)?, &rest[length..]))
}

/// The attributes of the subject of a request: the last number of their type, and their text.
fn subject(request: &str) -> Option<Vec<(u8, String)>> {
    let text = String::from_utf8(base64::decode(request).ok()?).ok()?;
    let inner = text.split("-----BEGIN CERTIFICATE REQUEST-----").nth(1)?.split("-----END").next()?;
    let packed: String = inner.split_whitespace().collect();
    let der = base64::decode(&packed).ok()?;
    let (_, request, _) = element(&der)?;
    let (_, info, _) = element(request)?;
    let (_, _, after_version) = element(info)?;
    let (_, mut names, _) = element(after_version)?;
    let mut out = Vec::new();
    while let Some((_, set, rest)) = element(names) {
        names = rest;
        let (_, pair, _) = element(set)?;
        let (_, oid, value) = element(pair)?;
        let (_, value, _) = element(value)?;
        // 2.5.4.x are the attributes of names.
        if let [0x55, 0x04, which] = oid {
            out.push((*which, String::from_utf8_lossy(value).into_owned()));
        }
    }
    Some(out)
}

pub fn signing_request(o: &Object, w: &mut Doc) {
    let spec = o.at("spec");
    w.field(0, "Name", o.name());
    labels("Labels", o.labels(), w);
    let annotations = crate::kubectl::printers::format_labels(o.at("metadata.annotations"));
    w.field(0, "Annotations", &annotations);
    w.field(0, "CreationTimestamp", &stamp(o.at("metadata.creationTimestamp")));
    w.field(0, "Requesting User", spec.str_at("username"));
    if !spec.str_at("signerName").is_empty() {
        w.field(0, "Signer", spec.str_at("signerName"));
    }
    if let Some(seconds) = spec.int_at("expirationSeconds") {
        w.field(0, "Requested Duration", &human_duration(seconds * SECOND));
    }
    w.field(0, "Status", &signing_status(o));
    let attributes = subject(spec.str_at("request")).unwrap_or_default();
    let all = |which: u8| -> Vec<&str> {
        attributes.iter().filter(|(w, _)| *w == which).map(|(_, text)| text.as_str()).collect()
    };
    w.line(0, "Subject:");
    w.line(0, &format!("\tCommon Name:\t{}", all(3).first().unwrap_or(&"")));
    w.line(0, &format!("\tSerial Number:\t{}", all(5).first().unwrap_or(&"")));
    for (title, which) in [
        ("Organization", 10),
        ("Organizational Unit", 11),
        ("Country", 6),
        ("Locality", 7),
        ("Province", 8),
        ("StreetAddress", 9),
        ("PostalCode", 17),
    ] {
        let values = all(which);
        if !values.is_empty() {
            w.line(0, &format!("\t{title}:\t{}", values.join("\n\t\t")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subject_of_a_request() {
        // Version, then a name of CN=jo and O=dev.
        let name = [0x30, 0x1b]
            .iter()
            .chain(&[0x31, 0x0b, 0x30, 0x09, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x02, b'j', b'o'])
            .chain(&[0x31, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55, 0x04, 0x0a, 0x0c, 0x03, b'd', b'e', b'v'])
            .copied()
            .collect::<Vec<u8>>();
        let mut info = vec![0x02, 0x01, 0x00];
        info.extend(&name);
        let mut der = vec![0x30, info.len() as u8 + 2, 0x30, info.len() as u8];
        der.extend(&info);
        let pem = format!(
            "-----BEGIN CERTIFICATE REQUEST-----\n{}\n-----END CERTIFICATE REQUEST-----\n",
            base64::encode(&der)
        );
        let want = vec![(3, "jo".to_owned()), (10, "dev".to_owned())];
        assert_eq!(subject(&base64::encode(pem.as_bytes())), Some(want));
        assert_eq!(subject("!"), None);
    }
}
