/* SPDX-License-Identifier: Apache-2.0 */
/* A packet socket gets a copy; the original goes on to the host, which would answer ARP for its
 * other addresses, take part in IPv6 autoconfiguration, forward .. beside the switch. Packet
 * sockets are served before tc's ingress hook, so a program of two instructions there ends the way
 * of the original. It hangs on a link (tcx), not on a clsact filter: a link goes away with us, so
 * that no crash leaves a device deaf. */
#include "port/ingress_drop.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ATTACH_TCX_INGRESS = 46 }; /* BPF_TCX_INGRESS, newer than Debian 12's headers */

static int bpf(int cmd, void *attr, unsigned size)
{
	long r = syscall(__NR_bpf, cmd, attr, size);
	return r < 0 ? -errno : (int)r;
}

static int load(void)
{
	const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = TC_ACT_SHOT },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr;
	memset(&attr, 0, sizeof attr);
	attr.prog_type = BPF_PROG_TYPE_SCHED_CLS;
	attr.insns = (uintptr_t)code;
	attr.insn_cnt = ARRAY_SIZE(code);
	attr.license = (uintptr_t) "Apache-2.0";
	strcpy(attr.prog_name, "weft_in_drop");
	return bpf(BPF_PROG_LOAD, &attr, sizeof attr);
}

int ingress_drop_attach(uint32_t ifindex)
{
	int prog = load();
	if (prog < 0)
		return prog;
	union bpf_attr attr;
	memset(&attr, 0, sizeof attr);
	attr.link_create.prog_fd = (uint32_t)prog;
	attr.link_create.target_ifindex = ifindex;
	attr.link_create.attach_type = ATTACH_TCX_INGRESS;
	int link = bpf(BPF_LINK_CREATE, &attr, sizeof attr);
	close(prog);
	return link;
}
