#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Judges the tunnel frame in a capture (see tunnel-bytes.test):

  tunnel_bytes.py send DEV                      sends the inner frame
  tunnel_bytes.py PCAP TYPE options:KEY=VALUE.. compares with what the RFC's fields say
"""
import logging
import struct
import sys

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.all import Ether, IP, Raw, UDP, conf, rdpcap, sendp  # noqa: E402

INNER = bytes(Ether(src="02:00:00:00:00:aa", dst="02:00:00:00:00:bb") /
	      IP(src="10.9.9.1", dst="10.9.9.2", ttl=64, id=7) /
	      UDP(sport=1000, dport=2000) / Raw(b"weft" * 16))


def checksum(data):
	if len(data) % 2:
		data += b"\0"
	total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
	while total >> 16:
		total = (total & 0xffff) + (total >> 16)
	return ~total & 0xffff


def gre(options):
	"""RFC 2784 and 2890, with transparent Ethernet bridging, RFC 7637's 0x6558."""
	flags = (0x8000 if options.get("csum") == "true" else 0) | (0x2000 if "key" in options else 0)
	header = struct.pack("!HH", flags, 0x6558)
	if flags & 0x8000:
		header += b"\0\0\0\0"
	if flags & 0x2000:
		header += struct.pack("!I", int(options["key"], 0))
	if flags & 0x8000:
		header = header[:4] + struct.pack("!H", checksum(header + INNER)) + header[6:]
	return header


def vxlan(options):
	"""RFC 7348."""
	return struct.pack("!II", 0x08000000, int(options.get("key", "0"), 0) << 8)


def geneve(options):
	"""RFC 8926."""
	return struct.pack("!BBHI", 0, 0, 0x6558, int(options.get("key", "0"), 0) << 8)


def judge(frame, kind, options):
	ip = frame[IP]
	assert (ip.src, ip.dst) == ("192.168.1.1", "192.168.1.2"), (ip.src, ip.dst)
	assert frame.dst == "02:00:00:00:00:02", frame.dst
	assert ip.ttl == int(options.get("ttl", "64")), ip.ttl
	assert ip.tos == int(options.get("tos", "0"), 0), ip.tos
	assert bool(ip.flags.DF) == (options.get("df_default", "true") == "true"), ip.flags
	raw = bytes(ip)
	assert checksum(raw[:20]) == 0, "IP header checksum"
	assert struct.unpack("!H", raw[2:4])[0] == len(raw), "IP length"
	body = raw[20:]
	if kind == "gre":
		assert ip.proto == 47, ip.proto
		want = gre(options)
	else:
		sport, dport, length, csum = struct.unpack("!HHHH", body[:8])
		assert ip.proto == 17 and length == len(body), (ip.proto, length)
		default = 4789 if kind == "vxlan" else 6081
		assert dport == int(options.get("dst_port", default)), dport
		assert 32768 <= sport <= 65535, sport
		if options.get("csum") == "true":
			pseudo = raw[12:20] + struct.pack("!BBH", 0, 17, length)
			assert csum and checksum(pseudo + body) == 0, "UDP checksum"
		else:
			assert csum == 0, csum
		body = body[8:]
		want = vxlan(options) if kind == "vxlan" else geneve(options)
	got = body[:len(want)]
	assert got == want, f"header {got.hex()}, wanted {want.hex()}"
	assert body[len(want):] == INNER, "inner frame changed"


def main():
	if sys.argv[1] == "send":
		conf.verb = 0
		sendp(Ether(INNER), iface=sys.argv[2], verbose=False)
		return
	options = dict(a.split(":", 1)[1].split("=", 1) for a in sys.argv[3:])
	for frame in rdpcap(sys.argv[1]):
		if IP in frame and INNER in bytes(frame):
			judge(frame, sys.argv[2], options)
			return
	sys.exit("no frame with the inner frame sent")


if __name__ == "__main__":
	main()
