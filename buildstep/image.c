#include "image.h"

#include "lib/spec/json.h"

#include <stdio.h>
#include <string.h>

static bool digits(const char *s, size_t n)
{
	return strspn(s, "0123456789") >= n;
}

/* ACCOUNT.dkr.ecr[-fips].REGION.SUFFIX and ACCOUNT.dkr-ecr[-fips].REGION.on.SUFFIX */
static void read_registry(struct image *i)
{
	static const char *const middles[] = { ".dkr.ecr.", ".dkr.ecr-fips.", ".dkr-ecr.",
					       ".dkr-ecr-fips." };
	const char *rest = i->registry + 12;

	if (strlen(i->registry) < 13 || !digits(i->registry, 12))
		return;
	for (size_t m = 0; m < sizeof(middles) / sizeof(*middles); m++) {
		const char *region = rest + strlen(middles[m]);
		size_t len;

		if (strncmp(rest, middles[m], strlen(middles[m])) != 0)
			continue;
		len = strcspn(region, ".");
		if (region[len] != '.' || len == 0 || len >= sizeof(i->region))
			return;
		memcpy(i->region, region, len);
		i->region[len] = '\0';
		if (!region_partition(i->region))
			return;
		memcpy(i->account, i->registry, 12);
		i->account[12] = '\0';
		i->ecr = true;
	}
}

static int bad(const char *name, const char *what, struct err *err)
{
	return err_set(err, ERR_USAGE, "the image \"%.255s\" %s", name, what);
}

int image_parse(const char *name, struct image *out, struct err *err)
{
	struct image i = { 0 };
	const char *slash = strchr(name, '/'), *at = strchr(name, '@'), *colon, *end;

	if (!*name || strlen(name) >= IMAGE_MAX || strpbrk(name, " \t\n"))
		return bad(name, *name ? "is too long or has spaces in it" : "is empty", err);
	end = at ? at : name + strlen(name);
	if (at) {
		if (strncmp(at, "@sha256:", 8) != 0 || strlen(at + 8) != 64 ||
		    strspn(at + 8, "0123456789abcdef") != 64)
			return bad(name, "has a digest that is not sha256: and 64 hex digits", err);
		snprintf(i.digest, sizeof(i.digest), "%s", at + 1);
	}
	if (slash && slash < end) {
		snprintf(i.registry, sizeof(i.registry), "%.*s", (int)(slash - name), name);
		name = slash + 1;
	}
	colon = memchr(name, ':', (size_t)(end - name));
	if (colon) {
		snprintf(i.tag, sizeof(i.tag), "%.*s", (int)(end - colon - 1), colon + 1);
		end = colon;
	}
	if (end == name || (colon && !i.tag[0]))
		return bad(name, "has no repository, or an empty tag", err);
	snprintf(i.repository, sizeof(i.repository), "%.*s", (int)(end - name), name);
	read_registry(&i);
	*out = i;
	return 0;
}

int image_pinned(const struct image *i, char out[static IMAGE_MAX], struct err *err)
{
	int n = snprintf(out, IMAGE_MAX, "%s%s%s@%s", i->registry, i->registry[0] ? "/" : "",
			 i->repository, i->digest);

	if (n < 0 || n >= IMAGE_MAX)
		return err_set(err, ERR_USAGE, "the image's name with its digest is longer than "
			       "%d characters", IMAGE_MAX - 1);
	return 0;
}

static cJSON *question(const struct image *i)
{
	/* without these ECR converts, and the digest is that of something else */
	static const char *const types[] = {
		"application/vnd.docker.distribution.manifest.v2+json",
		"application/vnd.docker.distribution.manifest.list.v2+json",
		"application/vnd.oci.image.manifest.v1+json",
		"application/vnd.oci.image.index.v1+json",
	};
	cJSON *q = cJSON_CreateObject();
	cJSON *ids = cJSON_AddArrayToObject(q, "imageIds");
	cJSON *id = cJSON_CreateObject();

	if (!cJSON_AddItemToArray(ids, id)) {
		json_free(id);
		goto fail;
	}
	if (json_set_string(q, "registryId", i->account) < 0 ||
	    json_set_string(q, "repositoryName", i->repository) < 0 ||
	    json_set_string(id, "imageTag", i->tag[0] ? i->tag : "latest") < 0 ||
	    json_set(q, "acceptedMediaTypes", cJSON_CreateStringArray(types, 4)) < 0)
		goto fail;
	return q;
fail:
	json_free(q);
	return NULL;
}

int image_resolve(struct image *i, struct aws *who, struct err *err)
{
	cJSON *q = question(i), *answer = NULL;
	const char *digest, *code;
	int result = -1;

	if (!q)
		return err_set(err, ERR_INTERNAL, "no memory to ask for an image");
	if (aws_call(who, "ecr:BatchGetImage", q, &answer, err) < 0) {
		if (strcmp(aws_error_code(who), "RepositoryNotFoundException") == 0)
			err_set(err, ERR_USAGE, "there is no ECR repository %s in account %s (%s)",
				i->repository, i->account, i->region);
		goto out;
	}
	digest = json_string(json_at(answer, "images", 0), "imageId.imageDigest", "");
	code = json_string(json_at(answer, "failures", 0), "failureCode", "ImageNotFound");
	if (!*digest) {
		err_set(err, ERR_USAGE, "the image %s/%s:%s is not in the registry (%s); push it "
			"first, or correct the tag", i->registry, i->repository,
			i->tag[0] ? i->tag : "latest", code);
		goto out;
	}
	if (strlen(digest) >= sizeof(i->digest)) {
		err_set(err, ERR_INTERNAL, "ECR answered a digest that is none");
		goto out;
	}
	snprintf(i->digest, sizeof(i->digest), "%s", digest);
	result = 0;
out:
	json_free(q);
	json_free(answer);
	return result;
}
