/*
 * What the parts of the chain share: the question that a provider is asked, and
 * the places where its answer is looked for.
 */
#ifndef CODETRAIN_CHAIN_PART_H
#define CODETRAIN_CHAIN_PART_H

#include "chain.h"

/* A profile, as the chain's own or as the source of a role. */
struct chain_question {
	const struct chain_input *in;
	const char *profile;
	bool source;
};

/* Unset and empty are NULL. */
const char *chain_part_environment(const struct chain_input *in, const char *name);
const char *chain_part_property(const struct chain_question *q, const char *name);

/* Puts "FILE:LINE: " of the property before the message. Returns -1. */
int chain_part_place(const struct chain_question *q, const char *name, struct err *err);

/* -1 when the property goes on in a second line: that is nearly always a
 * property of its own which was indented by mistake. */
int chain_part_one_line(const struct chain_question *q, const char *name, struct err *err);

/* Has it role_arn, for the assume role provider? */
bool chain_part_is_role(const struct chain_question *q);
/* Has it a key of its own in either file? */
bool chain_part_has_keys(const struct chain_question *q);

/* The first provider of the table that answers: 1, or 0 when none does, or -1. */
int chain_part_ask(const struct chain_question *q, struct chain_choice *out, struct err *err);
/* The provider that a role's credential_source means: 0 or -1. */
int chain_part_named(const char *credential_source, enum chain_provider *out);

#endif
