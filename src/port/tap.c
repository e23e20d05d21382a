/* SPDX-License-Identifier: Apache-2.0 */
/* Internal ports and taps: a device of the host's whose other end is a descriptor of ours (tun(4)).
 *
 * The device outlives the process on purpose (TUNSETPERSIST): addresses and routes that the
 * administrator put on br0 must still be there when the daemon is started again after a crash. What
 * is ours is told by the device's alias, which names the run directory, so that several switches in
 * one namespace do not take each other's devices away. Closing removes the device, unless the
 * daemon ends without --cleanup.
 *
 * A virtio-net header goes with every packet, and all offloads are on: what the host sends comes as
 * unfinished 64 KB packets. There is no system call that moves several packets of a tap at once. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <net/ethernet.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "port/kinds.h"
#include "port/link.h"
#include "port/vnet.h"
/* Last: it redefines TUN_F_CSUM, which packet/key.h has for tunnels. */
#include <linux/if_tun.h>

LOG_MODULE(port_tap);

#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif
#define ALIAS_PREFIX "weft port of "

struct tap {
	int fd;
	struct link link;
	bool gone;
	uint64_t link_resets;
	uint64_t rx_bad, tx_dropped, tx_errors; /* atomic */
	struct link_watcher watcher;
	struct port *port;
	struct packet *spare; /* the queue's thread */
};

static bool keep_devices;

static void count(uint64_t *c) { __atomic_fetch_add(c, 1, __ATOMIC_RELAXED); }
static uint64_t read_count(const uint64_t *c) { return __atomic_load_n(c, __ATOMIC_RELAXED); }

static void alias_make(char alias[128]) { snprintf(alias, 128, ALIAS_PREFIX "%s", path_rundir()); }

static void on_link(struct link_watcher *w, const struct link *l, bool gone)
{
	struct tap *t = CONTAINER_OF(w, struct tap, watcher);
	if (t->gone || l->ifindex != t->link.ifindex)
		return;
	if (gone || strcmp(l->name, t->link.name)) {
		t->gone = true;
		t->link.carrier = t->link.admin_up = false;
	} else {
		if (!memcmp(&t->link, l, sizeof *l))
			return;
		if (t->link.carrier != l->carrier)
			t->link_resets++;
		t->link = *l;
	}
	port_note_change(t->port);
}

static int offloads_set(int fd)
{
	unsigned base = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
	if (ioctl(fd, TUNSETOFFLOAD, (unsigned long)(base | TUN_F_USO4 | TUN_F_USO6)) == 0)
		return 0;
	return ioctl(fd, TUNSETOFFLOAD, (unsigned long)base) < 0 ? -errno : 0;
}

/* Makes the device, or takes up the one that an earlier run left. */
static int device_open(struct tap *t, const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	if (strlen(name) >= sizeof ifr.ifr_name)
		return -ENAMETOOLONG;
	str_copy(ifr.ifr_name, name, sizeof ifr.ifr_name);
	struct link old;
	bool existed = link_get(name, &old) == 0;
	/* TUNSETIFF attaches to any tap, the administrator's own one too; only ours are ours. */
	if (existed && strncmp(old.alias, ALIAS_PREFIX, strlen(ALIAS_PREFIX)) &&
	    strcmp(t->port->type, "tap"))
		return -EEXIST;
	t->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (t->fd < 0)
		return -errno;
	int r = 0;
	if (ioctl(t->fd, TUNSETIFF, &ifr) < 0)
		r = existed && errno == EINVAL ? -EEXIST : -errno;
	else
		r = offloads_set(t->fd);
	if (r == 0 && ioctl(t->fd, TUNSETPERSIST, 1) < 0)
		r = -errno;
	if (r == 0)
		r = link_get(name, &t->link);
	if (r == 0) {
		char alias[128];
		alias_make(alias);
		r = link_set_alias(t->link.ifindex, alias);
		str_copy(t->link.alias, alias, sizeof t->link.alias);
	}
	if (r < 0) {
		if (!existed)
			ioctl(t->fd, TUNSETPERSIST, 0);
		close(t->fd);
	}
	return r;
}

static int tap_open(struct port *port, struct err *err)
{
	struct tap *t = xzalloc(sizeof *t);
	t->port = port;
	int r = device_open(t, port->name);
	if (r < 0) {
		free(t);
		return err_set(err, r, "could not open network device %s (%s)", port->name,
			       err_name(r));
	}
	t->watcher.cb = on_link;
	link_watcher_add(&t->watcher);
	port->n_rxq = 1;
	port->priv = t;
	return 0;
}

static void tap_close(struct port *port)
{
	struct tap *t = port->priv;
	link_watcher_remove(&t->watcher);
	if (!keep_devices && !t->gone)
		ioctl(t->fd, TUNSETPERSIST, 0);
	close(t->fd);
	if (t->spare)
		packet_free(t->spare);
	free(t);
}

static int tap_configure(struct port *port, const struct strmap *options, struct err *err UNUSED)
{
	if (options->n)
		log_warn("%s: arguments provided to device that is not configurable", port->name);
	return 0;
}

static void tap_get_state(const struct port *port, struct port_state *ret)
{
	const struct tap *t = port->priv;
	*ret = (struct port_state){
		.admin_up = t->link.admin_up,
		.link_up = t->link.carrier,
		.carrier_known = true,
		.ifindex = t->gone ? 0 : t->link.ifindex,
		.mtu = t->link.mtu,
		.mac = t->link.mac,
		.link_resets = t->link_resets,
	};
	if (!t->gone)
		link_get_speed(t->link.name, &ret->speed_bps, &ret->full_duplex);
}

/* What the host receives is what the switch transmits. */
static void tap_get_stats(const struct port *port, struct port_stats *ret)
{
	const struct tap *t = port->priv;
	struct port_stats s = { 0 };
	if (!t->gone && link_get_stats(t->link.ifindex, &s) < 0)
		log_dbg("%s: no statistics", port->name);
	*ret = (struct port_stats){
		.rx_packets = s.tx_packets,
		.rx_bytes = s.tx_bytes,
		.rx_errors = s.tx_errors + read_count(&t->rx_bad),
		.rx_dropped = s.tx_dropped,
		.tx_packets = s.rx_packets,
		.tx_bytes = s.rx_bytes,
		.tx_errors = s.rx_errors + read_count(&t->tx_errors),
		.tx_dropped = s.rx_dropped + read_count(&t->tx_dropped),
	};
}

static int changed(struct tap *t, int r, struct err *err, const char *what)
{
	if (r < 0)
		return err_set(err, r, "%s: cannot set %s (%s)", t->link.name, what, err_name(r));
	struct link l;
	if (link_get(t->link.name, &l) == 0 && l.ifindex == t->link.ifindex)
		t->link = l;
	return 0;
}

static int tap_set_mtu(struct port *port, uint32_t mtu, struct err *err)
{
	return changed(port->priv, link_set_mtu(port->name, mtu), err, "the MTU");
}

static int tap_set_mac(struct port *port, struct eth_addr mac, struct err *err)
{
	struct tap *t = port->priv;
	if (!memcmp(&t->link.mac, &mac, sizeof mac))
		return 0;
	return changed(t, link_set_mac(port->name, mac), err, "the MAC address");
}

static int tap_set_admin_up(struct port *port, bool up, struct err *err)
{
	return changed(port->priv, link_set_up(port->name, up), err, up ? "it up" : "it down");
}

static void tap_get_status(const struct port *port, struct strmap *ret)
{
	char driver[32], version[32], firmware[32];
	link_get_driver(port->name, driver, version, firmware);
	if (!driver[0])
		return;
	strmap_put(ret, "driver_name", driver);
	strmap_put(ret, "driver_version", version);
	strmap_put(ret, "firmware_version", firmware);
}

static int tap_rx_fd(const struct port *port, unsigned queue UNUSED)
{
	return ((const struct tap *)port->priv)->fd;
}

static int tap_rx(struct port *port, unsigned queue UNUSED, struct packet *batch[PACKET_BATCH])
{
	struct tap *t = port->priv;
	int n_good = 0;
	for (int i = 0; i < PACKET_BATCH; i++) {
		if (!t->spare)
			t->spare = packet_new(PACKET_MAX_BYTES);
		struct packet *p = t->spare;
		ssize_t n = read(t->fd, p->data - VNET_BYTES, PACKET_MAX_BYTES + VNET_BYTES);
		if (n < 0)
			break;
		struct virtio_net_hdr h;
		memcpy(&h, p->data - VNET_BYTES, sizeof h);
		if (n < VNET_BYTES + ETH_HLEN) {
			count(&t->rx_bad);
			continue;
		}
		p->size = (uint32_t)n - VNET_BYTES;
		if (vnet_take(p, &h) < 0) {
			count(&t->rx_bad);
			p->size = 0;
			continue;
		}
		p->csum_valid = true; /* it never left this host */
		batch[n_good++] = p;
		t->spare = NULL;
	}
	return n_good;
}

static void tap_tx(struct port *port, unsigned queue UNUSED, struct packet **batch, unsigned n)
{
	struct tap *t = port->priv;
	for (unsigned i = 0; i < n; i++) {
		struct packet *p = batch[i];
		vnet_put(p);
		ssize_t sent = write(t->fd, p->data - VNET_BYTES, p->size + VNET_BYTES);
		/* EIO: the administrator has not set it up. */
		if (sent < 0)
			count(errno == EIO || errno == EAGAIN || errno == ENOBUFS ? &t->tx_dropped
										  : &t->tx_errors);
		packet_free(p);
	}
}

void tap_keep_devices(bool keep) { keep_devices = keep; }
bool tap_keeps_devices(void) { return keep_devices; }

static bool sweep_one(const struct link *l, void *arg)
{
	struct strmap *stale = arg;
	char alias[128];
	alias_make(alias);
	if (!strcmp(l->alias, alias) && !port_lookup(l->name))
		strmap_put(stale, l->name, "");
	return true;
}

void tap_sweep_devices(void)
{
	struct strmap stale = STRMAP_INIT;
	int r = link_dump(sweep_one, &stale);
	if (r < 0)
		log_warn("cannot list network devices: %s", err_name(r));
	STRMAP_FOR_EACH(e, &stale) {
		struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
		int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
		if (fd < 0)
			break;
		str_copy(ifr.ifr_name, e->key, sizeof ifr.ifr_name);
		/* EBUSY: another process uses it. */
		if (ioctl(fd, TUNSETIFF, &ifr) == 0) {
			ioctl(fd, TUNSETPERSIST, 0);
			log_info("%s: removed, an earlier run left it and it is not configured",
				 e->key);
		}
		close(fd);
	}
	strmap_fini(&stale);
}

#define TAP_OPS(TYPE, KIND)                                                                        \
	{                                                                                          \
		.type = TYPE, .kind = KIND, .open = tap_open, .close = tap_close,                  \
		.configure = tap_configure, .get_state = tap_get_state,                            \
		.get_stats = tap_get_stats, .set_mtu = tap_set_mtu, .set_mac = tap_set_mac,        \
		.set_admin_up = tap_set_admin_up, .get_status = tap_get_status,                    \
		.rx_fd = tap_rx_fd, .rx = tap_rx, .tx = tap_tx,                                    \
	}
const struct port_ops port_internal_ops = TAP_OPS("internal", PORT_INTERNAL);
const struct port_ops port_tap_ops = TAP_OPS("tap", PORT_TAP);
