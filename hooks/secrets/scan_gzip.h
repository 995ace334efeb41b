/*
 * What is packed: gzip wherever it begins (members one after another, and what is
 * there of a file that was cut off), and the entries of zip archives.
 */
#ifndef CODETRAIN_SCAN_GZIP_H
#define CODETRAIN_SCAN_GZIP_H

#include "lib/base/err.h"

/* Adds what the scanner's text holds packed, told where the archive or entry begins.
 * When all of it together is more than SCAN_UNPACKED_MAX, the rest is left out and
 * SCAN_TOO_LARGE is set. */
struct scanner;
int scan_gzip(struct scanner *s, struct err *err);

#endif
