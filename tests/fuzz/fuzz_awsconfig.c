/* The shared config files, hosts, and the line protocol. The file is a memfd,
 * so that nothing is left on disk. */
#include "lib/aws/awsconfig.h"
#include "lib/aws/creds.h"
#include "lib/aws/region.h"
#include "lib/base/clock.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void files(const uint8_t *data, size_t size)
{
	int fd = memfd_create("config", MFD_CLOEXEC);
	struct awsconfig_value value;
	struct awsconfig *config;
	struct err err = { 0 };
	char path[64];

	if (fd < 0 || fchmod(fd, 0600) < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	config = awsconfig_load(path, path, NULL, &err);
	if (config) {
		awsconfig_get(config, "default", "region", &value);
		awsconfig_get_section(config, "services", "x", "s3.endpoint_url", &value);
		for (const char *const *p = awsconfig_profiles(config); *p; p++)
			awsconfig_get(config, *p, "aws_access_key_id", &value);
	}
	awsconfig_free(config);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	char region[REGION_MAX];
	struct err err = { 0 };
	struct creds *creds;
	int64_t t;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	files(data, size);
	if (region_codecommit_host(text, region) && !region_partition(region))
		abort();
	clock_parse(text, &t);
	creds = creds_new(&err);
	if (creds)
		creds_read_lines(text, creds, &err);
	creds_free(creds);
	free(text);
	return 0;
}
