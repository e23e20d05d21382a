/* SPDX-License-Identifier: Apache-2.0 */
/* TLS streams, on OpenSSL 3. Both sides show certificates: a peer without one, or with one that our
 * authority did not sign, is refused. Names in certificates are not compared with addresses, since
 * OVS's keys are made for switches, not for hosts; who may do what is decided by the certificate's
 * common name above us (role-based access in OVSDB).
 *
 * One context serves the process. It is made when the first stream needs it and again when an
 * option or a file changes, so that renewed keys need no restart; if the new files are bad, the old
 * context goes on and the log says so.
 *
 * Trust on first use (--bootstrap-ca-cert): while the file is missing, the peer is not verified;
 * the last certificate it shows must have signed itself, is written to the file, and the connection
 * is dropped, to be made again with verification. */
#include "io/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/stream_class.h"

LOG_MODULE(stream_ssl);

static struct log_limit limit = LOG_LIMIT(10, 25);

/* A file and the version of it that the context was made with. */
struct tls_file {
	char *path;
	struct timespec mtime;
	ino_t inode;
};

static struct {
	struct tls_file key, cert, ca, peer_ca;
	bool bootstrap;
	char *protocols, *ciphers;
	bool changed; /* since the context was made */
	SSL_CTX *ctx;
} config;

static void set_path(struct tls_file *file, const char *path)
{
	if (path && !strcmp(path, "none"))
		path = NULL;
	if (path ? file->path && !strcmp(path, file->path) : !file->path)
		return;
	free(file->path);
	*file = (struct tls_file){ .path = path ? xstrdup(path) : NULL };
	config.changed = true;
}

static void set_list(char **slot, const char *value)
{
	free(*slot);
	*slot = value && *value ? xstrdup(value) : NULL;
	config.changed = true;
}

void tls_config_set_key(const char *path) { set_path(&config.key, path); }
void tls_config_set_cert(const char *path) { set_path(&config.cert, path); }
void tls_config_set_peer_ca(const char *path) { set_path(&config.peer_ca, path); }
void tls_config_set_protocols(const char *list) { set_list(&config.protocols, list); }
void tls_config_set_ciphers(const char *list) { set_list(&config.ciphers, list); }
bool tls_config_is_complete(void) { return config.key.path && config.cert.path && config.ca.path; }

void tls_config_set_ca(const char *path, bool bootstrap)
{
	set_path(&config.ca, path);
	if (config.bootstrap != bootstrap)
		config.changed = true;
	config.bootstrap = bootstrap;
}

/* Remembers the file's version; true if it is another one than before. */
static bool note_version(struct tls_file *file)
{
	struct stat st = { 0 };
	if (!file->path || stat(file->path, &st) < 0)
		st = (struct stat){ 0 };
	bool other = st.st_ino != file->inode || st.st_mtim.tv_sec != file->mtime.tv_sec ||
		     st.st_mtim.tv_nsec != file->mtime.tv_nsec;
	file->inode = st.st_ino;
	file->mtime = st.st_mtim;
	return other;
}

/* OpenSSL's first reason; the rest of its queue is thrown away. */
static const char *why(void)
{
	unsigned long e = ERR_get_error();
	ERR_clear_error();
	const char *reason = e ? ERR_reason_error_string(e) : NULL;
	return reason ? reason : e ? "unknown error" : "no reason given";
}

static int set_protocols(SSL_CTX *ctx, struct err *err)
{
	static const struct {
		const char *name;
		uint64_t off;
	} known[] = {
		{ "TLSv1", SSL_OP_NO_TLSv1 },
		{ "TLSv1.1", SSL_OP_NO_TLSv1_1 },
		{ "TLSv1.2", SSL_OP_NO_TLSv1_2 },
		{ "TLSv1.3", SSL_OP_NO_TLSv1_3 },
	};
	if (!config.protocols)
		return 0;
	uint64_t off = 0;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		off |= known[i].off;
	AUTO_FREE char *list = xstrdup(config.protocols);
	char *save = NULL;
	for (char *w = strtok_r(list, " ,\t", &save); w; w = strtok_r(NULL, " ,\t", &save)) {
		size_t i = 0;
		while (i < ARRAY_SIZE(known) && strcasecmp(w, known[i].name))
			i++;
		if (i == ARRAY_SIZE(known))
			return err_set(err, -EINVAL, "%s: SSL protocol not recognized", w);
		off &= ~known[i].off;
		if (known[i].off & (SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1)) {
			SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
			SSL_CTX_set_security_level(ctx, 0); /* their hashes are below level 1 */
		}
	}
	SSL_CTX_set_options(ctx, off);
	return 0;
}

static int add_peer_ca(SSL_CTX *ctx, struct err *err)
{
	FILE *f = fopen(config.peer_ca.path, "re");
	if (!f)
		return err_errno(err, -errno, "%s", config.peer_ca.path);
	X509 *cert;
	size_t n = 0;
	while ((cert = PEM_read_X509(f, NULL, NULL, NULL)) != NULL) {
		if (SSL_CTX_add0_chain_cert(ctx, cert) == 1)
			n++;
		else
			X509_free(cert);
	}
	ERR_clear_error(); /* the end of the file is an error to it */
	fclose(f);
	return n ? 0 : err_set(err, -EINVAL, "%s: no certificate in it", config.peer_ca.path);
}

static bool is_bootstrapping(void)
{
	return config.bootstrap && access(config.ca.path, F_OK) < 0 && errno == ENOENT;
}

static int fill_context(SSL_CTX *ctx, struct err *err)
{
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	int r = set_protocols(ctx, err);
	if (r < 0)
		return r;
	const char *ciphers = config.ciphers ? config.ciphers : "HIGH:!aNULL:!MD5";
	if (SSL_CTX_set_cipher_list(ctx, ciphers) != 1)
		return err_set(err, -EINVAL, "SSL_CTX_set_cipher_list: %s: %s", ciphers, why());
	if (SSL_CTX_use_PrivateKey_file(ctx, config.key.path, SSL_FILETYPE_PEM) != 1)
		return err_set(err, -EINVAL, "private key %s: %s", config.key.path, why());
	if (SSL_CTX_use_certificate_chain_file(ctx, config.cert.path) != 1)
		return err_set(err, -EINVAL, "certificate %s: %s", config.cert.path, why());
	if (SSL_CTX_check_private_key(ctx) != 1)
		return err_set(err, -EINVAL, "private key %s does not belong to certificate %s: %s",
			       config.key.path, config.cert.path, why());
	if (is_bootstrapping()) {
		SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	} else {
		if (SSL_CTX_load_verify_file(ctx, config.ca.path) != 1)
			return err_set(err, -EINVAL, "CA certificate %s: %s", config.ca.path,
				       why());
		SSL_CTX_set_client_CA_list(ctx, SSL_load_client_CA_file(config.ca.path));
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	}
	return config.peer_ca.path ? add_peer_ca(ctx, err) : 0;
}

static int update_context(struct err *err)
{
	struct tls_file *files[] = { &config.key, &config.cert, &config.ca, &config.peer_ca };
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		config.changed |= note_version(files[i]);
	if (!config.changed)
		return config.ctx ? 0 : err_set(err, -ENOPROTOOPT, "bad TLS configuration");
	static bool initialised;
	if (!initialised) {
		signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
		initialised = true;
	}
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	ASSERT(ctx);
	AUTO_ERR why_not = ERR_INIT;
	config.changed = false;
	if (fill_context(ctx, &why_not) < 0) {
		SSL_CTX_free(ctx);
		log_err_limited(&limit, "%s%s", err_text(&why_not),
				config.ctx ? " (going on with what was configured before)" : "");
		if (config.ctx)
			return 0;
		return err_set(err, -ENOPROTOOPT, "%s", err_text(&why_not));
	}
	SSL_CTX_free(config.ctx);
	config.ctx = ctx;
	return 0;
}

static int require(const struct tls_file *file, const char *what, struct err *err)
{
	if (file->path)
		return 0;
	log_err_limited(&limit, "%s must be configured to use SSL", what);
	return err_set(err, -ENOPROTOOPT, "%s must be configured to use SSL", what);
}

struct tls_session {
	SSL *ssl;
	bool server, attached, bootstrapping;
	/* What the descriptor must be ready for before each can be tried again. */
	unsigned handshake_needs, recv_needs, send_needs;
	char *peer_name;
};

int tls_session_new(bool server, const char *host, void **ret, struct err *err)
{
	int r = require(&config.ca, "CA certificate", err);
	int r2 = require(&config.cert, "Certificate", err);
	int r3 = require(&config.key, "Private key", err);
	if (r < 0 || r2 < 0 || r3 < 0)
		return -ENOPROTOOPT;
	r = update_context(err);
	if (r < 0)
		return r;
	struct tls_session *t = xzalloc(sizeof *t);
	t->ssl = SSL_new(config.ctx);
	ASSERT(t->ssl);
	t->server = server;
	t->bootstrapping = is_bootstrapping();
	t->handshake_needs = t->recv_needs = LOOP_READ;
	t->send_needs = LOOP_WRITE;
	if (server)
		SSL_set_accept_state(t->ssl);
	else
		SSL_set_connect_state(t->ssl);
	union inet_addr addr;
	AUTO_FREE char *name = NULL;
	if (host && inet_parse_active(host, 1, &addr, &name, NULL) == 0 && name)
		SSL_set_tlsext_host_name(t->ssl, name);
	*ret = t;
	return 0;
}

/* 0: the peer closed; else -errno. 'needs' is set on -EAGAIN. */
static int result_of(struct stream *s, int n, const char *what, unsigned *needs)
{
	struct tls_session *t = s->priv;
	int saved = errno;
	switch (SSL_get_error(t->ssl, n)) {
	case SSL_ERROR_WANT_READ:
		*needs = LOOP_READ;
		return -EAGAIN;
	case SSL_ERROR_WANT_WRITE:
		*needs = LOOP_WRITE;
		return -EAGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_SYSCALL:
		ERR_clear_error();
		return saved ? -saved : -ECONNRESET;
	default: {
		long verdict = SSL_get_verify_result(t->ssl);
		if (verdict != X509_V_OK)
			log_warn_limited(&limit, "%s: %s: %s: %s", s->name, what, why(),
					 X509_verify_cert_error_string(verdict));
		else
			log_warn_limited(&limit, "%s: %s: %s", s->name, what, why());
		return -EPROTO;
	}
	}
}

static int write_ca(const X509 *cert)
{
	int fd = open(config.ca.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f) {
		int r = -errno;
		if (fd >= 0)
			close(fd);
		return r;
	}
	bool ok = PEM_write_X509(f, cert) == 1;
	if (fclose(f) || !ok) {
		unlink(config.ca.path);
		return -EIO;
	}
	return 0;
}

/* Always ends the connection: the next one is verified. */
static int bootstrap(struct stream *s)
{
	struct tls_session *t = s->priv;
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(t->ssl);
	int n = chain ? sk_X509_num(chain) : 0;
	X509 *ca = n ? sk_X509_value(chain, n - 1) : NULL;
	if (!ca) {
		log_err("%s: could not bootstrap CA certificate: peer shows none", s->name);
		return -EPROTO;
	}
	EVP_PKEY *key = X509_get0_pubkey(ca);
	if (X509_check_issued(ca, ca) != X509_V_OK || !key || X509_verify(ca, key) != 1) {
		ERR_clear_error();
		log_err("%s: could not bootstrap CA certificate: the last one that the peer shows "
			"is not self-signed (its --peer-ca-cert should name its authority's)",
			s->name);
		return -EPROTO;
	}
	int r = write_ca(ca);
	if (r < 0 && r != -EEXIST) {
		log_err("could not bootstrap CA certificate: %s: %s", config.ca.path, err_name(r));
		return r;
	}
	log_info("%s: successfully bootstrapped CA certificate to %s; connecting again", s->name,
		 config.ca.path);
	config.changed = true;
	return -EPROTO;
}

static char *common_name(SSL *ssl)
{
	const X509 *cert = SSL_get0_peer_certificate(ssl);
	if (!cert)
		return NULL;
	const X509_NAME *subject = X509_get_subject_name(cert);
	int i = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	if (i < 0)
		return NULL;
	unsigned char *utf8;
	int len = ASN1_STRING_to_UTF8(&utf8,
				      X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i)));
	if (len < 0)
		return NULL;
	/* A name with a NUL in it would be read as a shorter one. */
	char *name = memchr(utf8, '\0', (size_t)len) ? NULL : xstrndup((char *)utf8, (size_t)len);
	OPENSSL_free(utf8);
	return name;
}

static int handshake(struct stream *s)
{
	struct tls_session *t = s->priv;
	if (!t->attached) {
		if (SSL_set_fd(t->ssl, s->fd) != 1)
			return -ENOMEM;
		t->attached = true;
	}
	ERR_clear_error();
	errno = 0;
	int n = SSL_do_handshake(t->ssl);
	if (n == 1) {
		t->peer_name = common_name(t->ssl);
		return t->bootstrapping ? bootstrap(s) : 0;
	}
	int r = result_of(s, n, t->server ? "SSL_accept" : "SSL_connect", &t->handshake_needs);
	return r ? r : -ECONNRESET;
}

static ssize_t tls_recv(struct stream *s, void *buf, size_t size)
{
	struct tls_session *t = s->priv;
	ERR_clear_error();
	errno = 0;
	int n = SSL_read(t->ssl, buf, (int)MIN(size, INT32_MAX));
	t->recv_needs = LOOP_READ;
	return n > 0 ? n : result_of(s, n, "SSL_read", &t->recv_needs);
}

static ssize_t tls_send(struct stream *s, const void *buf, size_t size)
{
	struct tls_session *t = s->priv;
	if (!size)
		return 0;
	ERR_clear_error();
	errno = 0;
	int n = SSL_write(t->ssl, buf, (int)MIN(size, INT32_MAX));
	t->send_needs = LOOP_WRITE;
	if (n > 0)
		return n;
	int r = result_of(s, n, "SSL_write", &t->send_needs);
	return r ? r : -EPIPE;
}

static unsigned poll_events(const struct stream *s, unsigned wanted)
{
	const struct tls_session *t = s->priv;
	if (s->state == -EAGAIN)
		return t->handshake_needs;
	return (wanted & LOOP_READ ? t->recv_needs : 0) | (wanted & LOOP_WRITE ? t->send_needs : 0);
}

static bool has_pending(const struct stream *s)
{
	const struct tls_session *t = s->priv;
	return s->state == 0 && SSL_pending(t->ssl) > 0;
}

static void tls_close(struct stream *s)
{
	struct tls_session *t = s->priv;
	if (!t)
		return;
	ERR_clear_error();
	if (s->state == 0)
		SSL_shutdown(t->ssl); /* says good-bye, waits for no answer */
	ERR_clear_error();
	SSL_free(t->ssl);
	free(t->peer_name);
	free(t);
}

const struct stream_ops tls_stream_ops = {
	.handshake = handshake,
	.recv = tls_recv,
	.send = tls_send,
	.poll_events = poll_events,
	.has_pending = has_pending,
	.close = tls_close,
};

const char *stream_peer_cert_name(const struct stream *s)
{
	return s->ops == &tls_stream_ops ? ((const struct tls_session *)s->priv)->peer_name : NULL;
}
