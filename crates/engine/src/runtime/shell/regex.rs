//! Regular expressions as grep, sed and awk take them: basic and extended, matched by trying.

use std::cell::Cell;

use super::pattern;

#[derive(Clone, Debug)]
enum Node {
    Char(char),
    Any,
    Set(Vec<char>),
    Start,
    End,
    Group(Vec<Vec<Item>>, usize),
}

#[derive(Clone, Debug)]
struct Item {
    node: Node,
    min: usize,
    max: usize,
}

/// A compiled expression.
#[derive(Clone, Debug)]
pub struct Regex {
    alternatives: Vec<Vec<Item>>,
    ignore_case: bool,
    /// How many steps a search may still take: what would try for ever finds nothing.
    fuel: Cell<u32>,
    /// How many groups are being matched within each other.
    depth: Cell<u32>,
}

/// How many steps a search may take, and how many more for each character.
const FUEL: u32 = 100_000;
const FUEL_PER_CHARACTER: u32 = 16;
/// How often a group may repeat: each time takes some of the stack.
const DEEPEST: u32 = 200;

/// How many groups an expression may have.
const MOST_GROUPS: usize = 64;

/// Where each group matched.
pub type Groups = Vec<Option<(usize, usize)>>;

/// What comes after a part of a match: where it ends, if it matches.
type Then<'a> = &'a dyn Fn(&Regex, usize, &mut Groups) -> Option<usize>;

/// Where an expression matched, and its groups.
pub type Match = (usize, usize, Groups);

struct Compiler<'a> {
    text: &'a [char],
    at: usize,
    extended: bool,
    groups: usize,
}

impl Compiler<'_> {
    /// Whether an operator is here: bare in extended expressions, after a backslash in basic ones.
    fn operator(&mut self, op: char) -> bool {
        let len = if self.extended || op == '*' {
            usize::from(self.text.get(self.at) == Some(&op))
        } else if self.text.get(self.at) == Some(&'\\') && self.text.get(self.at + 1) == Some(&op) {
            2
        } else {
            0
        };
        self.at += len;
        len > 0
    }
    fn alternatives(&mut self) -> Option<Vec<Vec<Item>>> {
        let mut out = vec![vec![]];
        loop {
            if self.at >= self.text.len() {
                return Some(out);
            }
            let before = self.at;
            if self.operator(')') {
                self.at = before;
                return Some(out);
            }
            if self.operator('|') {
                out.push(vec![]);
                continue;
            }
            let node = self.node(out.last().is_some_and(Vec::is_empty))?;
            let mut item = Item { node, min: 1, max: 1 };
            loop {
                if self.operator('*') {
                    (item.min, item.max) = (0, usize::MAX);
                } else if self.operator('+') {
                    item.max = usize::MAX;
                } else if self.operator('?') {
                    item.min = 0;
                } else if self.operator('{') {
                    let inner: String = self.text[self.at..].iter().take_while(|c| **c != '}' && **c != '\\').collect();
                    self.at += inner.len() + if self.extended { 1 } else { 2 };
                    let (low, high) = inner.split_once(',').unwrap_or((&inner, &inner));
                    item.min = low.parse().unwrap_or(0);
                    item.max = high.parse().unwrap_or(usize::MAX);
                } else {
                    break;
                }
            }
            out.last_mut()?.push(item);
        }
    }
    fn node(&mut self, first: bool) -> Option<Node> {
        if self.operator('(') {
            self.groups += 1;
            let n = self.groups;
            if n > MOST_GROUPS {
                return None;
            }
            let inner = self.alternatives()?;
            return self.operator(')').then_some(Node::Group(inner, n));
        }
        let c = self.text[self.at];
        self.at += 1;
        Some(match c {
            '.' => Node::Any,
            '^' if first || self.extended => Node::Start,
            '$' if self.extended || self.at == self.text.len() || self.text[self.at] == '\\' => Node::End,
            '[' => {
                let (len, _) = pattern::class(&self.text[self.at..])?;
                let set = self.text[self.at..self.at + len].to_vec();
                self.at += len;
                Node::Set(set)
            }
            '\\' => {
                let c = *self.text.get(self.at)?;
                self.at += 1;
                let set = |s: &str| Node::Set(format!("{s}]").chars().collect());
                match c {
                    'd' => set("0-9"),
                    'w' => set("a-zA-Z0-9_"),
                    's' => set(" \t"),
                    'S' => set("^ \t"),
                    't' => Node::Char('\t'),
                    'n' => Node::Char('\n'),
                    c => Node::Char(c),
                }
            }
            c => Node::Char(c),
        })
    }
}

impl Regex {
    /// Compiles an expression.
    pub fn new(text: &str, extended: bool, ignore_case: bool) -> Option<Self> {
        let chars: Vec<char> = text.chars().collect();
        let mut c = Compiler { text: &chars, at: 0, extended, groups: 0 };
        let alternatives = c.alternatives()?;
        (c.at == chars.len()).then(|| Self::of(alternatives, ignore_case))
    }
    /// An expression that stands for a text itself.
    pub fn literal(text: &str, ignore_case: bool) -> Self {
        let items = text.chars().map(|c| Item { node: Node::Char(c), min: 1, max: 1 }).collect();
        Self::of(vec![items], ignore_case)
    }
    fn of(alternatives: Vec<Vec<Item>>, ignore_case: bool) -> Self {
        Self { alternatives, ignore_case, fuel: Cell::new(0), depth: Cell::new(0) }
    }
    /// Whether it matches anywhere.
    pub fn is_match(&self, text: &str) -> bool {
        self.find(&text.chars().collect::<Vec<_>>(), 0).is_some()
    }
    /// The first match from a place on.
    pub fn find(&self, text: &[char], from: usize) -> Option<Match> {
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        self.fuel.set(FUEL.saturating_add(length.saturating_mul(FUEL_PER_CHARACTER)));
        self.depth.set(0);
        (from..=text.len()).take_while(|_| self.fuel.get() > 0).find_map(|start| {
            let mut groups = vec![None; 10];
            let end = self.any(&self.alternatives, text, start, &mut groups, &|_, i, _| Some(i))?;
            Some((start, end, groups))
        })
    }
    fn same(&self, a: char, b: char) -> bool {
        a == b || (self.ignore_case && a.eq_ignore_ascii_case(&b))
    }
    fn any(
        &self,
        alternatives: &[Vec<Item>],
        text: &[char],
        at: usize,
        groups: &mut Groups,
        then: Then<'_>,
    ) -> Option<usize> {
        alternatives.iter().find_map(|items| self.items(items, text, at, groups, then))
    }
    fn items(&self, items: &[Item], text: &[char], at: usize, groups: &mut Groups, then: Then<'_>) -> Option<usize> {
        let Some((item, rest)) = items.split_first() else { return then(self, at, groups) };
        if let Node::Group(..) = item.node {
            return self.repeat(item, 0, rest, text, at, groups, then);
        }
        // As many characters as there are, then one less each time.
        let width = usize::from(!matches!(item.node, Node::Start | Node::End));
        let most = if width == 0 { item.max.min(1) } else { item.max };
        let mut n = 0;
        while n < most && self.one(&item.node, text, at + n * width) {
            n += 1;
        }
        if width == 0 && n == 1 {
            return self.items(rest, text, at, groups, then);
        }
        loop {
            if n < item.min || !self.burns() {
                return None;
            }
            if let Some(end) = self.items(rest, text, at + n, groups, then) {
                return Some(end);
            }
            n = n.checked_sub(1)?;
        }
    }
    /// Takes a step, if one is left.
    fn burns(&self) -> bool {
        let left = self.fuel.get();
        self.fuel.set(left.saturating_sub(1));
        left > 0
    }
    #[allow(clippy::too_many_arguments, reason = "one step of the match with all it carries")]
    fn repeat(
        &self,
        item: &Item,
        done: usize,
        rest: &[Item],
        text: &[char],
        at: usize,
        groups: &mut Groups,
        then: Then<'_>,
    ) -> Option<usize> {
        if !self.burns() {
            return None;
        }
        if done < item.max && self.depth.get() < DEEPEST {
            let saved = groups.clone();
            let more = |me: &Self, i: usize, g: &mut Groups| {
                if i == at && done >= item.min { None } else { me.repeat(item, done + 1, rest, text, i, g, then) }
            };
            self.depth.set(self.depth.get() + 1);
            let found = self.group(&item.node, text, at, groups, &more);
            self.depth.set(self.depth.get() - 1);
            if found.is_some() {
                return found;
            }
            *groups = saved;
        }
        if done >= item.min { self.items(rest, text, at, groups, then) } else { None }
    }
    /// Whether a node that is no group matches at a place.
    fn one(&self, node: &Node, text: &[char], at: usize) -> bool {
        let c = text.get(at).copied();
        match node {
            Node::Start => at == 0,
            Node::End => at == text.len(),
            Node::Any => c.is_some(),
            Node::Char(want) => c.is_some_and(|c| self.same(c, *want)),
            Node::Set(set) => c.zip(pattern::class(set)).is_some_and(|(c, (_, holds))| {
                holds(c) || (self.ignore_case && (holds(c.to_ascii_lowercase()) || holds(c.to_ascii_uppercase())))
            }),
            Node::Group(..) => false,
        }
    }
    /// Matches a group once, and notes where.
    fn group(&self, node: &Node, text: &[char], at: usize, groups: &mut Groups, then: Then<'_>) -> Option<usize> {
        let Node::Group(inner, n) = node else { return None };
        let n = *n;
        self.any(inner, text, at, groups, &|me, end, g| {
            let before = g.get(n).copied().flatten();
            if let Some(slot) = g.get_mut(n) {
                *slot = Some((at, end));
            }
            let result = then(me, end, g);
            if result.is_none()
                && let Some(slot) = g.get_mut(n)
            {
                *slot = before;
            }
            result
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        for (re, extended, text, want) in [
            ("abc", false, "xabcx", true),
            ("^a.*c$", false, "abbc", true),
            ("^b", false, "ab", false),
            ("a+", false, "aa", false),
            ("a+", true, "aa", true),
            ("(ERROR|WARN)", true, "a WARN b", true),
            ("[0-9]\\{3\\}", false, "x123", true),
            ("[0-9]{4}", true, "x123", false),
            ("a\\|b", false, "b", true),
            ("x*", false, "", true),
            ("^$", false, "", true),
            ("^$", false, "a", false),
            ("a{2,3}b", true, "aaaab", true),
            ("^a{2,3}b", true, "aaaab", false),
            ("(ab)+c", true, "ababc", true),
            ("(a|ab)(c|bcd)e", true, "abcde", true),
            // Tried without end, these take longer than anyone waits, or more stack than there is.
            ("(a*)*(a*)*b", true, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
            ("^x.*y$", false, &format!("x{}y", "-".repeat(100_000)), true),
            ("(-|_)*y$", true, &format!("x{}z", "-".repeat(10_000)), false),
        ] {
            assert_eq!(Regex::new(re, extended, false).unwrap().is_match(text), want, "{re} {text}");
        }
        let text: Vec<char> = "key=value".chars().collect();
        let (_, _, groups) = Regex::new("([a-z]+)=(.*)", true, false).unwrap().find(&text, 0).unwrap();
        assert_eq!((groups[1], groups[2]), (Some((0, 3)), Some((4, 9))));
    }
}
