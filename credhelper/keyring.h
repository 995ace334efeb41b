/*
 * The verbs of codetrain keyring, and what they share.
 */
#ifndef CODETRAIN_KEYRING_H
#define CODETRAIN_KEYRING_H

#include "keyring_service.h"
#include "lib/aws/awsconfig.h"
#include "lib/aws/awsconfig_edit.h"
#include "lib/aws/creds.h"

#include <stdbool.h>

/* kinds of keyring_service.h */
#define KEYRING_KEYS "keys"	/* an access key, in creds.h's lines */
#define KEYRING_GIT "git"	/* CodeCommit's user name and password, as "username=" and "password=" lines */

struct keyring {
	/* options */
	const char *profile;	/* never NULL but for list */
	const char *username, *format;
	bool git, move, restore, json;

	const char *kind;
	const struct awsconfig *config;	/* as it was at the start; NULL for get and list */
	struct keyring_service *service;
};

/* Notes for people; main prints them. */
extern const char keyring_program[];

int keyring_store(struct keyring *k, struct err *err);
int keyring_erase(struct keyring *k, struct err *err);
int keyring_list(struct keyring *k, struct err *err);
int keyring_get(struct keyring *k, struct err *err);

/* ---- keyring_text.c: what is stored, as text ------------------------------------------ */

/* A value of the NAME=VALUE lines; false when there is none, or no room. */
bool keyring_text_value(const char *text, const char *name, char *out, size_t cap);
/* The name without the secret: the access key id, or the user name; "?" when unreadable. */
void keyring_text_name(const struct keyring_item *item, char *out, size_t cap);
/* For messages: "the access key of profile", "the git password of profile". */
const char *keyring_text_kind(const char *kind);

/* ---- keyring_config.c: the profile's side ---------------------------------------------- */

/* Can the config file say that the keyring has it? Not when something else decides. */
int keyring_config_check(const struct keyring *k, struct err *err);
/* Makes it say so, or no longer. */
int keyring_config_point(const struct keyring *k, struct err *err);
int keyring_config_forget(const struct keyring *k, struct err *err);
/* Does it say anything of it? */
bool keyring_config_points(const struct keyring *k);
/* The file that has an access key of the profile; false when none has. */
bool keyring_config_keys(const struct keyring *k, enum awsconfig_file *file);

/* ---- keyring_ask.c --------------------------------------------------------------------- */

#define KEYRING_ASK_SECONDS 120

/* A line: typed at the terminal after a prompt, without echo when it is a
 * secret, or read from standard input when that is no terminal. */
int keyring_ask(const char *prompt, bool secret, struct buf *out, struct err *err);

#endif
