/*
 * The system's certificate authorities, as a folder that OpenSSL looks into
 * when it needs one. Reading the whole bundle of some 140 certificates costs
 * 40 ms of each process; this costs nothing. Part of http.c.
 */
#ifndef CODETRAIN_HTTP_STORE_H
#define CODETRAIN_HTTP_STORE_H

/* The folder (static text), or NULL where there is none with hashed names. */
const char *http_store_folder(void);

#endif
