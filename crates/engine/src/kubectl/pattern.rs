//! The regular expressions of `grep` and `sed`: enough of POSIX for what learners filter with.

/// A compiled expression.
#[derive(Debug)]
pub struct Pattern {
    root: Node,
    fold: bool,
}

#[derive(Debug)]
enum Node {
    Char(char),
    Any,
    Start,
    End,
    WordEdge,
    Set(Vec<(char, char)>, bool),
    Group(Vec<Vec<Node>>),
    Repeat(Box<Node>, usize, usize),
}

/// How many steps one match may take: an expression that needs more does not match.
const STEPS: usize = 200_000;

impl Pattern {
    /// Reads an expression; `extended` is that of `grep -E`, `fold` makes cases equal.
    pub fn new(text: &str, extended: bool, fold: bool) -> Option<Self> {
        let text = if fold { text.to_lowercase() } else { text.to_owned() };
        let mut reader = Reader { chars: text.chars().collect(), at: 0, extended, depth: 0 };
        let branches = reader.branches()?;
        (reader.at == reader.chars.len()).then_some(Self { root: Node::Group(branches), fold })
    }
    /// An expression that finds the very text.
    pub fn fixed(text: &str, fold: bool) -> Self {
        let text = if fold { text.to_lowercase() } else { text.to_owned() };
        Self { root: Node::Group(vec![text.chars().map(Node::Char).collect()]), fold }
    }
    /// The first match at or after a place, in characters.
    pub fn find(&self, chars: &[char], from: usize) -> Option<(usize, usize)> {
        let folded: Vec<char>;
        let chars = if self.fold {
            folded = chars.iter().map(|c| c.to_lowercase().next().unwrap_or(*c)).collect();
            &folded
        } else {
            chars
        };
        let mut steps = STEPS;
        (from..=chars.len()).find_map(|start| {
            let mut end = None;
            matches(&[&self.root], chars, start, &mut steps, &mut |at| {
                end = Some(at);
                true
            });
            end.map(|e| (start, e))
        })
    }
    /// Whether it is found anywhere in a line.
    pub fn is_in(&self, line: &str) -> bool {
        let chars: Vec<char> = line.chars().collect();
        self.find(&chars, 0).is_some()
    }
}

/// Whether the nodes match from a place on; `done` takes the end and says whether it will do.
fn matches(nodes: &[&Node], chars: &[char], at: usize, steps: &mut usize, done: &mut dyn FnMut(usize) -> bool) -> bool {
    if *steps == 0 {
        return false;
    }
    *steps -= 1;
    let Some((first, rest)) = nodes.split_first() else { return done(at) };
    let here = chars.get(at).copied();
    let word = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric() || *c == '_');
    match first {
        Node::Char(c) => here == Some(*c) && matches(rest, chars, at + 1, steps, done),
        Node::Any => here.is_some() && matches(rest, chars, at + 1, steps, done),
        Node::Start => at == 0 && matches(rest, chars, at, steps, done),
        Node::End => at == chars.len() && matches(rest, chars, at, steps, done),
        Node::WordEdge => {
            let before = at.checked_sub(1).and_then(|i| chars.get(i));
            word(before) != word(chars.get(at)) && matches(rest, chars, at, steps, done)
        }
        Node::Set(ranges, negated) => {
            here.is_some_and(|c| ranges.iter().any(|(a, b)| (*a..=*b).contains(&c)) != *negated)
                && matches(rest, chars, at + 1, steps, done)
        }
        Node::Group(branches) => branches.iter().any(|branch| {
            let all: Vec<&Node> = branch.iter().chain(rest.iter().copied()).collect();
            matches(&all, chars, at, steps, done)
        }),
        Node::Repeat(inner, min, max) => {
            // All the places that repeating comes to, the furthest first.
            let mut reached = vec![vec![at]];
            while reached.len() <= (*max).min(chars.len() + 1) {
                let mut next: Vec<usize> = Vec::new();
                for from in reached.last().into_iter().flatten() {
                    matches(&[inner], chars, *from, steps, &mut |end| {
                        if end > *from && !next.contains(&end) {
                            next.push(end);
                        }
                        false
                    });
                }
                if next.is_empty() {
                    break;
                }
                reached.push(next);
            }
            let counts = reached.len();
            (*min..counts).rev().any(|n| reached[n].iter().any(|end| matches(rest, chars, *end, steps, done)))
        }
    }
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    extended: bool,
    depth: usize,
}

impl Reader {
    /// Whether an operator stands here, in the way of the kind of expression; its length.
    fn operator(&self, c: char) -> usize {
        let escaped = self.chars.get(self.at) == Some(&'\\');
        let found = self.chars.get(self.at + usize::from(escaped)) == Some(&c);
        if found && escaped != self.extended { 1 + usize::from(escaped) } else { 0 }
    }
    fn branches(&mut self) -> Option<Vec<Vec<Node>>> {
        let mut all = vec![Vec::new()];
        loop {
            if self.at >= self.chars.len() || self.depth > 0 && self.operator(')') > 0 {
                return Some(all);
            }
            let bar = self.operator('|');
            if bar > 0 {
                self.at += bar;
                all.push(Vec::new());
                continue;
            }
            let first = all.last().is_some_and(Vec::is_empty);
            let node = self.one(first)?;
            all.last_mut()?.push(node);
        }
    }
    fn one(&mut self, first: bool) -> Option<Node> {
        let open = self.operator('(');
        let mut node = if open > 0 {
            self.at += open;
            self.depth += 1;
            let inner = self.branches()?;
            let close = self.operator(')');
            self.depth -= 1;
            self.at += close;
            if close == 0 {
                return None;
            }
            Node::Group(inner)
        } else {
            let c = *self.chars.get(self.at)?;
            self.at += 1;
            match c {
                '.' => Node::Any,
                '^' if first || self.extended => Node::Start,
                '$' if self.at == self.chars.len() || self.extended => Node::End,
                '[' => self.set()?,
                '\\' => {
                    let c = *self.chars.get(self.at)?;
                    self.at += 1;
                    match c {
                        'b' | '<' | '>' => Node::WordEdge,
                        'd' => Node::Set(vec![('0', '9')], false),
                        'w' | 'W' => Node::Set(vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')], c == 'W'),
                        's' | 'S' => Node::Set(vec![(' ', ' '), ('\t', '\t')], c == 'S'),
                        c => Node::Char(c),
                    }
                }
                c => Node::Char(c),
            }
        };
        loop {
            let (plus, maybe, brace) = (self.operator('+'), self.operator('?'), self.operator('{'));
            let (min, max, length) = if self.chars.get(self.at) == Some(&'*') {
                (0, usize::MAX, 1)
            } else if plus > 0 {
                (1, usize::MAX, plus)
            } else if maybe > 0 {
                (0, 1, maybe)
            } else if brace > 0 {
                let end = self.at + brace + self.chars[self.at + brace..].iter().position(|c| *c == '}')?;
                let inside: String = self.chars[self.at + brace..end].iter().collect();
                let inside = inside.trim_end_matches('\\');
                let (low, high) = inside.split_once(',').unwrap_or((inside, inside));
                let high = if high.is_empty() { usize::MAX } else { high.parse().ok()? };
                (low.parse().unwrap_or(0), high, end + 1 - self.at)
            } else {
                return Some(node);
            };
            self.at += length;
            node = Node::Repeat(Box::new(node), min, max);
        }
    }
    fn set(&mut self) -> Option<Node> {
        let negated = self.chars.get(self.at) == Some(&'^');
        self.at += usize::from(negated);
        let mut ranges = Vec::new();
        let start = self.at;
        loop {
            let c = *self.chars.get(self.at)?;
            if c == ']' && self.at > start {
                self.at += 1;
                return Some(Node::Set(ranges, negated));
            }
            if c == '[' && self.chars.get(self.at + 1) == Some(&':') {
                let rest: String = self.chars[self.at..].iter().collect();
                let name = rest.get(2..)?.split(":]").next()?.to_owned();
                self.at += name.chars().count() + 4;
                ranges.extend(match name.as_str() {
                    "alpha" => vec![('a', 'z'), ('A', 'Z')],
                    "digit" => vec![('0', '9')],
                    "alnum" => vec![('a', 'z'), ('A', 'Z'), ('0', '9')],
                    "space" | "blank" => vec![(' ', ' '), ('\t', '\t')],
                    "upper" => vec![('A', 'Z')],
                    "lower" => vec![('a', 'z')],
                    _ => return None,
                });
                continue;
            }
            self.at += 1;
            match (self.chars.get(self.at), self.chars.get(self.at + 1)) {
                (Some('-'), Some(end)) if *end != ']' => {
                    ranges.push((c, *end));
                    self.at += 2;
                }
                _ => ranges.push((c, c)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        for (pattern, extended, line, want) in [
            ("Running", false, "a Running b", true),
            ("^a.*b$", false, "a Running b", true),
            ("Error|Crash", true, "CrashLoopBackOff", true),
            ("Error\\|Crash", false, "CrashLoopBackOff", true),
            ("Error|Crash", false, "CrashLoopBackOff", false),
            ("job-[0-9]+-", true, "my-job-12-abc", true),
            ("job-[^0-9]", true, "my-job-12-abc", false),
            ("(ab)*c", true, "ababc", true),
            ("(a*)*b", true, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", false),
            ("a{2,3}$", true, "baaa", true),
            ("[[:space:]]+x", true, "a  x", true),
            ("1/1", false, "web 1/1", true),
        ] {
            assert_eq!(Pattern::new(pattern, extended, false).unwrap().is_in(line), want, "{pattern} {line}");
        }
        assert!(Pattern::new("(a", true, false).is_none());
        assert!(Pattern::new("RUN", true, true).unwrap().is_in("running"));
    }
}
