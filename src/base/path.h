/* SPDX-License-Identifier: Apache-2.0 */
/* path: the places of files: the environment (OVS_RUNDIR OVS_LOGDIR OVS_DBDIR OVS_SYSCONFDIR
 * OVS_PKGDATADIR) over the built-in ones, which are Debian's. Static storage.
 * Threads: the first call belongs to the main thread. */
#pragma once

const char *path_rundir(void); /* sockets and pidfiles */
const char *path_logdir(void);
const char *path_dbdir(void);	   /* conf.db; OVS_SYSCONFDIR/openvswitch when that is set */
const char *path_sysconfdir(void); /* "/etc": the parent of openvswitch/ */
const char *path_pkgdatadir(void);
/* 'name' itself if absolute, else under 'dir'; caller frees. */
char *path_in(const char *dir, const char *name);
/* "ovsdb-server.pid" -> "/run/openvswitch/ovsdb-server.pid"; caller frees. */
char *path_in_rundir(const char *name);
