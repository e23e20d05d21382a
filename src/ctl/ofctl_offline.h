/* SPDX-License-Identifier: Apache-2.0 */
/* ofctl_offline: commands of ovs-ofctl that ask no switch: they turn packets, matches and actions
 * from one form into another. Rows of ovs-ofctl's table; each returns an exit status. */
#pragma once
#include "ofp/version.h"

int ofctl_compose_packet(int argc, char **argv);     /* FLOW [PAYLOAD-HEX] */
int ofctl_parse_packet(int argc, char **argv);	     /* packet on standard input */
int ofctl_parse_pcap(int argc, char **argv);	     /* PCAP.. */
int ofctl_parse_key_value(int argc, char **argv);    /* TEXT.. */
int ofctl_parse_actions(int argc, char **argv);	     /* VERSION; hex lines on standard input */
int ofctl_parse_instructions(int argc, char **argv); /* VERSION */
int ofctl_parse_nx_match(int argc, char **argv);     /* NXM as text, a line each */
int ofctl_parse_oxm(int argc, char **argv);	     /* VERSION */
int ofctl_print_error(int argc, char **argv);	     /* NAME */
int ofctl_encode_error_reply(int argc, char **argv); /* NAME REQUEST-HEX */
int ofctl_check_vlan(int argc, char **argv);	     /* TCI MASK */

/* Set by ovs-ofctl before a command runs: --strict, and the version of -O (the highest). */
extern bool ofctl_offline_strict;
extern enum of_version ofctl_offline_version;
