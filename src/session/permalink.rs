//! A run as a link: `#v1.<base64url(deflate(JSON {y, s, a, t}))>`, which holds the manifest, the seed, what the learner did
//! and the moment. Nothing is kept on a server. The prefix is for ever: a later format gets another one.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use batchyard_engine::api::Value;
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_with_limit};

use super::text::Ms;

/// What a link holds.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Shared {
    /// The manifest.
    pub text: String,
    /// The seed of the cluster.
    pub seed: u64,
    /// What was done after the apply: when, since then, and the kubectl line, with the manifest it read where that is another.
    pub acts: Vec<(Ms, String, Option<String>)>,
    /// Whether it was applied, and the moment that is shown.
    pub at: Option<Ms>,
    /// The selected Pod.
    pub selected: Option<String>,
    /// Whether the manifest can be edited.
    pub read_only: bool,
}

/// Why a link cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Broken {
    /// Its end is missing; so many characters are there.
    Cut(usize),
    /// Something in it was changed.
    Damaged,
    /// It was made by another version.
    Version(String),
}

impl Broken {
    /// The title and sentence of the strip.
    pub fn says(&self) -> (&'static str, String) {
        match self {
            Self::Cut(n) => ("This link is cut short.", format!("It ends after {n} characters, so the run cannot be rebuilt. Copy the complete link, or start with the example shown here.")),
            Self::Damaged => ("This link is damaged.", "Some of its characters were changed, so the run cannot be rebuilt. Copy it again, or start with the example shown here.".into()),
            Self::Version(v) => ("This link is of another version.", format!("It begins with `{v}`, which this page does not read. Reload the page to get the newest.")),
        }
    }
}

/// A link holds so many characters at most; beyond that, a file does.
pub const LIMIT: usize = 8_000;
/// A manifest that a link may hold.
const MAX_TEXT: usize = 1 << 20;
const PREFIX: &str = "v1.";

/// Whether a text, or the part of an address from `#` on, looks like a run that this page reads.
pub fn is_run(text: &str) -> bool {
    text.strip_prefix('#').unwrap_or(text).starts_with(PREFIX)
}

/// What a link packs.
pub fn json(shared: &Shared) -> String {
    let acts = shared.acts.iter().map(|(t, line, text)| {
        let mut act = vec![Value::from(*t), line.as_str().into()];
        act.extend(text.as_deref().map(Value::from));
        Value::array(act)
    });
    let mut v = Value::object([
        ("y", Value::from(shared.text.as_str())),
        ("s", Value::object([("seed", Value::from(shared.seed as i64))])),
    ]);
    if !shared.acts.is_empty() {
        v.set("a", Value::array(acts));
    }
    if let Some(t) = shared.at {
        v.set("t", t);
    }
    if let Some(p) = &shared.selected {
        v.set("p", p.as_str());
    }
    if shared.read_only {
        v.set("r", true);
    }
    v.to_json()
}

/// The part of a link after `#`.
pub fn encode(shared: &Shared) -> String {
    let packed = miniz_oxide::deflate::compress_to_vec(json(shared).as_bytes(), 9);
    [PREFIX, &BASE64_URL_SAFE_NO_PAD.encode(packed)].concat()
}

/// Reads the part of a link after `#`; none where it holds no run.
pub fn decode(hash: &str) -> Option<Result<Shared, Broken>> {
    let hash = hash.strip_prefix('#').unwrap_or(hash);
    let dot = hash.find('.')?;
    let version = &hash[..dot];
    if !version.starts_with('v') || version.len() < 2 || !version[1..].bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    if version != "v1" {
        return Some(Err(Broken::Version(version.to_owned())));
    }
    Some(unpack(&hash[dot + 1..], hash.len()))
}

fn unpack(data: &str, length: usize) -> Result<Shared, Broken> {
    // Mail programs break lines and add a full stop or a bracket.
    let clean: String = data.chars().filter(|c| !c.is_whitespace()).collect();
    let clean = clean.trim_end_matches(['.', ')', ',', '>', '"', '=']);
    let cut = Broken::Cut(length);
    let packed = match BASE64_URL_SAFE_NO_PAD.decode(clean) {
        Ok(p) => p,
        Err(base64::DecodeError::InvalidLength(_) | base64::DecodeError::InvalidLastSymbol(..)) => {
            // A cut within a group of four: what is whole tells whether the rest is missing or wrong.
            let whole = &clean[..clean.len() / 4 * 4];
            let part = BASE64_URL_SAFE_NO_PAD.decode(whole).map_err(|_| Broken::Damaged)?;
            return Err(if inflate(&part).is_err_and(|s| s == TINFLStatus::FailedCannotMakeProgress) {
                cut
            } else {
                Broken::Damaged
            });
        }
        Err(_) => return Err(Broken::Damaged),
    };
    let bytes =
        inflate(&packed).map_err(|s| if s == TINFLStatus::FailedCannotMakeProgress { cut } else { Broken::Damaged })?;
    let text = String::from_utf8(bytes).map_err(|_| Broken::Damaged)?;
    let v = Value::from_json(&text).map_err(|_| Broken::Damaged)?;
    let manifest = v.at("y").as_str().ok_or(Broken::Damaged)?;
    let acts = v.at("a").items().iter().map(|a| {
        let text = a.at("2").as_str().map(str::to_owned);
        Some((a.at("0").as_i64()?, a.at("1").as_str()?.to_owned(), text))
    });
    Ok(Shared {
        text: manifest.to_owned(),
        seed: v.int_at("s.seed").unwrap_or(1) as u64,
        acts: acts.collect::<Option<_>>().ok_or(Broken::Damaged)?,
        at: v.int_at("t"),
        selected: v.at("p").as_str().map(str::to_owned),
        read_only: v.bool_at("r"),
    })
}

fn inflate(packed: &[u8]) -> Result<Vec<u8>, TINFLStatus> {
    decompress_to_vec_with_limit(packed, MAX_TEXT * 2).map_err(|e| e.status)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(n: u64) -> Shared {
        let text =
            include_str!("../../examples/migration-fails-twice.yaml").replace("db-migration", &format!("job-{n}"));
        Shared {
            acts: (0..n % 4)
                .map(|i| (i as i64 * 1000, format!("delete pod a-{i}"), (i == 2).then(|| text.clone())))
                .collect(),
            at: (!n.is_multiple_of(3)).then_some(n as i64 * 500),
            selected: (n.is_multiple_of(2)).then(|| format!("job-{n}-abcde")),
            read_only: n.is_multiple_of(5),
            seed: n,
            text,
        }
    }

    #[test]
    fn what_is_encoded_decodes_to_itself() {
        for n in 0..40 {
            let link = encode(&sample(n));
            assert!(link.len() < 900, "{}", link.len());
            assert_eq!(decode(&format!("#{link}")), Some(Ok(sample(n))));
            assert_eq!(
                decode(&[&link[..40], "\n", &link[40..], "."].concat()),
                Some(Ok(sample(n))),
                "broken over two lines"
            );
        }
        assert_eq!(decode("#yard"), None);
        assert_eq!(decode(""), None);
    }

    #[test]
    fn every_cut_link_explains_itself() {
        let link = encode(&sample(6));
        for n in 8..link.len() - 1 {
            assert!(matches!(decode(&link[..n]), Some(Err(Broken::Cut(_) | Broken::Damaged))), "{n}");
        }
        assert_eq!(decode("#v2.abc"), Some(Err(Broken::Version("v2".into()))));
    }

    #[test]
    fn no_corrupted_link_is_more_than_an_error() {
        let link = encode(&sample(7)).into_bytes();
        let mut x = 88_172_645_463_325_252_u64;
        for _ in 0..100_000 {
            let mut bad = link.clone();
            for _ in 0..3 {
                x ^= x << 13;
                x ^= x >> 7;
                x ^= x << 17;
                let at = 3 + (x as usize >> 8) % (bad.len() - 3);
                bad[at] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."[x as usize % 65];
            }
            if let Some(Err(broken)) = decode(&String::from_utf8_lossy(&bad)) {
                assert!(!broken.says().1.is_empty());
            }
        }
    }
}
