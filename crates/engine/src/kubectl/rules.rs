//! Rules of roles as kubectl lists them: taken apart, put together by resource, and sorted.
//!
//! Models `BreakdownRule`, `CompactRules` and `SortableRuleSlice` of `k8s.io/kubectl/pkg/util/rbac`.

use crate::api::Value;
use crate::api::text::go_list;

/// A rule for one resource of one group, or for one path.
#[derive(Clone, PartialEq, Eq)]
struct Rule {
    verbs: Vec<String>,
    groups: Vec<String>,
    resources: Vec<String>,
    names: Vec<String>,
    urls: Vec<String>,
}

fn texts(v: &Value) -> Vec<String> {
    v.items().iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

impl Rule {
    fn same_resource(&self, other: &Self) -> bool {
        self.urls.is_empty()
            && other.urls.is_empty()
            && (&self.groups, &self.resources, &self.names) == (&other.groups, &other.resources, &other.names)
    }
    /// As Go's generated `String` writes it, which is what rules are sorted by.
    fn text(&self) -> String {
        format!(
            "&PolicyRule{{Verbs:{},APIGroups:{},Resources:{},ResourceNames:{},NonResourceURLs:{},}}",
            go_list(&self.verbs),
            go_list(&self.groups),
            go_list(&self.resources),
            go_list(&self.names),
            go_list(&self.urls)
        )
    }
    fn row(&self) -> String {
        let resource = self.resources.first().map_or("", String::as_str);
        let group = self.groups.first().map_or("", String::as_str);
        let (base, sub) = resource.split_at(resource.find('/').unwrap_or(resource.len()));
        let full = if group.is_empty() { resource.to_owned() } else { format!("{base}.{group}{sub}") };
        format!("{full}\t{}\t{}\t{}", go_list(&self.urls), go_list(&self.names), go_list(&self.verbs))
    }
}

/// The rows of a table of rules: resources, paths, names, verbs, with tabs between.
pub fn rows<'a>(rules: impl IntoIterator<Item = &'a Value>) -> Vec<String> {
    let mut out: Vec<Rule> = Vec::new();
    let mut add = |rule: Rule| match out.iter_mut().find(|r| r.same_resource(&rule)) {
        Some(there) => {
            for verb in rule.verbs {
                if !there.verbs.contains(&verb) {
                    there.verbs.push(verb);
                }
            }
        }
        None => out.push(rule),
    };
    for rule in rules {
        let (verbs, groups) = (texts(rule.at("verbs")), texts(rule.at("apiGroups")));
        let names = texts(rule.at("resourceNames"));
        for (group, resource) in
            groups.iter().flat_map(|g| texts(rule.at("resources")).into_iter().map(move |r| (g, r)))
        {
            let one = |names: Vec<String>, verb: &String| Rule {
                verbs: vec![verb.clone()],
                groups: vec![group.clone()],
                resources: vec![resource.clone()],
                names,
                urls: Vec::new(),
            };
            for verb in &verbs {
                if names.is_empty() {
                    add(one(Vec::new(), verb));
                }
                names.iter().for_each(|n| add(one(vec![n.clone()], verb)));
            }
        }
        for (url, verb) in texts(rule.at("nonResourceURLs")).iter().flat_map(|u| verbs.iter().map(move |v| (u, v))) {
            let empty = Vec::new;
            add(Rule {
                verbs: vec![verb.clone()],
                groups: empty(),
                resources: empty(),
                names: empty(),
                urls: vec![url.clone()],
            });
        }
    }
    out.sort_by_key(Rule::text);
    out.iter().map(Rule::row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn rules_of_one_resource_are_one_row() {
        let rules = [
            json!({"apiGroups": [""], "resources": ["pods", "services"], "verbs": ["get", "list"]}),
            json!({"apiGroups": [""], "resources": ["pods"], "verbs": ["watch", "get"]}),
            json!({"apiGroups": ["apps", ""], "resources": ["deployments/scale"], "verbs": ["*"]}),
            json!({"nonResourceURLs": ["/x*"], "verbs": ["get", "post"]}),
        ];
        let want = [
            "deployments/scale\t[]\t[]\t[*]",
            "deployments.apps/scale\t[]\t[]\t[*]",
            "pods\t[]\t[]\t[get list watch]",
            "services\t[]\t[]\t[get list]",
            "\t[/x*]\t[]\t[get]",
            "\t[/x*]\t[]\t[post]",
        ];
        assert_eq!(rows(&rules), want);
    }
}
