#include "aws_private.h"

#include "lib/base/encode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PUT_MAX ((size_t)5 << 30)	/* S3: one PutObject */

enum { HASH_PIECE = 256 << 10 };

int aws_s3_split(const char *uri, char bucket[static 64], const char **key, struct err *err)
{
	size_t len;

	if (strncmp(uri, "s3://", 5) != 0)
		return err_set(err, ERR_USAGE, "\"%.200s\" is no S3 URI (s3://bucket/key)", uri);
	len = strcspn(uri + 5, "/");
	if (len < 3 || len > 63)
		return err_set(err, ERR_USAGE, "\"%.200s\" has no name of a bucket "
			       "(s3://bucket/key)", uri);
	memcpy(bucket, uri + 5, len);
	bucket[len] = '\0';
	*key = uri[5 + len] ? uri + 5 + len + 1 : "";
	return 0;
}

static int object_request(struct aws *a, const char *operation, const char *uri,
			  struct aws_request *q, struct err *err)
{
	cJSON *input = NULL;
	char bucket[64];
	const char *key;
	int result = -1;

	if (aws_s3_split(uri, bucket, &key, err) < 0)
		return -1;
	if (!*key)
		return err_set(err, ERR_USAGE, "\"%.200s\" names no object", uri);
	input = cJSON_CreateObject();
	if (json_set_string(input, "Bucket", bucket) == 0 && json_set_string(input, "Key", key) == 0)
		result = aws_request_make(a, aws_operation(operation), input, q, err);
	else
		err_set(err, ERR_INTERNAL, "no memory for a request");
	json_free(input);
	return result;
}

int aws_s3_get_file(struct aws *a, const char *uri, int fd, struct err *err)
{
	struct http_response r = { 0 };
	struct aws_request q;
	int result;

	if (object_request(a, "s3:GetObject", uri, &q, err) < 0)
		return -1;
	q.download_fd = fd;
	result = aws_perform(a, &q, &r, err);
	if (result < 0)
		err_prefix(err, "%s: ", uri);
	http_response_free(&r);
	aws_request_free(&q);
	return result;
}

static int hash_file(int fd, size_t len, unsigned char out[static HASH_LEN], struct err *err)
{
	char *piece = malloc(HASH_PIECE);
	struct hash h;
	size_t at = 0;

	if (!piece)
		return err_set(err, ERR_INTERNAL, "no memory");
	hash_init(&h);
	while (at < len) {
		size_t want = len - at < HASH_PIECE ? len - at : HASH_PIECE;
		ssize_t got = pread(fd, piece, want, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			free(piece);
			if (got < 0)
				return err_errno(err, "cannot read the file");
			return err_set(err, ERR_USAGE, "the file is shorter than %zu bytes", len);
		}
		hash_update(&h, piece, (size_t)got);
		at += (size_t)got;
	}
	free(piece);
	hash_final(&h, out);
	return 0;
}

int aws_s3_put_file(struct aws *a, const char *uri, int fd, size_t len, struct err *err)
{
	struct http_response r = { 0 };
	unsigned char hash[HASH_LEN];
	struct aws_request q;
	int result = -1;

	if (len > PUT_MAX)
		return err_set(err, ERR_USAGE, "%s: a file above 5 GiB cannot be sent at once", uri);
	if (hash_file(fd, len, hash, err) < 0)
		return err_prefix(err, "%s: ", uri);
	if (object_request(a, "s3:PutObject", uri, &q, err) < 0)
		return -1;
	q.upload_fd = fd;
	q.upload_len = len;
	encode_hex(hash, HASH_LEN, q.payload_hash);
	if (aws_rest_checksum(&q, hash, err) == 0)
		result = aws_perform(a, &q, &r, err);
	if (result < 0)
		err_prefix(err, "%s: ", uri);
	http_response_free(&r);
	aws_request_free(&q);
	return result;
}
