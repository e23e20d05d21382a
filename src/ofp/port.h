/* SPDX-License-Identifier: Apache-2.0 */
/* port: what OpenFlow says of a port. Numbers are those of packet/ofport.h.
 * OpenFlow 1.0 5.2.1, 5.3.5, 5.4.3; 1.5 7.2.1, 7.3.5.6. */
#pragma once
#include "base/byteorder.h"
#include "base/str.h"
#include "packet/key.h"
#include "packet/ofport.h"

enum { OFP_PORT_NAME_SIZE = 64 }; /* with the NUL; 16 on the wire of 1.0 to 1.3 */

/* of_port_desc.config, OpenFlow 1.0 numbering (5.2.1); 1.1+ knows DOWN, NO_RECV, NO_FWD,
 * NO_PACKET_IN. */
enum {
	OFPPC_PORT_DOWN = 1 << 0,
	OFPPC_NO_STP = 1 << 1,
	OFPPC_NO_RECV = 1 << 2,
	OFPPC_NO_RECV_STP = 1 << 3,
	OFPPC_NO_FLOOD = 1 << 4,
	OFPPC_NO_FWD = 1 << 5,
	OFPPC_NO_PACKET_IN = 1 << 6,
};
/* of_port_desc.state; STP_* are of 1.0 only, BLOCKED and LIVE of 1.1+. */
enum {
	OFPPS_LINK_DOWN = 1 << 0,
	OFPPS_BLOCKED = 1 << 1,
	OFPPS_LIVE = 1 << 2,
	OFPPS_STP_LISTEN = 0 << 8,
	OFPPS_STP_LEARN = 1 << 8,
	OFPPS_STP_FORWARD = 2 << 8,
	OFPPS_STP_BLOCK = 3 << 8,
	OFPPS_STP_MASK = 3 << 8,
};
/* Features: bits of OpenFlow 1.1 (A.2.1). */
enum {
	OFPPF_10MB_HD = 1 << 0,
	OFPPF_10MB_FD = 1 << 1,
	OFPPF_100MB_HD = 1 << 2,
	OFPPF_100MB_FD = 1 << 3,
	OFPPF_1GB_HD = 1 << 4,
	OFPPF_1GB_FD = 1 << 5,
	OFPPF_10GB_FD = 1 << 6,
	OFPPF_40GB_FD = 1 << 7,
	OFPPF_100GB_FD = 1 << 8,
	OFPPF_1TB_FD = 1 << 9,
	OFPPF_OTHER = 1 << 10,
	OFPPF_COPPER = 1 << 11,
	OFPPF_FIBER = 1 << 12,
	OFPPF_AUTONEG = 1 << 13,
	OFPPF_PAUSE = 1 << 14,
	OFPPF_PAUSE_ASYM = 1 << 15,
};

struct of_port_desc {
	uint32_t port;
	struct eth_addr hw_addr;
	char name[OFP_PORT_NAME_SIZE];
	uint32_t config, state;
	uint32_t curr, advertised, supported, peer; /* OFPPF_* */
	uint32_t curr_speed, max_speed;		    /* kb/s; 0: unknown */
};

struct of_port_mod {
	uint32_t port;
	struct eth_addr hw_addr; /* all zero: not checked */
	uint32_t config, mask;
	uint32_t advertise; /* 0: as it is */
};

enum of_port_status_reason { OFPPR_ADD, OFPPR_DELETE, OFPPR_MODIFY };
struct of_port_status {
	enum of_port_status_reason reason;
	struct of_port_desc desc;
};

/* UINT64_MAX: not counted, printed '?'. */
struct of_port_stats {
	uint32_t port;
	uint32_t duration_sec, duration_nsec; /* UINT32_MAX: unknown */
	uint64_t rx_packets, tx_packets, rx_bytes, tx_bytes;
	uint64_t rx_dropped, tx_dropped, rx_errors, tx_errors;
	uint64_t rx_frame_err, rx_over_err, rx_crc_err, collisions;
	/* RFC 2819, as Intel's custom statistics carry them. */
	uint64_t rmon[21];
	struct of_custom_stat {
		char name[64];
		uint64_t value;
	} * custom;
	size_t n_custom;
};

struct of_queue_stats {
	uint32_t port, queue_id;
	uint64_t tx_bytes, tx_packets, tx_errors;
	uint32_t duration_sec, duration_nsec;
};
struct of_queue_config {
	uint32_t port, queue_id;
	uint16_t min_rate, max_rate; /* 1/10 of a percent; UINT16_MAX: none */
};
#define OFPQ_ALL UINT32_MAX
