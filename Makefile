# SPDX-License-Identifier: Apache-2.0
# The front door; meson and ninja do the work. "make help" lists what there is.
BUILD ?= build
PREFIX ?= /usr
NINJA = ninja -C $(BUILD)
# /usr/bin/python3 is what Debian's meson runs on, whatever python3 comes first in PATH.

all: $(BUILD)/build.ninja
	@$(NINJA) --quiet
	@echo "ready: $(BUILD)/bin/weft, and links to it for each command"

$(BUILD)/build.ninja:
	@tools/need tools/packages.build
	@meson setup $(BUILD) --prefix=$(PREFIX) >/dev/null || \
		{ tail -20 $(BUILD)/meson-logs/meson-log.txt; rm -rf $(BUILD); exit 1; }

help:
	@echo "make          build into $(BUILD)/bin; as root, installs missing packages first"
	@echo "make test     all tests (root for those that make hosts out of namespaces)"
	@echo "make demo     VXLAN and GRE tutorials on this machine, in namespaces, then cleaned up (root)"
	@echo "make install  into PREFIX=$(PREFIX), under DESTDIR=$(DESTDIR)"
	@echo "make uninstall, make clean"
	@echo "./dev         asan, tsan, fuzz, sandbox, lint, fmt, bench"

test check: all
	@tools/need tools/packages.build test/packages
	@test/run --build $(BUILD)

demo: all
	@tools/need tools/packages.build tools/packages.demo
	@test/demo.sh

install: all
	@for f in ovs-vsctl ovs-appctl; do f=$(DESTDIR)$(PREFIX)/bin/$$f; \
		[ -L $$f ] || [ ! -e $$f ] || { echo "make install: $$f is another Open vSwitch's;" \
		"remove it first (apt-get remove openvswitch-switch openvswitch-common)" >&2; exit 1; }; done
	@meson configure $(BUILD) -Dprefix=$(PREFIX)
	@$(NINJA) --quiet
	@DESTDIR=$(DESTDIR) meson install -C $(BUILD) --no-rebuild --quiet
	@echo "installed into $(DESTDIR)$(PREFIX)"

uninstall:
	@$(NINJA) --quiet uninstall

clean:
	rm -rf $(BUILD) build-*

.PHONY: all help test check demo install uninstall clean
