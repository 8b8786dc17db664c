//! The fields of every kind: types, names in JSON and in Go, and how lists and maps merge.
//!
//! Strict decoding, strategic merge patch, server-side apply, `kubectl explain`, completion and hover all read this one
//! table. `schema.txt` holds what Jobs and their Pods are made of, `schema-more.txt` all else; `scripts/schema.go` writes both
//! from the Go sources (`k8s.io/api`, `k8s.io/apimachinery`), and each is parsed on first use: a page that only runs Jobs need not
//! have the other. Their lines:
//!
//! - `core.PodSpec [Latomic]` begins a struct, its fields follow, indented;
//! - ` json[:GoName] type [flags] [Llist] [Pstrategy:key] [Ddefault]` is a field; flags are `*` pointer, `o` left out of
//!   JSON when empty, `!` required; the Go name is given where it is not the JSON name capitalised;
//! - ` ^ core.VolumeSource` puts the fields of another struct here;
//! - `@core.DNSPolicy string +A|B` names a type, with its constants (`+` where OpenAPI lists them as an enum, else `-`).
//!
//! Types are `string bool int int32 int64 float64 byte bytes Quantity IntOrString Time MicroTime Duration RawExtension
//! FieldsV1`, a name, `[]T`, `{}T` (keys are strings) or `{K}T`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::Kind;

static TEXT: &str = include_str!("schema.txt");
static MORE: &str = include_str!("schema-more.txt");

/// A type of the table: a struct or a named type.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TypeId(u16);

/// The type of a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ty {
    /// Text.
    String,
    /// `true` or `false`.
    Bool,
    /// Go's `int`.
    Int,
    /// A 32-bit integer.
    Int32,
    /// A 64-bit integer.
    Int64,
    /// A floating point number.
    Float64,
    /// An 8-bit number.
    Byte,
    /// Base64 text.
    Bytes,
    /// `resource.Quantity`: `100m`, `1Gi`.
    Quantity,
    /// `intstr.IntOrString`: `3` or `25%`.
    IntOrString,
    /// RFC 3339 seconds.
    Time,
    /// RFC 3339 microseconds.
    MicroTime,
    /// `1h2m`.
    Duration,
    /// Any JSON: `runtime.RawExtension` and `metav1.FieldsV1`.
    Raw,
    /// A struct or a named type.
    Named(TypeId),
    /// `[]T`
    List(&'static Ty),
    /// `map[K]T`, its key a string or a named string.
    Map(Option<TypeId>, &'static Ty),
}

/// How the items of a list, or the fields of a map or struct, merge under server-side apply.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Merge {
    /// Not said: a list is atomic, a map granular.
    #[default]
    Unset,
    /// Replaced as a whole.
    Atomic,
    /// A list without repetitions, each item with an owner of its own.
    Set,
    /// A list of objects told apart by these fields.
    ByKey(Vec<&'static str>),
    /// Merged field by field.
    Granular,
}

/// A field of a struct.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name in JSON.
    pub json: &'static str,
    /// Its name in Go, which some error messages print.
    pub go: &'static str,
    /// Its type; behind a pointer, the type pointed to.
    pub ty: Ty,
    /// Whether Go holds it by pointer, so that absent and empty differ.
    pub pointer: bool,
    /// Whether JSON leaves it out when it is empty.
    pub omitempty: bool,
    /// Whether OpenAPI says it is required.
    pub required: bool,
    /// `+listType`, `+mapType`, `+structType`.
    pub merge: Merge,
    /// `patchStrategy` of strategic merge patch: `merge`, `replace`, `retainKeys`, or two of them with a comma.
    pub patch_strategy: &'static str,
    /// `patchMergeKey`, empty where there is none.
    pub patch_merge_key: &'static str,
    /// `+default`, as JSON; empty where there is none.
    pub default: &'static str,
    /// The embedded struct that brings the field, empty for a field of the struct's own: decoding errors name it.
    pub embedded: &'static str,
}

/// A struct or named type.
#[derive(Debug)]
pub struct Type {
    /// `PodSpec`
    pub name: &'static str,
    /// Which package it is of: `core`, `meta`.
    pub group: &'static str,
    /// Go's package as messages print it: `v1`.
    pub package: &'static str,
    /// For a named type, what it is: `DNSPolicy` is a string, `ResourceList` a map.
    pub underlying: Option<Ty>,
    /// Fields of a struct, those of embedded structs in their place.
    pub fields: Vec<Field>,
    /// Constants of the type.
    pub constants: Vec<&'static str>,
    /// Whether OpenAPI lists the constants as an enum.
    pub is_enum: bool,
    /// `+structType` or `+mapType` of the type itself.
    pub merge: Merge,
}

impl Type {
    /// The field of a JSON name.
    pub fn field(&self, json: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.json == json)
    }
    /// As Go prints the type: `v1.PodSpec`.
    pub fn go_name(&self) -> String {
        format!("{}.{}", self.package, self.name)
    }
}

impl Ty {
    /// The type with names of anything but structs replaced by what they stand for.
    #[must_use]
    pub fn resolve(self) -> Self {
        match self {
            Self::Named(id) => get(id).underlying.map_or(self, Self::resolve),
            _ => self,
        }
    }
    /// The struct, if it is one.
    pub fn as_struct(self) -> Option<&'static Type> {
        match self.resolve() {
            Self::Named(id) => Some(get(id)),
            _ => None,
        }
    }
    /// The type of the items of a list or the values of a map.
    pub fn element(self) -> Option<Self> {
        match self.resolve() {
            Self::List(t) | Self::Map(_, t) => Some(*t),
            _ => None,
        }
    }
    /// The struct reached through lists and maps: `Container` for `[]Container`.
    #[must_use]
    pub fn innermost(self) -> Self {
        let mut t = self;
        while let Some(e) = t.element() {
            t = e;
        }
        t
    }
    /// The named type's own entry, where the type has a name.
    pub fn named(self) -> Option<&'static Type> {
        if let Self::Named(id) = self { Some(get(id)) } else { None }
    }
    /// As Go prints the type in decoding errors: `[]v1.Container`, `map[string]string`, `int32`.
    pub fn go_name(self) -> String {
        match self {
            Self::String => "string".to_owned(),
            Self::Bool => "bool".to_owned(),
            Self::Int => "int".to_owned(),
            Self::Int32 => "int32".to_owned(),
            Self::Int64 => "int64".to_owned(),
            Self::Float64 => "float64".to_owned(),
            Self::Byte => "uint8".to_owned(),
            Self::Bytes => "[]uint8".to_owned(),
            Self::Quantity => "resource.Quantity".to_owned(),
            Self::IntOrString => "intstr.IntOrString".to_owned(),
            Self::Time => "v1.Time".to_owned(),
            Self::MicroTime => "v1.MicroTime".to_owned(),
            Self::Duration => "v1.Duration".to_owned(),
            Self::Raw => "runtime.RawExtension".to_owned(),
            Self::Named(id) => get(id).go_name(),
            Self::List(t) => format!("[]{}", t.go_name()),
            Self::Map(k, t) => {
                let key = k.map_or_else(|| "string".to_owned(), |k| get(k).go_name());
                format!("map[{key}]{}", t.go_name())
            }
        }
    }
}

/// The type of a kind's objects. `apiVersion` and `kind` are not among its fields: every object has them.
pub fn of(kind: Kind) -> &'static Type {
    let package = match kind.info().group {
        "" => "core",
        group => group.split('.').next().unwrap_or(group),
    };
    find(&format!("{package}.{}", kind.name())).expect("every kind of the scheme is in the table")
}

/// The type of a name: `core.PodSpec`.
pub fn find(name: &str) -> Option<&'static Type> {
    table().find(name).or_else(|| more().find(name))
}

/// The type of an id.
pub fn get(id: TypeId) -> &'static Type {
    let common = table();
    let at = usize::from(id.0);
    if let Some(t) = common.types.get(at) {
        return t;
    }
    match common.elsewhere.get(at.wrapping_sub(ELSEWHERE)) {
        Some(name) => more().find(name).expect("a type that a field has is in the table"),
        None => &more().types[at - common.types.len()],
    }
}

/// The field at a path of a kind's objects, its steps separated by dots: list indices and map keys may be left out or
/// given as numbers. `spec.template.spec.containers.image`.
pub fn field_at(kind: Kind, path: &str) -> Option<&'static Field> {
    let mut ty = of(kind);
    let mut found = None;
    for step in path.split('.') {
        if step.parse::<usize>().is_ok() {
            continue;
        }
        let field = ty.field(step)?;
        found = Some(field);
        if let Some(t) = field.ty.innermost().as_struct() {
            ty = t;
        }
    }
    found
}

struct Table {
    /// The id of the first of its types.
    first: u16,
    types: Vec<Type>,
    by_name: BTreeMap<&'static str, u16>,
    /// Names of types that are in the other text.
    elsewhere: Vec<&'static str>,
}

/// Ids from here on are of types that the common text names and the other one holds.
const ELSEWHERE: usize = 0x8000;

impl Table {
    fn find(&self, name: &str) -> Option<&Type> {
        self.by_name.get(name).map(|i| &self.types[usize::from(i - self.first)])
    }
    /// The id of a name in a field of the text that is being parsed.
    fn id(&mut self, name: &'static str, common: Option<&Self>) -> Option<TypeId> {
        let known = self.by_name.get(name).or_else(|| common?.by_name.get(name));
        if known.is_some() || common.is_some() || !name.contains('.') {
            return known.map(|&i| TypeId(i));
        }
        let at = self.elsewhere.iter().position(|n| *n == name).unwrap_or_else(|| {
            self.elsewhere.push(name);
            self.elsewhere.len() - 1
        });
        Some(TypeId((ELSEWHERE + at) as u16))
    }
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| parse(TEXT, None))
}

fn more() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| parse(MORE, Some(table())))
}

/// Parses a text; the other one after the common one, whose types have the ids before its own.
fn parse(text: &'static str, common: Option<&Table>) -> Table {
    let first = common.map_or(0, |t| t.types.len());
    let headers = text.lines().filter(|l| !l.starts_with(' ')).map(|l| l.trim_start_matches('@'));
    let by_name: BTreeMap<&'static str, u16> =
        headers.enumerate().map(|(i, l)| (l.split(' ').next().unwrap_or(l), (first + i) as u16)).collect();
    let mut names = Table { first: first as u16, types: Vec::new(), by_name, elsewhere: Vec::new() };
    let mut types: Vec<Type> = Vec::with_capacity(names.by_name.len());
    let mut embedded: Vec<(usize, usize, TypeId)> = Vec::new();
    for line in text.lines() {
        let mut words = line.trim_start().split(' ');
        let first = words.next().unwrap_or("");
        if !line.starts_with(' ') {
            let name = first.trim_start_matches('@');
            let (group, short) = name.split_once('.').unwrap_or(("", name));
            let mut t = Type {
                name: short,
                group,
                package: package_name(group),
                underlying: None,
                fields: Vec::new(),
                constants: Vec::new(),
                is_enum: false,
                merge: Merge::Unset,
            };
            if first.starts_with('@') {
                t.underlying = words.next().map(|w| parse_type(w, &mut names, common));
                if let Some(list) = words.next() {
                    t.is_enum = list.starts_with('+');
                    t.constants = list[1..].split('|').collect();
                }
            } else if let Some(word) = words.next() {
                t.merge = parse_merge(&word[1..]);
            }
            types.push(t);
            continue;
        }
        let at = types.len() - 1;
        let kind = words.next().unwrap_or("string");
        if first == "^" {
            if let Ty::Named(id) = parse_type(kind, &mut names, common) {
                embedded.push((at, types[at].fields.len(), id));
            }
            continue;
        }
        types[at].fields.push(parse_field(first, kind, words, &mut names, common));
    }
    // Embedded structs come last in reverse, so that positions noted earlier stay right.
    for &(at, position, id) in embedded.iter().rev() {
        let at_home = usize::from(id.0).checked_sub(first).and_then(|i| types.get(i));
        let inner =
            at_home.or_else(|| common?.types.get(usize::from(id.0))).expect("what is embedded is in the same text");
        let name = inner.name;
        let fields: Vec<Field> = inner.fields.iter().map(|f| Field { embedded: name, ..f.clone() }).collect();
        types[at].fields.splice(position..position, fields);
    }
    names.types = types;
    names
}

fn parse_field(
    names: &'static str,
    ty: &'static str,
    words: std::str::Split<'static, char>,
    known: &mut Table,
    common: Option<&Table>,
) -> Field {
    let (json, go) = names.split_once(':').unwrap_or((names, ""));
    let mut field = Field {
        json,
        go,
        ty: parse_type(ty, known, common),
        pointer: false,
        omitempty: false,
        required: false,
        merge: Merge::Unset,
        patch_strategy: "",
        patch_merge_key: "",
        default: "",
        embedded: "",
    };
    for word in words {
        let rest = word.get(1..).unwrap_or("");
        match word.as_bytes().first() {
            Some(b'L') => field.merge = parse_merge(rest),
            Some(b'P') => (field.patch_strategy, field.patch_merge_key) = rest.split_once(':').unwrap_or((rest, "")),
            Some(b'D') => field.default = rest,
            _ => {
                field.pointer = word.contains('*');
                field.omitempty = word.contains('o');
                field.required = word.contains('!');
            }
        }
    }
    if go.is_empty() {
        field.go = capitalised(json);
    }
    field
}

/// `name` as `Name`: Go's exported form.
fn capitalised(json: &str) -> &'static str {
    let mut s = json.to_owned();
    if let Some(first) = s.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    s.leak()
}

fn package_name(group: &str) -> &'static str {
    match group {
        "autoscaling" => "v2",
        "gang" => "v1alpha3",
        "types" => "types",
        _ => "v1",
    }
}

fn parse_merge(word: &'static str) -> Merge {
    match word.split_once(':').unwrap_or((word, "")) {
        ("atomic", _) => Merge::Atomic,
        ("set", _) => Merge::Set,
        ("map", keys) => Merge::ByKey(keys.split(',').collect()),
        ("granular", _) => Merge::Granular,
        _ => Merge::Unset,
    }
}

fn parse_type(word: &'static str, known: &mut Table, common: Option<&Table>) -> Ty {
    let leak = |t: Ty| -> &'static Ty { Box::leak(Box::new(t)) };
    if let Some(rest) = word.strip_prefix("[]") {
        return Ty::List(leak(parse_type(rest, known, common)));
    }
    if let Some((key, rest)) = word.strip_prefix('{').and_then(|w| w.split_once('}')) {
        return Ty::Map(known.id(key, common), leak(parse_type(rest, known, common)));
    }
    match word {
        "bool" => Ty::Bool,
        "int" => Ty::Int,
        "int32" => Ty::Int32,
        "int64" => Ty::Int64,
        "float64" => Ty::Float64,
        "byte" => Ty::Byte,
        "bytes" => Ty::Bytes,
        "Quantity" => Ty::Quantity,
        "IntOrString" => Ty::IntOrString,
        "Time" => Ty::Time,
        "MicroTime" => Ty::MicroTime,
        "Duration" => Ty::Duration,
        "RawExtension" | "FieldsV1" => Ty::Raw,
        _ => known.id(word, common).map_or(Ty::String, Ty::Named),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::KINDS;

    #[test]
    fn every_kind_has_its_type() {
        for info in KINDS {
            assert!(of(info.kind).field("metadata").is_some(), "{}", info.name);
        }
    }

    #[test]
    fn what_a_field_is_of_is_there() {
        for t in table().types.iter().chain(&more().types) {
            for f in &t.fields {
                assert!(!f.ty.innermost().go_name().is_empty(), "{}.{}", t.name, f.json);
            }
        }
        assert!(table().elsewhere.iter().all(|name| more().find(name).is_some()));
        assert_eq!(get(TypeId(0)).name, table().types[0].name);
        assert_eq!(find("core.Affinity").map(|t| t.name), Some("Affinity"));
    }

    #[test]
    fn fields_and_their_go_names() {
        for (kind, path, go, ty) in [
            (Kind::Job, "spec.parallelism", "Parallelism", "int32"),
            (Kind::Job, "spec.ttlSecondsAfterFinished", "TTLSecondsAfterFinished", "int32"),
            (Kind::Job, "spec.template.spec.containers", "Containers", "[]v1.Container"),
            (Kind::Job, "spec.template.spec.containers.0.resources.limits", "Limits", "v1.ResourceList"),
            (Kind::Pod, "spec.volumes.emptyDir", "EmptyDir", "v1.EmptyDirVolumeSource"),
            (Kind::Pod, "metadata.labels", "Labels", "map[string]string"),
            (Kind::Pod, "metadata.uid", "UID", "types.UID"),
            (Kind::HorizontalPodAutoscaler, "spec.metrics", "Metrics", "[]v2.MetricSpec"),
        ] {
            let field = field_at(kind, path).unwrap_or_else(|| panic!("{path}"));
            assert_eq!((field.go, field.ty.go_name().as_str()), (go, ty), "{path}");
        }
        assert!(field_at(Kind::Job, "spec.replicas").is_none());
    }

    #[test]
    fn merging() {
        let containers = field_at(Kind::Pod, "spec.containers").unwrap();
        assert_eq!((containers.patch_strategy, containers.patch_merge_key), ("merge", "name"));
        assert_eq!(containers.merge, Merge::ByKey(vec!["name"]));
        let ports = field_at(Kind::Pod, "spec.containers.ports").unwrap();
        assert_eq!(ports.merge, Merge::ByKey(vec!["containerPort", "protocol"]));
        assert_eq!(field_at(Kind::Pod, "spec.volumes").unwrap().patch_strategy, "merge,retainKeys");
        assert_eq!(field_at(Kind::Deployment, "spec.strategy").unwrap().patch_strategy, "retainKeys");
    }

    #[test]
    fn enums() {
        let t = field_at(Kind::CronJob, "spec.concurrencyPolicy").unwrap().ty.named().unwrap();
        assert!(t.is_enum);
        assert_eq!(t.constants, ["Allow", "Forbid", "Replace"]);
    }
}
