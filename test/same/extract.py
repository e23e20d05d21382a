#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Our key extraction and scapy's dissection of the same random packets.

Usage: extract.py EXTRACT-KEYS [number of packets] [seed]"""
import random
import subprocess
import sys

try:
    from scapy.all import (ARP, Dot1Q, Ether, GRE, ICMP, ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6ND_NS,
                           ICMPv6NDOptDstLLAddr, ICMPv6NDOptSrcLLAddr, IP, IPOption_NOP, IPv6,
                           IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, LLC, Raw, SCTP,
                           SNAP, TCP, UDP)
    from scapy.contrib.mpls import MPLS
except ImportError:
    sys.exit(77)

rnd = random.Random()
FLAGS = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ns"]


def mac():
    return ":".join("%02x" % rnd.randrange(256) for _ in range(6))


def ip4():
    return ".".join(str(rnd.randrange(256)) for _ in range(4))


def ip6():
    return "2001:db8::%x:%x" % (rnd.randrange(1, 65536), rnd.randrange(1, 65536))


def num(bits):
    return rnd.randrange(1 << bits)


def hexa(x):
    return "0x%x" % x if x else "0"


def layer4(v6):
    """(layer, protocol number, text)"""
    kind = rnd.choice(["tcp", "udp", "sctp", "icmp", "none"] + (["ns", "na"] if v6 else ["igmp"]))
    sport, dport = num(16), num(16)
    if kind == "tcp":
        flags = num(9)
        names = "|".join(n for i, n in enumerate(FLAGS) if flags >> i & 1) or "0"
        opts = [("NOP", None)] * rnd.choice([0, 4, 8])
        return (TCP(sport=sport, dport=dport, flags=flags, options=opts), 6,
                f"tcp(src={sport},dst={dport}),tcp_flags({names})")
    if kind == "udp":
        return UDP(sport=sport, dport=dport), 17, f"udp(src={sport},dst={dport})"
    if kind == "sctp":
        return SCTP(sport=sport, dport=dport), 132, f"sctp(src={sport},dst={dport})"
    if kind == "icmp" and not v6:
        t, c = rnd.choice([0, 3, 8, 11]), num(4)
        return ICMP(type=t, code=c), 1, f"icmp(type={t},code={c})"
    if kind == "icmp":
        return ICMPv6EchoRequest(code=3), 58, "icmpv6(type=128,code=3)"
    if kind in ("ns", "na"):
        target, ll = ip6(), mac()
        zero = "00:00:00:00:00:00"
        base = ICMPv6ND_NS if kind == "ns" else ICMPv6ND_NA
        opt = ICMPv6NDOptSrcLLAddr if kind == "ns" else ICMPv6NDOptDstLLAddr
        sll, tll = (ll, zero) if kind == "ns" else (zero, ll)
        return (base(tgt=target) / opt(lladdr=ll), 58,
                f"icmpv6(type={135 if kind == 'ns' else 136},code=0),"
                f"nd(target={target},sll={sll},tll={tll})")
    if kind == "igmp":
        return Raw(b"\x16\0\0\0\xe0\0\0\5"), 2, ""
    return Raw(b"x" * num(5)), 253, ""


def layer3():
    """(layer, ethertype, text)"""
    kind = rnd.choice(["ip4"] * 4 + ["ip6"] * 4 + ["arp", "mpls", "other"])
    if kind == "arp":
        op, sip, tip, sha, tha = rnd.choice([1, 2]), ip4(), ip4(), mac(), mac()
        return (ARP(op=op, psrc=sip, pdst=tip, hwsrc=sha, hwdst=tha), 0x806,
                f"arp(sip={sip},tip={tip},op={op},sha={sha},tha={tha})")
    if kind == "mpls":
        n = rnd.randrange(1, 4)
        layer, texts = None, []
        for i in range(n):
            label, tc, ttl, bos = num(20), num(3), num(8), int(i == n - 1)
            one = MPLS(label=label, cos=tc, s=bos, ttl=ttl)
            layer = one if layer is None else layer / one
            texts.append(f"label={label},tc={tc},ttl={ttl},bos={bos}")
        return layer / Raw(b"payload"), 0x8847, f"mpls({','.join(texts)})"
    if kind == "other":
        return Raw(b"y" * num(6)), 0x1234, ""
    l4, proto, text = layer4(kind == "ip6")
    frag = rnd.choice(["no"] * 6 + ["first", "later"])
    payload = Raw(b"z" * num(6))
    tos, ttl = num(8), num(8)
    if frag == "later":
        text = ""
    if kind == "ip4":
        src, dst = ip4(), ip4()
        options = [IPOption_NOP()] * rnd.choice([0, 0, 4, 8])
        layer = IP(src=src, dst=dst, proto=proto, tos=tos, ttl=ttl, options=options,
                   flags={"no": rnd.choice(["", "DF"]), "first": "MF", "later": ""}[frag],
                   frag=99 if frag == "later" else 0) / l4 / payload
        return (layer, 0x800, f"ipv4(src={src},dst={dst},proto={proto},tos={hexa(tos)},ttl={ttl},"
                f"frag={frag})" + ("," + text if text else ""))
    src, dst, label = ip6(), ip6(), num(20)
    layer = IPv6(src=src, dst=dst, tc=tos, hlim=ttl, fl=label)
    for ext in rnd.sample([IPv6ExtHdrHopByHop, IPv6ExtHdrDestOpt], rnd.randrange(3)):
        layer = layer / ext()
    if frag != "no":
        layer = layer / IPv6ExtHdrFragment(offset=99 if frag == "later" else 0, m=1)
    last = layer.lastlayer()
    last.nh = proto
    shown = 44 if frag == "later" else proto
    return (layer / l4 / payload, 0x86dd,
            f"ipv6(src={src},dst={dst},label={hexa(label)},proto={shown},tclass={hexa(tos)},"
            f"hlimit={ttl},frag={frag})" + ("," + text if text else ""))


def packet():
    src, dst = mac(), mac()
    l3, type_, text = layer3()
    body = f"eth_type(0x{type_:04x})" + ("," + text if text else "")
    if rnd.random() < 0.1:
        p = Ether(src=src, dst=dst) / LLC(dsap=0xaa, ssap=0xaa, ctrl=3) / SNAP(OUI=0, code=type_) / l3
        p.type = len(bytes(p)) - 14
        if p.type >= 0x600:
            return packet()
    elif rnd.random() < 0.3:
        vid, pcp = num(12), num(3)
        p = Ether(src=src, dst=dst) / Dot1Q(vlan=vid, prio=pcp, type=type_) / l3
        body = f"eth_type(0x8100),vlan(vid={vid},pcp={pcp}),encap({body})"
    else:
        p = Ether(src=src, dst=dst, type=type_) / l3
    return bytes(p), f"eth(src={src},dst={dst}),{body}"


def main():
    n = int(sys.argv[2]) if len(sys.argv) > 2 else 1500
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 7
    rnd.seed(seed)
    packets = [packet() for _ in range(n)]
    r = subprocess.run([sys.argv[1]], input="\n".join(p.hex() for p, _ in packets) + "\n",
                       capture_output=True, text=True, timeout=60, check=True)
    bad = 0
    for (raw, want), line in zip(packets, r.stdout.splitlines()):
        got = line[line.index("packet_type"):].split(",", 2)[2]
        if got != want:
            bad += 1
            print(f"packet {raw.hex()}\n  scapy {want}\n  ours  {got}")
    print(f"{n} packets, {bad} differ (seed {seed})")
    return 1 if bad or len(r.stdout.splitlines()) != n else 0


sys.exit(main())
