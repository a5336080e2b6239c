/* Written in assembly because their frames and addresses are the point: they use no stack, and a
 * step has an address. */
    .equ    PATTERN, 0xC5C5C5C5

    .section .text.tinycc_port_stack_paint, "ax", %progbits
    .global tinycc_port_stack_paint
    .type   tinycc_port_stack_paint, %function
tinycc_port_stack_paint:
    la      t0, __stack_bottom
    li      t1, PATTERN
1:  bgeu    t0, sp, 2f
    sw      t1, (t0)
    addi    t0, t0, 4
    j       1b
2:  ret
    .size   tinycc_port_stack_paint, . - tinycc_port_stack_paint

    .section .text.tinycc_port_stack_used, "ax", %progbits
    .global tinycc_port_stack_used
    .type   tinycc_port_stack_used, %function
tinycc_port_stack_used:
    la      t0, __stack_bottom
    li      t1, PATTERN
1:  bgeu    t0, sp, 2f
    lw      t2, (t0)
    bne     t1, t2, 2f              /* the first word that differs is used */
    addi    t0, t0, 4
    j       1b
2:  sub     a0, sp, t0
    ret
    .size   tinycc_port_stack_used, . - tinycc_port_stack_used

/* void tinycc_profile_step(int step): runs the step's own `ret`. The instruction counter sees only
 * addresses, and so learns which step begins, in loops too. Steps 0 to PROFILE_STEPS - 1; linked
 * into profiling images only. */
    .equ    PROFILE_STEPS, 2048
    /* What it costs a step: `li` and `jal` in the caller, six here (cycles as the plugin counts). */
    .global tinycc_profile_instructions, tinycc_profile_cycles
    .equ    tinycc_profile_instructions, 8
    .equ    tinycc_profile_cycles, 1 + 3 + 1 + 2 + 1 + 3 + 3

    .section .text.tinycc_profile_step, "ax", %progbits
    .weak   tinycc_profile_step     /* a harness that traces brings its own */
    .type   tinycc_profile_step, %function
tinycc_profile_step:
    slli    a0, a0, 1
    lui     t0, %hi(tinycc_profile_table)
    addi    t0, t0, %lo(tinycc_profile_table)
    add     t0, t0, a0
    jr      t0
    .size   tinycc_profile_step, . - tinycc_profile_step
    .global tinycc_profile_table
    .type   tinycc_profile_table, %function
tinycc_profile_table:
    .rept   PROFILE_STEPS
    ret                             /* 2 bytes */
    .endr
    .size   tinycc_profile_table, . - tinycc_profile_table
