# SPDX-License-Identifier: Apache-2.0
"""twin: the same command lines run by Debian's Open vSwitch and by weft, and their outputs compared.

A scenario is a name and lines. Each side has its own database, which starts empty. A line is one
command line, split as a shell would; marks in front of it:

    ~ LINE       the order of lines (of paragraphs, if there are blank ones) does not matter
    X := LINE    what the command prints is afterwards $X
    % LINE       not compared (a set-up step, or what is known to differ: say why beside it)
    # ..         a remark

UUIDs count as equal (sets are sorted by them, so their order differs), times in log lines are
dropped.
After the lines, the contents of both databases are compared.
"""
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

UUID = re.compile(r'[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}')
LOG = re.compile(r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\|\d+\|', re.M)


class Side:
    """One implementation's programs on one server."""

    def __init__(self, name, bindir, server_bindir=None):
        self.name = name
        self.bindir = bindir
        self.server_bindir = server_bindir
        self.dir = tempfile.mkdtemp(prefix='twin-%s-' % name)
        self.env = dict(os.environ, OVS_RUNDIR=self.dir, OVS_DBDIR=self.dir, OVS_LOGDIR=self.dir,
                        OVS_SYSCONFDIR=self.dir, OVS_SYSLOG_METHOD='null')
        for name in ('OVS_CTL_TIMEOUT',):
            self.env.pop(name, None)
        self.server = None
        self.vars = {}

    def program(self, name):
        bindir = self.server_bindir if name in ('ovsdb-server', 'ovsdb-tool') else self.bindir
        if not bindir:
            return '/usr/sbin/' + name if name == 'ovsdb-server' else '/usr/bin/' + name
        return os.path.join(bindir, name)

    def sock(self):
        return 'unix:%s/db.sock' % self.dir

    def start(self):
        self.stop()
        db = self.dir + '/conf.db'
        for path in (db, self.dir + '/.conf.db.~lock~'):
            if os.path.exists(path):
                os.unlink(path)
        subprocess.run([self.program('ovsdb-tool'), 'create', db], env=self.env, check=True)
        self.server = subprocess.Popen(
            [self.program('ovsdb-server'), '--remote=punix:%s/db.sock' % self.dir, '-vconsole:off', '--unixctl=%s/ctl' % self.dir, db],
            env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(500):
            if os.path.exists(self.dir + '/db.sock'):
                break
            time.sleep(0.01)
        self.vars = {}

    def stop(self):
        if self.server:
            self.server.send_signal(signal.SIGTERM)
            self.server.wait(timeout=10)
            self.server = None
            try:
                os.unlink(self.dir + '/db.sock')
            except FileNotFoundError:
                pass

    def close(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def run(self, program, args, stdin=None, timeout=20):
        argv = [program] + args
        try:
            with tempfile.TemporaryFile('w+') as f:
                f.write(stdin or '')
                f.seek(0)
                p = subprocess.run(argv, executable=self.program(program), env=self.env, stdin=f,
                                   capture_output=True, timeout=timeout, text=True,
                                   errors='replace')
            return p.returncode, p.stdout, p.stderr
        except subprocess.TimeoutExpired:
            return 'hangs', '', ''
        except FileNotFoundError:
            return 'no such program', argv[0], ''

    def normal(self, text):
        text = text.replace(self.dir, 'RUNDIR')
        text = LOG.sub('', text)
        # HTML shows the beginning of a UUID.
        text = re.sub(r'>[0-9a-f]{8}</a>', '>uuid</a>', text)
        return UUID.sub('<uuid>', text)

    def contents(self):
        """The database as a tree: rows in place of references, without UUIDs."""
        p = subprocess.run(['/usr/bin/ovsdb-client', '-f', 'json', 'dump', self.sock(),
                            'Open_vSwitch'], env=self.env, capture_output=True, text=True, check=True)
        rows = {}
        for line in p.stdout.splitlines():
            table = json.loads(line)
            heads = table['headings']
            for data in table['data']:
                row = dict(zip(heads, data))
                row['_table'] = table['caption']
                rows[row.pop('_uuid')[1]] = row
        def value(v, seen):
            if isinstance(v, list) and len(v) == 2 and v[0] == 'uuid':
                if v[1] in seen or v[1] not in rows:
                    return 'row'
                return tree(rows[v[1]], seen | {v[1]})
            if isinstance(v, list) and len(v) == 2 and v[0] in ('set', 'map'):
                return [v[0]] + sorted((value(x, seen) for x in v[1]), key=str)
            if isinstance(v, list):
                return [value(x, seen) for x in v]
            return v
        def tree(row, seen):
            return {k: value(v, seen) for k, v in sorted(row.items())}
        return sorted((json.dumps(tree(r, {u}), sort_keys=True) for u, r in rows.items()))


def sorted_text(text):
    if '\n\n' in text:
        return '\n\n'.join(sorted(p.strip('\n') for p in text.split('\n\n')))
    return '\n'.join(sorted(text.splitlines()))


def differing(row, other):
    """Of a row only what differs, for people."""
    if row.get('_table') != other.get('_table'):
        return row
    return {k: v for k, v in row.items() if v != other.get(k) or k == '_table'}


class Twin:
    def __init__(self, program, sides, default_args=()):
        self.program = program
        self.sides = sides
        self.default_args = list(default_args)
        self.n_lines = self.n_bad = 0

    def line(self, scenario, line):
        mark, var = '', None
        m = re.match(r'(\w+) := (.*)', line)
        if m:
            var, line = m.groups()
        elif line[:2] in ('~ ', '% '):
            mark, line = line[0], line[2:]
        results = []
        for side in self.sides:
            words = shlex.split(line)
            words = [re.sub(r'\$(\w+)', lambda m: side.vars.get(m.group(1), ''), w) for w in words]
            words = [w.replace('RUNDIR', side.dir) for w in words]
            program = self.program
            if words and words[0].startswith('ovs') and words[0] != self.program:
                program, args = words[0], words[1:]
            else:
                args = self.default_args + words
            rc, out, err = side.run(program, args)
            if var:
                side.vars[var] = out.strip()
            if mark == '~':
                out, err = sorted_text(side.normal(out)), side.normal(err)
            else:
                out, err = side.normal(out), side.normal(err)
            results.append((rc, out, err))
        if mark == '%':
            self.n_lines += 1
        else:
            self.compare(scenario, line, results)

    def compare(self, scenario, line, results):
        self.n_lines += 1
        if results[0] == results[1]:
            return
        self.n_bad += 1
        print('--- %s: %s' % (scenario, line))
        for side, (rc, out, err) in zip(self.sides, results):
            print('  %s: exit %s' % (side.name, rc))
            for text in (out, err):
                for x in text.splitlines()[:60]:
                    print('    | ' + x)

    def scenario(self, name, lines, contents=True):
        for side in self.sides:
            side.start()
        for line in lines.strip().splitlines():
            line = line.strip()
            if line and not line.startswith('#'):
                self.line(name, line)
        if contents:
            a, b = (side.contents() for side in self.sides)
            if a != b:
                self.n_bad += 1
                print('--- %s: the databases differ' % name)
                only = [sorted(set(x) - set(y)) for x, y in ((a, b), (b, a))]
                for side, rows, others in zip(self.sides, only, only[::-1]):
                    for i, row in enumerate(rows):
                        other = json.loads(others[i]) if i < len(others) else {}
                        print('  %s: %s' % (side.name, differing(json.loads(row), other)))

    def finish(self):
        for side in self.sides:
            side.close()
        print('%d command lines, %d differ' % (self.n_lines, self.n_bad))
        return 1 if self.n_bad else 0


def main(program, scenarios, default_args=(), extra=()):
    """Arguments: BUILDDIR [--our-server] [SCENARIO..]"""
    if not os.path.exists('/usr/bin/' + program):
        print('Debian\'s openvswitch-switch is not installed')
        return 77
    args = sys.argv[1:]
    our_server = '--our-server' in args
    args = [a for a in args if a != '--our-server']
    if not args:
        sys.exit('usage: %s BUILDDIR/bin [--our-server] [SCENARIO..]' % sys.argv[0])
    bindir, wanted = args[0], args[1:]
    twin = Twin(program, [Side('debian', None), Side('weft', bindir, bindir if our_server else None)],
                default_args)
    try:
        for name, lines in scenarios:
            if not wanted or name in wanted:
                twin.scenario(name, lines)
        for function in extra:
            if not wanted or function.__name__ in wanted:
                function(twin)
    finally:
        status = twin.finish()
    return status
