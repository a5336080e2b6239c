# Everything a user or developer runs. Needs make and Python 3.11; what else is missing is installed
# (Debian, Ubuntu) or named.
#
#   make demo      compile the example for a Cortex-M7 and run it under QEMU
#   make test      all tests but the slow ones          make test-all   the slow ones too
#   make check     formatting, lint, types              make bench      bench/results.md again

SHELL := /bin/bash
VENV  := .venv
BIN   := $(VENV)/bin
BUILD := build/demo

# The first Python on the PATH that is new enough.
is_new_enough := -c 'import sys; sys.exit(sys.version_info < (3, 11))'
PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,\
    $(shell command -v $(name) >/dev/null && $(name) $(is_new_enough) 2>/dev/null && echo $(name))))

.DEFAULT_GOAL := help
.PHONY: help
help:
	@sed -n 's/^#   //p' Makefile

# --- What to run

.PHONY: demo
demo: $(VENV)/run.stamp demo-packages
	$(BIN)/tinycc build examples/digits/digits.onnx --target cortex-m7 -o $(BUILD)/digits
	@echo
	@$(MAKE) --no-print-directory -s -C examples/digits/firmware run \
	    PYTHON=$(CURDIR)/$(BIN)/python BUILD=$(CURDIR)/$(BUILD) MODEL=$(CURDIR)/$(BUILD)/digits
	@echo
	$(BIN)/tinycc bench examples/digits/digits.onnx --target cortex-m7

.PHONY: test test-all
test: $(VENV)/dev.stamp system-packages
	$(BIN)/python -m pytest -n auto -m "not slow"

test-all: $(VENV)/dev.stamp system-packages
	$(BIN)/python -m pytest -n auto

.PHONY: check
check: $(VENV)/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict tinycc

.PHONY: bench
bench: $(VENV)/run.stamp system-packages
	$(BIN)/python bench/run.py $(if $(MODELS),--models $(MODELS))

.PHONY: clean
clean:
	rm -rf $(VENV) build

# --- The virtual environment; a stamp says which packages are in it

$(VENV)/run.stamp: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/dev.stamp: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/run.stamp

$(BIN)/python: | python-packages
	$(PYTHON) -m venv $(VENV)

# --- System packages: each one that is missing, with the reason, then one `apt-get install`

# Shell: `need TEST PACKAGES REASON` notes packages whose test fails; `install` installs them. The
# package lists are refreshed only when installing from the present ones fails.
define packages
packages=(); \
need() { \
    if ! eval "$$1" >/dev/null 2>&1; then echo "missing: $$2 ($$3)"; packages+=($$2); fi; \
}; \
install() { \
    if [ $${#packages[@]} = 0 ]; then return 0; fi; \
    by_hand="install by hand: $${packages[*]}"; \
    if ! command -v apt-get >/dev/null; then echo "no apt-get here; $$by_hand"; return 1; fi; \
    as_root=(); \
    if [ "$$(id -u)" != 0 ]; then \
        if ! command -v sudo >/dev/null; then echo "not root and no sudo; $$by_hand"; return 1; fi; \
        as_root=(sudo); \
    fi; \
    command=("$${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
        --no-install-recommends "$${packages[@]}"); \
    echo "installing: $${command[*]}"; \
    "$${command[@]}" || { "$${as_root[@]}" apt-get update -q && "$${command[@]}"; }; \
}
endef

.PHONY: python-packages
python-packages:
	@if [ -z "$(PYTHON)" ]; then \
	    echo "tinycc needs Python 3.11 or newer; python3 is: $$(python3 --version 2>&1)"; \
	    echo "install one (such as: sudo apt-get install python3.11 python3.11-venv), or name it:"; \
	    echo "    make PYTHON=/path/to/python3"; \
	    exit 1; \
	fi
	@$(packages); \
	need "$(PYTHON) -c 'import ensurepip, venv'" \
	    "$$($(PYTHON) -c 'import sys; print("python3.%d-venv" % sys.version_info[1])')" \
	    "makes the virtual environment $(VENV)"; \
	install

# What the demo needs, a shorter download than all.
define arm_packages
need "echo '#include <stdio.h>' | cc -E -" "gcc libc6-dev" "compiles for this machine"; \
need "command -v arm-none-eabi-gcc" gcc-arm-none-eabi "compiles for Cortex-M"; \
need '[ -f "$$(arm-none-eabi-gcc -print-file-name=libc.a)" ]' libnewlib-arm-none-eabi \
    "its C library"; \
need "command -v qemu-system-arm" qemu-system-arm "runs firmware"
endef

.PHONY: demo-packages
demo-packages:
	@$(packages); $(arm_packages); install

.PHONY: system-packages
system-packages:
	@$(packages); $(arm_packages); \
	need "command -v riscv64-unknown-elf-gcc" gcc-riscv64-unknown-elf "compiles for RISC-V"; \
	need '[ -f "$$(riscv64-unknown-elf-gcc -print-file-name=picolibc.specs)" ]' \
	    picolibc-riscv64-unknown-elf "its C library"; \
	need "command -v qemu-system-riscv32" qemu-system-misc "runs firmware"; \
	if [ -n "$$CI" ]; then need "command -v clang" clang "a second compiler's warnings"; \
	    need "command -v g++" g++ "C++ takes the generated headers"; \
	    need "command -v chromium" chromium "opens report.html in the tests"; \
	    need "command -v npm" npm "brings axe-core, which checks report.html"; \
	    need "command -v cmake" cmake "builds packages (tinycc build --package)"; fi; \
	install
