/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated ports. A packet that arrives is handled to its end before the call returns, on the main
 * thread, so that a test that injects one sees its effects at once. */
#include "port/sim.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "port/kinds.h"
#include "port/pcap.h"
#include "port/sim_link.h"

LOG_MODULE(port_sim);

enum { MAX_ADDRESSES = 8 };

struct sim {
	struct port_state state;
	/* Sending may happen on several threads. */
	pthread_mutex_t tx_lock;
	struct port_stats stats;
	struct pcap *tx_pcap, *rx_pcap; /* may be the same */
	struct sim_link *link;
	struct strmap options;
	struct in6_addr addr[MAX_ADDRESSES];
	uint8_t prefix_len[MAX_ADDRESSES];
	unsigned n_addr;
};

bool port_is_sim(const struct port *p)
{
	return p->ops == &port_sim_ops || p->ops == &port_sim_internal_ops;
}

static int sim_open(struct port *port, struct err *err UNUSED)
{
	static uint32_t n_made;
	struct sim *s = xzalloc(sizeof *s);
	uint32_t n = ++n_made;
	s->state = (struct port_state){
		.admin_up = true,
		.link_up = true,
		.carrier_known = true,
		.mtu = 1500,
		.mac = { { 0xaa, 0x55, 0xaa, 0x55, (uint8_t)(n >> 8), (uint8_t)n } },
	};
	pthread_mutex_init(&s->tx_lock, NULL);
	port->n_rxq = 0;
	port->priv = s;
	return 0;
}

static void close_files(struct sim *s)
{
	if (s->rx_pcap != s->tx_pcap)
		pcap_close(s->rx_pcap);
	pcap_close(s->tx_pcap);
	s->rx_pcap = s->tx_pcap = NULL;
}

static void sim_close(struct port *port)
{
	struct sim *s = port->priv;
	sim_link_close(s->link);
	close_files(s);
	strmap_fini(&s->options);
	pthread_mutex_destroy(&s->tx_lock);
	free(s);
}

static int open_pcap(const struct port *port, const char *path, struct pcap **ret, struct err *err)
{
	*ret = NULL;
	if (!path)
		return 0;
	int r = pcap_create(path, ret);
	return r < 0 ? err_set(err, r, "%s: cannot write %s: %s", port->name, path, err_name(r))
		     : 0;
}

static bool same_option(const struct strmap *a, const struct strmap *b, const char *key)
{
	return !strcmp(strmap_get_def(a, key, ""), strmap_get_def(b, key, ""));
}

static void on_frame(struct packet *p, void *arg) { sim_receive(arg, p); }

/* A file is begun anew only if its option changed: tests read what has gathered in it. */
static int sim_configure(struct port *port, const struct strmap *options, struct err *err)
{
	static const char *const known[] = { "pcap",	"rxq_pcap", "tx_pcap", "stream", "pstream",
					     "ifindex", "numa_id",  "n_rxq",   "n_txq" };
	struct sim *s = port->priv;
	STRMAP_FOR_EACH(e, options) {
		size_t i = 0;
		while (i < ARRAY_SIZE(known) && strcmp(known[i], e->key))
			i++;
		if (i == ARRAY_SIZE(known))
			log_warn("%s: unknown option '%s' is ignored, as dummy ports always did",
				 port->name, e->key);
	}
	int64_t ifindex = strmap_get_int(options, "ifindex", 0);
	s->state.ifindex = ifindex > 0 && ifindex <= INT32_MAX ? (uint32_t)ifindex : 0;

	if (!same_option(options, &s->options, "pcap") ||
	    !same_option(options, &s->options, "rxq_pcap") ||
	    !same_option(options, &s->options, "tx_pcap")) {
		const char *both = strmap_get(options, "pcap");
		struct pcap *tx = NULL, *rx = NULL;
		int r = open_pcap(port, both ? both : strmap_get(options, "tx_pcap"), &tx, err);
		if (r == 0 && both)
			rx = tx;
		else if (r == 0)
			r = open_pcap(port, strmap_get(options, "rxq_pcap"), &rx, err);
		if (r < 0) {
			pcap_close(tx);
			return r;
		}
		pthread_mutex_lock(&s->tx_lock);
		close_files(s);
		s->tx_pcap = tx;
		s->rx_pcap = rx;
		pthread_mutex_unlock(&s->tx_lock);
	}
	if (!same_option(options, &s->options, "stream") ||
	    !same_option(options, &s->options, "pstream")) {
		struct sim_link *link = NULL;
		const char *active = strmap_get(options, "stream");
		const char *passive = strmap_get(options, "pstream");
		if (active || passive) {
			int r = sim_link_open(port->name, active, passive, port->loop, on_frame,
					      port, &link, err);
			if (r < 0)
				return r;
		}
		pthread_mutex_lock(&s->tx_lock);
		struct sim_link *old = s->link;
		s->link = link;
		pthread_mutex_unlock(&s->tx_lock);
		sim_link_close(old);
	}
	strmap_copy(&s->options, options);
	return 0;
}

static void sim_get_state(const struct port *port, struct port_state *ret)
{
	*ret = ((const struct sim *)port->priv)->state;
}

static void sim_get_stats(const struct port *port, struct port_stats *ret)
{
	struct sim *s = port->priv;
	pthread_mutex_lock(&s->tx_lock);
	*ret = s->stats;
	pthread_mutex_unlock(&s->tx_lock);
	/* The others are not counted here; PORT_STAT_UNKNOWN keeps them out of the database. */
	ret->rx_errors = ret->tx_errors = ret->rx_dropped = ret->tx_dropped = ret->collisions =
		ret->rx_over_errors = ret->rx_frame_errors = ret->rx_crc_errors =
			ret->rx_missed_errors = ret->multicast = PORT_STAT_UNKNOWN;
}

/* Those of OVS's simulated ports, which have one queue and count its packets in every way. */
static unsigned sim_get_custom_stats(const struct port *port,
				     struct port_custom_stat ret[PORT_MAX_CUSTOM_STATS])
{
	struct sim *s = port->priv;
	pthread_mutex_lock(&s->tx_lock);
	const struct port_stats st = s->stats;
	pthread_mutex_unlock(&s->tx_lock);
	const struct port_custom_stat all[] = {
		{ "rx_custom_packets_1", st.rx_packets }, { "rx_custom_packets_2", st.rx_packets },
		{ "rx_q0_bytes", st.rx_bytes },		  { "rx_q0_packets", st.rx_packets },
		{ "tx_q0_bytes", st.tx_bytes },		  { "tx_q0_packets", st.tx_packets },
	};
	memcpy(ret, all, sizeof all);
	return ARRAY_SIZE(all);
}

static int sim_set_mtu(struct port *port, uint32_t mtu, struct err *err)
{
	struct sim *s = port->priv;
	if (mtu < 68 || mtu > 65535)
		return err_set(err, -EINVAL, "%s: MTU %u is out of range (68 to 65535)", port->name,
			       mtu);
	if (s->state.mtu != mtu) {
		s->state.mtu = mtu;
		port_note_change(port);
	}
	return 0;
}

static int sim_set_mac(struct port *port, struct eth_addr mac, struct err *err UNUSED)
{
	struct sim *s = port->priv;
	if (memcmp(&s->state.mac, &mac, sizeof mac)) {
		s->state.mac = mac;
		port_note_change(port);
	}
	return 0;
}

static int sim_set_admin_up(struct port *port, bool up, struct err *err UNUSED)
{
	struct sim *s = port->priv;
	if (s->state.admin_up != up) {
		s->state.admin_up = s->state.link_up = up;
		s->state.link_resets++;
		port_note_change(port);
	}
	return 0;
}

static void sim_get_status(const struct port *port UNUSED, struct strmap *ret UNUSED) {}

void sim_receive(struct port *port, struct packet *p)
{
	struct sim *s = port->priv;
	if (!s->state.admin_up || !port->deliver) {
		packet_free(p);
		return;
	}
	pthread_mutex_lock(&s->tx_lock);
	s->stats.rx_packets++;
	s->stats.rx_bytes += p->size;
	if (s->rx_pcap)
		pcap_write(s->rx_pcap, p->data, p->size);
	pthread_mutex_unlock(&s->tx_lock);
	p->csum_valid = true;
	port->deliver(port, &p, 1, port->deliver_arg);
}

static void send_one(struct packet *p, void *arg)
{
	struct sim *s = arg;
	if (p->size > s->state.mtu + 14 + 4) {
		s->stats.tx_dropped++;
	} else {
		s->stats.tx_packets++;
		s->stats.tx_bytes += p->size;
		if (s->tx_pcap)
			pcap_write(s->tx_pcap, p->data, p->size);
		if (s->link)
			sim_link_send(s->link, p->data, p->size);
	}
	packet_free(p);
}

static void sim_tx(struct port *port, unsigned queue UNUSED, struct packet **batch, unsigned n)
{
	struct sim *s = port->priv;
	pthread_mutex_lock(&s->tx_lock);
	for (unsigned i = 0; i < n; i++) {
		if (!s->state.admin_up)
			packet_free(batch[i]);
		else
			packet_segment(batch[i], send_one, s);
	}
	pthread_mutex_unlock(&s->tx_lock);
}

unsigned sim_addresses(const struct port *port, struct in6_addr *addr, uint8_t *prefix_len,
		       unsigned max)
{
	const struct sim *s = port->priv;
	unsigned n = MIN(s->n_addr, max);
	memcpy(addr, s->addr, n * sizeof *addr);
	memcpy(prefix_len, s->prefix_len, n);
	return n;
}

void sim_add_address(struct port *port, const struct in6_addr *addr, uint8_t prefix_len)
{
	struct sim *s = port->priv;
	unsigned i = 0;
	while (i < s->n_addr && memcmp(&s->addr[i], addr, sizeof *addr))
		i++;
	if (i == MAX_ADDRESSES) { /* the oldest goes */
		memmove(s->addr, s->addr + 1, (MAX_ADDRESSES - 1) * sizeof *s->addr);
		memmove(s->prefix_len, s->prefix_len + 1, MAX_ADDRESSES - 1);
		i = --s->n_addr;
	}
	if (i == s->n_addr)
		s->n_addr++;
	s->addr[i] = *addr;
	s->prefix_len[i] = prefix_len;
	port_note_change(port);
}

const char *sim_conn_state(const struct port *port)
{
	const struct sim *s = port->priv;
	return s->link ? sim_link_state(s->link) : "unknown";
}

#define SIM_OPS(TYPE)                                                                              \
	{                                                                                          \
		.type = TYPE, .kind = PORT_SIM, .open = sim_open, .close = sim_close,              \
		.configure = sim_configure, .get_state = sim_get_state,                            \
		.get_stats = sim_get_stats, .get_custom_stats = sim_get_custom_stats,              \
		.set_mtu = sim_set_mtu, .set_mac = sim_set_mac, .set_admin_up = sim_set_admin_up,  \
		.get_status = sim_get_status, .tx = sim_tx,                                        \
	}
const struct port_ops port_sim_ops = SIM_OPS("dummy");
const struct port_ops port_sim_internal_ops = SIM_OPS("dummy-internal");
