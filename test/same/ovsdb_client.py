#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""ovsdb_client: ovsdb-client of Debian and of weft on the same command lines, see twin.py.

Usage: ovsdb_client.py BUILDDIR/bin [--our-server] [SCENARIO..]"""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import twin

SETUP = r'''
    % ovs-vsctl --no-wait add-br br0 -- set bridge br0 'other_config:a="<x>&y,z"'
'''

# Tables and columns are listed by Debian in the order of a hash, by weft sorted.
SCENARIOS = [('questions', SETUP + r'''
    list-dbs
    list-dbs unix:RUNDIR/db.sock
    list-dbs foo
    list-dbs unix:/nonexistent
    list-dbs tcp:127.0.0.1:1
    ~ --no-headings list-tables
    ~ -f csv list-tables
    ~ --no-headings list-columns Open_vSwitch Manager
    ~ -f csv list-columns Open_vSwitch Manager
    list-columns Open_vSwitch NoSuch
    list-tables NoSuch
    get-schema-version
    get-schema-version _Server
    get-schema-cksum
    get-schema _Server
    --pretty get-schema _Server
    get-schema Foo
    % get-schema Open_vSwitch
    foo
    --no-such-option list-dbs
    lock
    transact
    query a b c
    wait Open_vSwitch
    wait Open_vSwitch foo
    monitor
    backup x y
    needs-conversion
    needs-conversion /nonexistent
    % --version
    -t x list-dbs
'''), ('dump', SETUP + r'''
    dump Open_vSwitch Bridge name other_config
    dump Open_vSwitch Bridge other_config name
    dump Open_vSwitch Bridge name other_config Port
    dump Bridge name
    dump Open_vSwitch Bridge _uuid name
    -f list dump Open_vSwitch Bridge name other_config
    -f csv dump Open_vSwitch Bridge name other_config
    -f html dump Open_vSwitch Bridge name other_config
    -f json dump Open_vSwitch Bridge name other_config
    --pretty -f json dump Open_vSwitch Bridge name other_config
    -f table -d json dump Open_vSwitch Bridge name other_config
    -d bare dump Open_vSwitch Bridge name other_config
    --no-headings dump Open_vSwitch Bridge name other_config
    --bare dump Open_vSwitch Bridge name other_config
    -f list dump
    -f csv dump
    -f html dump
    -f json dump
    dump
    --timestamp dump Open_vSwitch Bridge name
    --max-column-width=5 dump Open_vSwitch Bridge name other_config
    dump Open_vSwitch Foo
    dump Open_vSwitch Bridge foo
    dump Foo
    dump _Server Database name model connected
    -f foo dump
    -d foo dump
'''), ('transactions', SETUP + r'''
    transact '["Open_vSwitch",{"op":"select","table":"Bridge","where":[],"columns":["name"]}]'
    --pretty transact '["Open_vSwitch",{"op":"select","table":"Bridge","where":[],"columns":["name","other_config"]}]'
    transact '["Open_vSwitch",{"op":"foo"}]'
    transact '["Foo",{"op":"foo"}]'
    transact '[]'
    transact '{}'
    transact '5'
    transact '"x"'
    transact '[5]'
    transact '["Open_vSwitch"]'
    transact '{'
    transact '['
    transact ''
    transact foo
    transact '[1,]'
    query '["Open_vSwitch",{"op":"select","table":"Bridge","where":[],"columns":["name"]}]'
    query '["Open_vSwitch",{"op":"delete","table":"QoS","where":[]}]'
    query '["Open_vSwitch",{"op":"foo"}]'
    query '[]'
    transact '["Open_vSwitch",{"op":"insert","table":"QoS","row":{"type":"x"}}]'
    transact '["Open_vSwitch",{"op":"insert","table":"QoS","row":{"typ":"x"}}]'
    transact '["Open_vSwitch",{"op":"mutate","table":"Open_vSwitch","where":[],"mutations":[["next_cfg","+=",1]]}]'
    -f csv dump Open_vSwitch QoS type
''')]

# monitor command lines, and what the database sees meanwhile.
CHANGES = (
    'add-br b5', 'set bridge br0 other_config:a=b stp_enable=true',
    'set bridge br0 other_config:c=d', 'remove bridge br0 other_config a',
    'clear bridge br0 other_config', 'del-br b5', 'set bridge br0 stp_enable=false',
)
MONITORS = (
    'monitor Open_vSwitch Bridge name,other_config,stp_enable',
    'monitor Bridge other_config,name',
    '-f json monitor Open_vSwitch Bridge name,other_config',
    '-f list monitor Open_vSwitch Bridge name,other_config,!initial',
    '-f list monitor Open_vSwitch Bridge !initial,name !modify,other_config !insert,!delete,stp_enable',
    '-f csv monitor Open_vSwitch Bridge !initial,!insert,name,other_config',
    '-f html monitor Open_vSwitch Bridge name,other_config',
    'monitor Open_vSwitch Bridge name name',
    'monitor Open_vSwitch Bridge name !initial',
    'monitor Open_vSwitch Bridge foo',
    'monitor Open_vSwitch Foo',
    'monitor foo Bridge',
    'monitor Open_vSwitch Bridge !foo',
    '-f csv monitor Open_vSwitch Bridge',
    'monitor Open_vSwitch',
    '-f csv monitor ALL',
    'monitor-cond Open_vSwitch [["name","==","br0"]] Bridge name,other_config,stp_enable',
    'monitor-cond Open_vSwitch [["name","==","br1"]] Bridge name',
    'monitor-cond Open_vSwitch [] Bridge name,stp_enable',
    'monitor-cond Open_vSwitch [[foo Bridge name',
    'monitor-cond-since Open_vSwitch [true] Bridge name,other_config,stp_enable',
    'monitor-cond-since Open_vSwitch 11111111-1111-4111-8111-111111111111 [] Bridge name',
)


# How long a client is given to say what it has to say: there is no sign of its end. What differs is
# tried again with more time, since a busy machine may have held one side up.
PAUSES_S = (0.15, 0.6, 2.5)


def monitor(t, line):
    for pause in PAUSES_S:
        results = monitor_once(t, line, pause)
        if results[0] == results[1]:
            break
    t.compare('monitor', line, results)


def monitor_once(t, line, pause):
    results = []
    for side in t.sides:
        argv = ['ovsdb-client'] + line.split(' ')
        p = subprocess.Popen(argv, executable=side.program('ovsdb-client'), env=side.env,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(pause)
        for change in CHANGES:
            subprocess.run(['/usr/bin/ovs-vsctl', '--no-wait'] + change.split(), env=side.env,
                           check=True)
        time.sleep(pause)
        p.terminate()
        try:
            out, err = p.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            p.kill()
            out, err = p.communicate()
        out = side.normal(out)
        # The order of the columns' values _version differs by nothing but the UUID.
        results.append((p.returncode, out, side.normal(err)))
    return results


def monitors(t):
    for side in t.sides:
        side.start()
        subprocess.run(['/usr/bin/ovs-vsctl', '--no-wait', 'add-br', 'br0'], env=side.env,
                       check=True)
    for line in MONITORS:
        monitor(t, line)


def backups(t):
    """A snapshot of each is restored by the other."""
    for side in t.sides:
        side.start()
        subprocess.run(['/usr/bin/ovs-vsctl', '--no-wait', 'add-br', 'br0', '--', 'add-port',
                        'br0', 'p1', 'tag=5', '--', 'set-controller', 'br0', 'tcp:1.2.3.4',
                        '--', 'create', 'qos', 'type=x', 'queues:0=@q', '--', '--id=@q', 'create',
                        'queue', 'dscp=5'], env=side.env, check=True, stdout=subprocess.DEVNULL)
    before = t.sides[0].contents()
    snapshots = [side.run('ovsdb-client', ['backup'])[1] for side in t.sides]
    for side, snapshot in zip(t.sides, snapshots[::-1]):
        subprocess.run(['/usr/bin/ovs-vsctl', '--no-wait', 'del-br', 'br0'], env=side.env,
                       check=True)
        rc, out, err = side.run('ovsdb-client', ['restore'], stdin=snapshot)
        if rc or side.contents() != before:
            t.n_bad += 1
            print('--- backup, restored by %s: exit %s, %s' % (side.name, rc, err))
    results = [side.run('ovsdb-client', ['restore'], stdin=text)
               for text in ('', 'x\n', snapshots[0][:300]) for side in t.sides]
    for i in range(0, len(results), 2):
        t.compare('restore', 'of something else', results[i:i + 2])


def locks(t):
    """One client takes a lock, another steals it."""
    for pause in PAUSES_S:
        results = locks_once(t, pause)
        if results[0] == results[1]:
            break
    t.compare('locks', 'lock, lock, steal', results)


def locks_once(t, pause):
    results = []
    for side in t.sides:
        side.start()
        def client(*words):
            return subprocess.Popen(['ovsdb-client'] + list(words), env=side.env, text=True,
                                    executable=side.program('ovsdb-client'),
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        ps = [client('lock', 'l1')]
        time.sleep(pause)
        ps.append(client('lock', 'l1'))
        time.sleep(pause)
        ps.append(client('steal', 'l1'))
        time.sleep(pause)
        out = ''
        for p in ps:
            p.terminate()
            out += '%s%s' % p.communicate(timeout=5)
            time.sleep(pause)
        results.append((0, side.normal(out), ''))
    return results


if __name__ == '__main__':
    sys.exit(twin.main('ovsdb-client', SCENARIOS, extra=[monitors, backups, locks]))
