//! echo, printf, test, date, seq, expr and other programs that end at once.

use super::files::Ended;
use super::{Proc, arith, limits, tools};
use crate::clock::Time;
use crate::runtime::files::Node;
use crate::runtime::process::Io;

/// Replaces backslash sequences. The flag: `\c` ended the output.
fn unescape(text: &str) -> (String, bool) {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('a') => out.push('\u{7}'),
            Some('b') => out.push('\u{8}'),
            Some('e') => out.push('\u{1b}'),
            Some('\\') => out.push('\\'),
            Some('c') => return (out, true),
            Some(d @ '0'..='7') => {
                let mut n = d.to_digit(8).unwrap_or(0);
                for _ in 0..if d == '0' { 3 } else { 2 } {
                    let Some(d) = chars.peek().and_then(|c| c.to_digit(8)) else { break };
                    n = n * 8 + d;
                    chars.next();
                }
                out.extend(char::from_u32(n));
            }
            Some('x') => {
                let mut n = 0;
                for _ in 0..2 {
                    let Some(d) = chars.peek().and_then(|c| c.to_digit(16)) else { break };
                    n = n * 16 + d;
                    chars.next();
                }
                out.extend(char::from_u32(n));
            }
            Some(c) => {
                out.push('\\');
                out.push(c);
            }
            None => out.push('\\'),
        }
    }
    (out, false)
}

/// What echo prints.
pub fn echo(args: &[&str]) -> String {
    let is_flag = |a: &&&str| a.len() > 1 && a.starts_with('-') && a[1..].chars().all(|c| "neE".contains(c));
    let n = args.iter().take_while(is_flag).count();
    let flags: String = args[..n].concat();
    let text = args[n..].join(" ");
    let (text, cut) = if flags.contains('e') { unescape(&text) } else { (text, false) };
    if flags.contains('n') || cut { text } else { text + "\n" }
}

/// What printf prints, and its status.
pub fn printf(args: &[&str]) -> (String, i64) {
    let Some((format, mut rest)) = args.split_first().map(|(f, r)| (*f, r)) else { return (String::new(), 2) };
    let mut out = String::new();
    let mut status = 0;
    loop {
        let before = rest.len();
        let mut chars = format.chars().peekable();
        let mut literal = String::new();
        while let Some(c) = chars.next() {
            if c != '%' {
                literal.push(c);
                if c == '\\' {
                    literal.extend(chars.next());
                }
                continue;
            }
            out += &unescape(&literal).0;
            literal.clear();
            let mut spec = String::new();
            while let Some(c) = chars.next_if(|c| "-+ 0123456789.#*".contains(*c)) {
                spec.push(c);
            }
            if let Some(star) = spec.find('*') {
                let width = rest.first().copied().unwrap_or("0");
                rest = rest.get(1..).unwrap_or(&[]);
                spec.replace_range(star..=star, width);
            }
            let Some(kind) = chars.next() else { break };
            if kind == '%' {
                out.push('%');
                continue;
            }
            let arg = rest.first().copied();
            rest = rest.get(1..).unwrap_or(&[]);
            let (text, ok) = conversion(kind, &spec, arg.unwrap_or(""));
            status |= i64::from(!ok);
            out += &text;
        }
        let (text, cut) = unescape(&literal);
        out += &text;
        if cut || rest.is_empty() || rest.len() == before || out.len() > limits::LONGEST_TEXT {
            return (out, status);
        }
    }
}

fn conversion(kind: char, spec: &str, arg: &str) -> (String, bool) {
    let left = spec.contains('-');
    let digits = spec.trim_start_matches(['-', '+', ' ', '#', '0']);
    let (width, precision) = digits.split_once('.').map_or((digits, None), |(w, p)| (w, Some(p)));
    let zero = spec.trim_start_matches(['-', '+', ' ', '#']).starts_with('0') && !left;
    let size = |text: &str| text.parse::<usize>().unwrap_or(0).min(limits::LONGEST_TEXT);
    let width = size(width);
    // Rust's own limit for what a number is printed with.
    let precision: Option<usize> = precision.map(|p| size(p).min(usize::from(u16::MAX)));
    let number = || -> (i64, bool) {
        if let Some(c) = arg.strip_prefix(['\'', '"']) {
            return (c.chars().next().map_or(0, |c| c as i64), true);
        }
        let parsed = arg.strip_prefix("0x").map_or_else(|| arg.parse(), |h| i64::from_str_radix(h, 16));
        (*parsed.as_ref().unwrap_or(&0), arg.is_empty() || parsed.is_ok())
    };
    let plus = |n: i64| if spec.contains('+') && n >= 0 { "+" } else { "" };
    let (text, ok) = match kind {
        'd' | 'i' | 'u' => {
            let (n, ok) = number();
            (format!("{}{n}", plus(n)), ok)
        }
        'x' => (format!("{:x}", number().0), number().1),
        'X' => (format!("{:X}", number().0), number().1),
        'o' => (format!("{:o}", number().0), number().1),
        'f' | 'F' | 'g' | 'e' => {
            let parsed = arg.parse::<f64>();
            (format!("{:.*}", precision.unwrap_or(6), parsed.clone().unwrap_or(0.0)), arg.is_empty() || parsed.is_ok())
        }
        'c' => (arg.chars().take(1).collect(), true),
        'b' => (unescape(arg).0, true),
        'q' => (super::expand::requote(arg), true),
        _ => (arg.chars().take(precision.unwrap_or(usize::MAX)).collect(), true),
    };
    let pad = width.saturating_sub(text.chars().count());
    let is_number = "diuxXofFge".contains(kind);
    let text = if left {
        text + &" ".repeat(pad)
    } else if zero && is_number {
        let sign = usize::from(text.starts_with(['-', '+']));
        format!("{}{}{}", &text[..sign], "0".repeat(pad), &text[sign..])
    } else {
        " ".repeat(pad) + &text
    };
    (text, ok)
}

/// `test`: whether it holds, or what is wrong with it.
pub fn test(p: &mut Proc, io: &mut Io<'_>, args: &[&str]) -> Result<bool, String> {
    if args.len() > limits::TEST_WORDS {
        return Err("too many arguments".into());
    }
    let mut at = 0;
    let result = test_or(p, io, args, &mut at)?;
    if at < args.len() { Err(format!("{}: unexpected operator", args[at])) } else { Ok(result) }
}

fn test_or(p: &mut Proc, io: &mut Io<'_>, args: &[&str], at: &mut usize) -> Result<bool, String> {
    let mut result = test_and(p, io, args, at)?;
    while matches!(args.get(*at), Some(&("-o" | "||"))) {
        *at += 1;
        result |= test_and(p, io, args, at)?;
    }
    Ok(result)
}

fn test_and(p: &mut Proc, io: &mut Io<'_>, args: &[&str], at: &mut usize) -> Result<bool, String> {
    let mut result = test_one(p, io, args, at)?;
    while matches!(args.get(*at), Some(&("-a" | "&&"))) {
        *at += 1;
        result &= test_one(p, io, args, at)?;
    }
    Ok(result)
}

const COMPARISONS: &[&str] =
    &["=", "==", "!=", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "<", ">", "=~", "-nt", "-ot", "-ef"];

fn test_one(p: &mut Proc, io: &mut Io<'_>, args: &[&str], at: &mut usize) -> Result<bool, String> {
    let rest = &args[(*at).min(args.len())..];
    let Some(first) = rest.first().copied() else { return Ok(false) };
    if rest.len() >= 3 && COMPARISONS.contains(&rest[1]) {
        *at += 3;
        return compare(rest[0], rest[1], rest[2]);
    }
    if first == "!" && rest.len() > 1 {
        *at += 1;
        return Ok(!test_one(p, io, args, at)?);
    }
    if first == "(" && rest.len() > 2 {
        *at += 1;
        let result = test_or(p, io, args, at)?;
        if args.get(*at) != Some(&")") {
            return Err("closing paren expected".into());
        }
        *at += 1;
        return Ok(result);
    }
    if rest.len() >= 2 && first.len() == 2 && first.starts_with('-') && !matches!(rest[1], "-a" | "-o" | "&&" | "||") {
        let arg = rest[1];
        let node = io.files.get(io.view, &p.path(arg));
        let known = match first {
            "-z" => Some(arg.is_empty()),
            "-n" => Some(!arg.is_empty()),
            "-e" | "-a" | "-r" | "-w" | "-h" | "-L" => Some(node.is_some() || is_device(arg)),
            "-f" => Some(matches!(node, Some(Node::File(_)))),
            "-x" => Some(node.is_some() || tools::exists(arg)),
            "-d" => Some(node == Some(Node::Dir)),
            "-s" => Some(matches!(&node, Some(Node::File(t)) if !t.is_empty())),
            "-c" => Some(is_device(arg)),
            "-t" | "-p" | "-S" | "-b" => Some(false),
            "-v" => Some(p.script.as_ref().is_some_and(|s| s.get(arg).is_some())),
            _ => None,
        };
        if let Some(known) = known {
            *at += 2;
            return Ok(known);
        }
    }
    *at += 1;
    Ok(!first.is_empty())
}

fn is_device(path: &str) -> bool {
    matches!(path, "/dev/null" | "/dev/zero" | "/dev/stdout" | "/dev/stderr" | "/dev/stdin" | "/dev/tty")
}

fn compare(a: &str, op: &str, b: &str) -> Result<bool, String> {
    let number = |t: &str| t.trim().parse::<i64>().map_err(|_| format!("Illegal number: {t}"));
    let chars = |t: &str| t.chars().collect::<Vec<_>>();
    Ok(match op {
        "=" => a == b,
        // In `[[ ]]` the right side is a pattern; in `[ ]` patterns are rare and quoted.
        "==" => a == b || super::pattern::matches(&chars(b), &chars(a)),
        "!=" => a != b,
        "<" => a < b,
        ">" => a > b,
        "=~" => super::regex::Regex::new(b, true, false).is_some_and(|r| r.is_match(a)),
        "-nt" | "-ot" | "-ef" => false,
        _ => {
            let (a, b) = (number(a)?, number(b)?);
            match op {
                "-eq" => a == b,
                "-ne" => a != b,
                "-lt" => a < b,
                "-le" => a <= b,
                "-gt" => a > b,
                _ => a >= b,
            }
        }
    })
}

/// Runs one of these programs, if there is one of this name.
pub fn run(p: &Proc, io: &mut Io<'_>, name: &str, args: &[&str]) -> Option<Ended> {
    let ok = |out: String| Some((out, String::new(), 0));
    let s = p.script.as_ref()?;
    match name {
        "true" => ok(String::new()),
        "false" => Some((String::new(), String::new(), 1)),
        "echo" => ok(echo(args)),
        "printf" => {
            let (text, code) = printf(args);
            Some((text, String::new(), code))
        }
        "pwd" => ok(format!("{}\n", p.dir())),
        "date" => match date(io.now, args) {
            Ok(text) => ok(text + "\n"),
            Err(why) => Some((String::new(), format!("date: {why}"), 1)),
        },
        "printenv" => {
            let env = s.environment();
            if args.is_empty() {
                return ok(env.iter().map(|(k, v)| format!("{k}={v}\n")).collect());
            }
            let found: Vec<String> =
                args.iter().filter_map(|a| env.iter().find(|(k, _)| k == a)).map(|(_, v)| format!("{v}\n")).collect();
            Some((found.concat(), String::new(), i64::from(found.len() < args.len())))
        }
        "hostname" => ok(format!("{}\n", s.get("HOSTNAME").unwrap_or("localhost"))),
        "whoami" => ok("root\n".into()),
        "id" => ok(match args.first() {
            Some(&("-u" | "-g")) => "0\n".into(),
            Some(&("-un" | "-gn")) => "root\n".into(),
            _ => "uid=0(root) gid=0(root) groups=0(root)\n".into(),
        }),
        "uname" => ok(match args.first() {
            Some(&"-r") => "6.12.0\n".into(),
            Some(&"-m") => "x86_64\n".into(),
            Some(&"-n") => format!("{}\n", s.get("HOSTNAME").unwrap_or("localhost")),
            Some(&"-a") => format!("Linux {} 6.12.0 x86_64 GNU/Linux\n", s.get("HOSTNAME").unwrap_or("localhost")),
            _ => "Linux\n".into(),
        }),
        "arch" => ok("x86_64\n".into()),
        "nproc" => ok("4\n".into()),
        "mktemp" => {
            let name = format!("/tmp/tmp.{}", io.rng.name_suffix(10));
            let made = if args.contains(&"-d") {
                io.files.make_dir(io.view, &name)
            } else {
                io.files.write(io.view, &name, "", false)
            };
            made.ok().and_then(|()| ok(format!("{name}\n")))
        }
        "seq" => Some(seq(args)),
        "expr" => Some(expr(args)),
        "basename" => {
            let path = args.first()?.trim_end_matches('/');
            let last = path.rsplit('/').next().unwrap_or(path);
            let cut = args.get(1).and_then(|s| last.strip_suffix(s)).unwrap_or(last);
            ok(format!("{cut}\n"))
        }
        "dirname" => {
            let path = args.first()?.trim_end_matches('/');
            let dir = path.rfind('/').map_or(".", |i| if i == 0 { "/" } else { &path[..i] });
            ok(format!("{dir}\n"))
        }
        "which" => {
            let found: Vec<String> =
                args.iter().filter(|a| tools::exists(a)).map(|a| format!("/usr/bin/{a}\n")).collect();
            Some((found.concat(), String::new(), i64::from(found.len() < args.len())))
        }
        "uptime" => ok(" 09:00:00 up 1 day,  0 users,  load average: 0.10, 0.10, 0.10\n".into()),
        "shuf" => {
            let range = args.iter().find_map(|a| a.split_once('-').filter(|(x, _)| x.parse::<i64>().is_ok()));
            let (low, high) = range.map_or((1, 10), |(a, b)| (a.parse().unwrap_or(1), b.parse().unwrap_or(10)));
            ok(format!("{}\n", io.rng.between(low, high)))
        }
        _ => None,
    }
}

fn seq(args: &[&str]) -> Ended {
    let (mut numbers, mut separator, mut width) = (vec![], "\n".to_owned(), false);
    let mut words = args.iter();
    while let Some(a) = words.next() {
        match *a {
            "-s" => words.next().copied().unwrap_or(" ").clone_into(&mut separator),
            "-w" => width = true,
            a => match a.parse::<f64>() {
                Ok(n) => numbers.push(n),
                Err(_) => return (String::new(), format!("seq: invalid floating point argument: '{a}'"), 1),
            },
        }
    }
    let (first, step, last) = match numbers[..] {
        [last] => (1.0, 1.0, last),
        [first, last] => (first, 1.0, last),
        [first, step, last] => (first, step, last),
        _ => return (String::new(), "seq: missing operand".into(), 1),
    };
    let mut list = vec![];
    let mut n = first;
    while (step > 0.0 && n <= last + 1e-9 || step < 0.0 && n >= last - 1e-9) && list.len() < 100_000 {
        list.push(if n.fract().abs() < 1e-9 && step.fract() == 0.0 { format!("{n:.0}") } else { format!("{n:.1}") });
        n += step;
    }
    if width {
        let w = list.iter().map(String::len).max().unwrap_or(0);
        for text in &mut list {
            *text = format!("{text:0>w$}");
        }
    }
    let end = if list.is_empty() { "" } else { "\n" };
    (list.join(&separator) + end, String::new(), 0)
}

struct NoVars;
impl arith::Vars for NoVars {
    fn get(&self, _name: &str) -> String {
        String::new()
    }
    fn set(&mut self, _name: &str, _value: i64) {}
}

fn expr(args: &[&str]) -> Ended {
    if let [text, ":", pattern] = args {
        let chars: Vec<char> = text.chars().collect();
        let found = super::regex::Regex::new(&format!("^{pattern}"), false, false).and_then(|r| r.find(&chars, 0));
        let out = match found {
            Some((_, _, groups)) if groups[1].is_some() => {
                let (a, b) = groups[1].unwrap_or((0, 0));
                chars[a..b].iter().collect()
            }
            Some((a, b, _)) => (b - a).to_string(),
            None => "0".to_owned(),
        };
        let code = i64::from(out.is_empty() || out == "0");
        return (format!("{out}\n"), String::new(), code);
    }
    if let ["length", text] = args {
        return (format!("{}\n", text.chars().count()), String::new(), 0);
    }
    if let [a, op @ ("=" | "!="), b] = args
        && a.parse::<i64>().is_err()
    {
        let yes = (a == b) == (*op == "=");
        return (format!("{}\n", i64::from(yes)), String::new(), i64::from(!yes));
    }
    let text: Vec<&str> = args.iter().map(|a| if *a == "=" { "==" } else { a }).collect();
    match arith::evaluate(&text.join(" "), &mut NoVars) {
        Ok(n) => (format!("{n}\n"), String::new(), i64::from(n == 0)),
        Err(_) => (String::new(), "expr: syntax error".into(), 2),
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// What date prints.
fn date(now: Time, args: &[&str]) -> Result<String, String> {
    let mut format = "%a %b %e %H:%M:%S UTC %Y".to_owned();
    let mut time = now;
    let mut words = args.iter();
    while let Some(arg) = words.next() {
        if let Some(f) = arg.strip_prefix('+') {
            f.clone_into(&mut format);
        } else if *arg == "-d" || arg.starts_with("--date") {
            let text = arg.strip_prefix("--date=").or_else(|| words.next().copied()).unwrap_or("");
            time = moment(now, text).ok_or_else(|| format!("invalid date '{text}'"))?;
        } else if arg.starts_with("-I") || arg.starts_with("--iso") {
            format =
                if arg.contains('s') && !arg.ends_with("iso-8601") { "%Y-%m-%dT%H:%M:%S+00:00" } else { "%Y-%m-%d" }
                    .into();
        } else if *arg == "-R" {
            format = "%a, %d %b %Y %H:%M:%S +0000".into();
        }
    }
    Ok(strftime(time, &format))
}

/// `@1700000000`, `yesterday`, `2 hours ago`, RFC 3339.
fn moment(now: Time, text: &str) -> Option<Time> {
    if let Some(n) = text.strip_prefix('@') {
        return n.parse().ok().map(Time::from_seconds);
    }
    let day = 86_400_000;
    match text {
        "now" | "today" | "" => return Some(now),
        "yesterday" => return Some(now - day),
        "tomorrow" => return Some(now + day),
        _ => {}
    }
    if let Some(t) = Time::parse_rfc3339(text) {
        return Some(t);
    }
    let parts: Vec<&str> = text.split_whitespace().collect();
    let n: i64 = parts.first()?.parse().ok()?;
    let unit = match parts.get(1)?.trim_end_matches('s') {
        "second" | "sec" => 1_000,
        "minute" | "min" => 60_000,
        "hour" => 3_600_000,
        "day" => day,
        "week" => 7 * day,
        _ => return None,
    };
    Some(if parts.get(2) == Some(&"ago") { now - n * unit } else { now + n * unit })
}

fn strftime(time: Time, format: &str) -> String {
    let c = time.civil();
    let day_of_year = (time.seconds()
        - crate::clock::Civil { month: 1, day: 1, hour: 0, minute: 0, second: 0, ..c }.to_time().seconds())
        / 86_400
        + 1;
    let (weekday, month) = (DAYS[c.weekday() as usize], MONTHS[c.month as usize - 1]);
    let mut out = String::new();
    let mut chars = format.chars().peekable();
    while let Some(ch) = chars.next() {
        if ch != '%' {
            out.push(ch);
            continue;
        }
        let unpadded = chars.next_if(|c| *c == '-').is_some();
        let digits = chars.next_if(char::is_ascii_digit);
        let two = |n: i64| if unpadded { n.to_string() } else { format!("{n:02}") };
        let hour12 = |h: u32| i64::from(if h.is_multiple_of(12) { 12 } else { h % 12 });
        out += &match chars.next() {
            Some('Y') => c.year.to_string(),
            Some('y') => two(c.year % 100),
            Some('m') => two(i64::from(c.month)),
            Some('d') => two(i64::from(c.day)),
            Some('e') => format!("{:>2}", c.day),
            Some('H') => two(i64::from(c.hour)),
            Some('I') => two(hour12(c.hour)),
            Some('p') => if c.hour < 12 { "AM" } else { "PM" }.to_owned(),
            Some('M') => two(i64::from(c.minute)),
            Some('S') => two(i64::from(c.second)),
            Some('N') => {
                let nanos = format!("{:09}", time.0.rem_euclid(1000) * 1_000_000);
                nanos[..digits.and_then(|d| d.to_digit(10)).unwrap_or(9) as usize].to_owned()
            }
            Some('s') => time.seconds().to_string(),
            Some('j') => format!("{day_of_year:03}"),
            Some('a') => weekday[..3].to_owned(),
            Some('A') => weekday.to_owned(),
            Some('b' | 'h') => month[..3].to_owned(),
            Some('B') => month.to_owned(),
            Some('u') => (if c.weekday() == 0 { 7 } else { c.weekday() }).to_string(),
            Some('w') => c.weekday().to_string(),
            Some('Z') => "UTC".to_owned(),
            Some('z') => "+0000".to_owned(),
            Some('F') => strftime(time, "%Y-%m-%d"),
            Some('T') => strftime(time, "%H:%M:%S"),
            Some('R') => strftime(time, "%H:%M"),
            Some('D') => strftime(time, "%m/%d/%y"),
            Some('c') => strftime(time, "%a %b %e %H:%M:%S %Y"),
            Some('n') => "\n".to_owned(),
            Some('t') => "\t".to_owned(),
            Some('%') => "%".to_owned(),
            Some(other) => format!("%{other}"),
            None => "%".to_owned(),
        };
    }
    out
}
