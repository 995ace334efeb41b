/* Answers of services: any status, headers and body give a tree or a failure. */
#include "lib/net/aws_private.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One byte the operation, one the status, headers up to an empty line, the body. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "sagemaker:ListModels", "iam:GetRole", "s3:ListObjectsV2",
					     "s3:HeadObject", "s3:GetBucketPolicy", "sso:GetRoleCredentials" };
	static const int statuses[] = { 200, 301, 400, 403, 404, 500, 503 };
	struct http_response r = { .headers = BUF_INIT(65536), .body = BUF_INIT_SECRET(1 << 20) };
	const struct aws_operation *o;
	const uint8_t *end;
	struct aws_failure f;
	struct err err = { 0 };
	size_t head;

	if (size < 2)
		return 0;
	o = aws_operation(names[data[0] % (sizeof(names) / sizeof(*names))]);
	r.status = statuses[data[1] % (sizeof(statuses) / sizeof(*statuses))];
	end = memmem(data + 2, size - 2, "\n\n", 2);
	head = end ? (size_t)(end - data - 2) : 0;
	buf_add(&r.headers, data + 2, head);
	buf_add(&r.body, data + 2 + head, size - 2 - head);
	json_free(aws_answer_tree(o, &r, &err));
	aws_failure_read(o, &r, &f);
	aws_failure_class(o, r.status, &f);
	http_response_free(&r);
	return 0;
}
