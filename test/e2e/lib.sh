# SPDX-License-Identifier: Apache-2.0
# lib.sh: what the e2e and same tests are written with: hosts, links, daemons, pings, captures.
#
# A test is a bash script that sources this file, draws its topology on top, and then says what must
# be true. Each test runs in its own network, mount and process namespaces with a private /run, so
# that names need not be unique, tests run side by side, nothing can touch the machine's own network,
# and nothing at all outlives the test, however it ends. Within them each host is a network namespace
# made by 'host', with its own OVS_RUNDIR, OVS_LOGDIR and OVS_DBDIR under $TEST_DIR/HOST.
#
# At the end the daemons are asked to exit, and the test fails if one of them does not, if a process
# or a device is left behind, if a sanitizer has complained, or if a log of ours has a line of level
# WARN or above that the test did not announce with 'logs_may'. Waiting is done by 'within', which
# polls: there are no sleeps to tune.

if [ -z "${WEFT_IN_NAMESPACE:-}" ]; then
	if [ "$(id -u)" != 0 ]; then
		echo "needs root, to make network namespaces"
		exit 77
	fi
	exec unshare --net --mount --pid --fork --mount-proc --kill-child \
		env WEFT_IN_NAMESPACE=1 bash "$0" "$@"
fi

set -euE -o pipefail
TEST_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
WEFT_BUILD=${WEFT_BUILD:-$TEST_TOP/build}
WEFT_BIN=$WEFT_BUILD/bin
DEBIAN_BIN=/usr/bin
DEBIAN_SBIN=/usr/sbin
export PATH=$WEFT_BIN:$PATH:/usr/sbin:/sbin LC_ALL=C
# WEFT_DATAPATH=user: switches of ours run in user space, not in eBPF.
# Slow machines and sanitizers: every bound is multiplied.
PATIENCE=$(( ${WEFT_SANITIZED:-0} ? 3 : 1 ))
own_dir=
if [ -z "${TEST_DIR:-}" ]; then
	TEST_DIR=$(mktemp -d "${TMPDIR:-/tmp}/weft-test.XXXXXX")
	own_dir=$TEST_DIR
fi
T=$TEST_DIR
HOSTS=()	# all namespaces, in the order made
OURS=()		# hosts that run daemons of ours (either)
# A client that leaves without reading all it was sent is worth a line in the log, and no failure.
LOGS_MAY='receive error: Connection reset by peer'
declare -A HOST_SWITCH=() HOST_DB=()
mount -t tmpfs none /run
mkdir -p /run/netns /run/lock
ip link set lo up

if [ -n "${WEFT_SANITIZED:-}" ]; then
	export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1}:log_path=$T/sanitizer"
	export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}:log_path=$T/sanitizer"
fi

# ---- saying and failing -------------------------------------------------------------------------

say() { echo "--- $*"; }

fail()
{
	echo "FAILED: $*"
	local i
	for ((i = 1; i < ${#FUNCNAME[@]} - 0; i++)); do
		echo "    at ${BASH_SOURCE[i]##*/}:${BASH_LINENO[i - 1]} (${FUNCNAME[i]})"
	done
	trap - ERR
	exit 1
}

skip()
{
	echo "$*"
	trap - ERR
	skipped=1
	exit 77
}

need() { command -v "$1" >/dev/null || skip "needs $1"; }
skipped=
trap 'fail "status $? of: $BASH_COMMAND"' ERR
trap 'at_exit $?' EXIT
trap 'exit 143' TERM INT HUP

# WARN, ERR and EMER lines of our logs that match this extended regular expression are expected.
logs_may() { LOGS_MAY="$LOGS_MAY|$1"; }

# eq GOT WANT WHAT: compares text; prints both if they differ.
eq()
{
	if [ "$1" != "$2" ]; then
		diff <(echo "$2") <(echo "$1") | sed 's/^</wanted: /; s/^>/got:    /' || true
		fail "${3:-not what was wanted}"
	fi
}

# like GOT REGEX WHAT
like() { [[ $1 =~ $2 ]] || fail "${3:-does not match}: wanted /$2/, got: $1"; }
unlike() { [[ ! $1 =~ $2 ]] || fail "${3:-matches}: must not match /$2/: $1"; }

# refused STATUS REGEX CMD...: the command must end with this status, and say this on stderr.
refused()
{
	local want=$1 re=$2 rc=0 err
	shift 2
	err=$("$@" 2>&1 >/dev/null) || rc=$?
	[ "$rc" = "$want" ] || fail "exit code $rc instead of $want of: $* ($err)"
	like "$err" "$re" "stderr of: $*"
}

# within SECONDS CMD...: polls until the command succeeds.
within()
{
	local s=$(( $1 * PATIENCE )) end
	shift
	end=$(( $(date +%s%N) + s * 1000000000 ))
	until "$@" >"$T/within.out" 2>&1; do
		if [ "$(date +%s%N)" -gt $end ]; then
			tail -20 "$T/within.out"
			fail "not within $s s: $*"
		fi
		sleep 0.05
	done
}

# not CMD...: true if the command fails; for use with within.
not() { ! "$@"; }
# out_is WANT CMD... and out_like REGEX CMD...: conditions on output, for use with within.
out_is() { local w=$1 o; shift; o=$("$@" 2>&1) && [ "$o" = "$w" ] || { echo "got: $o"; return 1; }; }
out_like() { local w=$1 o; shift; o=$("$@" 2>&1) && [[ $o =~ $w ]] || { echo "got: $o"; return 1; }; }

# ---- hosts and links ----------------------------------------------------------------------------

# on HOST CMD...: runs a command there.
on()
{
	local h=$1
	shift
	OVS_RUNDIR=$T/$h/run OVS_LOGDIR=$T/$h/log OVS_DBDIR=$T/$h/db OVS_SYSCONFDIR=$T/$h/etc \
		ip netns exec "$h" "$@"
}

# host NAME...
host()
{
	local h
	for h in "$@"; do
		ip netns add "$h"
		HOSTS+=("$h")
		mkdir -p "$T/$h"/{run,log,db,etc}
		on "$h" sh -c 'ip link set lo up
			for d in default all; do
				echo 0 >/proc/sys/net/ipv6/conf/$d/accept_dad
				echo 0 >/proc/sys/net/ipv6/conf/$d/router_solicitations
			done
			echo 0 65535 >/proc/sys/net/ipv4/ping_group_range 2>/dev/null || true'
	done
}

# wire HOST:DEV HOST:DEV: a cable (veth pair), both ends up.
wire()
{
	ip link add "x$$a" type veth peer name "x$$b"
	ip link set "x$$a" netns "${1%%:*}" name "${1#*:}"
	ip link set "x$$b" netns "${2%%:*}" name "${2#*:}"
	on "${1%%:*}" ip link set "${1#*:}" up
	on "${2%%:*}" ip link set "${2#*:}" up
}

# lan NAME: a plain Ethernet switch (Linux bridge) to plug hosts into.
lan()
{
	host "$1"
	on "$1" ip link add lan0 type bridge mcast_snooping 0
	on "$1" ip link set lan0 up
}

# plug LAN HOST:DEV [ADDRESS/LEN..]: a cable from host to switch.
plug()
{
	local l=$1 at=$2 a
	shift 2
	wire "$l:to-${at%%:*}" "$at"
	on "$l" ip link set "to-${at%%:*}" master lan0
	for a in "$@"; do
		on "${at%%:*}" ip addr add "$a" dev "${at#*:}"
	done
}

# router NAME: forwards; 'route HOST:DEV ADDRESS/24 ROUTER' gives the host that address and the
# router the address .254 of the net, as the host's gateway.
router() { host "$1"; on "$1" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1; }
route()
{
	local h=${1%%:*} dev=${1#*:} addr=$2 r=$3
	wire "$1" "$r:to-$h"
	on "$h" ip addr add "$addr" dev "$dev"
	on "$r" ip addr add "${addr%.*}.254/${addr#*/}" dev "to-$h"
	on "$h" ip route add default via "${addr%.*}.254"
}

# guest NAME HOST PORT [ADDRESS/LEN..]: a virtual machine: its eth0 is the device PORT of HOST.
guest()
{
	local g=$1 h=$2 p=$3 a
	shift 3
	host "$g"
	wire "$g:eth0" "$h:$p"
	for a in "$@"; do
		on "$g" ip addr add "$a" dev eth0
	done
}

# ---- daemons ------------------------------------------------------------------------------------

# db_start HOST [debian] [OPTION..]
db_start()
{
	local h=$1 bin=$WEFT_BIN/ovsdb-server tool=$WEFT_BIN/ovsdb-tool schema=
	shift
	# WEFT_TEST_DB=debian: by hand, to tell whose fault it is.
	if [ "${1:-${WEFT_TEST_DB:-}}" = debian ]; then
		[ $# = 0 ] || shift
		bin=$DEBIAN_SBIN/ovsdb-server tool=$DEBIAN_BIN/ovsdb-tool
		schema=/usr/share/openvswitch/vswitch.ovsschema
		HOST_DB[$h]=debian
	else
		OURS+=("$h")
		HOST_DB[$h]=ours
	fi
	[ -e "$T/$h/db/conf.db" ] || on "$h" "$tool" create "$T/$h/db/conf.db" $schema
	on "$h" "$bin" --detach --no-chdir --pidfile --log-file -vconsole:off \
		--remote="punix:$T/$h/run/db.sock" --remote=db:Open_vSwitch,Open_vSwitch,manager_options \
		"$@" "$T/$h/db/conf.db"
	on "$h" ovs-vsctl --no-wait init
	[ "${WEFT_DATAPATH:-}" != user ] || on "$h" ovs-vsctl --no-wait set Open_vSwitch . other_config:ebpf=false
}

# vswitchd_start HOST [debian] [OPTION..]
vswitchd_start()
{
	local h=$1 bin=$WEFT_BIN/ovs-vswitchd
	shift
	HOST_SWITCH[$h]=ours
	if [ "${1:-}" = debian ]; then
		shift
		bin=$DEBIAN_SBIN/ovs-vswitchd
		HOST_SWITCH[$h]=debian
		set -- --disable-system "$@"
	else
		OURS+=("$h")
	fi
	on "$h" "$bin" --detach --no-chdir --pidfile --log-file -vconsole:off "$@"
}

# switch_start HOST..: both daemons of ours; debian_start HOST..: both of Debian's.
switch_start() { local h; for h in "$@"; do db_start "$h"; vswitchd_start "$h"; done; }
debian_start() { local h; for h in "$@"; do db_start "$h" debian; vswitchd_start "$h" debian; done; }

# pid_of HOST DAEMON
pid_of() { cat "$T/$1/run/$2.pid"; }
alive() { kill -0 "$1" 2>/dev/null; }

# daemon_kill HOST DAEMON: kill -9, and waits for the end.
daemon_kill()
{
	local pid
	pid=$(pid_of "$1" "$2")
	kill -9 "$pid"
	within 10 not alive "$pid"
}

# daemon_stop HOST DAEMON [ARG]: by "exit" on its control socket.
daemon_stop()
{
	local pid
	pid=$(pid_of "$1" "$2")
	on "$1" ovs-appctl -t "$2" exit "${@:3}"
	within 20 not alive "$pid"
}

# ---- traffic ------------------------------------------------------------------------------------

# reach HOST ADDRESS [SECONDS]: an answer to a ping arrives within that time (default 20).
reach() { within "${3:-20}" on "$1" ping -q -c1 -W1 "$2"; }
# unreachable HOST ADDRESS: three pings, no answer.
unreachable() { ! on "$1" ping -q -c3 -i0.2 -W1 "$2" >/dev/null 2>&1 || fail "$1 reached $2"; }

# ping_ok HOST ADDRESS [PING OPTION..]: twenty pings, none lost.
ping_ok()
{
	local h=$1 a=$2 out
	shift 2
	out=$(on "$h" ping -q -c20 -i0.05 -W$((5 * PATIENCE)) "$@" "$a" 2>&1) || true
	like "$out" ' 0% packet loss' "$h to $a"
}

# bytes_pass FROM TO ADDRESS BYTES: random bytes over TCP arrive whole and unchanged.
bytes_pass()
{
	local receiver
	head -c "$4" /dev/urandom >"$T/sent"
	rm -f "$T/ready" "$T/got"
	on "$2" timeout $((60 * PATIENCE)) /usr/bin/python3 -c "
import socket
fam = socket.AF_INET6 if ':' in '$3' else socket.AF_INET
s = socket.create_server(('$3', 7000), family=fam)
open('$T/ready', 'w').close()
c = s.accept()[0]
with open('$T/got', 'wb') as f:
	while True:
		d = c.recv(65536)
		if not d:
			break
		f.write(d)" &
	receiver=$!
	within 20 test -e "$T/ready"
	on "$1" timeout $((60 * PATIENCE)) /usr/bin/python3 -c "
import socket
s = socket.create_connection(('$3', 7000))
s.sendall(open('$T/sent', 'rb').read())
s.close()" || fail "sending $4 bytes from $1 to $3"
	wait $receiver || fail "receiving $4 bytes on $2"
	cmp "$T/sent" "$T/got" || fail "the bytes differ"
}

# listening HOST PORT: someone accepts TCP connections there; for use with within.
listening() { on "$1" ss -Hltn "sport = :$2" | grep -q .; }

# rx_packets HOST DEV, tx_packets HOST DEV: counted by the device.
rx_packets() { on "$1" cat "/sys/class/net/$2/statistics/rx_packets"; }
tx_packets() { on "$1" cat "/sys/class/net/$2/statistics/tx_packets"; }

# frames_during HOST DEV SECONDS: frames that leave or reach a device in that time.
frames_during()
{
	local a b
	a=$(( $(rx_packets "$1" "$2") + $(tx_packets "$1" "$2") ))
	sleep "$3"
	b=$(( $(rx_packets "$1" "$2") + $(tx_packets "$1" "$2") ))
	echo $((b - a))
}

# capture HOST DEV NAME [FILTER]: into $T/NAME.pcap until 'captured NAME', which prints the lines of
# tcpdump -nr with further options. Packets are written as they come.
declare -A CAPTURE=()
capture()
{
	local h=$1 dev=$2 name=$3
	shift 3
	# exec, so that the process to end is tcpdump itself; background jobs ignore SIGINT.
	(exec ip netns exec "$h" tcpdump -Z root --immediate-mode -U -n -i "$dev" -w "$T/$name.pcap" "$@" 2>"$T/$name.tcpdump") &
	CAPTURE[$name]=$!
	within 20 grep -q 'listening on' "$T/$name.tcpdump"
}

captured()
{
	local name=$1
	shift
	if [ -n "${CAPTURE[$name]:-}" ]; then
		kill "${CAPTURE[$name]}" 2>/dev/null || true
		wait "${CAPTURE[$name]}" 2>/dev/null || true
		CAPTURE[$name]=
	fi
	tcpdump -nr "$T/$name.pcap" "$@" 2>/dev/null
}
# seen NAME REGEX: the running capture has a line like this; for use with within.
seen() { tcpdump -nr "$T/$1.pcap" 2>/dev/null | grep -Eq "$2"; }

# ---- the end ------------------------------------------------------------------------------------

stop_daemons()
{
	local h d pid left=0
	for h in "${HOSTS[@]}"; do
		for d in ovs-vswitchd ovsdb-server; do
			[ -e "$T/$h/run/$d.pid" ] || continue
			pid=$(pid_of "$h" "$d") || continue
			alive "$pid" || continue
			if [ $d = ovs-vswitchd ]; then
				on "$h" timeout 20 ovs-appctl -t $d exit --cleanup || left=1
			else
				on "$h" timeout 20 ovs-appctl -t $d exit || left=1
			fi
			for _ in $(seq 1 400); do
				alive "$pid" || break
				sleep 0.05
			done
			if alive "$pid"; then
				echo "FAILED: $d on $h did not exit"
				left=1
			fi
		done
		if [ "${HOST_SWITCH[$h]:-}" = ours ] && [ -n "$(on "$h" ip -o link show type tun)" ]; then
			echo "FAILED: the switch of $h left behind: $(on "$h" ip -o link show type tun)"
			left=1
		fi
	done
	return $left
}

check_logs()
{
	local h f bad=0
	for h in "${OURS[@]}"; do
		for f in "$T/$h/log/"*.log; do
			[ -e "$f" ] || continue
			case $f in
			*ovsdb-server.log) [ "${HOST_DB[$h]:-ours}" = ours ] || continue ;;
			*ovs-vswitchd.log) [ "${HOST_SWITCH[$h]:-ours}" = ours ] || continue ;;
			esac
			if grep -E '\|(WARN|ERR|EMER)\|' "$f" | grep -Ev "$LOGS_MAY" >"$T/loglines"; then
				echo "FAILED: $f has lines that the test did not announce:"
				head -20 "$T/loglines"
				bad=1
			fi
		done
	done
	return $bad
}

at_exit()
{
	local rc=$1 f name
	trap - ERR EXIT
	set +eE
	for name in "${!CAPTURE[@]}"; do
		[ -z "${CAPTURE[$name]}" ] || kill "${CAPTURE[$name]}" 2>/dev/null
	done
	if [ "$rc" = 0 ]; then
		stop_daemons || rc=1
		check_logs || rc=1
		# This shell is process 1 of its own namespace; all that is left is ours.
		if ps -eo pid=,comm= | grep -E 'ovs|weft' >"$T/left"; then
			echo "FAILED: processes left behind:"
			cat "$T/left"
			rc=1
		fi
	fi
	for f in "$T"/sanitizer.*; do
		[ -e "$f" ] || continue
		echo "FAILED: $f:"
		head -60 "$f"
		rc=1
	done
	if [ "$rc" != 0 ] && [ -z "$skipped" ]; then
		for f in "$T"/*/log/*.log; do
			[ -e "$f" ] || continue
			echo "== the end of $f"
			tail -25 "$f"
		done
	fi
	[ -z "$own_dir" ] || rm -rf "$own_dir"
	exit "$rc"
}

# ---- topologies that several tests use ----------------------------------------------------------

# gre_link HOST NAME ADDRESS: the tutorial's command.
gre_link()
{
	on "$1" ovs-vsctl add-port br0 "$2" -- set interface "$2" type=gre options:remote_ip="$3"
}

# five_servers ring|chain: s1..s5 with 10.244.N.1/16 on br0, on one plain network.
five_servers()
{
	local shape=$1 n m frames
	lan net
	for n in 1 2 3 4 5; do
		host s$n
		plug net s$n:eth0 192.168.1.$n/24
		switch_start s$n
		on s$n ovs-vsctl add-br br0
	done
	for n in 1 2 3 4 5; do
		m=$((n % 5 + 1))
		[ $n != 5 ] || [ "$shape" = ring ] || continue
		gre_link s$n gre$m 192.168.1.$m
		gre_link s$m gre$n 192.168.1.$n
	done
	for n in 1 2 3 4 5; do
		on s$n ip link set br0 up
		on s$n ip addr add 10.244.$n.1/16 broadcast 10.244.255.255 dev br0
	done
	say "every server reaches every other"
	for n in 1 2 3 4 5; do
		for m in 1 2 3 4 5; do
			[ $m = $n ] || reach s$n 10.244.$m.1 30
		done
	done
	for m in 2 3 4 5; do
		ping_ok s1 10.244.$m.1
	done
	say "one broadcast causes no storm"
	on s1 ping -q -b -c1 -W1 10.244.255.255 >/dev/null 2>&1 || true
	frames=$(frames_during s1 eth0 2)
	echo "frames on the wire of s1 in 2 s after it: $frames"
	[ "$frames" -lt 80 ] || fail "a storm: $frames frames in 2 s"
}

# debian_tunnel_bridge HOST ADDRESS/LEN: Debian's switch in user space terminates tunnels only if the
# underlay's address is on a bridge of its own: br-phy with eth0 in it.
debian_tunnel_bridge()
{
	local mac
	mac=$(on "$1" cat /sys/class/net/eth0/address)
	on "$1" "$DEBIAN_BIN/ovs-vsctl" add-br br-phy -- set bridge br-phy datapath_type=netdev \
		other_config:hwaddr="$mac" -- add-port br-phy eth0
	on "$1" ip addr flush dev eth0
	on "$1" ip addr add "$2" dev br-phy
	on "$1" ip link set br-phy up
	on "$1" "$DEBIAN_BIN/ovs-vsctl" add-br br0 -- set bridge br0 datapath_type=netdev
}
