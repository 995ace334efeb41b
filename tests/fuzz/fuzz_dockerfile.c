/* Dockerfiles and .dockerignore files: a model of any text, within bounds. */
#include "hooks/checks/container_entry.h"
#include "hooks/checks/container_ignore.h"
#include "hooks/checks/container_image.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The text up to a line of dashes is the Dockerfile, the rest is .dockerignore. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const files[] = { "train", "src/serve", "a b", NULL };
	const struct strs paths = { .v = (char **)files, .n = 3 };
	const char *text = (const char *)data, *ignore = memmem(text, size, "\n---\n", 5);
	struct container_image image;
	struct dockerfile *file;
	struct err err = { 0 };
	size_t len = ignore ? (size_t)(ignore - text) : size;

	if (dockerfile_parse(text, len, &file, &err) < 0)
		abort();
	if (container_image_build(file, &paths, ignore, size - len, &image, &err) < 0)
		abort();
	for (size_t i = 0; i < image.n_files; i++)
		if (image.files[i].image && *image.files[i].image != '/')
			abort();
	if (image.entrypoint) {
		const char *script = "";

		container_entry(image.entrypoint, &script);
	}
	container_entry_reads(text, size);
	container_image_free(&image);
	dockerfile_free(file);
	return 0;
}
