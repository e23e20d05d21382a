/* SPDX-License-Identifier: Apache-2.0 */
#include "io/tls.h"

#include <errno.h>

#include "base/mem.h"
#include "io/stream_class.h"

static char *key_path, *cert_path, *ca_path, *peer_ca_path, *protocols, *ciphers;
static bool bootstrap;

static void set(char **slot, const char *value)
{
	free(*slot);
	*slot = value && strcmp(value, "none") ? xstrdup(value) : NULL;
}

void tls_config_set_key(const char *path) { set(&key_path, path); }
void tls_config_set_cert(const char *path) { set(&cert_path, path); }
void tls_config_set_ca(const char *path, bool boot)
{
	set(&ca_path, path);
	bootstrap = boot;
}
void tls_config_set_peer_ca(const char *path) { set(&peer_ca_path, path); }
void tls_config_set_protocols(const char *list) { set(&protocols, list); }
void tls_config_set_ciphers(const char *list) { set(&ciphers, list); }
bool tls_config_is_complete(void) { return key_path && cert_path && ca_path; }

const struct stream_ops tls_stream_ops = { 0 };

int tls_session_new(bool server UNUSED, const char *host UNUSED, void **ret UNUSED, struct err *err)
{
	return err_set(err, -ENOPROTOOPT, "TLS is not built in yet");
}

const char *stream_peer_cert_name(const struct stream *s UNUSED) { return NULL; }
