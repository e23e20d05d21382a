/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/port_desc.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

static uint32_t speed_to_features(uint64_t bps, bool full)
{
	switch (bps / 1000000) {
	case 10:
		return full ? OFPPF_10MB_FD : OFPPF_10MB_HD;
	case 100:
		return full ? OFPPF_100MB_FD : OFPPF_100MB_HD;
	case 1000:
		return full ? OFPPF_1GB_FD : OFPPF_1GB_HD;
	case 10000:
		return OFPPF_10GB_FD;
	case 40000:
		return OFPPF_40GB_FD;
	case 100000:
		return OFPPF_100GB_FD;
	case 1000000:
		return OFPPF_1TB_FD;
	default:
		return bps ? OFPPF_OTHER : 0;
	}
}

static uint32_t stp_state(enum ofport_stp stp)
{
	switch (stp) {
	case OFPORT_STP_BLOCKING:
	case OFPORT_STP_DISABLED:
		return OFPPS_STP_BLOCK;
	case OFPORT_STP_LISTENING:
		return OFPPS_STP_LISTEN;
	case OFPORT_STP_LEARNING:
		return OFPPS_STP_LEARN;
	case OFPORT_STP_FORWARDING:
		return OFPPS_STP_FORWARD;
	case OFPORT_STP_NONE:
		break;
	}
	return 0;
}

void ofport_describe(const struct ofport *o, struct of_port_desc *ret)
{
	memset(ret, 0, sizeof *ret);
	ret->port = o->ofport;
	ret->hw_addr = o->mac;
	str_copy(ret->name, o->name, sizeof ret->name);
	ret->config = o->config;
	ret->state = (o->state & ~(uint32_t)OFPPS_STP_MASK) | stp_state(o->stp);
	if (o->port && o->port->ops->get_state) {
		struct port_state s;
		memset(&s, 0, sizeof s);
		o->port->ops->get_state(o->port, &s);
		ret->curr = speed_to_features(s.speed_bps, s.full_duplex);
		ret->curr_speed = ret->max_speed = (uint32_t)MIN(s.speed_bps / 1000, UINT32_MAX);
	}
}

void ofport_get_stats(const struct ofport *o, struct of_port_stats *ret)
{
	memset(ret, 0, sizeof *ret);
	memset(ret->rmon, 0xff, sizeof ret->rmon);
	ret->port = o->ofport;
	int64_t age = clock_mono_ns() - o->created_ns;
	ret->duration_sec = (uint32_t)(age / NS_PER_SEC);
	ret->duration_nsec = (uint32_t)(age % NS_PER_SEC);
	if (o->port && !o->tunnel && o->port->ops->get_stats) {
		struct port_stats s;
		memset(&s, 0, sizeof s);
		o->port->ops->get_stats(o->port, &s);
		ret->rx_packets = s.rx_packets;
		ret->tx_packets = s.tx_packets;
		ret->rx_bytes = s.rx_bytes;
		ret->tx_bytes = s.tx_bytes;
		ret->rx_dropped = s.rx_dropped;
		ret->tx_dropped = s.tx_dropped;
		ret->rx_errors = s.rx_errors;
		ret->tx_errors = s.tx_errors;
		ret->rx_frame_err = s.rx_frame_errors;
		ret->rx_over_err = s.rx_over_errors;
		ret->rx_crc_err = s.rx_crc_errors;
		ret->collisions = s.collisions;
		if (o->port->ops->get_custom_stats) {
			struct port_custom_stat c[PORT_MAX_CUSTOM_STATS];
			ret->n_custom = o->port->ops->get_custom_stats(o->port, c);
			ret->custom = xcalloc(MAX(ret->n_custom, 1), sizeof *ret->custom);
			for (size_t i = 0; i < ret->n_custom; i++) {
				str_copy(ret->custom[i].name, c[i].name,
					 sizeof ret->custom[i].name);
				ret->custom[i].value = c[i].value;
			}
		}
		return;
	}
	ret->rx_packets = o->stats.rx_packets;
	ret->tx_packets = o->stats.tx_packets;
	ret->rx_bytes = o->stats.rx_bytes;
	ret->tx_bytes = o->stats.tx_bytes;
	if (o->tunnel || ofport_is_patch(o)) {
		ret->rx_frame_err = ret->rx_over_err = ret->rx_crc_err = ret->collisions =
			UINT64_MAX;
		ret->rx_dropped = ret->tx_dropped = ret->rx_errors = ret->tx_errors = UINT64_MAX;
	}
}
