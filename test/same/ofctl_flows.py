#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's ovs-ofctl and ours on the same flows: what parse-flow prints, and the bytes that a switch gets.

Usage: ofctl_flows.py DIRECTORY-OF-OUR-PROGRAMS [number of random flows] [seed]"""
import os
import random
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading

THEIRS = "/usr/bin/ovs-ofctl"
if not os.path.exists(THEIRS):
    sys.exit(77)
OURS = os.path.join(sys.argv[1], "ovs-ofctl")
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 60
rnd = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)

# (member, what it needs)
MEMBERS = [
    ("in_port=%d", (1, 65279)), ("priority=%d", (0, 65535)), ("idle_timeout=%d", (1, 65535)),
    ("cookie=0x%x", (1, 1 << 63)), ("dl_vlan=%d", (0, 4095)), ("dl_vlan_pcp=%d", (0, 7)),
    ("reg0=0x%x", (0, (1 << 32) - 1)), ("reg7=0x%x/0xff00", (0, 0xffff)), ("metadata=0x%x", (0, 1 << 60)),
    ("tun_id=0x%x", (0, 1 << 24)), ("pkt_mark=0x%x", (0, 99)), ("dl_src=00:00:00:00:00:%02x", (0, 255)),
    ("dl_dst=01:00:00:00:00:00/01:00:00:00:00:0%x", (0, 15)), ("ct_state=+trk,ct_zone=%d", (0, 65535)),
]
PROTOCOLS = {
    "tcp": ["nw_src=10.0.0.%d", "nw_dst=10.%d.0.0/16", "tp_src=%d", "tcp_dst=%d", "nw_ttl=%d"],
    "udp": ["udp_src=%d", "nw_src=10.%d.0.0/255.255.0.0"],
    "tcp6": ["ipv6_src=2001:db8::%x", "tp_dst=%d"], "icmp": ["icmp_type=%d"], "arp": ["arp_op=%d"],
    "icmp6": ["icmp_type=%d"], "ip": ["nw_proto=%d", "nw_ecn=1"], "mpls": ["mpls_label=%d"], "": [],
}
ACTIONS = [
    "output:%d", "NORMAL", "resubmit(,%d)", "load:0x%x->NXM_NX_REG3[]", "set_field:%d->reg5", "set_queue:%d",
    "move:NXM_NX_REG0[]->NXM_NX_REG1[]", "mod_dl_src:00:00:00:00:00:%02x", "mod_vlan_vid:%d", "note:%02x.aa",
    "controller(reason=no_match,id=%d)", "set_tunnel:0x%x", "exit", "push:NXM_NX_REG0[0..%d]", "group:%d",
    "learn(table=%d,NXM_OF_VLAN_TCI[0..11],output:NXM_OF_IN_PORT[])", "enqueue:1:%d", "LOCAL", "CONTROLLER:128",
    "multipath(eth_src,%d,hrw,4,0,NXM_NX_REG0[])", "clone(output:%d)", "conjunction(%d,1/2)", "pop_queue",
    "bundle(eth_src,%d,hrw,ofport,members:1,2)", "sample(probability=%d,collector_set_id=1)",
]
# What one of them has wrong, or both by purpose.
FIXED = [
    "actions=drop", "tcp,actions=dec_ttl,dec_ttl(1,2)", "ip,actions=ct(commit,zone=5,table=3)",
    "ip,actions=ct(nat(src=1.2.3.4-1.2.3.9:1-5,random),commit)", "ip,actions=mod_nw_tos:4,mod_nw_src:1.2.3.4",
    "actions=foo", "foo=1,actions=drop", "in_port=x,actions=drop", "actions=output:70000", "tcp",
    "actions=set_field:5->ct_state", "actions=load:5->reg0[0..1]", "table=300,actions=drop",
    "ip,actions=set_field:80->tcp_dst", "actions=resubmit", "actions=bundle(foo)", "priority=70000,actions=1",
    "actions=check_pkt_larger(100)->NXM_NX_REG0[0]", "actions=write_metadata:5/7,goto_table:3",
    "actions=fin_timeout(idle_timeout=1)", "actions=enqueue:1", "actions=group:x", "actions=ct(foo)",
    "vlan_tci=0x1123/0x1fff,actions=drop", "dl_vlan=0xffff,actions=drop", "actions=drop,output:1",
    "tun_metadata0=0x1234/0xff00,actions=drop", "ipv6,ipv6_label=5,actions=drop", "arp,arp_spa=1.2.3.4,actions=drop",
]


def number(form):
    return form % rnd.randrange(1, 250) if "%" in form else form


def flow():
    members = []
    for form, (low, high) in rnd.sample(MEMBERS, rnd.randrange(4)):
        members.append(form % rnd.randrange(low, high) if high < 1 << 32 else form % rnd.randrange(high))
    protocol = rnd.choice(list(PROTOCOLS))
    if protocol:
        members.append(protocol)
        for form in rnd.sample(PROTOCOLS[protocol], rnd.randrange(len(PROTOCOLS[protocol]) + 1)):
            members.append(number(form).replace("nw_ttl=", "nw_ttl="))
    acts = [number(form) for form in rnd.sample(ACTIONS, rnd.randrange(1, 4))]
    acts = [a for a in acts if "conjunction" not in a and "push:" not in a] or ["drop"]
    return ",".join(members + ["actions=" + ",".join(acts)])


def parse(program, version, text):
    r = subprocess.run([program, "-O", version, "parse-flow", text], capture_output=True, text=True, timeout=30)
    errors = [line for line in r.stderr.splitlines() if not re.match(r"\d{4}-", line)]
    out = [line for line in r.stdout.splitlines() if not re.match(r"[0-9a-f]{8}  ", line)]
    return out + errors


class Switch:
    """Takes the messages of one ovs-ofctl and says yes to all."""

    def __init__(self, version):
        self.version = version
        self.messages = []
        self.directory = tempfile.mkdtemp()
        self.path = self.directory + "/s"
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(self.path)
        self.socket.listen(4)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                conn, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(conn,), daemon=True).start()

    def serve(self, conn):
        data = b""
        conn.sendall(struct.pack(">BBHI", self.version, 0, 8, 1))
        while True:
            more = conn.recv(65536)
            if not more:
                return
            data += more
            while len(data) >= 8 and len(data) >= struct.unpack(">H", data[2:4])[0]:
                n = struct.unpack(">H", data[2:4])[0]
                message, data = data[:n], data[n:]
                kind = message[1]
                if kind == (18 if self.version == 1 else 20):
                    conn.sendall(message[:1] + bytes([kind + 1]) + message[2:])
                elif kind not in (0, 2, 3):
                    self.messages.append(message)

    def close(self):
        self.socket.close()
        os.unlink(self.path)
        os.rmdir(self.directory)


def sent(program, version, text):
    switch = Switch(version)
    name = "OpenFlow1%d" % (version - 1)
    subprocess.run([program, "--no-names", "-t", "10", "-O", name, "add-flow", "unix:" + switch.path, text],
                   capture_output=True, timeout=30)
    switch.close()
    # All but the transaction's number.
    return [m[:4] + m[8:] for m in switch.messages]


def main():
    failures = 0
    flows = FIXED + [flow() for _ in range(COUNT)]
    for i, text in enumerate(flows):
        version = ("OpenFlow10", "OpenFlow13", "OpenFlow15")[i % 3]
        ours, theirs = parse(OURS, version, text), parse(THEIRS, version, text)
        if ours != theirs:
            failures += 1
            print("parse-flow -O %s %s\n  theirs: %s\n  ours:   %s" % (version, text, theirs, ours))
        wire = (1, 4, 6)[i % 3]
        ours, theirs = sent(OURS, wire, text), sent(THEIRS, wire, text)
        if ours != theirs:
            failures += 1
            print("add-flow 1.%d %s\n  theirs: %s\n  ours:   %s" %
                  (wire - 1, text, [m.hex() for m in theirs], [m.hex() for m in ours]))
    print("%d flows, %d differences" % (len(flows), failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
