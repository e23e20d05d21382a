/* SPDX-License-Identifier: Apache-2.0 */
/* applets: the programs of this folder, for weft.c. */
#pragma once

int appctl_main(int argc, char **argv);
int ofctl_main(int argc, char **argv);
int vsctl_main(int argc, char **argv);
int ovsdb_client_main(int argc, char **argv);
int ovsctl_main(int argc, char **argv);
int weft_start_main(int argc, char **argv);
int weft_stop_main(int argc, char **argv);
int weft_restart_main(int argc, char **argv);
int weft_status_main(int argc, char **argv);
int ovsdb_tool_main(int argc, char **argv);
int dpctl_main(int argc, char **argv);
