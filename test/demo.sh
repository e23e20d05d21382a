#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# make demo: both tutorials on this machine, with hosts made of network namespaces and the commands
# that the tutorials print. Nothing outside the namespaces is touched, and nothing is left behind.
export TEST_NAME=demo
. "$(dirname "$0")/e2e/lib.sh"
need tcpdump
logs_may '.'

if [ -t 1 ]; then
	bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' blue=$'\e[34m' off=$'\e[0m'
else
	bold= dim= green= blue= off=
fi
title() { printf '\n%s== %s%s\n' "$bold" "$*" "$off"; }
note() { printf '%s   %s%s\n' "$dim" "$*" "$off"; }

# at HOST COMMAND..: shows the command as a person on that host types it, and runs it.
at()
{
	local h=$1
	shift
	printf '%s%-9s$%s %s\n' "$blue" "$h" "$off" "$*"
	on "$h" "$@" | sed 's/^/           /'
}

pings()
{
	local out
	reach "$1" "$2"
	out=$(on "$1" ping -c5 -i0.2 -W2 "$2" | grep -E 'packet loss|rtt')
	printf '%s%-9s$%s ping %s\n' "$blue" "$1" "$off" "$2"
	echo "$out" | sed "s/^/           $green/; s/\$/$off/"
}

title "Tutorial 1: GRE between three servers, fully meshed"
note "server-1 1.1.1.1, server-2 2.2.2.2, server-3 3.3.3.3, a router between them."
note "Three servers linked all to all are a loop. No spanning tree is configured."
router r
for n in 1 2 3; do
	host server-$n
	route "server-$n:eth0" "$n.$n.$n.$n/24" r
	switch_start server-$n
done
for n in 1 2 3; do
	at server-$n ovs-vsctl add-br br0
	i=0
	for m in 1 2 3; do
		[ $m != $n ] || continue
		i=$((i + 1))
		at server-$n ovs-vsctl add-port br0 gre$i -- set interface gre$i type=gre options:remote_ip=$m.$m.$m.$m
	done
	at server-$n ip link set br0 up
	at server-$n ip addr add 10.244.$n.0/16 broadcast 10.244.255.255 dev br0
done
at server-1 ovs-vsctl show
pings server-1 10.244.2.0
pings server-2 10.244.3.0
pings server-3 10.244.1.0

note "One broadcast, and how many frames server-1 sees in the two seconds after it:"
one_cut()
{
	[ "$(for n in 1 2 3; do on server-$n ovs-vsctl --bare --columns=status list port; done |
		grep -c 'loop_guard=cut')" = 1 ]
}
within 20 one_cut
on server-1 ping -q -b -c1 -W1 10.244.255.255 >/dev/null 2>&1 || true
echo "           $green$(frames_during server-1 eth0 2) frames$off"
note "The loop is cut at one place, and the database says where:"
for n in 1 2 3; do
	if on server-$n ovs-vsctl --bare --columns=status list port | grep -q 'loop_guard=cut'; then
		at server-$n ovs-appctl loopguard/show br0
	fi
done

title "Tutorial 2: VXLAN between two hosts with a guest each"
note "node1 192.168.122.107 with guest vm1, node2 192.168.122.174 with guest vm2."
lan net
host node1 node2
plug net node1:eth0 192.168.122.107/24
plug net node2:eth0 192.168.122.174/24
switch_start node1 node2
guest vm1 node1 vnet0 10.0.0.10/24
guest vm2 node2 vnet0 10.0.0.11/24
at node1 ovs-vsctl add-br br0
at node1 ovs-vsctl add-port br0 vnet0
at node1 ovs-vsctl add-port br0 vx_node1 -- set interface vx_node1 type=vxlan options:remote_ip=192.168.122.174
at node2 ovs-vsctl add-br br0
at node2 ovs-vsctl add-port br0 vnet0
at node2 ovs-vsctl add-port br0 vx_node2 -- set interface vx_node2 type=vxlan options:remote_ip=192.168.122.107
at node1 ovs-vsctl show
capture node1 eth0 wire port 4789
pings vm1 10.0.0.11
within 10 seen wire 'ICMP echo reply'
printf '%snode1    $%s tcpdump -i eth0 -n port 4789\n' "$blue" "$off"
captured wire | grep -A1 'VXLAN' | grep -B1 'ICMP echo' | grep -v '^--' | head -4 | sed 's/^/           /'

title "kill -9 of both daemons on node1, and a start"
daemon_kill node1 ovsdb-server
daemon_kill node1 ovs-vswitchd
switch_start node1
pings vm1 10.0.0.11

title "Done: all of it ran in namespaces, which are gone when this ends"
note "On real hosts: see 'Quick start for two hosts' in README.md."
