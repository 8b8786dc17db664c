//! What Pods ask of nodes: quantities as whole numbers and the sum over a Pod's containers.
//!
//! Models apimachinery `pkg/api/resource` as far as values go, and component-helpers `resource/helpers.go`.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::Value;

/// A quantity in thousandths: `100m` is 100, `1Ki` is `1_024_000`. `None` where it cannot be read.
pub fn quantity_milli(quantity: &Value) -> Option<i128> {
    let owned;
    let text = match quantity {
        Value::Str(s) => s.as_ref(),
        Value::Int(n) => return Some(i128::from(*n) * 1000),
        Value::Float(f) => {
            owned = f.to_string();
            owned.as_str()
        }
        _ => return None,
    };
    let digits = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '+' | '-')).unwrap_or(text.len());
    let (number, suffix) = text.split_at(digits);
    let (numerator, denominator): (i128, i128) = match suffix {
        "n" => (1, 1_000_000),
        "u" => (1, 1_000),
        "m" => (1, 1),
        "" => (1_000, 1),
        "k" => (1_000_000, 1),
        "M" => (1_000_000_000, 1),
        "G" => (1_000_000_000_000, 1),
        "T" => (1_000_000_000_000_000, 1),
        "P" => (1_000_000_000_000_000_000, 1),
        "E" => (1_000_000_000_000_000_000_000, 1),
        "Ki" => (1_000 << 10, 1),
        "Mi" => (1_000 << 20, 1),
        "Gi" => (1_000 << 30, 1),
        "Ti" => (1_000 << 40, 1),
        "Pi" => (1_000 << 50, 1),
        "Ei" => (1_000 << 60, 1),
        _ => {
            let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
            let power = 10i128.checked_pow(exponent.unsigned_abs())?;
            if exponent < 0 { (1_000, power) } else { (1_000 * power, 1) }
        }
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let scale = 10i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let parsed: i128 = format!("{whole}{fraction}").parse().ok()?;
    let (n, d) = (parsed.checked_mul(numerator)?, scale * denominator);
    Some(n.div_euclid(d) + i128::from(n.rem_euclid(d) != 0))
}

/// Amounts by resource name: CPU in thousandths, all else in whole units (bytes, pieces), rounded up.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Amounts {
    /// CPU in thousandths.
    pub cpu: i64,
    /// Memory in bytes.
    pub memory: i64,
    /// Ephemeral storage in bytes.
    pub ephemeral: i64,
    /// Everything else: `pods`, huge pages, extended resources.
    pub other: BTreeMap<Rc<str>, i64>,
}

impl Amounts {
    /// Reads a `ResourceList`.
    pub fn read(list: &Value) -> Self {
        let mut out = Self::default();
        for (name, quantity) in list.fields() {
            let Some(milli) = quantity_milli(quantity) else { continue };
            let unit = i64::try_from(milli.div_euclid(1000) + i128::from(milli.rem_euclid(1000) != 0));
            let unit = unit.unwrap_or(i64::MAX);
            match name.as_ref() {
                "cpu" => out.cpu = i64::try_from(milli).unwrap_or(i64::MAX),
                "memory" => out.memory = unit,
                "ephemeral-storage" => out.ephemeral = unit,
                _ => {
                    out.other.insert(name.clone(), unit);
                }
            }
        }
        out
    }
    fn merge(&mut self, by: &Self, how: impl Fn(i64, i64) -> i64) {
        self.cpu = how(self.cpu, by.cpu);
        self.memory = how(self.memory, by.memory);
        self.ephemeral = how(self.ephemeral, by.ephemeral);
        for (k, v) in &by.other {
            let mine = self.other.entry(k.clone()).or_insert(0);
            *mine = how(*mine, *v);
        }
    }
    /// Adds.
    pub fn add(&mut self, by: &Self) {
        self.merge(by, i64::saturating_add);
    }
    /// Takes away.
    pub fn subtract(&mut self, by: &Self) {
        self.merge(by, i64::saturating_sub);
    }
    /// Takes the greater of each.
    pub fn max(&mut self, by: &Self) {
        self.merge(by, i64::max);
    }
    /// Whether nothing is asked for.
    pub fn is_zero(&self) -> bool {
        self.cpu == 0 && self.memory == 0 && self.ephemeral == 0 && self.other.values().all(|v| *v == 0)
    }
}

/// What a Pod asks for: its containers together, or the greatest need while its init containers run, plus overhead.
/// Models `resource.PodRequests`.
pub fn pod_requests(spec: &Value) -> Amounts {
    let requests = |c: &Value| {
        let list = c.at("resources.requests");
        if list.is_null() { None } else { Some(Amounts::read(list)) }
    };
    let mut total = Amounts::default();
    for c in spec.at("containers").items() {
        if let Some(r) = requests(c) {
            total.add(&r);
        }
    }
    let (mut sidecars, mut init) = (Amounts::default(), Amounts::default());
    for c in spec.at("initContainers").items() {
        let mut need = requests(c).unwrap_or_default();
        if c.str_at("restartPolicy") == "Always" {
            total.add(&need);
            sidecars.add(&need);
            need = sidecars.clone();
        } else {
            need.add(&sidecars);
        }
        init.max(&need);
    }
    total.max(&init);
    let pod_level = spec.at("resources.requests");
    if !pod_level.is_null() {
        let level = Amounts::read(pod_level);
        for (name, _) in pod_level.fields() {
            match name.as_ref() {
                "cpu" => total.cpu = level.cpu,
                "memory" => total.memory = level.memory,
                other => {
                    total.other.insert(Rc::from(other), level.other.get(other).copied().unwrap_or(0));
                }
            }
        }
    }
    if !spec.at("overhead").is_null() {
        total.add(&Amounts::read(spec.at("overhead")));
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities() {
        for (text, milli) in [
            ("100m", 100),
            ("1", 1_000),
            ("0.5", 500),
            ("1.5Gi", 1_610_612_736_000),
            ("1e3", 1_000_000),
            ("1k", 1_000_000),
            ("100u", 1),
            ("12E", 12_000_000_000_000_000_000_000),
        ] {
            assert_eq!(quantity_milli(&Value::from(text)), Some(milli), "{text}");
        }
        assert_eq!(quantity_milli(&Value::from("abc")), None);
        assert_eq!(quantity_milli(&Value::from(2)), Some(2_000));
    }

    #[test]
    fn init_containers_count_where_they_need_more() {
        let spec = Value::from_json(
            r#"{"initContainers":[{"restartPolicy":"Always","resources":{"requests":{"cpu":"100m"}}},
                {"resources":{"requests":{"cpu":"2"}}}],
                "containers":[{"resources":{"requests":{"cpu":"500m","memory":"1Mi"}}},{}]}"#,
        )
        .unwrap();
        let r = pod_requests(&spec);
        assert_eq!((r.cpu, r.memory), (2_100, 1 << 20));
    }
}
