#include "secret.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

void secret_process_init(void)
{
	const struct rlimit none = { 0, 0 };
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static size_t whole_pages(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (size + page - 1) / page * page;
}

void *secret_alloc(size_t size)
{
	size_t len = whole_pages(size ? size : 1);
	void *p;

	if (len < size)
		return NULL;
	p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	mlock(p, len);	/* the limit may be small; an unlocked page still works */
	madvise(p, len, MADV_DONTDUMP);
	madvise(p, len, MADV_WIPEONFORK);
	return p;
}

void secret_free(void *p, size_t size)
{
	if (!p)
		return;
	explicit_bzero(p, size);
	munmap(p, whole_pages(size ? size : 1));
}

void secret_wipe(void *p, size_t size)
{
	explicit_bzero(p, size);
}
