/* Written in assembly because their frames and addresses are the point: they use no stack, and a
 * step has an address. Armv6-M instructions only, so every Cortex-M runs them. */
    .syntax unified
    .thumb
    .equ    PATTERN, 0xC5C5C5C5

    .section .text.tinycc_port_stack_paint, "ax", %progbits
    .global tinycc_port_stack_paint
    .type   tinycc_port_stack_paint, %function
    .thumb_func
tinycc_port_stack_paint:
    ldr     r0, =__stack_bottom
    ldr     r1, =PATTERN
    mov     r2, sp
1:  cmp     r0, r2
    bhs     2f
    stmia   r0!, {r1}
    b       1b
2:  bx      lr
    .ltorg
    .size   tinycc_port_stack_paint, . - tinycc_port_stack_paint

    .section .text.tinycc_port_stack_used, "ax", %progbits
    .global tinycc_port_stack_used
    .type   tinycc_port_stack_used, %function
    .thumb_func
tinycc_port_stack_used:
    ldr     r0, =__stack_bottom
    ldr     r1, =PATTERN
    mov     r2, sp
1:  cmp     r0, r2
    bhs     2f
    ldmia   r0!, {r3}
    cmp     r3, r1
    beq     1b
    subs    r0, r0, #4              /* the first word that differs is used */
2:  subs    r0, r2, r0
    bx      lr
    .ltorg
    .size   tinycc_port_stack_used, . - tinycc_port_stack_used

/* void tinycc_profile_step(int step): runs the step's own `bx lr`. The instruction counter sees
 * only addresses, and so learns which step begins, in loops too. Steps 0 to PROFILE_STEPS - 1;
 * linked into profiling images only. */
    .equ    PROFILE_STEPS, 2048
    /* What it costs a step: `movs r0, #n` and `bl` in the caller, three here (cycles as the plugin
     * counts). */
    .global tinycc_profile_instructions, tinycc_profile_cycles
    .equ    tinycc_profile_instructions, 5
    .equ    tinycc_profile_cycles, 1 + 3 + 1 + 1 + 3

    .section .text.tinycc_profile_step, "ax", %progbits
    .weak   tinycc_profile_step     /* a harness that traces brings its own */
    .type   tinycc_profile_step, %function
    .thumb_func
tinycc_profile_step:
    lsls    r0, r0, #1
    add     pc, r0                  /* pc reads as this address + 4: behind the nop */
    nop
    .size   tinycc_profile_step, . - tinycc_profile_step
    .global tinycc_profile_table
    .type   tinycc_profile_table, %function
    .thumb_func
tinycc_profile_table:
    .rept   PROFILE_STEPS
    bx      lr
    .endr
    .size   tinycc_profile_table, . - tinycc_profile_table
