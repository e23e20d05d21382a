/* SPDX-License-Identifier: Apache-2.0 */
/* main: the program ovs-vswitchd. */
#pragma once
#include "io/control.h"

int switchd_main(int argc, char **argv);
/* Ends the daemon at the end of the loop's turn and answers 'call' then. 'cleanup': devices that it
 * made go as well; else they stay, with their addresses, for the next start. */
void switchd_main_exit(bool cleanup, struct control_call *call);
