/* SPDX-License-Identifier: Apache-2.0 */
/* Keys are made here, with OpenSSL, so that the tree holds none that could expire. */
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/stream.h"
#include "io/tls.h"

static char dir[] = "/tmp/tls_test.XXXXXX";
static struct loop *loop;

static char *file(const char *name)
{
	static char paths[8][64];
	static unsigned next;
	char *p = paths[next++ % 8];
	snprintf(p, sizeof paths[0], "%s/%s", dir, name);
	return p;
}

static X509 *sign(const char *cn, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key)
{
	static long serial;
	X509 *x = X509_new();
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
				   (const unsigned char *)cn, -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(issuer ? issuer : x));
	if (!issuer) {
		X509_EXTENSION *ext =
			X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");
		X509_add_ext(x, ext, -1);
		X509_EXTENSION_free(ext);
	}
	X509_sign(x, issuer_key, EVP_sha256());
	return x;
}

static void write_cert(const char *name, X509 *x)
{
	FILE *f = fopen(file(name), "w");
	PEM_write_X509(f, x);
	fclose(f);
}

static void make_keys(const char *ca_name, const char *cert_name, const char *key_name)
{
	EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
	X509 *ca = sign("authority", ca_key, NULL, ca_key);
	X509 *cert = sign("switch-7", key, ca, ca_key);
	write_cert(ca_name, ca);
	write_cert(cert_name, cert);
	FILE *f = fopen(file(key_name), "w");
	PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
	X509_free(ca);
	X509_free(cert);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(key);
}

static void configure(const char *ca, const char *cert, const char *key)
{
	tls_config_set_ca(file(ca), false);
	tls_config_set_cert(file(cert));
	tls_config_set_key(file(key));
	tls_config_set_peer_ca(NULL);
	tls_config_set_protocols(NULL);
	tls_config_set_ciphers(NULL);
}

static struct stream *accepted;
static void take(struct listener *l, struct stream *s, void *arg) { accepted = s; }
static void ignore(struct stream *s, unsigned events, void *arg) { stream_connect_result(s); }

/* How a connection ends up: at the client and, in *ret_server, at the server. */
static int dial(struct stream **ret_client, int *ret_server, void (*before_dial)(void))
{
	struct listener *l;
	AUTO_ERR err = ERR_INIT;
	accepted = NULL;
	assert_int_equal(listener_open("pssl:0:127.0.0.1", 0, loop, take, NULL, &l, &err), 0);
	AUTO_FREE char *name = xasprintf("ssl:127.0.0.1:%u", listener_port(l));
	struct stream *c;
	if (before_dial)
		before_dial();
	int r = stream_open(name, 0, loop, &c, &err);
	assert_string_equal(err_text(&err), "");
	assert_int_equal(r, 0);
	stream_wait(c, LOOP_READ, ignore, NULL);
	for (int i = 0; i < 20; i++) {
		loop_once(loop, 10);
		if (accepted)
			stream_wait(accepted, LOOP_READ, ignore, NULL);
	}
	*ret_server = stream_connect_result(accepted);
	listener_close(l);
	*ret_client = c;
	return stream_connect_result(c);
}

static void bytes_pass_both_ways(void **state)
{
	configure("ca.pem", "cert.pem", "key.pem");
	struct stream *c;
	int server;
	assert_int_equal(dial(&c, &server, NULL), 0);
	assert_int_equal(server, 0);
	assert_string_equal(stream_peer_cert_name(c), "switch-7");
	assert_string_equal(stream_peer_cert_name(accepted), "switch-7");
	/* More than a socket buffer holds, so that both ends wait in turn. */
	enum { SIZE = 8 << 20 };
	char *out = xmalloc(SIZE), *in = xmalloc(SIZE);
	for (size_t i = 0; i < SIZE; i++)
		out[i] = (char)(i * 7 + i / 256);
	size_t sent = 0, got = 0;
	while (got < SIZE) {
		ssize_t n = sent < SIZE ? stream_send(c, out + sent, SIZE - sent) : -EAGAIN;
		assert_true(n > 0 || n == -EAGAIN);
		sent += n > 0 ? (size_t)n : 0;
		n = stream_recv(accepted, in + got, SIZE - got);
		assert_true(n > 0 || n == -EAGAIN);
		got += n > 0 ? (size_t)n : 0;
	}
	assert_memory_equal(in, out, SIZE);
	free(in);
	free(out);
	char byte;
	stream_close(c);
	loop_once(loop, 10);
	assert_int_equal(stream_recv(accepted, &byte, 1), 0);
	stream_close(accepted);
}

static void use_strangers_keys(void) { configure("ca.pem", "cert2.pem", "key2.pem"); }

static void strangers_are_refused(void **state)
{
	configure("ca.pem", "cert.pem", "key.pem");
	struct stream *c;
	int server;
	/* The listener's context is made anew as well, so the client refuses the server. */
	int client = dial(&c, &server, use_strangers_keys);
	assert_int_not_equal(client, 0);
	assert_int_not_equal(server, 0);
	stream_close(c);
	stream_close(accepted);
}

static void bootstrap_trusts_once(void **state)
{
	configure("ca.pem", "cert.pem", "key.pem");
	tls_config_set_ca(file("new-ca.pem"), true);
	tls_config_set_peer_ca(file("ca.pem"));
	struct stream *c;
	int server;
	assert_int_equal(dial(&c, &server, NULL), -EPROTO);
	assert_int_equal(access(file("new-ca.pem"), R_OK), 0);
	stream_close(c);
	stream_close(accepted);
	assert_int_equal(dial(&c, &server, NULL), 0);
	assert_int_equal(server, 0);
	stream_close(c);
	stream_close(accepted);
}

static void protocols_are_heeded(void **state)
{
	configure("ca.pem", "cert.pem", "key.pem");
	struct stream *c;
	int server;
	tls_config_set_protocols("TLSv1.2");
	assert_int_equal(dial(&c, &server, NULL), 0);
	stream_close(c);
	stream_close(accepted);
	AUTO_ERR err = ERR_INIT;
	configure("ca.pem", "nothing.pem", "key.pem");
	/* Bad files: the context that works goes on. */
	assert_int_equal(dial(&c, &server, NULL), 0);
	stream_close(c);
	stream_close(accepted);
	configure("ca.pem", "cert.pem", "key.pem");
	tls_config_set_key(NULL);
	assert_int_equal(stream_open("ssl:127.0.0.1:1", 0, loop, &c, &err), -ENOPROTOOPT);
	assert_string_equal(err_text(&err), "Private key must be configured to use SSL");
}

int main(void)
{
	int r = log_set_from_str("off", NULL);
	assert_int_equal(r, 0);
	assert_non_null(mkdtemp(dir));
	make_keys("ca.pem", "cert.pem", "key.pem");
	make_keys("ca2.pem", "cert2.pem", "key2.pem");
	loop = loop_new();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_pass_both_ways),
		cmocka_unit_test(strangers_are_refused),
		cmocka_unit_test(bootstrap_trusts_once),
		cmocka_unit_test(protocols_are_heeded),
	};
	r = cmocka_run_group_tests(tests, NULL, NULL);
	static const char *const names[] = { "ca.pem",	  "cert.pem", "key.pem",   "ca2.pem",
					     "cert2.pem", "key2.pem", "new-ca.pem" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unlink(file(names[i]));
	rmdir(dir);
	loop_free(loop);
	return r;
}
