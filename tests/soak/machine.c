#include "machine.h"

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <time.h>

#if defined(__x86_64__)
#define RESULT(r) ((r).rax)
#define ARGUMENT2(r) ((r).rdx)
#define STACK(r) ((r).rsp)
#elif defined(__aarch64__)
#define RESULT(r) ((r).regs[0])
#define ARGUMENT2(r) ((r).regs[2])
#define STACK(r) ((r).sp)
#else
#error "the registers of x86-64 and aarch64 are known here"
#endif

enum { WORDS_MOST = 1 << 16, AUXV_MOST = 64 };

static int registers(pid_t id, struct user_regs_struct *r, bool set)
{
	struct iovec io = { r, sizeof(*r) };

	return (int)ptrace(set ? PTRACE_SETREGSET : PTRACE_GETREGSET, id, (void *)NT_PRSTATUS, &io);
}

void machine_leave_out(pid_t id)
{
#if defined(__x86_64__)
	struct user_regs_struct r;

	if (registers(id, &r, false) == 0) {
		r.orig_rax = (unsigned long long)-1;
		registers(id, &r, true);
	}
#else
	int none = -1;
	struct iovec io = { &none, sizeof(none) };

	ptrace(PTRACE_SETREGSET, id, (void *)NT_ARM_SYSTEM_CALL, &io);
#endif
}

void machine_set_error(pid_t id, int error)
{
	struct user_regs_struct r;

	if (registers(id, &r, false) == 0) {
		RESULT(r) = (unsigned long long)-(long long)error;
		registers(id, &r, true);
	}
}

unsigned long long machine_set_argument2(pid_t id, unsigned long long value)
{
	struct user_regs_struct r;
	unsigned long long before = value;

	if (registers(id, &r, false) == 0) {
		before = ARGUMENT2(r);
		ARGUMENT2(r) = value;
		registers(id, &r, true);
	}
	return before;
}

static long peek(pid_t id, unsigned long long address)
{
	return ptrace(PTRACE_PEEKDATA, id, (void *)(uintptr_t)address, NULL);
}

static void poke(pid_t id, unsigned long long address, long value)
{
	ptrace(PTRACE_POKEDATA, id, (void *)(uintptr_t)address, (void *)(uintptr_t)value);
}

/* On the new program's stack: the arguments, the environment, the auxiliary vector. */
static unsigned long long auxiliary(pid_t id)
{
	struct user_regs_struct r;
	unsigned long long at;
	int n = 0;

	if (registers(id, &r, false) < 0)
		return 0;
	at = STACK(r) + sizeof(long) * ((unsigned long long)peek(id, STACK(r)) + 2);
	while (peek(id, at) != 0 && n++ < WORDS_MOST)
		at += sizeof(long);
	return n < WORDS_MOST ? at + sizeof(long) : 0;
}

bool machine_is_static(pid_t id)
{
	unsigned long long at = auxiliary(id), fast = 0;
	bool interpreter = false;

	for (int n = 0; at && n < AUXV_MOST; n++, at += 2 * sizeof(long)) {
		long type = peek(id, at);

		if (type == AT_NULL)
			break;
		if (type == AT_SYSINFO_EHDR)
			fast = at;
		if (type == AT_BASE)
			interpreter = peek(id, at + sizeof(long)) != 0;
	}
	if (!interpreter && fast)
		poke(id, fast, AT_IGNORE);
	return !interpreter && fast;
}

static void move(pid_t id, unsigned long long at, int64_t ms, long second)
{
	long fraction = peek(id, at + sizeof(long)) + (long)(ms % 1000) * (second / 1000);

	poke(id, at, peek(id, at) + (long)(ms / 1000) + fraction / second);
	poke(id, at + sizeof(long), fraction % second);
}

void machine_move_clock(pid_t id, long number, const unsigned long long *arguments, int64_t ms)
{
	if (number == SYS_clock_gettime &&
	    (arguments[0] == CLOCK_REALTIME || arguments[0] == CLOCK_REALTIME_COARSE))
		move(id, arguments[1], ms, 1000000000);
	else if (number == SYS_gettimeofday && arguments[0])
		move(id, arguments[0], ms, 1000000);
#ifdef SYS_time
	else if (number == SYS_time) {
		struct user_regs_struct r;

		if (registers(id, &r, false) == 0) {
			RESULT(r) += (unsigned long long)(ms / 1000);
			registers(id, &r, true);
		}
	}
#endif
}
