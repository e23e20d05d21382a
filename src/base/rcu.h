/* SPDX-License-Identifier: Apache-2.0 */
/* rcu: liburcu in its QSBR flavour. Datapath threads register, read without cost, and report a
 * quiescent state once a batch; the control thread publishes with rcu_assign_pointer() and frees
 * with call_rcu() or after synchronize_rcu(). A thread that may block must go offline first. */
#pragma once
#define _LGPL_SOURCE
#include <urcu-qsbr.h>
