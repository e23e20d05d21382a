/* SPDX-License-Identifier: Apache-2.0 */
/* applets: the programs of this folder, for weft.c. */
#pragma once

int ovsdb_server_main(int argc, char **argv);
