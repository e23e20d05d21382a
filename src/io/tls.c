/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "io/stream_class.h"

const struct stream_ops tls_stream_ops = { 0 };

int tls_session_new(bool server UNUSED, const char *host UNUSED, void **ret UNUSED, struct err *err)
{
	return err_set(err, -ENOPROTOOPT, "TLS is not built in yet");
}

const char *stream_peer_cert_name(const struct stream *s UNUSED) { return NULL; }
