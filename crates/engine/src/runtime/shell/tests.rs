//! Scripts and what they print, when, and how they end.

use super::Machine;
use crate::clock::Time;
use crate::rng::Rng;
use crate::runtime::files::{Files, Mount, View};
use crate::runtime::process::Io;
use crate::runtime::{EnvVar, LogLine, Stream};

struct Run {
    machine: Machine,
    files: Files,
    view: View,
    logs: Vec<LogLine>,
    rng: Rng,
    now: Time,
}

impl Run {
    fn words(words: &[&str]) -> Self {
        let words: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
        let env = [("HOSTNAME", "pod-1"), ("PATH", "/bin"), ("COLOR", "blue")];
        let env: Vec<EnvVar> = env.iter().map(|(k, v)| ((*k).to_owned().into(), (*v).to_owned().into())).collect();
        let mount = Mount { path: "/data".into(), space: "volume/data".into(), sub_path: "".into(), read_only: false };
        Self {
            machine: Machine::new(&words, &env, true).unwrap(),
            files: Files::default(),
            view: View { own: "c".into(), mounts: vec![mount].into() },
            logs: vec![],
            rng: Rng::new(1),
            now: Time(0),
        }
    }
    fn sh(script: &str) -> Self {
        Self::words(&["sh", "-c", script])
    }
    fn io(&mut self, work: impl FnOnce(&mut Machine, &mut Io<'_>)) {
        let Self { machine, files, view, logs, rng, now } = self;
        work(machine, &mut Io { now: *now, files, view, logs, rng, work: 0 });
    }
    /// Runs up to a time in milliseconds. It may stop and be copied anywhere.
    fn until(mut self, ms: i64) -> Self {
        while let Some(at) = self.machine.wake_at().filter(|t| t.0 <= ms) {
            self.now = self.now.max(at);
            self.machine = self.machine.clone();
            self.io(super::Machine::run);
        }
        self.now = Time(ms);
        self
    }
    fn signal(mut self, name: &str) -> Self {
        self.io(|m, io| m.signal(name, io));
        self
    }
    fn out(&self) -> String {
        let lines = self.logs.iter().filter(|l| l.stream == Stream::Stdout);
        lines.map(|l| l.text.to_string()).collect::<Vec<_>>().join("|")
    }
    fn err(&self) -> String {
        let lines = self.logs.iter().filter(|l| l.stream == Stream::Stderr);
        lines.map(|l| l.text.to_string()).collect::<Vec<_>>().join("|")
    }
}

#[test]
fn what_scripts_print_and_how_they_end() {
    for (script, out, code) in [
        ("echo hello world", "hello world", 0),
        ("echo -n a; echo b", "ab", 0),
        ("echo -e 'a\\nb'", "a|b", 0),
        ("exit 3", "", 3),
        ("false", "", 1),
        ("false; true", "", 0),
        ("set -e; false; echo no", "", 1),
        ("set -e; if false; then :; fi; false || true; echo yes", "yes", 0),
        ("true && echo a || echo b; false && echo c || echo d", "a|d", 0),
        ("! true", "", 1),
        ("x=1; y=$((x + 2)); echo $y", "3", 0),
        ("for i in 1 2 3; do echo n$i; done", "n1|n2|n3", 0),
        ("for i in $(seq 1 3); do echo $i; done", "1|2|3", 0),
        ("for i in {1..3}; do echo $i; done", "1|2|3", 0),
        ("for ((i=0; i<2; i++)); do echo $i; done", "0|1", 0),
        ("i=0; while [ $i -lt 3 ]; do i=$((i+1)); [ $i -eq 2 ] && continue; echo $i; done", "1|3", 0),
        ("while true; do echo once; break; done; echo after", "once|after", 0),
        ("for a in 1 2; do for b in 1 2; do [ $b = 2 ] && continue 2; echo $a$b; done; done", "11|21", 0),
        ("case abc in a*) echo yes;; *) echo no;; esac", "yes", 0),
        ("case $COLOR in red|blue) echo known;; esac", "known", 0),
        ("f() { echo \"$1-$#\"; return 4; }; f a b; echo $?", "a-2|4", 0),
        ("f() { local x=2; echo $x; }; x=1; f; echo $x", "2|1", 0),
        ("echo ${UNSET:-none} ${COLOR:+set} ${#COLOR} ${COLOR%ue} ${COLOR#b}", "none set 4 bl lue", 0),
        ("x=a.tar.gz; echo ${x%%.*} ${x##*.} ${x/tar/zip}", "a gz a.zip.gz", 0),
        ("set -u; echo $NOPE; echo no", "", 2),
        ("echo \"a  b\" 'c $x'  d", "a  b c $x d", 0),
        ("x='a b'; for w in $x; do echo $w; done; for w in \"$x\"; do echo $w; done", "a|b|a b", 0),
        ("echo a | tr a-z A-Z", "A", 0),
        ("printf '%s=%d\\n' a 1 b 2", "a=1|b=2", 0),
        ("printf '%05.2f|%-4s|%3d\\n' 3.14159 ab 7", "03.14|ab  |  7", 0),
        ("seq 3 | while read n; do echo \"<$n>\"; done", "<1>|<2>|<3>", 0),
        ("echo 'a:b c' | while IFS=: read x y; do echo $y; done", "b c", 0),
        ("printf 'b\\na\\nb\\n' | sort | uniq -c | sort -rn | head -1", "      2 b", 0),
        ("printf '1 x\\n2 y\\n' | awk '{ s += $1; print $2 } END { print s }'", "x|y|3", 0),
        ("echo a,b,c | cut -d, -f2", "b", 0),
        ("echo foo bar | sed 's/o/0/g; s/bar/baz/'", "f00 baz", 0),
        ("printf 'INFO a\\nERROR b\\n' | grep -c ERROR", "1", 0),
        ("echo hi | grep -q nope || echo missing", "missing", 0),
        ("yes | head -2", "y|y", 0),
        ("false | cat; echo $?", "0", 0),
        ("set -o pipefail; false | cat; echo $?", "1", 0),
        ("x=$(false); echo $?", "1", 0),
        ("(exit 7); echo $?", "7", 0),
        ("cd /tmp && pwd", "/tmp", 0),
        ("echo $PWD; cd /tmp; echo ${PWD#/}", "/|tmp", 0),
        ("echo 42 > /data/out; cat /data/out; wc -l < /data/out", "42|1", 0),
        ("echo a >> /tmp/x; echo b >> /tmp/x; cat /tmp/x", "a|b", 0),
        ("{ echo a; echo b; } > /tmp/y; cat /tmp/y", "a|b", 0),
        ("cat <<EOF\nhello $COLOR\nEOF\necho after", "hello blue|after", 0),
        ("cat /nope 2>/dev/null || echo gone", "gone", 0),
        (
            "n=$(cat /data/n 2>/dev/null || echo 0); n=$((n + 1)); echo $n > /data/n; echo \"run $n\"; [ $n -ge 2 ]",
            "run 1",
            1,
        ),
        ("trap 'echo bye' EXIT; echo hi", "hi|bye", 0),
        ("trap 'echo bye' EXIT; exit 5", "bye", 5),
        ("test -n \"$TOKEN\" && echo token; echo rest", "rest", 0),
        ("[ -f /data/x ] || echo none; touch /data/x; [ -f /data/x ] && echo there", "none|there", 0),
        ("[[ $COLOR == bl* && -n $COLOR ]] && echo ok", "ok", 0),
        ("hostname; whoami", "pod-1|root", 0),
        ("date +%s", "0", 0),
        ("echo $0 $1; echo $1", "sh|", 0),
        ("eval 'echo a; echo b'", "a|b", 0),
        ("command -v sleep >/dev/null && echo found", "found", 0),
        ("if ! command -v nope; then echo missing; fi", "missing", 0),
        ("a=1 env | grep '^a='", "a=1", 0),
        ("expr 3 + 4; expr 2 '*' 3", "7|6", 0),
        ("echo $((RANDOM % 1))", "0", 0),
        ("echo one two | xargs -n1 echo got", "got one|got two", 0),
        ("ls /data; mkdir -p /data/a/b; ls /data", "a", 0),
        ("exec echo replaced; echo never", "replaced", 0),
        ("python3 -c 'print(\"hi\"); import sys; sys.exit(3)'", "hi", 3),
        ("sh -c 'echo inner; exit 4'; echo $?", "inner|4", 0),
        ("until [ -f /tmp/z ]; do touch /tmp/z; done; echo done", "done", 0),
        ("echo a; # comment\necho b", "a|b", 0),
        ("x=5; (( x > 3 )) && echo big", "big", 0),
        ("echo \"$@\"; set -- a 'b c'; for p in \"$@\"; do echo $p; done", "|a|b c", 0),
    ] {
        let run = Run::sh(script).until(60_000);
        assert_eq!((run.out().as_str(), run.machine.exit_code()), (out, Some(code)), "{script}\nstderr: {}", run.err());
    }
}

#[test]
fn what_they_complain_of() {
    for (script, err, code) in [
        ("slep 4", "sh: 1: slep: not found", 127),
        ("if true; then echo a", "sh: 1: Syntax error: end of file unexpected (expecting \"fi\")", 2),
        ("done", "sh: 1: Syntax error: \"done\" unexpected", 2),
        ("for i in 1; echo; done", "sh: 1: Syntax error: \"echo\" unexpected (expecting \"do\")", 2),
        ("echo 'a", "sh: 1: Syntax error: Unterminated quoted string", 2),
        ("kill x", "sh: 1: kill: Illegal number: x", 2),
        ("ls /nope", "ls: cannot access '/nope': No such file or directory", 2),
        ("echo oops >&2; exit 1", "oops", 1),
        ("cat /nope", "cat: /nope: No such file or directory", 1),
        ("set -x; echo a >/dev/null", "+ echo a", 0),
        ("echo ${X:?must be set}", "sh: 1: X: must be set", 2),
        ("echo a > /nowhere/b", "sh: 1: cannot create /nowhere/b: Directory nonexistent", 2),
        ("echo $((1/0))", "sh: 1: arithmetic expression: division by zero", 2),
    ] {
        let run = Run::sh(script).until(60_000);
        assert_eq!((run.err().as_str(), run.machine.exit_code()), (err, Some(code)), "{script}");
    }
}

#[test]
fn time_passes() {
    let run = Run::sh("echo a; sleep 1.5; echo b; sleep 1m; echo c").until(30_000);
    assert_eq!(run.logs.iter().map(|l| l.at.0).collect::<Vec<_>>(), [0, 1_500]);
    assert_eq!(run.until(70_000).out(), "a|b|c");
    let run = Run::sh("sleep 2 & sleep 1; echo one; wait; echo two").until(10_000);
    assert_eq!(run.logs.iter().map(|l| l.at.0).collect::<Vec<_>>(), [1_000, 2_000]);
    let run = Run::sh("while sleep 1; do echo tick; done | head -3").until(10_000);
    assert_eq!(run.out(), "tick|tick|tick");
    let run = Run::sh("timeout 2 sleep 10; echo $?").until(10_000);
    assert_eq!((run.out().as_str(), run.logs[0].at.0), ("124", 2_000));
    let run = Run::sh("while true; do :; done").until(10_000);
    assert_eq!(run.machine.exit_code(), None);
    let run = Run::sh("x=$(sleep 2; echo late); echo $x").until(5_000);
    assert_eq!((run.out().as_str(), run.logs[0].at.0), ("late", 2_000));
    let run = Run::sh("(sleep 1; echo x) | awk 'BEGIN { print \"begin\" } { print }'").until(5_000);
    assert_eq!(run.out(), "begin|x");
}

#[test]
fn signals() {
    for (script, signalled, until, out, code) in [
        ("sleep 100", 1_000, 20_000, "", None),
        ("trap 'echo bye; exit 0' TERM; while true; do sleep 1; done", 1_500, 3_000, "bye", Some(0)),
        ("trap 'exit 9' TERM; sleep 100 & wait", 1_000, 1_000, "", Some(9)),
        ("trap '' TERM; sleep 5; echo end", 1_000, 6_000, "end", Some(0)),
        ("trap 'echo got' TERM; sleep 2; echo end", 1_000, 3_000, "got|end", Some(0)),
        ("trap 'echo stop; sleep 3; exit 0' TERM; while true; do sleep 0.2; done", 1_000, 5_000, "stop", Some(0)),
        ("exec nginx -g 'daemon off;'", 1_000, 2_000, "", Some(0)),
        ("sleep 50 & kill $!; wait $!; echo $?", 0, 1_000, "143", Some(0)),
    ] {
        let mut run = Run::sh(script).until(signalled);
        if signalled > 0 {
            run = run.signal("TERM");
        }
        let run = run.until(until);
        assert_eq!((run.out().as_str(), run.machine.exit_code()), (out, code), "{script} {}", run.err());
    }
    let run = Run::words(&["sleep", "100"]).until(100).signal("TERM").until(1_000);
    assert_eq!(run.machine.exit_code(), None);
    assert_eq!(run.until(200_000).machine.exit_code(), Some(0));
}

#[test]
fn programs() {
    let run = Run::words(&["perl", "-Mbignum=bpi", "-wle", "print bpi(100)"]).until(60_000);
    assert!(run.out().starts_with("3.14159265358979"), "{}", run.out());
    let run = Run::words(&["python", "manage.py", "migrate"]).until(60_000);
    assert!(run.out().contains("Applying") && run.machine.exit_code() == Some(0), "{}", run.out());
    assert!(Machine::new(&["slep".into()], &[], true).unwrap_err().contains("executable file not found in $PATH"));
    assert!(Machine::new(&["/opt/x".into()], &[], true).unwrap_err().contains("stat /opt/x: no such file"));
}

#[test]
fn bash_has_arrays() {
    for (script, out) in [
        ("items=(foo bar baz)\necho ${items[1]} $items ${#items[@]}", "bar foo 3"),
        ("I=2; items=(a \"b c\" d); echo ${items[$I]} ${items[I-1]} ${items[-1]}", "d b c d"),
        ("a=(1 2); a+=(3); for x in \"${a[@]}\"; do echo -n $x,; done; echo", "1,2,3,"),
        ("a=x; a+=y; echo $a ${a[0]}", "xy xy"),
        ("a=($(echo 1 2 3)); echo ${a[2]} ${b[0]:-none}", "3 none"),
    ] {
        let run = Run::words(&["bash", "-c", script]).until(1_000);
        assert_eq!((run.out().as_str(), run.err().as_str()), (out, ""), "{script}");
    }
    assert!(Run::sh("a=(1 2)").until(1_000).err().contains("Syntax error: \"(\" unexpected"));
}

#[test]
fn tail_follows_files() {
    let script = "tail -n+2 -F /data/log & sleep 1; echo a > /data/log; sleep 1; printf 'b\\nc\\n' >> /data/log; sleep 1; rm /data/log; sleep 1";
    let run = Run::sh(script).until(10_000);
    assert_eq!(run.out(), "a|b|c");
    let told: Vec<String> = run.err().split('|').map(str::to_owned).collect();
    assert_eq!(told[0], "tail: cannot open '/data/log' for reading: No such file or directory");
    assert_eq!(told[1], "tail: '/data/log' has appeared;  following new file");
    assert_eq!(told[2], "tail: '/data/log' has become inaccessible: No such file or directory");
    let run = Run::sh("seq 1 20 > /data/a; tail -n 2 -f /data/a | while read l; do echo got $l; done").until(5_000);
    assert_eq!(run.out(), "got 19|got 20");
    assert_eq!(run.machine.exit_code(), None);
    let run = Run::sh("tail -f /data/none").until(5_000);
    assert_eq!(run.machine.exit_code(), Some(1));
}

/// What a learner's loop without end, or without bound, comes to. None of it may take long, or more memory than a page has.
#[test]
fn what_takes_too_much_is_ended_or_waits() {
    for (script, ended) in [
        ("x=a; while true; do x=$x$x; done", Some((137, "OOMKilled"))),
        ("a=(x); while true; do a+=(\"${a[@]}\"); done", Some((137, "OOMKilled"))),
        ("awk 'BEGIN { x = \"a\"; while (1) x = x x }'", Some((137, "OOMKilled"))),
        ("python3 -c 'x = \"a\"\nwhile True:\n  x = x + x'", Some((137, "OOMKilled"))),
        ("f() { f; }; f", Some((139, "Error"))),
        ("while true; do sleep 100 & done", Some((2, "Error"))),
        ("while true; do x=\"$x hello\"; done", None),
        ("echo a > /tmp/f; while true; do cat /tmp/f /tmp/f > /tmp/g; mv /tmp/g /tmp/f; done", None),
        ("while true; do cat /etc/hosts >> /tmp/f; done", None),
        ("while true; do echo -n aaaaaaaaaaaaaaaaaaaaaaaa; done", None),
        ("while true; do sleep 0.x 0 * * *2; done", None),
        ("awk 'BEGIN { while (1) i++ }'", None),
        ("yes | sort", None),
        ("yes | wc -l", None),
        ("printf '%1000000000d %.1000000000f' 1 2 | wc -l", Some((0, "Completed"))),
        (
            "echo aaaaaaaaaaaaaaaa | sed 's/a/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/g;s/a/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/g;s/a/aaaaaaaaaaaaaaaaaaaaaaaaaaaa/g;s/a/aaaaaaaaaaaaaaaa/g' | wc -l",
            Some((0, "Completed")),
        ),
    ] {
        let shell = if script.starts_with("a=(") { "bash" } else { "sh" };
        let run = Run::words(&[shell, "-c", script]).until(30_000);
        let exit = run.machine.exit().map(|e| (e.code, e.reason));
        assert_eq!(exit, ended, "{script}\nstderr: {}", run.err());
        let held: usize = run.logs.iter().map(|l| l.text.len()).sum();
        assert!(held < 20 << 20, "{script} logged {held} bytes");
    }
    // What stands in itself too deeply is refused where it is read.
    for (before, inner, after) in [
        ("", "(", ""),
        ("echo ", "$(", ""),
        ("echo $((", "(", "1))"),
        ("", "{ ", ""),
        ("", "if ", ""),
        ("", "f() ", "{ :; }"),
        ("echo ", "${a:-", ""),
        ("test ", "! ", "a"),
        ("expr ", "\\( ", "1"),
        ("awk 'BEGIN { print ", "(", "1 }'"),
        ("awk 'BEGIN { print ", "$", "1 }'"),
        ("awk 'BEGIN ", "{", "'"),
        ("echo a | grep -E '", "(", "'"),
    ] {
        let script = format!("{before}{}{after}", inner.repeat(5_000));
        let run = Run::sh(&script).until(1_000);
        assert!(run.machine.exit_code().is_some_and(|code| code != 0), "{before}{inner}");
    }
}
