/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* kernel: what the programs use of the kernel: helpers, and the few members of struct sk_buff that
 * the context does not show, read through CO-RE so that one object fits all kernels. */
#pragma once
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "abi.h"

#define always_inline_step static __always_inline

struct skb_shared_info___weft {
	unsigned short gso_size;
	unsigned int gso_type;
} __attribute__((preserve_access_index));

struct sk_buff___weft {
	unsigned char *head, *data;
	unsigned int end;
	unsigned short csum_start, csum_offset;
	unsigned char ip_summed : 2;
	unsigned char encapsulation : 1;
} __attribute__((preserve_access_index));

/* Kernel 6.2 and later; on older ones the owner guesses unfinished checksums. */
extern void *bpf_cast_to_kern_ctx(void *) __ksym __weak;

enum { KERNEL_CHECKSUM_UNNECESSARY = 1, KERNEL_CHECKSUM_PARTIAL = 3 };

#define ETH_P_8021Q_BE bpf_htons(0x8100)
#define ETH_P_8021AD_BE bpf_htons(0x88a8)
#define ETH_P_IP_BE bpf_htons(0x0800)
#define ETH_P_IPV6_BE bpf_htons(0x86dd)
#define ETH_P_ARP_BE bpf_htons(0x0806)
#define ETH_P_TEB_BE bpf_htons(0x6558)
#define DL_TYPE_NONE_BE bpf_htons(0x05ff)
