#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""ovsdb_random: random schemas and random transactions on Debian's ovsdb-server and on ours; replies
and monitor updates must be the same. Rows get their UUIDs from us, so that they are equal on both.

Usage: ovsdb_random.py BUILDDIR/bin [--schemas N] [--txns N] [--seed N]

What is left out because Debian's server is known to be wrong or undefined there: weak references to
rows that go in the same transaction that changes the referrer (it leaves them dangling), and which
of two rows a duplicate index value is reported for first."""
import argparse
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid

ATOMS = ['integer', 'real', 'boolean', 'string', 'uuid']


class Died(Exception):
    pass


class Server:
    def __init__(self, program, tool, schema):
        self.dir = tempfile.mkdtemp(prefix='ovsdb-random-')
        env = dict(os.environ, OVS_RUNDIR=self.dir, OVS_DBDIR=self.dir, OVS_LOGDIR=self.dir,
                   OVS_SYSLOG_METHOD='null')
        path = self.dir + '/schema'
        with open(path, 'w') as f:
            json.dump(schema, f)
        self.db = self.dir + '/d.db'
        subprocess.check_call([tool, 'create', self.db, path], env=env)
        self.env, self.program = env, program
        self.n = 0
        self.start()

    def start(self):
        self.proc = subprocess.Popen(
            [self.program, '--remote=punix:%s/sock' % self.dir, '--unixctl=%s/ctl' % self.dir,
             '-vconsole:off', self.db], env=self.env, stderr=subprocess.DEVNULL)
        self.sock = None
        for _ in range(500):
            try:
                self.sock = socket.socket(socket.AF_UNIX)
                self.sock.connect(self.dir + '/sock')
                break
            except OSError:
                time.sleep(0.01)
        self.sock.settimeout(20)
        self.buf = ''
        self.notes = []

    def kill(self):
        self.proc.kill()
        self.proc.wait()
        self.sock.close()

    def stop(self):
        self.kill()
        shutil.rmtree(self.dir)

    def call(self, method, params):
        """The reply; notifications that come before it go to self.notes."""
        self.n += 1
        self.sock.sendall(json.dumps({'method': method, 'params': params, 'id': self.n}).encode())
        decoder = json.JSONDecoder()
        while True:
            self.buf = self.buf.lstrip()
            try:
                msg, end = decoder.raw_decode(self.buf) if self.buf else (None, 0)
            except ValueError:
                msg = None
            if msg is None:
                data = self.sock.recv(1 << 16)
                if not data:
                    raise Died(self.program)
                self.buf += data.decode()
                continue
            self.buf = self.buf[end:]
            if msg.get('id') == self.n:
                return msg['error'] if msg.get('error') is not None else msg['result']
            self.notes.append([msg['method'], msg['params']])


class Generator:
    def __init__(self, rnd):
        self.r = rnd
        self.uuids = {}  # table -> uuids that were used

    def base(self, refs, allow_ref):
        r = self.r
        kind = r.choice(ATOMS)
        b = {'type': kind}
        if kind == 'uuid' and allow_ref and r.random() < 0.8:
            table = r.choice(refs)
            b['refTable'] = table
            if table != 'b' and r.random() < 0.5:
                b['refType'] = 'weak'
        elif r.random() < 0.3:
            if kind == 'integer':
                b.update(r.choice([{'minInteger': 0}, {'maxInteger': 5},
                                   {'minInteger': -2, 'maxInteger': 6},
                                   {'enum': ['set', [0, 1, 3]]}]))
            elif kind == 'real':
                b.update(r.choice([{'minReal': 0}, {'minReal': -1, 'maxReal': 2.5}]))
            elif kind == 'string':
                b.update(r.choice([{'minLength': 0, 'maxLength': 2}, {'maxLength': 1},
                                   {'enum': ['set', ['', 'a', 'b b', 'c']]}]))
        return b

    def column(self, refs):
        r = self.r
        t = {'key': self.base(refs, True)}
        if r.random() < 0.3:
            t['value'] = self.base(refs, True)
        if 'refTable' in t['key'] or 'refTable' in t.get('value', {}) or r.random() < 0.6:
            t['min'] = 0
        if r.random() < 0.5:
            t['max'] = r.choice(['unlimited', 2, 3])
        if t['key']['type'] == 'boolean' and t.get('max') == 3:
            t['max'] = 2
        c = {'type': t}
        if r.random() < 0.1 and 'refTable' not in t['key'] and 'refTable' not in t.get('value', {}):
            c['mutable'] = False
        if r.random() < 0.1:
            c['ephemeral'] = True
        return c

    def schema(self):
        r = self.r
        tables = {}
        for name in 'abc':
            columns = {'c%d' % i: self.column('abc') for i in range(r.randint(2, 6))}
            columns['n'] = {'type': 'integer'}
            tables[name] = {'columns': columns}
            if name != 'b':
                tables[name]['isRoot'] = True
            if r.random() < 0.2:
                tables[name]['maxRows'] = 6
            if r.random() < 0.4:
                ok = [c for c in columns if not columns[c].get('ephemeral')]
                tables[name]['indexes'] = [r.sample(ok, min(len(ok), r.randint(1, 3)))]
            self.uuids[name] = []
        self.tables = tables
        return {'name': 'd', 'version': '1.0.0', 'tables': tables}

    def known(self, table):
        u = self.uuids[table]
        return self.r.choice(u) if u and self.r.random() < 0.9 else str(
            uuid.UUID(int=self.r.getrandbits(128)))

    def atom(self, b):
        r = self.r
        if isinstance(b, str):
            b = {'type': b}
        kind = b['type']
        if r.random() < 0.02:
            return r.choice([1, 'x', True, 2.5, ['uuid', 'x']])
        if kind == 'integer':
            return r.randint(-1, 6) if r.random() < 0.97 else 9223372036854775807
        if kind == 'real':
            return r.choice([-1, 0, 0.5, 1, 2.5, 3])
        if kind == 'boolean':
            return r.random() < 0.5
        if kind == 'string':
            return r.choice(['', 'a', 'b b', 'c', 'a string of more than fifteen bytes', '"\\\n'])
        return ['uuid', self.known(b.get('refTable', 'a'))]

    def value(self, t, count=None):
        r = self.r
        if isinstance(t, str):
            t = {'key': t}
        lo, hi = t.get('min', 1), t.get('max', 1)
        hi = 4 if hi == 'unlimited' else hi
        n = r.randint(lo, hi) if r.random() < 0.95 else r.randint(0, 4)
        if count is not None:
            n = count
        if 'value' in t:
            pairs = [[self.atom(t['key']), self.atom(t['value'])] for _ in range(n)]
            if r.random() < 0.9:
                pairs = list({json.dumps(p[0]): p for p in pairs}.values())
            return ['map', pairs]
        elems = [self.atom(t['key']) for _ in range(n)]
        if r.random() < 0.9:
            elems = list({json.dumps(e): e for e in elems}.values())
        return elems[0] if len(elems) == 1 and r.random() < 0.5 else ['set', elems]

    def row(self, table, share):
        cols = self.tables[table]['columns']
        names = [c for c in cols if self.r.random() < share]
        # One column that may be wrong a row: which of two errors comes first is not defined.
        return {c: self.value(cols[c]['type']) for c in names}

    def where(self, table):
        r = self.r
        cols = self.tables[table]['columns']
        out = []
        for _ in range(r.choice([0, 1, 1, 1, 2])):
            if r.random() < 0.3:
                out.append(['_uuid', r.choice(['==', '!=', 'includes', 'excludes']),
                            ['uuid', self.known(table)]])
                continue
            c = r.choice(sorted(cols))
            fn = r.choice(['==', '!=', 'includes', 'excludes', '<', '<=', '>', '>='])
            out.append([c, fn, self.value(cols[c]['type'])])
        return out if r.random() < 0.97 else [r.random() < 0.5]

    def mutations(self, table):
        r = self.r
        cols = self.tables[table]['columns']
        out = []
        for _ in range(r.randint(1, 2)):
            c = r.choice(sorted(cols))
            t = cols[c]['type']
            t = {'key': t} if isinstance(t, str) else t
            key = t['key'] if isinstance(t['key'], str) else t['key']['type']
            if 'value' not in t and key in ('integer', 'real') and r.random() < 0.6:
                out.append([c, r.choice(['+=', '-=', '*=', '/=', '%=']), r.randint(-1, 3)])
            elif 'value' in t and r.random() < 0.4:
                out.append([c, 'delete', ['set', [self.atom(t['key'])]]])
            else:
                out.append([c, r.choice(['insert', 'delete']), self.value(t)])
        return out

    def op(self, kinds):
        r = self.r
        table = r.choice('abc')
        kind = r.choice(kinds)
        op = {'op': kind, 'table': table}
        if kind == 'insert':
            u = str(uuid.UUID(int=r.getrandbits(128)))
            op.update(row=self.row(table, 0.6), uuid=u)
            self.uuids[table].append(u)
            self.uuids[table] = self.uuids[table][-8:]
        elif kind == 'select':
            op['where'] = self.where(table)
            if r.random() < 0.7:
                op['columns'] = r.sample(sorted(self.tables[table]['columns']), r.randint(1, 2))
            else:
                op['columns'] = ['_uuid'] + sorted(self.tables[table]['columns'])
        elif kind == 'update':
            op.update(where=self.where(table), row=self.row(table, 0.4))
        elif kind == 'mutate':
            op.update(where=self.where(table), mutations=self.mutations(table))
        elif kind == 'delete':
            op['where'] = self.where(table)
        elif kind == 'wait':
            cols = r.sample(sorted(self.tables[table]['columns']), r.randint(1, 2))
            op.update(where=self.where(table), columns=cols, until=r.choice(['==', '!=']),
                      timeout=0,
                      rows=[{c: self.value(self.tables[table]['columns'][c]['type'])
                             for c in cols} for _ in range(r.randint(0, 2))])
        elif kind == 'comment':
            return {'op': 'comment', 'comment': 'c%d' % r.randint(0, 9)}
        elif kind == 'assert':
            return {'op': 'assert', 'lock': 'l'}
        return op

    def txn(self):
        r = self.r
        if r.random() < 0.15:
            kinds = ['delete', 'select']
        else:
            kinds = ['insert'] * 5 + ['update'] * 3 + ['mutate'] * 3 + ['select'] * 2 + ['wait', 'comment']
            if r.random() < 0.05:
                kinds += ['assert', 'abort']
        return [self.op(kinds) if k != 'abort' else {'op': 'abort'}
                for k in range(r.randint(1, 4))]

    def monitor(self, version):
        r = self.r
        out = {}
        for table in 'abc':
            if r.random() < 0.3:
                continue
            req = {'columns': r.sample(sorted(self.tables[table]['columns']), 2)}
            if version == 2 and r.random() < 0.6:
                req['where'] = self.where(table)
            if r.random() < 0.3:
                req['select'] = {k: r.random() < 0.5
                                 for k in ('initial', 'insert', 'delete', 'modify')}
            out[table] = req if r.random() < 0.3 else [req]
        return out


INDEX = re.compile(r'(for index on column.*?\.)  First row.*', re.S)
VALUES = re.compile(r'identical values \(.*?\) for index')


def canon(x):
    """The same for equal values: sets of rows in one order, errors without what is undefined."""
    if isinstance(x, dict):
        if 'details' in x and 'error' in x:
            x = dict(x, details=VALUES.sub('identical values for index',
                                           INDEX.sub(r'\1', x['details'])))
        out = {k: canon(v) for k, v in x.items()}
        if isinstance(out.get('rows'), list):
            out['rows'].sort(key=lambda v: json.dumps(v, sort_keys=True))
        return out
    if isinstance(x, list):
        if len(x) == 2 and x[0] in ('set', 'map') and isinstance(x[1], list):
            return [x[0], sorted((canon(v) for v in x[1]), key=json.dumps)]
        return [canon(v) for v in x]
    return x


def same_error(a, b):
    """Of several things wrong with one operation, either may be reported."""
    if not (isinstance(a, list) and isinstance(b, list) and len(a) == len(b)):
        return False
    for x, y in zip(a, b):
        if x == y:
            continue
        if not (isinstance(x, dict) and isinstance(y, dict) and 'error' in x and 'error' in y):
            return False
    return True


def run(bindir, rnd, n_txns, stats):
    g = Generator(rnd)
    schema = g.schema()
    servers = [Server('/usr/sbin/ovsdb-server', '/usr/bin/ovsdb-tool', schema),
               Server(bindir + '/ovsdb-server', bindir + '/ovsdb-tool', schema)]
    history = []

    def both(method, params):
        history.append((method, params))
        replies = []
        for s in servers:
            s.notes = []
            reply = canon(s.call(method, params))
            notes = [[n[0], n[1][0], {t: rows for t, rows in n[1][1].items() if rows}]
                     for n in (canon(n) for n in s.notes)]
            replies.append((reply, [n for n in notes if n[2]]))
        (a, na), (b, nb) = replies
        na.sort(key=lambda n: json.dumps(n, sort_keys=True))
        nb.sort(key=lambda n: json.dumps(n, sort_keys=True))
        if (a != b and not same_error(a, b)) or na != nb:
            print('DIFFERENT after %d calls, schema %s' % (len(history), json.dumps(schema)))
            for h in history[-3:]:
                print('  call  ', json.dumps(h))
            print('  debian', json.dumps(a), json.dumps(na))
            print('  weft  ', json.dumps(b), json.dumps(nb))
            return False
        stats['calls'] += 1
        stats['exact'] += a == b
        stats['updates'] += len(na)
        stats['committed'] += isinstance(a, list) and not any(
            isinstance(x, dict) and 'error' in x for x in a)
        return True

    all_rows = [{'op': 'select', 'table': t, 'where': [],
                 'columns': ['_uuid'] + sorted(g.tables[t]['columns'])} for t in 'abc']
    kept = [dict(op, columns=[c for c in op['columns'] if c == '_uuid' or not
                              g.tables[op['table']]['columns'][c].get('ephemeral')])
            for op in all_rows]
    try:
        for i in range(n_txns):
            if i == n_txns // 2:  # what is on disk is what was said
                for s in servers:
                    before = canon(s.call('transact', ['d'] + kept))
                    s.kill()
                    s.start()
                    if canon(s.call('transact', ['d'] + kept)) == before:
                        continue
                    # Debian's cannot read a difference with more elements than the column may have.
                    print('%s forgot something over a restart' % s.program)
                    return s is servers[0]
            if i % (n_txns // 2) == 3:
                for j in range(2):
                    if not both('monitor', ['d', 'm%d' % j, g.monitor(1)]) or \
                       not both('monitor_cond', ['d', 'mc%d' % j, g.monitor(2)]):
                        return False
            if i % 40 == 20 and i % (n_txns // 2) > 3:
                table = rnd.choice('abc')
                if not both('monitor_cond_change', ['mc0', 'mc0', {table: [{'where': g.where(table)}]}]):
                    return False
            if not both('transact', ['d'] + g.txn()) or not both('transact', ['d'] + all_rows):
                return False
        return True
    except Died as e:
        print('%s died after %s' % (e, json.dumps(history[-1])[:200]))
        return str(e).startswith('/usr/sbin/')
    finally:
        for s in servers:
            s.stop()


def main():
    p = argparse.ArgumentParser()
    p.add_argument('bindir')
    p.add_argument('--schemas', type=int, default=20)
    p.add_argument('--txns', type=int, default=300)
    p.add_argument('--seed', type=int, default=1)
    a = p.parse_args()
    stats = dict(calls=0, exact=0, committed=0, updates=0)
    failed = 0
    for i in range(a.schemas):
        if not run(a.bindir, random.Random(a.seed + i), a.txns, stats):
            failed += 1
            print('seed %d: different' % (a.seed + i))
    print('%d calls, %d replies equal to the letter, %d transactions committed, %d updates; '
          '%d of %d schemas differed' % (stats['calls'], stats['exact'], stats['committed'],
                                         stats['updates'], failed, a.schemas))
    return failed != 0


if __name__ == '__main__':
    sys.exit(main())
