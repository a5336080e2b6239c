/* A RISC-V image, machine mode: reset, traps, and semihosting. */
    .option arch, +zicsr

    .section .vectors, "ax", %progbits
    .global tinycc_reset
    .type   tinycc_reset, %function
tinycc_reset:
    la      sp, __stack_top
    la      t0, tinycc_trap
    csrw    mtvec, t0
    tail    tinycc_start
    .size   tinycc_reset, . - tinycc_reset

    /* Interrupts stay disabled: this is a fault. The stack pointer may be its reason. */
    .balign 4
    .type   tinycc_trap, %function
tinycc_trap:
    la      t0, __stack_bottom
    sltu    a0, sp, t0
    csrr    a1, mepc
    csrr    a2, mcause
    la      sp, __stack_top
    tail    tinycc_fault
    .size   tinycc_trap, . - tinycc_trap

    .section .text.tinycc_prepare_core, "ax", %progbits
    .global tinycc_prepare_core
    .type   tinycc_prepare_core, %function
tinycc_prepare_core:
    ret
    .size   tinycc_prepare_core, . - tinycc_prepare_core

/* "RISC-V Semihosting", version 0.4: three uncompressed instructions that must lie in one page. */
    .section .text.tinycc_semihosting_call, "ax", %progbits
    .global tinycc_semihosting_call
    .type   tinycc_semihosting_call, %function
    .balign 16
tinycc_semihosting_call:
    .option push
    .option norvc
    slli    zero, zero, 0x1f
    ebreak
    srai    zero, zero, 7
    .option pop
    ret
    .size   tinycc_semihosting_call, . - tinycc_semihosting_call
