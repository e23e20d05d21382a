/* SPDX-License-Identifier: Apache-2.0 */
/* register: makes the eBPF fast path known as "system", in the place of the user-space one. Whether
 * the kernel takes the programs is found when the first bridge opens it: if not, it says why in the
 * log and is the user-space path. Call after fastpath_user_register(). */
#pragma once
#include "base/str.h"
#include "fastpath/fastpath.h"

void fastpath_ebpf_register(void);
/* For dpif/show and people: what this kernel lets us do. One line; "" if 'fp' is not of eBPF. */
void fastpath_ebpf_features(const struct fastpath *fp, struct str *out);
