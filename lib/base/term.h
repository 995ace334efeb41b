/*
 * What people see: messages on stderr, colour and progress only on a terminal.
 */
#ifndef CODETRAIN_TERM_H
#define CODETRAIN_TERM_H

#include "err.h"

#include <stdbool.h>
#include <stdio.h>

enum term_style { TERM_PLAIN, TERM_BOLD, TERM_DIM, TERM_RED, TERM_GREEN, TERM_YELLOW };

/* True when the stream is a terminal, NO_COLOR is unset or empty and TERM is
 * not "dumb". */
bool term_colour(FILE *f);

/* The escape sequence that starts the style, or "" where there is no colour;
 * TERM_PLAIN ends every style. */
const char *term_style(FILE *f, enum term_style style);

/* Columns of the terminal, 80 when it is none. */
int term_columns(FILE *f);

/* Bytes of unknown origin, with '?' for what could steer a terminal. */
void term_safe(FILE *f, const char *s, size_t n);

/* A line of words, made safe, that is folded at 80 columns where words allow;
 * it begins at column `at`, to which the folded lines are indented. */
void term_folded(FILE *f, const char *s, size_t at);

/* "codetrain submit: message" on stderr; "error: " and "warning: " in colour. */
void term_error(const char *program, const struct err *err);
void term_warning(const char *program, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void term_note(const char *program, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The end of every main: prints err when class is not ERR_NONE, flushes
 * stdout and checks it; returns the exit code. */
int term_finish(const char *program, struct err *err);

#endif
