//! A typed value as Go prints it for hashing: the types of all fields, no addresses, maps sorted.
//!
//! Models `dump.ForHash` of `k8s.io/utils/dump`, which is `%#v` of go-spew, for what a controller's informer has decoded from
//! protobuf: there, lists and maps without entries are nil, and a quantity is parsed from its canonical text. The fields, their
//! order and their types are those of the table in [`schema`](super::schema).

use std::fmt::{Result, Write};

use super::Value;
use super::quantity::{Format, Quantity, scaled};
use super::schema::{self, Ty, Type};

/// Prints a value of a type of the table, `core.PodTemplateSpec`. One that was `encoded` since, as for a request, has the text of
/// every quantity beside its number, but for those in maps: encoding goes over copies of these.
pub fn for_hash(name: &str, value: &Value, encoded: bool, out: &mut dyn Write) -> Result {
    let Some(ty) = schema::find(name) else { return Ok(()) };
    write!(out, "({})", ty.go_name())?;
    write_struct(out, ty, value, encoded)
}

/// A field's value with its type, and a star where Go holds it by pointer.
fn write_typed(out: &mut dyn Write, ty: Ty, pointer: bool, v: &Value, encoded: bool) -> Result {
    write!(out, "({}{})", if pointer { "*" } else { "" }, ty.go_name())?;
    if pointer && v.is_null() { out.write_str("<nil>") } else { write_value(out, ty, v, encoded) }
}

fn write_value(out: &mut dyn Write, ty: Ty, v: &Value, encoded: bool) -> Result {
    match ty.resolve() {
        Ty::String | Ty::Bytes | Ty::Duration => out.write_str(v.as_str().unwrap_or("")),
        Ty::Bool => write!(out, "{}", v.as_bool() == Some(true)),
        Ty::Int | Ty::Int32 | Ty::Int64 | Ty::Byte | Ty::Float64 => write!(out, "{}", v.as_i64().unwrap_or(0)),
        Ty::Quantity => write_quantity(out, v, encoded),
        Ty::IntOrString => {
            let (kind, number, text) = (i32::from(v.as_str().is_some()), v.as_i64(), v.as_str());
            let (number, text) = (number.unwrap_or(0), text.unwrap_or(""));
            write!(out, "{{Type:(intstr.Type){kind} IntVal:(int32){number} StrVal:(string){text}}}")
        }
        // A template has no times of its own.
        Ty::Time | Ty::MicroTime => {
            out.write_str("{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}")
        }
        Ty::Raw => out.write_str("{Raw:([]uint8)<nil>}"),
        Ty::List(_) if v.items().is_empty() => out.write_str("<nil>"),
        Ty::List(item) => {
            for (i, x) in v.items().iter().enumerate() {
                out.write_char(if i == 0 { '[' } else { ' ' })?;
                write_value(out, *item, x, encoded)?;
            }
            out.write_char(']')
        }
        Ty::Map(..) if v.fields().next().is_none() => out.write_str("<nil>"),
        Ty::Map(_, item) => {
            for (i, (key, x)) in v.fields().enumerate() {
                write!(out, "{}{key}:", if i == 0 { "map[" } else { " " })?;
                write_value(out, *item, x, false)?;
            }
            out.write_char(']')
        }
        Ty::Named(id) => write_struct(out, schema::get(id), v, encoded),
    }
}

/// A struct's fields; those of an embedded struct are in one named like it.
fn write_struct(out: &mut dyn Write, ty: &Type, v: &Value, encoded: bool) -> Result {
    let mut embedded = "";
    for (i, field) in ty.fields.iter().enumerate() {
        if embedded != field.embedded && !embedded.is_empty() {
            out.write_char('}')?;
        }
        out.write_char(if i == 0 { '{' } else { ' ' })?;
        if embedded != field.embedded && !field.embedded.is_empty() {
            write!(out, "{}:({}.{}){{", field.embedded, ty.package, field.embedded)?;
        }
        embedded = field.embedded;
        write!(out, "{}:", field.go)?;
        write_typed(out, field.ty, field.pointer, v.get(field.json).unwrap_or(&Value::Null), encoded)?;
    }
    out.write_str(if embedded.is_empty() { "}" } else { "}}" })
}

/// The inner form of `resource.Quantity`: a scaled number, or `inf.Dec` in billionths where that does not hold it; the text
/// where that was kept on parsing, or made on encoding.
fn write_quantity(out: &mut dyn Write, v: &Value, encoded: bool) -> Result {
    let q = Quantity::from_value(v).unwrap_or_default();
    let text = q.to_string();
    let q = Quantity::parse(&text).unwrap_or_default();
    let (number, scale) = scaled(&text).unwrap_or_default();
    write!(out, "{{i:(resource.int64Amount){{value:(int64){number} scale:(resource.Scale){scale}}} ")?;
    out.write_str("d:(resource.infDecAmount){Dec:(*inf.Dec)")?;
    if scaled(&text).is_some() {
        out.write_str("<nil>")?;
    } else {
        let (negative, amount) = (q.nanos() < 0, q.nanos().unsigned_abs());
        write!(out, "{{unscaled:(big.Int){{neg:(bool){negative} abs:(big.nat)[{}", amount as u64)?;
        if amount >> 64 != 0 {
            write!(out, " {}", amount >> 64)?;
        }
        out.write_str("]} scale:(inf.Scale)9}")?;
    }
    let format = match q.format() {
        Format::DecimalSi => "DecimalSI",
        Format::BinarySi => "BinarySI",
        Format::DecimalExponent => "DecimalExponent",
    };
    let kept = if encoded { &text } else { q.kept_text().unwrap_or("") };
    write!(out, "}} s:(string){kept} Format:(resource.Format){format}}}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn printed(name: &str, value: &Value) -> String {
        let mut out = String::new();
        for_hash(name, value, false, &mut out).unwrap();
        out
    }

    #[test]
    fn structs_lists_and_pointers() {
        for (name, value, want) in [
            (
                "core.SecretKeySelector",
                json!({"name": "s", "key": "k"}),
                "(v1.SecretKeySelector){LocalObjectReference:(v1.LocalObjectReference){Name:(string)s} Key:(string)k \
                 Optional:(*bool)<nil>}",
            ),
            (
                "core.TCPSocketAction",
                json!({"port": "http"}),
                "(v1.TCPSocketAction){Port:(intstr.IntOrString){Type:(intstr.Type)1 IntVal:(int32)0 StrVal:(string)http} \
                 Host:(string)}",
            ),
            (
                "meta.LabelSelector",
                json!({"matchLabels": {"b": "2", "a": "1"}, "matchExpressions": [{"key": "k", "operator": "In", "values": ["x", "y"]}]}),
                "(v1.LabelSelector){MatchLabels:(map[string]string)map[a:1 b:2] MatchExpressions:([]v1.LabelSelectorRequirement)\
                 [{Key:(string)k Operator:(v1.LabelSelectorOperator)In Values:([]string)[x y]}]}",
            ),
            (
                "core.Toleration",
                json!({"tolerationSeconds": 0}),
                "(v1.Toleration){Key:(string) Operator:(v1.TolerationOperator) Value:(string) Effect:(v1.TaintEffect) \
                 TolerationSeconds:(*int64)0}",
            ),
        ] {
            assert_eq!(printed(name, &value), want, "{name}");
        }
    }

    #[test]
    fn quantities_keep_the_text_they_are_encoded_as() {
        let print = |encoded: bool| {
            let mut out = String::new();
            let value = json!({"limits": {"memory": "8Gi"}});
            for_hash("core.ResourceRequirements", &value, encoded, &mut out).unwrap();
            for_hash("core.EmptyDirVolumeSource", &json!({"sizeLimit": "16Mi"}), encoded, &mut out).unwrap();
            out
        };
        assert!(!print(false).contains("s:(string)16Mi"));
        assert!(print(true).contains("s:(string)16Mi") && !print(true).contains("s:(string)8Gi"));
    }

    #[test]
    fn quantities() {
        for (text, number, scale, dec, kept, format) in [
            ("0", 0_i64, 0, "<nil>", "0", "DecimalSI"),
            ("100m", 100, -3, "<nil>", "100m", "DecimalSI"),
            ("1.5", 1500, -3, "<nil>", "1500m", "DecimalSI"),
            ("1.234", 1234, -3, "<nil>", "1.234", "DecimalSI"),
            ("1Gi", 1_073_741_824, 0, "<nil>", "1Gi", "BinarySI"),
            ("8Gi", 8_589_934_592, 0, "<nil>", "", "BinarySI"),
            ("0.5Gi", 536_870_912, 0, "<nil>", "", "BinarySI"),
            ("2Pi", 0, 0, "false [5764607523034234880 122070]", "", "BinarySI"),
            ("-2Ei", 0, 0, "true [0 125000000]", "", "BinarySI"),
            ("1e3", 1, 3, "<nil>", "1e3", "DecimalExponent"),
            ("2000", 2, 3, "<nil>", "2k", "DecimalSI"),
            ("1234567890123456789", 0, 0, "false [7888470988684038656 66926059]", "", "DecimalSI"),
        ] {
            let dec = dec.split_once(' ').map_or_else(
                || dec.to_owned(),
                |(negative, words)| {
                    format!("{{unscaled:(big.Int){{neg:(bool){negative} abs:(big.nat){words}}} scale:(inf.Scale)9}}")
                },
            );
            let want = format!(
                "(v1.ResourceFieldSelector){{ContainerName:(string) Resource:(string) Divisor:(resource.Quantity)\
                 {{i:(resource.int64Amount){{value:(int64){number} scale:(resource.Scale){scale}}} \
                 d:(resource.infDecAmount){{Dec:(*inf.Dec){dec}}} s:(string){kept} Format:(resource.Format){format}}}}}"
            );
            assert_eq!(printed("core.ResourceFieldSelector", &json!({"divisor": text})), want, "{text}");
        }
    }
}
