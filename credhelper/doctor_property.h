/*
 * The properties of the AWS config files that tools know (docs.aws.amazon.com/
 * sdkref, "Configuration and authentication settings reference"; botocore).
 */
#ifndef CODETRAIN_DOCTOR_PROPERTY_H
#define CODETRAIN_DOCTOR_PROPERTY_H

#include <stdbool.h>
#include <stddef.h>

struct doctor_property {
	const char *name;
	bool plain;	/* ASCII without spaces or quotes */
	bool secret;
	bool command;	/* '#' in quotes is no comment */
};

/* By name in any case; NULL for one that nobody knows. */
const struct doctor_property *doctor_property_find(const char *name, size_t len);
/* What a mistyped name was meant to be, or NULL. */
const char *doctor_property_near(const char *name, size_t len);

#endif
