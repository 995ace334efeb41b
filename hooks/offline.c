/*
 * The libraries through which libgit2 would connect, for programs that never do.
 *
 * When it is initialised, a libgit2 of Debian 12 seeds a generator of random numbers, has libssh2
 * start OpenSSL and parses the system's 140 certificates: 11 ms. To load mbed TLS, libssh2,
 * OpenSSL and Kerberos for it takes 4 more. These definitions stand before those of the
 * libraries, and do nothing; with a libgit2 that is linked in, the libraries are not needed.
 */
#define N(name) int name(void); int name(void) { return 0; }

N(mbedtls_ctr_drbg_free) N(mbedtls_ctr_drbg_random)
N(mbedtls_ctr_drbg_seed) N(mbedtls_entropy_free) N(mbedtls_entropy_func) N(mbedtls_entropy_init)
N(mbedtls_ssl_close_notify) N(mbedtls_ssl_conf_authmode) N(mbedtls_ssl_conf_ca_chain)
N(mbedtls_ssl_conf_ciphersuites) N(mbedtls_ssl_conf_min_version) N(mbedtls_ssl_conf_rng)
N(mbedtls_ssl_config_defaults) N(mbedtls_ssl_config_free) N(mbedtls_ssl_config_init)
N(mbedtls_ssl_free) N(mbedtls_ssl_get_peer_cert)
N(mbedtls_ssl_get_verify_result) N(mbedtls_ssl_handshake) N(mbedtls_ssl_init) N(mbedtls_ssl_read)
N(mbedtls_ssl_set_bio) N(mbedtls_ssl_set_hostname) N(mbedtls_ssl_setup) N(mbedtls_ssl_write)
N(mbedtls_x509_crt_free) N(mbedtls_x509_crt_init)
N(mbedtls_x509_crt_parse_path) N(mbedtls_x509_crt_verify_info)

N(libssh2_agent_connect) N(libssh2_agent_disconnect) N(libssh2_agent_free)
N(libssh2_agent_get_identity) N(libssh2_agent_init) N(libssh2_agent_list_identities)
N(libssh2_agent_userauth) N(libssh2_channel_close) N(libssh2_channel_free)
N(libssh2_channel_open_ex) N(libssh2_channel_process_startup) N(libssh2_channel_read_ex)
N(libssh2_channel_set_blocking) N(libssh2_channel_write_ex) N(libssh2_exit)
N(libssh2_hostkey_hash) N(libssh2_init) N(libssh2_knownhost_checkp) N(libssh2_knownhost_free)
N(libssh2_knownhost_init) N(libssh2_knownhost_readfile) N(libssh2_session_abstract)
N(libssh2_session_disconnect_ex) N(libssh2_session_free) N(libssh2_session_handshake)
N(libssh2_session_hostkey) N(libssh2_session_init_ex) N(libssh2_session_last_error)
N(libssh2_session_method_pref) N(libssh2_session_set_blocking) N(libssh2_userauth_authenticated)
N(libssh2_userauth_keyboard_interactive_ex) N(libssh2_userauth_list)
N(libssh2_userauth_password_ex) N(libssh2_userauth_publickey)
N(libssh2_userauth_publickey_fromfile_ex) N(libssh2_userauth_publickey_frommemory)

N(gss_delete_sec_context) N(gss_display_status) N(gss_import_name) N(gss_indicate_mechs)
N(gss_init_sec_context) N(gss_release_buffer) N(gss_release_name) N(gss_release_oid_set)

/* libgit2 leaves it to mbed TLS to keep this, which is not there: it would count as leaked */
static void *volatile generator;
int mbedtls_ctr_drbg_init(void *context);
int mbedtls_ctr_drbg_init(void *context)
{
	generator = context;
	return 0;
}

/* one that it wants is known */
int mbedtls_ssl_get_ciphersuite_id(void);
int mbedtls_ssl_get_ciphersuite_id(void)
{
	return 1;
}

/* libgit2 puts the text into a message of its own */
void mbedtls_strerror(int fault, char *text, unsigned long size);
void mbedtls_strerror(int fault, char *text, unsigned long size)
{
	(void)fault;
	if (size)
		*text = '\0';
}

/* no certificate could be read */
int mbedtls_x509_crt_parse_file(void);
int mbedtls_x509_crt_parse_file(void)
{
	return -1;
}

extern void *GSS_C_NT_HOSTBASED_SERVICE;
void *GSS_C_NT_HOSTBASED_SERVICE;
