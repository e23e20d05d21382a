#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Random flow tables, groups and packets asked of Debian's dummy switch and of ours: ofproto/trace must
print the same, tree, megaflow and datapath actions.

Usage: trace.py BINDIR [rounds] [seed]"""
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PACKETS = 20
GROUPS = [
    'group_id=1,type=all,bucket=output:1,bucket=set_field:5->reg0,output:2',
    'group_id=2,type=indirect,bucket=set_field:00:00:00:00:00:09->eth_src,output:4',
    'group_id=3,type=ff,bucket=watch_port:3,output:3,bucket=watch_port:4,output:4',
]
rnd = random.Random()


class Switch:
    """Database and switch of one side, simulated, in a folder of its own."""

    def __init__(self, bindir):
        self.dir = tempfile.mkdtemp(prefix='trace-')
        self.bindir = bindir
        self.env = dict(os.environ, OVS_RUNDIR=self.dir, OVS_DBDIR=self.dir, OVS_LOGDIR=self.dir,
                        OVS_SYSCONFDIR=self.dir, OVS_SYSLOG_METHOD='null')

    def program(self, name):
        if self.bindir:
            return os.path.join(self.bindir, name)
        return ('/usr/sbin/' if name in ('ovsdb-server', 'ovs-vswitchd') else '/usr/bin/') + name

    def run(self, name, *args, check=True):
        r = subprocess.run([self.program(name), *args], env=self.env, text=True, capture_output=True)
        if check and r.returncode:
            raise RuntimeError('%s %s: %s' % (name, ' '.join(args), r.stderr))
        return r.stdout + r.stderr

    def start(self):
        create = ['create', self.dir + '/conf.db']
        if not self.bindir:
            create.append('/usr/share/openvswitch/vswitch.ovsschema')
        self.run('ovsdb-tool', *create)
        self.run('ovsdb-server', '--detach', '--no-chdir', '--pidfile', '--log-file',
                 '--remote=punix:%s/db.sock' % self.dir, self.dir + '/conf.db')
        self.run('ovs-vsctl', '--no-wait', 'init')
        self.run('ovs-vswitchd', '--detach', '--no-chdir', '--pidfile', '--log-file', '--enable-dummy',
                 '--disable-system')
        for bridge in ('br0', 'br1'):
            self.run('ovs-vsctl', 'add-br', bridge, '--', 'set', 'bridge', bridge, 'datapath-type=dummy',
                     'fail-mode=secure')
        for i in range(1, 7):
            self.run('ovs-vsctl', 'add-port', 'br0', 'p%d' % i, '--', 'set', 'interface', 'p%d' % i,
                     'type=dummy', 'ofport_request=%d' % i)
        self.run('ovs-vsctl', 'add-port', 'br0', 'pa', '--', 'set', 'interface', 'pa', 'type=patch',
                 'options:peer=pb', 'ofport_request=10', '--', 'add-port', 'br1', 'pb', '--', 'set',
                 'interface', 'pb', 'type=patch', 'options:peer=pa', 'ofport_request=11')
        self.run('ovs-vsctl', 'add-port', 'br1', 'q1', '--', 'set', 'interface', 'q1', 'type=dummy',
                 'ofport_request=1')
        self.ofctl('add-flow', 'br1', 'actions=1')
        for g in GROUPS:
            self.ofctl('add-group', 'br0', g)

    def ofctl(self, *args, check=True):
        """Debian's on both sides: the switch is asked, not the command."""
        r = subprocess.run(['/usr/bin/ovs-ofctl', '-O', 'OpenFlow15', *args], env=self.env, text=True,
                           capture_output=True)
        if check and r.returncode:
            raise RuntimeError('ovs-ofctl %s: %s' % (' '.join(args), r.stderr))
        return r.returncode == 0

    def stop(self):
        for name in ('ovs-vswitchd', 'ovsdb-server'):
            try:
                with open('%s/%s.pid' % (self.dir, name)) as f:
                    os.kill(int(f.read()), signal.SIGTERM)
            except (OSError, ValueError):
                pass
        time.sleep(0.3)
        shutil.rmtree(self.dir, ignore_errors=True)


def ip():
    return '10.%d.%d.%d' % (rnd.randrange(3), rnd.randrange(3), rnd.randrange(4))


def mac():
    return '00:00:00:00:00:0%d' % rnd.randrange(4)


def maybe(p, *texts):
    return [rnd.choice(texts)] if rnd.random() < p else []


def prefix():
    return rnd.choice(['', '/8', '/16', '/24', '/30', '/255.0.255.0'])


def match():
    kind = rnd.choice(['', 'ip', 'tcp', 'udp', 'arp', 'icmp', 'tcp6', 'ipv6', 'tcp', 'tcp', 'ip'])
    m = maybe(.5, *['in_port=%d' % i for i in range(1, 5)])
    m += maybe(.2, 'dl_src=' + mac())
    m += maybe(.2, 'dl_dst=' + mac(), 'dl_dst=' + mac() + '/01:00:00:00:00:01')
    m += maybe(.2, 'dl_vlan=1', 'dl_vlan=2', 'vlan_tci=0x1000/0x1000')
    m += maybe(.15, 'reg0=%d' % rnd.randrange(3), 'reg0=1/1')
    m += maybe(.1, 'metadata=%d' % rnd.randrange(3))
    m += [kind] if kind else []
    if kind in ('ip', 'tcp', 'udp', 'icmp'):
        m += maybe(.4, 'nw_src=' + ip() + prefix()) + maybe(.4, 'nw_dst=' + ip() + prefix())
        m += maybe(.1, 'nw_tos=%d' % (4 * rnd.randrange(3))) + maybe(.1, 'nw_ttl=1', 'nw_ttl=2')
    if kind == 'arp':
        m += maybe(.4, 'arp_spa=' + ip() + prefix()) + maybe(.4, 'arp_op=1', 'arp_op=2')
    if kind in ('tcp6', 'ipv6'):
        m += maybe(.4, 'ipv6_dst=fc00::%d' % rnd.randrange(4) + rnd.choice(['', '/16', '/127', '/64']))
    if kind in ('tcp', 'udp', 'tcp6'):
        m += maybe(.3, 'tp_src=80', 'tp_src=443')
        m += maybe(.5, 'tp_dst=80', 'tp_dst=443', 'tp_dst=0x50/0xfff0', 'tp_dst=0x8000/0x8000')
    if kind == 'icmp':
        m += maybe(.5, 'icmp_type=0', 'icmp_type=8')
    if kind == 'tcp':
        m += maybe(.1, 'tcp_flags=+syn-ack')
    return kind, m


def action(kind, table, nested=False):
    some = ['output:%d' % rnd.randrange(1, 7), 'resubmit(,%d)' % rnd.randrange(table + 1, 6),
            'set_field:%s->eth_dst' % mac(), 'set_field:%d->reg0' % rnd.randrange(3), 'NORMAL',
            'in_port', 'push_vlan:0x8100,set_field:%d->vlan_vid' % (4096 + rnd.randrange(1, 3)),
            'move:NXM_NX_REG0[0..7]->NXM_OF_ETH_DST[0..7]', 'local', 'output:10',
            'push:NXM_NX_REG0[],pop:NXM_NX_REG1[]', 'move:OXM_OF_ETH_SRC[]->OXM_OF_ETH_DST[]',
            'set_field:%d->metadata' % rnd.randrange(3), 'output(port=%d,max_len=100)' % rnd.randrange(1, 4),
            'set_queue:%d' % rnd.randrange(3), 'check_pkt_larger(100)->NXM_NX_REG0[0]',
            'group:%d' % rnd.randrange(1, 4)]
    if not nested:
        some.append('clone(%s)' % ','.join(action(kind, table, True) for _ in range(2)))
        some.append('write_actions(output:%d)' % rnd.randrange(1, 7))
    if kind in ('ip', 'tcp', 'udp', 'icmp'):
        some += ['set_field:%s->ip_dst' % ip(), 'dec_ttl', 'set_field:%s->ip_src' % ip(),
                 'set_field:%d->ip_dscp' % rnd.randrange(4),
                 'move:NXM_OF_IP_SRC[0..15]->NXM_OF_IP_DST[0..15]']
    if kind == 'tcp':
        some += ['set_field:80->tcp_dst', 'move:NXM_OF_TCP_SRC[]->NXM_OF_TCP_DST[]',
                 'move:NXM_OF_TCP_SRC[]->NXM_NX_REG0[0..15]']
    if kind in ('tcp6', 'ipv6'):
        some.append('set_field:fc00::%d->ipv6_dst' % rnd.randrange(4))
    if kind == 'arp':
        some.append('set_field:%s->arp_spa' % ip())
    return rnd.choice(some)


def flow():
    table = rnd.choice([0, 0, 0, 1, 2, 3])
    kind, m = match()
    acts = [action(kind, table) for _ in range(rnd.randrange(1, 4))]
    # Instructions come last, and once.
    acts = [a for a in acts if 'write' not in a] + [a for a in acts if 'write' in a][:1]
    if rnd.random() < .1:
        acts = ['drop']
    prio = maybe(.7, *['priority=%d' % i for i in range(1, 6)])
    return ','.join(['table=%d' % table] + prio + m + ['actions=' + ','.join(acts)])


def packet():
    kind = rnd.choice(['ip', 'tcp', 'udp', 'arp', 'icmp', 'tcp6', 'tcp', 'dl_type=0x1234'])
    m = ['in_port=%d' % rnd.randrange(1, 5), 'dl_src=' + mac(), 'dl_dst=' + mac()]
    m += maybe(.3, 'dl_vlan=1', 'dl_vlan=2') + [kind]
    if kind in ('ip', 'tcp', 'udp', 'icmp'):
        m += ['nw_src=' + ip(), 'nw_dst=' + ip(), 'nw_tos=%d' % (4 * rnd.randrange(3)),
              'nw_ttl=%d' % rnd.randrange(1, 4)]
    if kind == 'ip':
        m.append('nw_proto=50')
    if kind == 'arp':
        m += ['arp_spa=' + ip(), 'arp_tpa=' + ip(), 'arp_op=%d' % rnd.randrange(1, 3)]
    if kind == 'tcp6':
        m += ['ipv6_src=fc00::1', 'ipv6_dst=fc00::%d' % rnd.randrange(4), 'nw_ttl=3']
    if kind in ('tcp', 'udp', 'tcp6'):
        m += ['%s_src=%d' % (kind[:3], rnd.choice([80, 443])),
              '%s_dst=%d' % (kind[:3], rnd.choice([80, 443, 33000]))]
    return ','.join(m)


def normal(text):
    """Recirculation ids are each switch's own."""
    text = re.sub(r'recirc_id=[1-9][0-9]*', 'recirc_id=N', text)
    return re.sub(r'recirc\(0x[0-9a-f]+\)', 'recirc(N)', text).strip()


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 8
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(1 << 30)
    if not os.path.exists('/usr/sbin/ovs-vswitchd'):
        print("Debian's openvswitch-switch is not installed")
        sys.exit(77)
    rnd.seed(seed)
    print('seed', seed)
    sides = theirs, ours = Switch(None), Switch(sys.argv[1])
    same, bad = 0, 0
    try:
        for s in sides:
            s.start()
        for _ in range(rounds):
            flows = [flow() for _ in range(rnd.randrange(4, 26))]
            for s in sides:
                s.ofctl('del-flows', 'br0')
            taken = []
            for f in flows:
                answers = [s.ofctl('add-flow', 'br0', f, check=False) for s in sides]
                if answers[0] != answers[1]:
                    bad += 1
                    print('flow %s: Debian %s, weft %s' % (f, *answers))
                taken += [f] if answers[0] else []
            for _ in range(PACKETS):
                p = packet()
                a, b = [normal(s.run('ovs-appctl', 'ofproto/trace', 'br0', p, check=False)) for s in sides]
                if a == b:
                    same += 1
                    continue
                bad += 1
                print('packet %s\n%s\nDebian:\n%s\nweft:\n%s' % (p, '\n'.join(taken), a, b))
    finally:
        for s in sides:
            s.stop()
    print('%d traces the same, %d differ' % (same, bad))
    sys.exit(1 if bad else 0)


if __name__ == '__main__':
    main()
