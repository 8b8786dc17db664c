#!/usr/bin/env python3
"""Writes crates/engine/src/cron/zones.txt: every time zone, as the rule that holds from 2024 on.

The source is the archive that Go programs embed (`time/tzdata`, as kube-controller-manager does):

    scripts/zones.py $(go env GOROOT)/lib/time/zoneinfo.zip > crates/engine/src/cron/zones.txt

A line is `RULE NAMES`. RULE is `offset` or `offset,summer offset,start,end` in POSIX terms but east positive and in
minutes, without abbreviations; where explicit transitions are needed, `@offset before` and `hours since the last:offset`
follow, joined by `;`. A name that ends in `/` is the prefix of those after it.
"""

import collections
import re
import struct
import sys
import zipfile

SINCE = 1704067200  # 2024-01-01


def read(data):
    """The transitions (time, offset), the offset before the first one kept, and the footer of a TZif file."""
    def header(at):
        return struct.unpack(">6l", data[at + 20:at + 44])
    isutc, isstd, leap, times, types, chars = header(0)
    at = 44 + times * 5 + types * 6 + chars + leap * 8 + isstd + isutc
    isutc, isstd, leap, times, types, chars = header(at)
    at += 44
    when = struct.unpack(f">{times}q", data[at:at + 8 * times])
    at += 8 * times
    which = data[at:at + times]
    at += times
    offset = [struct.unpack(">l", data[at + 6 * i:at + 6 * i + 4])[0] for i in range(types)]
    footer = data[at + 6 * types + chars + leap * 12 + isstd + isutc:].decode().strip()
    all_ = [(t, offset[i]) for t, i in zip(when, which)]
    before = ([o for t, o in all_ if t < SINCE] or [offset[0]])[-1]
    return [(t, o) for t, o in all_ if t >= SINCE], before, footer


def minutes(text):
    """`-9:30`, POSIX's west-positive offset, as minutes east."""
    sign = 1 if text.startswith("-") else -1
    h, _, m = text.lstrip("+-").partition(":")
    return sign * (int(h) * 60 + int(m or 0))


def rule(footer):
    """A POSIX rule without its abbreviations."""
    name = r"(?:<[^>]*>|[A-Za-z]+)"
    m = re.fullmatch(rf"{name}([-+]?[\d:]+)(?:{name}([-+]?[\d:]+)?,([^,]+),([^,]+))?", footer)
    std = minutes(m[1])
    if not m[3]:
        return str(std)
    dst = minutes(m[2]) if m[2] else std + 60
    return f"{std},{dst},{m[3]},{m[4]}"


def main():
    archive = zipfile.ZipFile(sys.argv[1])
    zones = collections.defaultdict(list)
    for name in archive.namelist():
        if name.endswith("/"):
            continue
        transitions, before, footer = read(archive.read(name))
        text = rule(footer)
        if transitions:
            text += f"@{before // 60}"
            last = 0
            for t, o in transitions:
                assert t % 3600 == 0 and o % 60 == 0
                text += f";{t // 3600 - last}:{o // 60}"
                last = t // 3600
        zones[text].append(name)
    for text in sorted(zones, key=lambda r: (int(re.match(r"-?\d+", r)[0]), r)):
        line, prefix = [text], ""
        for name in sorted(zones[text]):
            head, slash, tail = name.rpartition("/")
            if head + slash != prefix:
                prefix = head + slash
                line.append(prefix or "/")
            line.append(tail)
        print(*line)


main()
