/*
 * References to secrets, as env/secrets-manager of a buildspec writes them:
 *
 *	SECRET[:JSON-KEY[:STAGE[:VERSION]]]
 *
 * SECRET is a name, or an ARN, which has six colons of its own. A part that is
 * left empty is as absent:
 * https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html
 */
#ifndef CODETRAIN_REFERENCE_H
#define CODETRAIN_REFERENCE_H

#define REFERENCE_MAX 2560	/* bytes of one, with the NUL; Secrets Manager: an id has up to 2048 */

struct reference_secret {
	char text[REFERENCE_MAX];	/* what the others point into */
	const char *id;
	const char *key, *stage, *version;	/* "" when absent */
};

/* 0, or -1 when the text is no such reference: no id, too many parts, the ARN of
 * something else, both a stage and a version. */
int reference_secret(const char *text, struct reference_secret *out);

/* The region of an ARN, as a string of at most 31 bytes; "" for what is none. */
void reference_region(const char *text, char out[static 32]);

#endif
