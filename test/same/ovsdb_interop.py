#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""ovsdb_interop: Debian's ovsdb-client and Python IDL on our ovsdb-server, over unix, TCP and TLS, through
kill -9 and a compaction; and the database file handed to Debian's server and back.

Usage: ovsdb_interop.py BUILDDIR/bin"""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import ovs.db.idl
import ovs.poller
import ovs.stream

BIN = os.path.realpath(sys.argv[1])
D = tempfile.mkdtemp(prefix='ovsdb-interop-')
ENV = dict(os.environ, OVS_RUNDIR=D, OVS_DBDIR=D, OVS_LOGDIR=D, OVS_SYSLOG_METHOD='null')


def check(what, got, expected):
    if got != expected:
        raise SystemExit('%s: got %r, expected %r' % (what, got, expected))
    print('ok: ' + what)


def run(*argv):
    r = subprocess.run(argv, env=ENV, capture_output=True, text=True, timeout=30)
    if r.returncode:
        raise SystemExit('%s: exit code %d\n%s%s' % (' '.join(argv), r.returncode, r.stdout, r.stderr))
    return r.stdout


def port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, bindir):
        self.program = bindir + '/ovsdb-server' if bindir else '/usr/sbin/ovsdb-server'
        self.remotes = ['--remote=punix:%s/db.sock' % D, '--remote=ptcp:%d:127.0.0.1' % TCP]
        if os.path.exists(D + '/key.pem'):
            self.remotes += ['--remote=pssl:%d:127.0.0.1' % TLS, '--private-key=%s/key.pem' % D,
                             '--certificate=%s/cert.pem' % D, '--ca-cert=%s/cert.pem' % D]
        self.start()

    def start(self):
        self.proc = subprocess.Popen([self.program, '-vconsole:off', '--unixctl=%s/ctl' % D] +
                                     self.remotes + [D + '/conf.db'], env=ENV)
        STARTED.append(self.proc)
        for _ in range(500):
            try:
                with socket.socket(socket.AF_UNIX) as s:
                    s.connect(D + '/db.sock')
                return
            except OSError:
                time.sleep(0.01)
        raise SystemExit('%s does not start' % self.program)

    def kill(self, how=signal.SIGKILL):
        self.proc.send_signal(how)
        self.proc.wait(timeout=10)


def idl_open(remote):
    helper = ovs.db.idl.SchemaHelper(D + '/schema')
    helper.register_all()
    return ovs.db.idl.Idl(remote, helper)


def idl_until(idl, condition, what):
    deadline = time.time() + 20
    while not condition():
        if time.time() > deadline:
            raise SystemExit('IDL: timed out: ' + what)
        seqno = idl.change_seqno
        idl.run()
        if idl.change_seqno == seqno:
            poller = ovs.poller.Poller()
            idl.wait(poller)
            poller.timer_wait(200)
            poller.block()
    print('ok: IDL: ' + what)


def idl_commit(idl, build):
    for _ in range(50):
        txn = ovs.db.idl.Transaction(idl)
        build(txn)
        status = txn.commit_block()
        if status != ovs.db.idl.Transaction.TRY_AGAIN:
            break
        idl.run()  # the connection was made anew: what was read is read again
        time.sleep(0.1)
    check('IDL: transaction', status, ovs.db.idl.Transaction.SUCCESS)


def bridges(idl):
    return sorted(r.name for r in idl.tables['Bridge'].rows.values())


def main():
    run('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=test',
        '-keyout', D + '/key.pem', '-out', D + '/cert.pem')
    run(BIN + '/ovsdb-tool', 'create', D + '/conf.db')
    server = Server(BIN)
    with open(D + '/schema', 'w') as f:
        f.write(run('/usr/bin/ovsdb-client', 'get-schema', 'unix:%s/db.sock' % D, 'Open_vSwitch'))

    idl = idl_open('unix:%s/db.sock' % D)
    idl_until(idl, lambda: idl.has_ever_connected(), 'connected over unix')

    def add(name):
        def build(txn):
            rows = list(idl.tables['Open_vSwitch'].rows.values())
            root = rows[0] if rows else txn.insert(idl.tables['Open_vSwitch'])
            br = txn.insert(idl.tables['Bridge'])
            br.name = name
            br.external_ids = {'a': 'b', 'long key of a map': 'ü "quoted"\n'}
            root.bridges = list(root.bridges) + [br] if rows else [br]
            txn.add_comment('made by the IDL')
        return build
    idl_commit(idl, add('br0'))
    check('IDL: bridges', bridges(idl), ['br0'])

    other = idl_open('tcp:127.0.0.1:%d' % TCP)
    idl_until(other, lambda: bridges(other) == ['br0'], 'a second client over TCP sees it')
    idl_commit(idl, add('br1'))
    idl_until(other, lambda: bridges(other) == ['br0', 'br1'], 'and is told of changes')

    server.kill()
    server.start()
    idl_until(other, lambda: other.change_seqno and bridges(other) == ['br0', 'br1'], 'after kill -9')
    idl_until(idl, lambda: idl._session.is_connected() and bridges(idl) == ['br0', 'br1'], 'both of them')

    ovs.stream.Stream.ssl_set_private_key_file(D + '/key.pem')
    ovs.stream.Stream.ssl_set_certificate_file(D + '/cert.pem')
    ovs.stream.Stream.ssl_set_ca_cert_file(D + '/cert.pem')
    tls = idl_open('ssl:127.0.0.1:%d' % TLS)
    idl_until(tls, lambda: bridges(tls) == ['br0', 'br1'], 'over TLS')
    keys = ['--private-key=%s/key.pem' % D, '--certificate=%s/cert.pem' % D, '--ca-cert=%s/cert.pem' % D]
    check('ovsdb-client over TLS', run('/usr/bin/ovsdb-client', *keys, 'list-dbs', 'ssl:127.0.0.1:%d' % TLS),
          'Open_vSwitch\n_Server\n')
    server.kill(signal.SIGTERM)

    # The file goes to Debian's server, which changes it, and comes back.
    server = Server(None)
    idl_until(idl, lambda: idl._session.is_connected() and bridges(idl) == ['br0', 'br1'], "Debian's server on our file")
    idl_commit(idl, add('br2'))
    server.kill()
    server = Server(BIN)
    idl_until(idl, lambda: idl._session.is_connected() and bridges(idl) == ['br0', 'br1', 'br2'], "our server on Debian's file")
    run('/usr/bin/ovs-appctl', '-t', D + '/ctl', 'ovsdb-server/compact')
    idl_commit(idl, add('br3'))
    server.kill()
    check("Debian's ovsdb-tool on our compacted file",
          run('/usr/bin/ovsdb-tool', 'query', D + '/conf.db',
              '["Open_vSwitch",{"op":"select","table":"Bridge","where":[["name","==","br3"]],'
              '"columns":["name","external_ids"]}]'),
          '[{"rows":[{"external_ids":["map",[["a","b"],["long key of a map","ü \\"quoted\\"\\n"]]],'
          '"name":"br3"}]}]\n')
    check('comments', 'made by the IDL' in run('/usr/bin/ovsdb-tool', 'show-log', D + '/conf.db'), True)


TCP, TLS = port(), port()
STARTED = []
try:
    main()
finally:
    for proc in STARTED:
        proc.kill()
    shutil.rmtree(D, ignore_errors=True)
