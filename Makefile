# codetrain: one Makefile. `make help` lists what people call.
#
# B is the build folder (B=build/asan CC=clang … builds a variant beside it).

VERSION	?= 0.1.0
PREFIX	?= /usr/local
DESTDIR	?=
B	?= build
CC	?= cc
AR	?= ar
PKG_CONFIG ?= pkg-config
PYTHON	?= python3
PROVE	?= prove
PARALLEL ?= $(shell nproc)

BINDIR	= $(PREFIX)/bin
LIBEXECDIR = $(PREFIX)/libexec/codetrain
DATADIR	= $(PREFIX)/share

# ---- what there is -------------------------------------------------------------------

BIN	= codetrain git-credential-codecommit git-remote-codecommit
LIBEXEC	= codetrain-credentials codetrain-keyring codetrain-doctor \
	  pre-push codetrain-check post-receive reference-transaction codetrain-queue codetrain-hooks \
	  codetrain-submit codetrain-watch codetrain-promote codetrain-grant codetrain-build
PROGRAMS = $(BIN) $(LIBEXEC)
# linked statically, for their start-up
STATIC	?= git-credential-codecommit git-remote-codecommit post-receive reference-transaction
# start for every push: what they use of these is linked in, which saves most of the loading (of
# libcrypto and mbedcrypto that is SHA-256). A libgit2 that cannot be linked in is loaded.
PER_PUSH = pre-push codetrain-check
PER_PUSH_LIBS = $(patsubst %,-l:lib%.a,crypto hs pcre2-8 deflate yaml) -static-libgcc -l:libstdc++.a -lm
PER_PUSH_GIT = $(patsubst %,-l:lib%.a,git2 http_parser mbedcrypto pcre2-8 z)
# start for every push to a server, and need no more than this
PER_REF	= post-receive reference-transaction
PER_REF_LIBS = -l:libsqlite3.a -lm
# starts twice for every ref that moves: with musl as its C library in half the time
SMALL	= reference-transaction
SMALL_PARTS = $(patsubst %,hooks/queue/queue_%.c,config moves place push refs refs_each resolve run spool spool_text wake) \
	  lib/spec/gitconfig.c $(wildcard lib/base/*.c)
MUSL	?= musl-gcc
MUSL_DIR = /usr/lib/$(shell uname -m)-linux-musl

# An archive a folder, in link order: each may use those to its right.
FOLDERS	= credhelper hooks/checks hooks/objects hooks/secrets hooks/queue hooks/install buildstep \
	  lib/net lib/spec lib/aws lib/base
JOBS	= credhelper hooks buildstep
PACKAGES = libcurl libcrypto libcjson expat libgit2 libhs libpcre2-8 libdeflate zlib yaml-0.1 sqlite3 libsecret-1

SOURCES	= $(wildcard $(addsuffix /*.c,$(FOLDERS)))
MAINS	= codetrain.c $(wildcard $(foreach d,$(JOBS),$(LIBEXEC:%=$d/%.c) $(BIN:%=$d/%.c)))
GENERATORS = hooks/secrets/compile-rules.c
PARTS	= $(filter-out $(MAINS) $(GENERATORS),$(SOURCES))
ARCHIVES = $(foreach d,$(FOLDERS),$(B)/$(notdir $d).a)
UNIT_TESTS = $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))
FUZZERS	= $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))

# ---- how it is compiled --------------------------------------------------------------

CFLAGS	?= -O2 -g
# A compiler or library of tomorrow warns of what today's does not: that is ours to mend.
WERROR	?= $(if $(CI),-Werror)
WARNINGS ?= -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wformat=2 -Wundef \
	  -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wvla $(WERROR)
HARDEN	?= -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fPIE
HARDEN_LD ?= -pie -Wl,-z,relro,-z,now,-z,noexecstack
SANITIZE ?=

# Asked once, when first needed: `make deps` may have to install pkg-config first.
PKG_CFLAGS = $(eval PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PACKAGES)))$(PKG_CFLAGS)
PKG_LIBS = $(eval PKG_LIBS := $(shell $(PKG_CONFIG) --libs $(PACKAGES)))$(PKG_LIBS)

ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -DCODETRAIN_VERSION='"$(VERSION)"' -DOPENSSL_API_COMPAT=0x10100000L \
	  -I. $(PKG_CFLAGS) $(WARNINGS) $(HARDEN) $(CFLAGS) $(SANITIZE) \
	  -ffile-prefix-map=$(CURDIR)=. -ffile-prefix-map=$(B)=build -pthread -MMD -MP
LINK	= $(CC) $(CFLAGS) $(SANITIZE) -pthread $(LDFLAGS) -Wl,--as-needed

# musl-gcc knows no static-pie: its parts are named. The headers of Linux are behind musl's.
MUSL_LINK = $(MUSL) -std=c11 -D_GNU_SOURCE -DCODETRAIN_VERSION='"$(VERSION)"' -I. -idirafter /usr/include \
	  -idirafter /usr/include/$(shell uname -m)-linux-gnu $(filter-out -D_FORTIFY_SOURCE%,$(HARDEN)) $(CFLAGS) \
	  -ffile-prefix-map=$(CURDIR)=. -ffunction-sections -nostartfiles -static \
	  -Wl,-pie,--no-dynamic-linker,--gc-sections,-z,relro,-z,now,-z,noexecstack $(MUSL_DIR)/rcrt1.o $(MUSL_DIR)/crti.o

# V=1 shows the whole commands.
V	?=
ifeq ($(V),)
quiet	= @printf '  %-6s %s\n' '$1' '$@'; $2
else
quiet	= $2
endif
comma	= ,

all: $(PROGRAMS:%=$(B)/%) $(B)/codetrain-sandbox

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call quiet,CC,$(CC) $(ALL_CFLAGS) -c -o $@ $<)

define archive
$(B)/$(notdir $1).a: $(patsubst %.c,$(B)/%.o,$(filter $1/%,$(PARTS))) $($(notdir $1)_EXTRA)
	@rm -f $$@
	$$(call quiet,AR,$(AR) rcsD $$@ $$^)
endef
secrets_EXTRA = $(B)/hooks/secrets/rules-database.o
$(foreach d,$(FOLDERS),$(eval $(call archive,$d)))

# program NAME, from SOURCE
define program
$(B)/$1: $(B)/$(2:.c=.o) $(ARCHIVES)
	$$(call quiet,LD,$$(LINK) -o $$@ $$^ $(if $(filter $1,$(STATIC)),-static-pie -l:libcrypto.a,\
		$$(HARDEN_LD) $$(PKG_LIBS)))
endef
define per_push_program
$(B)/$1: $(B)/$(2:.c=.o) $(B)/hooks/offline.o $(ARCHIVES)
	$$(call quiet,LD,$$(LINK) -o $$@ $$^ $$(PER_PUSH_LIBS) $$(PER_PUSH_GIT) $$(HARDEN_LD) $$(PKG_LIBS) 2>$$@.log || \
		$$(LINK) -o $$@ $$^ $$(PER_PUSH_LIBS) $$(HARDEN_LD) $$(PKG_LIBS))
	@rm -f $$@.log
endef
# the linker warns that SQLite could load extensions, which the queue never does
define per_ref_program
$(B)/$1: $(B)/$(2:.c=.o) $(ARCHIVES)
	$$(call quiet,LD,$(if $(and $(filter $1,$(SMALL)),$(filter $1,$(STATIC)),$(filter cc gcc,$(CC))),$$(MUSL_LINK) \
		-o $$@ $2 $(SMALL_PARTS) $$(MUSL_DIR)/crtn.o 2>$$@.log || )\
		$(if $(filter $1,$(STATIC)),$$(LINK) -o $$@ $$^ -static-pie $$(PER_REF_LIBS) 2>$$@.log || )\
		$$(LINK) -o $$@ $$^ $$(HARDEN_LD) $$(PER_REF_LIBS))
	@rm -f $$@.log
$(B)/dynamic/$1: $(B)/$(2:.c=.o) $(ARCHIVES) $(B)/codetrain-queue
	@mkdir -p $$(@D)
	$$(call quiet,LD,$$(LINK) -o $$@ $(B)/$(2:.c=.o) $(ARCHIVES) $$(HARDEN_LD) $$(PER_REF_LIBS))
	@ln -sf ../codetrain-queue $$(@D)
endef
program_of = $(if $(filter $1,$(PER_PUSH)),per_push_,$(if $(filter $1,$(PER_REF)),per_ref_))program
$(foreach m,$(MAINS),$(eval $(call $(call program_of,$(basename $(notdir $m))),$(basename $(notdir $m)),$m)))

# The scanner's rules are compiled when codetrain is built, and embedded.
$(B)/compile-rules: $(patsubst %,$(B)/hooks/secrets/%.o,compile-rules rules rules_key rules_check rules_check_text scan_database) $(B)/spec.a $(B)/base.a
	$(call quiet,LD,$(LINK) $(HARDEN_LD) -o $@ $^ $(PKG_LIBS))
# What is found by no more than a name beside it gives way to what is known by its form.
RULES	= $(sort $(filter-out %/generic.rules,$(wildcard hooks/secrets/rules/*.rules))) hooks/secrets/rules/generic.rules
$(B)/hooks/secrets/rules-database.c: $(B)/compile-rules $(RULES)
	$(call quiet,RULES,$(B)/compile-rules $(RULES) >$@.new)
	@mv $@.new $@
$(B)/hooks/secrets/rules-database.o: $(B)/hooks/secrets/rules-database.c
	$(call quiet,CC,$(CC) $(ALL_CFLAGS) -c -o $@ $<)

$(B)/codetrain-sandbox: sandbox/codetrain-sandbox
	@mkdir -p $(@D)
	@printf '#!/bin/sh\nCODETRAIN_SANDBOX_LIB=%s CODETRAIN_SANDBOX_PROGRAMS=%s exec %s "$$@"\n' \
		'$(CURDIR)/sandbox' '$(abspath $(B))' '$(CURDIR)/$<' >$@
	@chmod +x $@

# ---- tests ---------------------------------------------------------------------------

$(B)/unit/%: tests/unit/%.c $(ARCHIVES)
	@mkdir -p $(@D)
	$(call quiet,LD,$(CC) $(ALL_CFLAGS) -o $@ $< $(LDFLAGS) -Wl$(comma)--as-needed $(HARDEN_LD) $(ARCHIVES) $(PKG_LIBS) -lcmocka)

units: $(UNIT_TESTS)

# what the tests need to know about the build they look at
TEST_ENV = env -i PATH="$(abspath $(B))/tests:$$PATH" HOME=/nonexistent LANG=C.UTF-8 TZ=UTC VALGRIND="$$VALGRIND" BUILD="$(abspath $(B))" \
	  SOURCE="$(CURDIR)" CC="$(CC)" VENV="$(abspath $(VENV))" \
	  $(if $(wildcard ../shared/vectors),VECTORS="$(abspath ../shared/vectors)")
VENV	?= build/venv

# more than processors: most tests wait for others half of their time
RUN_TESTS = $(TEST_ENV) $(PROVE) -j$$((2 * $(PARALLEL) + 1)) --timer --failures --comments --exec tests/lib/run.sh

# the interpreter itself: a version manager's shim before it takes longer than most programs of the tests
$(B)/tests/python3:
	@mkdir -p $(@D)
	ln -sf "$$($(PYTHON) -c 'import sys; print(sys.executable)')" $@
check-unit check-cli check-e2e check-sandbox check-quick check-tests check-valgrind: $(B)/tests/python3

check-unit: units
	$(RUN_TESTS) $(UNIT_TESTS)
check-cli: all
	$(RUN_TESTS) tests/cli
check-e2e: all units clients
	$(RUN_TESTS) tests/e2e
check-sandbox: all venv
	$(RUN_TESTS) tests/sandbox
check-quick: all units
	$(RUN_TESTS) $(UNIT_TESTS) tests/cli
# the longest first: the short ones fill what they leave
check-tests: all units clients
	$(RUN_TESTS) tests/sandbox tests/e2e tests/cli $(UNIT_TESTS)

venv:
	sandbox/venv.sh $(VENV)
# the other clients that the tests look at the sandbox with
clients: $(VENV)/clients/.stamp
$(VENV)/clients/.stamp: tests/requirements.txt | venv
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/pip install -q --disable-pip-version-check -r $<
	touch $@

# Everything, on a fresh machine too.
check:
	tools/deps.sh build test
	$(MAKE) -j$(PARALLEL) all units
	$(MAKE) check-tests check-asan check-valgrind check-fuzz lint

ASAN	= B=build/asan CC=clang STATIC= PER_PUSH_GIT= HARDEN=-fPIE CFLAGS='-O1 -g' \
	  SANITIZE='-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all -fno-omit-frame-pointer'
check-asan:
	$(MAKE) $(ASAN) -j$(PARALLEL) all units
	$(MAKE) $(ASAN) check-quick
$(B)/dynamic/git-credential-codecommit: $(B)/credhelper/git-credential-codecommit.o $(ARCHIVES)
	@mkdir -p $(@D)
	$(call quiet,LD,$(LINK) $(HARDEN_LD) -o $@ $^ -lcrypto)
check-valgrind: units all $(B)/dynamic/git-credential-codecommit $(PER_REF:%=$(B)/dynamic/%)
	export VALGRIND=1; $(RUN_TESTS) $(UNIT_TESTS) tests/cli/valgrind.t

$(B)/fuzz/%: tests/fuzz/%.c $(ARCHIVES)
	@mkdir -p $(@D)
	$(call quiet,LD,$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer -o $@ $< $(LDFLAGS) -Wl$(comma)--as-needed $(ARCHIVES) $(PKG_LIBS))
fuzzers: $(FUZZERS)
check-fuzz:
	$(MAKE) $(ASAN) -j$(PARALLEL) fuzzers
	B=build/asan tests/fuzz/smoke.sh

# Pushes while everything that a push starts is killed and failed: docs/soak.md.
PUSHES	?= 10000
CLIENTS	?= 8
SEED	?= $(shell date +%s)
$(B)/soak/trace: tests/soak/trace.c tests/soak/machine.c tests/soak/machine.h
	@mkdir -p $(@D)
	$(call quiet,LD,$(CC) $(ALL_CFLAGS) -o $@ $(filter %.c,$^) $(LDFLAGS))
$(B)/soak/clock.so: tests/soak/clock.c
	@mkdir -p $(@D)
	$(call quiet,LD,$(CC) $(ALL_CFLAGS) -fPIC -shared -o $@ $< $(LDFLAGS))
soak: all $(B)/soak/trace $(B)/soak/clock.so
	rm -rf $(B)/soak/run
	env -i PATH="$$PATH" $(PYTHON) tests/soak/soak.py --pushes $(PUSHES) --clients $(CLIENTS) --seed $(SEED) \
		$(B) $(B)/soak $(B)/soak/run

# Two builds of the same sources in different places are the same bytes.
reproducible: all
	rm -rf $(B)/again && mkdir -p $(B)/again/a/longer/path
	git archive HEAD | tar -x -C $(B)/again/a/longer/path
	$(MAKE) -C $(B)/again/a/longer/path -j$(PARALLEL) B=elsewhere all
	for p in $(PROGRAMS); do cmp $(B)/$$p $(B)/again/a/longer/path/elsewhere/$$p || exit 1; done
	rm -rf $(B)/again
	@echo '$(words $(PROGRAMS)) programs, the same bytes'

lint:
	tools/lint.sh
bench: all venv
	tools/bench.sh $(B)
	tools/bench-scan.sh $(B)
	tools/bench-queue.sh $(B)
	$(PYTHON) tools/bench-drain.py $(B)
# needs the labelled texts, and Go for gitleaks' own rules and word
recall: all
	$(PYTHON) tools/recall.py --check $(B)/codetrain-check --cases ../shared/vectors/secrets/gitleaks-cases.jsonl \
		--modules $(B)/go --oracle --write docs/recall.md

# ---- for people ----------------------------------------------------------------------

deps:
	tools/deps.sh build test

demo:
	@tools/deps.sh build demo
	@$(MAKE) --no-print-directory -s all venv
	@tools/demo.sh $(B) $(VENV)

COMPLETIONS = bash-completion/completions/codetrain zsh/site-functions/_codetrain \
	  fish/vendor_completions.d/codetrain.fish
MANPAGES = $(wildcard docs/man/*.1)
UNITDIR	= $(PREFIX)/lib/systemd/system
UNITS	= $(notdir $(wildcard packaging/systemd/codetrain-*))

install: all
	install -d $(addprefix $(DESTDIR),$(BINDIR) $(LIBEXECDIR) $(UNITDIR) $(DATADIR)/man/man1 \
		$(DATADIR)/codetrain/sandbox/localaws $(dir $(COMPLETIONS:%=$(DATADIR)/%)))
	install -m 755 $(BIN:%=$(B)/%) $(DESTDIR)$(BINDIR)
	install -m 755 $(LIBEXEC:%=$(B)/%) sandbox/codetrain-sandbox $(DESTDIR)$(LIBEXECDIR)
	install -m 644 $(MANPAGES) $(DESTDIR)$(DATADIR)/man/man1
	install -m 644 packaging/completions/codetrain.bash \
		$(DESTDIR)$(DATADIR)/bash-completion/completions/codetrain
	install -m 644 packaging/completions/_codetrain $(DESTDIR)$(DATADIR)/zsh/site-functions
	install -m 644 packaging/completions/codetrain.fish $(DESTDIR)$(DATADIR)/fish/vendor_completions.d
	for u in $(UNITS); do sed 's,/usr/local/libexec/codetrain,$(LIBEXECDIR),' packaging/systemd/$$u \
		>$(DESTDIR)$(UNITDIR)/$$u && chmod 644 $(DESTDIR)$(UNITDIR)/$$u || exit 1; done
	install -m 755 sandbox/venv.sh sandbox/docker $(DESTDIR)$(DATADIR)/codetrain/sandbox
	install -m 644 sandbox/requirements.txt $(DESTDIR)$(DATADIR)/codetrain/sandbox
	install -m 644 sandbox/localaws/*.py $(DESTDIR)$(DATADIR)/codetrain/sandbox/localaws

uninstall:
	rm -f $(addprefix $(DESTDIR),$(BIN:%=$(BINDIR)/%) $(COMPLETIONS:%=$(DATADIR)/%) $(UNITS:%=$(UNITDIR)/%) \
		$(MANPAGES:docs/man/%=$(DATADIR)/man/man1/%))
	rm -rf $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(DATADIR)/codetrain

clean:
	rm -rf $(B)

help:
	@echo 'make demo       the whole story on this machine, no AWS account needed'
	@echo 'make check      build and run every test (installs what is missing)'
	@echo 'make            build only;  make install [PREFIX=/usr/local] [DESTDIR=]'
	@echo 'make bench      measure against the tools that codetrain replaces'
	@echo 'make soak       push 10,000 times while everything is killed and failed (PUSHES, CLIENTS, SEED)'
	@echo 'make recall     measure what is found on labelled texts, and write docs/recall.md'
	@echo 'make lint       the style and analyser checks alone;  make deps, make clean'

.PHONY: all units venv clients check check-quick check-tests check-unit check-cli check-e2e check-sandbox check-asan \
	check-valgrind check-fuzz fuzzers soak reproducible lint bench recall deps demo install uninstall clean help
.DELETE_ON_ERROR:
.SECONDARY:

-include $(SOURCES:%.c=$(B)/%.d) $(MAINS:%.c=$(B)/%.d) $(wildcard $(B)/unit/*.d $(B)/fuzz/*.d)
