#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""schema: our Open_vSwitch schema is that of Debian's Open vSwitch: a database of either needs no
conversion to the other, and every table and column says the same.

Usage: schema.py VSWITCH.OVSSCHEMA"""
import json
import os
import subprocess
import sys
import tempfile

THEIRS = '/usr/share/openvswitch/vswitch.ovsschema'


def tool(*args):
    return subprocess.run(['/usr/bin/ovsdb-tool', *args], check=True, capture_output=True,
                          text=True).stdout.strip()


def schema_in(path):
    """As a database file has it: without what only repeats a default."""
    with open(path, encoding='utf-8') as f:
        return json.loads(f.readlines()[1])


def normal(value):
    """Enumerations are sets: their order means nothing."""
    if isinstance(value, dict):
        return {k: sorted(v[1]) if k == 'enum' else normal(v) for k, v in value.items()}
    return value


def main():
    ours = sys.argv[1]
    if not os.path.exists(THEIRS):
        print("Debian's openvswitch-switch is not installed")
        return 77
    with tempfile.TemporaryDirectory() as tmp:
        theirs_db, ours_db = tmp + '/theirs.db', tmp + '/ours.db'
        tool('create', theirs_db, THEIRS)
        tool('create', ours_db, ours)
        needs = tool('needs-conversion', theirs_db, ours), tool('needs-conversion', ours_db, THEIRS)
        a, b = schema_in(ours_db), schema_in(theirs_db)
    bad = [k for k in ('name', 'version', 'cksum') if a[k] != b[k]]
    for name in sorted(set(a['tables']) | set(b['tables'])):
        mine, its = a['tables'].get(name, {}), b['tables'].get(name, {})
        for key in sorted(set(mine) | set(its)):
            if key != 'columns' and mine.get(key) != its.get(key):
                bad.append('%s.%s' % (name, key))
        mine, its = mine.get('columns', {}), its.get('columns', {})
        for column in sorted(set(mine) | set(its)):
            if normal(mine.get(column)) != normal(its.get(column)):
                bad.append('%s:%s' % (name, column))
    print('%d tables, %d columns; needs-conversion: %s, %s; different: %s'
          % (len(a['tables']), sum(len(t['columns']) for t in a['tables'].values()), *needs,
             ', '.join(bad) or 'nothing'))
    return 1 if bad or needs != ('no', 'no') else 0


if __name__ == '__main__':
    sys.exit(main())
