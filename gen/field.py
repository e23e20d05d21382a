#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes field_ids.h (enum field_id) and field_table.c of the table 'fields'.

Usage: field.py fields OUT.h OUT.c"""
import re
import sys

CLASSES = {  # prefix: (class, experimenter)
    "NXM_OF_": (0x0000, 0), "NXM_NX_": (0x0001, 0), "ERICOXM_OF_": (0x1000, 0),
    "OXM_OF_PKT_REG": (0x8001, 0), "OXM_OF_": (0x8000, 0),
    "NXOXM_ET_": (0xFFFF, 0x2320), "NXOXM_NSH_": (0xFFFF, 0x5AD650),
    "ONFOXM_ET_": (0xFFFF, 0x4F4E4600),
}
OF10 = {"-": "FIELD_OF_NO", "exact": "FIELD_OF_EXACT", "cidr": "FIELD_OF_CIDR",
        "any": "FIELD_OF_ANY"}


def expand(line):
    m = re.search(r"\{(\d+)-(\d+)\}", line)
    if not m:
        yield line
        return
    for i in range(int(m[1]), int(m[2]) + 1):
        one = line[:m.start()] + str(i) + line[m.end():]
        one = re.sub(r"\[#\*(\d)\]", lambda k: f"[{i * int(k[1])}]", one)
        one = re.sub(r"\((\d+)\+#\)", lambda k: f"({int(k[1]) + i})", one)
        yield one.replace("#", str(i))


def code_point(text, n_bytes):
    m = re.fullmatch(r"(\w+)\((\d+)\)(?:>=1\.(\d))?", text)
    prefix = next(p for p in CLASSES if m[1].startswith(p))
    cls, exp = CLASSES[prefix]
    number = int(m[2])
    size = n_bytes + (4 if exp else 0)
    header = cls << 48 | number << 41 | size << 32 | exp
    return f'{{ 0x{header:016x}u, "{m[1]}", {int(m[3] or 0) + 1} }}'


def main():
    ids, rows = [], []
    for n, raw in enumerate(open(sys.argv[1]), 1):
        raw = raw.rstrip("\n")
        if raw.startswith("# ") or raw == "#" or not raw.strip():
            continue
        for line in expand(raw):
            cols = line.split()
            try:
                names, width, mask, pre, access, fmt, of10, of11, where = cols[:9]
                name, _, alias = names.partition("=")
                n_bytes, n_bits = map(int, width.split("."))
                member, how = where.split(":")
                how, _, shift = how.partition("@")
                points = [code_point(c, n_bytes) for c in cols[9:]]
            except (ValueError, StopIteration, TypeError) as e:
                sys.exit(f"{sys.argv[1]}:{n}: cannot read this line: {e}")
            ids.append(f"FIELD_{name.upper()}")
            rows.append(
                f"\t[FIELD_{name.upper()}] = {{\n"
                f"\t\t.id = FIELD_{name.upper()}, .name = \"{name}\",\n"
                f"\t\t.alias = {chr(34) + alias + chr(34) if alias else 'NULL'},\n"
                f"\t\t.n_bytes = {n_bytes}, .n_bits = {n_bits},\n"
                f"\t\t.maskable = {'true' if mask == 'any' else 'false'},\n"
                f"\t\t.writable = {'true' if access == 'rw' else 'false'},\n"
                f"\t\t.prereq = FIELD_PRE_{'NONE' if pre == '-' else pre.upper()},\n"
                f"\t\t.format = FIELD_FMT_{fmt.upper()},\n"
                f"\t\t.of10 = {OF10[of10]}, .of11 = {OF10[of11]},\n"
                f"\t\t.where = FIELD_AT_{how.upper()}, .shift = {shift or 0},\n"
                f"\t\t.ofs = offsetof(struct flow_key, {member}),\n"
                f"\t\t.size = sizeof(((struct flow_key *)0)->{member}),\n"
                f"\t\t.n_points = {len(points)}, .points = {{ {', '.join(points)} }},\n\t}},\n")
    note = "/* Made by gen/field.py out of gen/fields. */\n"
    with open(sys.argv[2], "w") as h:
        h.write(note + "#pragma once\nenum field_id {\n\t" + ",\n\t".join(ids) +
                ",\n\tN_FIELDS\n};\n")
    with open(sys.argv[3], "w") as c:
        c.write(note + '#include "packet/field.h"\n\nconst struct field field_table[N_FIELDS] = {\n' +
                "".join(rows) + "};\n")


main()
