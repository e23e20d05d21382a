/* SPDX-License-Identifier: Apache-2.0 */
/* tls: keys and rules of "ssl:" and "pssl:" streams, one set a process, as the options
 * --private-key
 * --certificate --ca-cert --bootstrap-ca-cert --peer-ca-cert --ssl-protocols --ssl-ciphers or the
 * database's SSL row say. Files are read again when they change.
 * Threads: the main thread. */
#pragma once
#include "base/compiler.h"

/* "none" or NULL: not configured. Files are read when the first stream needs them. */
void tls_config_set_key(const char *path);
void tls_config_set_cert(const char *path);
/* 'bootstrap': if the file is not there, the first peer's CA certificate is trusted, written to it,
 * and the connection made again. */
void tls_config_set_ca(const char *path, bool bootstrap);
void tls_config_set_peer_ca(const char *path);
/* "TLSv1.2,TLSv1.3". NULL: the default. */
void tls_config_set_protocols(const char *list);
/* OpenSSL's cipher list. NULL: the default. */
void tls_config_set_ciphers(const char *list);
bool tls_config_is_complete(void);
