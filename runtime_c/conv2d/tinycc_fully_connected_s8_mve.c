#include "tinycc_conv2d.h"

#ifdef __ARM_FEATURE_MVE

/* One vector of inputs; the assembly knows the offsets. */
typedef struct {
    const int8_t *x;          /*  0 */
    const int8_t *weights;    /*  4 */
    const int32_t *constants; /*  8 */
    int8_t *y;                /* 12 */
    int32_t inputs;           /* 16 */
    int32_t channels;         /* 20 */
    int32_t scale;            /* 24 */
    int32_t zero;             /* 28 */
    int32_t low, high;        /* 32, 36 */
} tinycc_fully_connected_s8_mve_job;

/* Four channels at once, 4 sums in r0, r2, r4, r6. A tail-predicated loop: the last vector of
 * inputs and weights counts as far as there are inputs. */
void tinycc_fully_connected_s8_mve_vector(const tinycc_fully_connected_s8_mve_job *job);
__asm__(".pushsection .text.tinycc_fully_connected_s8_mve_vector,\"ax\",%progbits\n"
        ".p2align 3\n"
        ".global tinycc_fully_connected_s8_mve_vector\n"
        ".type tinycc_fully_connected_s8_mve_vector,%function\n"
        ".thumb_func\n"
        "tinycc_fully_connected_s8_mve_vector:\n"
        "push {r4-r11,lr}\n"
        "vpush {d8-d11}\n"
        "ldrd r1,r2,[r0,#32]\n"
        "vdup.32 q4,r1\n"
        "vdup.32 q5,r2\n"
        "ldrd r9,r11,[r0,#24]\n"
        "ldrd r10,r12,[r0,#16]\n"
        "ldrd r8,r7,[r0,#8]\n"
        "ldrd r3,r5,[r0]\n"
        "1: mov r1,r3\n"
        "dlstp.8 lr,r10\n"
        "mov r0,#0\n"
        "mov r2,#0\n"
        "mov r4,#0\n"
        "mov r6,#0\n"
        "2: vldrb.8 q0,[r1],#16\n"
        "vldrb.8 q1,[r5],#16\n"
        "vmladava.s8 r0,q0,q1\n"
        "vldrb.8 q2,[r5],#16\n"
        "vmladava.s8 r2,q0,q2\n"
        "vldrb.8 q1,[r5],#16\n"
        "vmladava.s8 r4,q0,q1\n"
        "vldrb.8 q2,[r5],#16\n"
        "vmladava.s8 r6,q0,q2\n"
        "letp lr,2b\n"
        "vmov q0[2],q0[0],r0,r4\n"
        "vmov q0[3],q0[1],r2,r6\n"
        "vldrw.u32 q1,[r8],#16\n"
        "vmla.s32 q1,q0,r9\n"
        "vldrw.u32 q2,[r8],#16\n"
        "vctp.32 r12\n"
        "vmulh.s32 q1,q1,q2\n"
        "vrshr.s32 q1,q1,#1\n"
        "vadd.i32 q1,q1,r11\n"
        "vmax.s32 q1,q1,q4\n"
        "vmin.s32 q1,q1,q5\n"
        "vpst\n"
        "vstrbt.32 q1,[r7],#4\n"
        "subs r12,#4\n"
        "bgt 1b\n"
        "vpop {d8-d11}\n"
        "pop {r4-r11,pc}\n"
        ".p2align 3\n"
        ".size tinycc_fully_connected_s8_mve_vector,.-tinycc_fully_connected_s8_mve_vector\n"
        ".popsection\n");

void tinycc_fully_connected_s8_mve(const void *params, const void *const *in, void *out, int32_t n,
                                   void *scratch)
{
    const tinycc_conv1x1_s8_params *p = params;
    tinycc_fully_connected_s8_mve_job job = {
        in[0], p->weights, p->bias, out, p->in_channels, p->out_channels,
        (int32_t)1 << (p->fraction + p->shift), p->out_zero, p->low, p->high,
    };
    (void)scratch;
    for (int32_t i = 0; i < n; i++) {
        tinycc_fully_connected_s8_mve_vector(&job);
        job.x += p->in_channels;
        job.y += p->out_channels;
    }
}

#endif
