/* SPDX-License-Identifier: Apache-2.0 */
/* flow: how a translation becomes a flow of the fast path; private to this folder. */
#pragma once
#include "fastpath/action.h"
#include "upcall/handler.h"

struct translation;

void upcall_flow_free(struct upcall_flow *);
/* Replaces 'ret' by what the flow does: the translation's actions, or "to user space". */
void upcall_flow_actions(const struct translation *, struct dp_actions *ret);
