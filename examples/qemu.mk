# What the examples' Makefiles share: firmware for a Cortex-M7 as QEMU's mps2-an500 has it. A Makefile
# sets SOURCES and INCLUDES, and includes this file at its end.
# A real project has its own start-up code and linker script.

BUILD  ?= build
PYTHON ?= python3
CROSS  ?= arm-none-eabi-
TINYCC := $(PYTHON) -m tinycc
HERE   := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
# Start-up code, console output and linker script of tinycc's own test images.
SUPPORT ?= $(shell $(PYTHON) -c 'from tinycc.paths import TARGETS; print(TARGETS / "support")')

CORE := -mcpu=cortex-m7 -mthumb -mfloat-abi=hard -mfpu=fpv5-sp-d16
CFLAGS := -O2 -Wall -Wextra $(CORE) -ffunction-sections -fdata-sections
INCLUDES += -I$(BUILD) -I$(HERE) -I$(SUPPORT) -I$(SUPPORT)/bare
comma := ,
LDFLAGS := -nostartfiles -Wl,--gc-sections -L$(BUILD) -T $(SUPPORT)/bare/firmware.ld
# The memory map of mps2-an500; on a board, from the part's reference manual.
LDFLAGS += $(addprefix -Wl$(comma)--defsym=,__vectors_origin=0x0 __vectors_bytes=0x80 \
    __flash_origin=0x80 __flash_bytes=0x3fff80 __ram_origin=0x20000000 __ram_bytes=0x400000 \
    __stack_bytes=0x4000)
SOURCES += $(addprefix $(SUPPORT)/,bare/start.c bare/semihosting.c cortex-m/startup.c \
    cortex-m/stack_and_profile.S)
# What the linker script includes for parts with several memories: nothing here.
SCRIPTS := $(BUILD)/tinycc_memories.ld $(BUILD)/tinycc_arenas.ld

.DEFAULT_GOAL := $(BUILD)/firmware.elf
$(BUILD)/firmware.elf: $(SOURCES) $(SCRIPTS) $(SAMPLES)
	$(CROSS)gcc $(CFLAGS) $(INCLUDES) $(SOURCES) $(LDFLAGS) -o $@

$(SCRIPTS):
	mkdir -p $(BUILD)
	touch $@

.PHONY: run
run: $(BUILD)/firmware.elf
	qemu-system-arm -M mps2-an500 -display none -monitor none -serial none \
	    -semihosting-config enable=on,target=native -kernel $<
