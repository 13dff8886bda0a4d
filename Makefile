# SPDX-License-Identifier: Apache-2.0
# `make help` lists the targets.

PREFIX ?= /usr/local
DESTDIR ?=
BINDIR = $(DESTDIR)$(PREFIX)/bin
MANDIR = $(DESTDIR)$(PREFIX)/share/man/man1
MAN7DIR = $(DESTDIR)$(PREFIX)/share/man/man7
BASHDIR = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
ZSHDIR = $(DESTDIR)$(PREFIX)/share/zsh/site-functions
FISHDIR = $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d

SWIFT ?= swift
STRIP ?= strip
# The Swift runtime is linked in: the installed program needs only the C libraries of the distribution. Relative
# relocations are packed (glibc 2.36), which makes the program smaller and its start quicker; the toolchain's own linker
# does that.
# No directory beside the program is looked into for libraries. What only C++ exceptions would need is left out, and of
# functions with the same code one is kept.
RELEASE = -c release --static-swift-stdlib --disable-local-rpath -Xswiftc -use-ld=lld \
    -Xlinker -z -Xlinker pack-relative-relocs -Xlinker --icf=all -Xlinker -T -Xlinker $(CURDIR)/scripts/without-unwinding.ld
# So many tests run at a time: a test's limit of time begins when it does, not while it waits for a thread.
WIDTH = --experimental-maximum-parallelization-width 8
SOURCES = $(shell find Sources CFuse -type f) Package.swift
CIMG = .build/release/cimg
MAN = .build/man
COMPLETIONS = .build/completions

# What `cimg --version -v` tells; where there is no git, or the sources lie in somebody else's, nothing is told.
COMMIT = $(shell GIT_CEILING_DIRECTORIES=$(dir $(CURDIR)) git describe --always --dirty --abbrev=12 --exclude '*' 2>/dev/null)
# What is packed lies here before.
STAGE = .build/dist/stage

.PHONY: all build setup demo test lint format man completions install uninstall deb rpm dist package-check docs release \
    bench growth fuzz hostile clean help
.DEFAULT_GOAL := build

all: build man completions

## build: the release binary, .build/release/cimg (the default)
build:
	@scripts/setup build
	CIMG_COMMIT='$(COMMIT)' $(SWIFT) build $(RELEASE) --product cimg

# What only needs the program does not start the compiler, so that `sudo make install` works without one.
$(CIMG): $(SOURCES)
	@$(MAKE) build
	@touch -c $@

## setup: installs what building, testing and the demo need (Debian, Ubuntu)
setup:
	@scripts/setup

## demo: opens, audits and compares two versions of an image made on the spot
demo: build
	@scripts/setup demo
	scripts/demo $(CIMG)

## test: builds with warnings as errors and runs every test; FILTER=regex chooses
test:
	@scripts/setup build test
	@scripts/setup --open-fuse
	$(if $(CI),@scripts/engines install)
	$(SWIFT) build --build-tests
	$(if $(CI),CIMG_REQUIRE_ALL=1) scripts/engines with $(SWIFT) test --skip-build $(WIDTH) $(if $(FILTER),--filter '$(FILTER)')

## lint: formatting and style rules over every Swift file
lint:
	$(SWIFT) format lint --strict --parallel --recursive Sources Tests Package.swift

## format: rewrites every Swift file in the project's format
format:
	$(SWIFT) format format --in-place --parallel --recursive Sources Tests Package.swift

## man: manual pages, from the program's own help
man: $(CIMG)
	@scripts/setup install
	scripts/manpages $(CIMG) $(MAN)

## completions: for bash, zsh and fish, from the program itself
completions: $(CIMG)
	@mkdir -p $(COMPLETIONS)
	for shell in bash zsh fish; do \
	    $(CIMG) --generate-completion-script $$shell > $(COMPLETIONS)/cimg.$$shell || exit 1; \
	done

## install: program, its link for container engines, manual pages and completions below DESTDIR and PREFIX (/usr/local)
install: man completions
	install -d $(BINDIR) $(MANDIR) $(MAN7DIR) $(BASHDIR) $(ZSHDIR) $(FISHDIR)
	install -m 755 $(CIMG) $(BINDIR)/cimg
	$(STRIP) $(BINDIR)/cimg
	ln -sf cimg $(BINDIR)/mount.fuse.cimg
	install -m 644 $(MAN)/*.1 $(MANDIR)
	install -m 644 $(MAN)/*.7 $(MAN7DIR)
	install -m 644 $(COMPLETIONS)/cimg.bash $(BASHDIR)/cimg
	sed -i '1{/^#!/d}' $(BASHDIR)/cimg
	install -m 644 $(COMPLETIONS)/cimg.zsh $(ZSHDIR)/_cimg
	install -m 644 $(COMPLETIONS)/cimg.fish $(FISHDIR)/cimg.fish

## uninstall: removes what install put there
uninstall:
	rm -f $(BINDIR)/cimg $(BINDIR)/mount.fuse.cimg $(MANDIR)/cimg.1 $(MANDIR)/cimg-*.1 $(MAN7DIR)/cimg-containers.7 $(MAN7DIR)/cimg-templates.7 $(BASHDIR)/cimg $(ZSHDIR)/_cimg $(FISHDIR)/cimg.fish

## deb: a Debian package, .build/dist/cimg_*.deb
deb: build
	@scripts/setup install package
	@rm -rf $(STAGE)
	@$(MAKE) --no-print-directory install PREFIX=/usr DESTDIR=$(CURDIR)/$(STAGE)
	scripts/package deb $(STAGE)

## rpm: an rpm package, .build/dist/*/cimg-*.rpm
rpm: build
	@scripts/setup install
	@command -v rpmbuild >/dev/null || { echo "rpmbuild is missing: install the package rpm or rpm-build" >&2; exit 1; }
	@rm -rf $(STAGE)
	@$(MAKE) --no-print-directory install PREFIX=/usr DESTDIR=$(CURDIR)/$(STAGE)
	scripts/package rpm $(STAGE)

## dist: a tarball that runs where glibc 2.36 or newer and libfuse3 are, .build/dist/cimg-*.tar.gz
dist: export CIMG_PORTABLE = 1
dist:
	@$(MAKE) --no-print-directory build
	@scripts/setup install package
	@rm -rf $(STAGE)
	@$(MAKE) --no-print-directory install PREFIX=/usr DESTDIR=$(CURDIR)/$(STAGE)
	scripts/package dist $(STAGE)

## package-check: as root, installs and runs what deb and dist made in a fresh Debian 12
package-check:
	@scripts/setup package
	scripts/package check

## docs: the reference of every module, .build/docs; a warning is a failure
docs:
	@scripts/setup build
	$(SWIFT) build
	scripts/docs

## release: checks that what is checked out can be released, runs .ci/run, and tags; RELEASEFLAGS=--check only checks
release:
	scripts/release $(RELEASEFLAGS)

## bench: compares speed and memory with other tools; IMAGES="oci:DIR:TAG oci:DIR:TAG" BENCHFLAGS=--quick
bench: build
	@scripts/setup bench
	scripts/bench --cimg $(CIMG) $(BENCHFLAGS) $(IMAGES)

## growth: how costs grow with files and layers; GROWTHFLAGS=--quick
growth: build
	@scripts/setup bench
	scripts/growth --cimg $(CIMG) $(GROWTHFLAGS)

## fuzz: feeds mutated input to every reader of foreign bytes; FUZZSECONDS=60 for each
fuzz:
	@scripts/setup build
	scripts/fuzz $(or $(FUZZSECONDS),60)

## hostile: small images that ask for much, under bounds of memory, disk and time; HOSTILEFLAGS=--quick
hostile: build
	@scripts/setup bench
	scripts/hostile --cimg $(CIMG) $(HOSTILEFLAGS)

## clean: removes everything that was built
clean:
	rm -rf .build

## help: this list
help:
	@sed -n 's/^## \([a-z-]*\): /\1\t/p' $(firstword $(MAKEFILE_LIST)) | awk -F '\t' '{ printf "make %-14s %s\n", $$1, $$2 }'
