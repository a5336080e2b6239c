#include "tinycc_dw_s8_dsp.h"

#if defined(__ARM_FEATURE_DSP)

/* Pairs are made down the columns of the window, not along its rows: nothing is left over at the end
 * of a row, however short it is. A column of the three rows is, for four channels c0 to c3, six
 * words of pairs (low, high half):
 *
 *     c0 rows 0, 1 | c1 rows 0, 1 | row 2 of c0, c2 | row 2 of c1, c3 | c2 rows 0, 1 | c3 rows 0, 1
 *
 * Each column is loaded once and added to the three sums that it belongs to, which take turns. */
enum { TINYCC_DW_COLUMN = 6 };

/* A row of outputs. The order is that of the assembly. */
typedef struct {
    int32_t unused, constant; /* 2 * out_zero + 1 */
    int32_t end;              /* unused */
    const int32_t *packed;    /* channel after channel */
    int32_t column;           /* unused */
    uintptr_t y;              /* first output, less `section` pixels */
    int32_t bytes;            /* from there to the end of the row */
    int32_t section;          /* outputs that are missing to a multiple of three */
    int32_t channels;         /* unused */
    int32_t *to;              /* the first column that is not padding */
    const int8_t *rows[3];
    int32_t steps[3]; /* from one pixel to the next, 0 in padding */
    int32_t *to_end;
    int32_t back[3]; /* from behind the last pixel to the first one's next four channels */
    int32_t fours;   /* of channels */
    int32_t pixel_bytes;
    const int32_t *columns; /* the first one */
} tinycc_dw_columns_s8_dsp_row;

/* Assembly: at least one column, output and four channels. */
void tinycc_dw_columns_s8_dsp(const tinycc_dw_columns_s8_dsp_row *row);

/* Sums r0-r2; r3 bias; weights r4-r6 (rows 0 and 1 of a column each), r7 (row 2 of the first two), r8
 * (row 2 of the third); r9, r10 a column; r11 next column; r12 bytes of a pixel; lr output. */
__asm__(
    "    .syntax unified\n"
    "    .thumb\n"
    "    .set tinycc_dwc_multiplier, 0\n"
    "    .set tinycc_dwc_constant, 4\n"
    "    .set tinycc_dwc_end, 8\n"
    "    .set tinycc_dwc_packed, 12\n"
    "    .set tinycc_dwc_column, 16\n"
    "    .set tinycc_dwc_y, 20\n"
    "    .set tinycc_dwc_bytes, 24\n"
    "    .set tinycc_dwc_section, 28\n"
    "    .set tinycc_dwc_channels, 32\n"
    "    .set tinycc_dwc_to, 36\n"
    "    .set tinycc_dwc_rows, 40\n"
    "    .set tinycc_dwc_steps, 52\n"
    "    .set tinycc_dwc_to_end, 64\n"
    "    .set tinycc_dwc_back, 68\n"
    "    .set tinycc_dwc_fours, 80\n"
    "    .set tinycc_dwc_pixel_bytes, 84\n"
    "    .set tinycc_dwc_columns, 88\n"

    /* The next column; row 2 is in the low (b) or high (t) half of the word `row_2` bytes on. */
    "    .macro tinycc_dwc_load row_2\n"
    "    ldr    r10, [r11, #\\row_2]\n"
    "    ldr    r9, [r11], #24\n"
    "    .endm\n"

    /* Two columns without a whole output: the sums for the first two outputs. */
    "    .macro tinycc_dwc_begin half, row_2, second, first\n"
    "    tinycc_dwc_load \\row_2\n"
    "    smlad  \\first, r9, r4, r3\n"
    "    smla\\half\\()b \\first, r10, r7, \\first\n"
    "    tinycc_dwc_load \\row_2\n"
    "    smlad  \\second, r9, r4, r3\n"
    "    smlad  \\first, r9, r5, \\first\n"
    "    smla\\half\\()b \\second, r10, r7, \\second\n"
    "    smla\\half\\()t \\first, r10, r7, \\first\n"
    "    .endm\n"

    /* A column that begins one sum and ends another one, which becomes an output. */
    "    .macro tinycc_dwc_output half, row_2, new, next, done, place:vararg\n"
    "    tinycc_dwc_load \\row_2\n"
    "    smlad  \\new, r9, r4, r3\n"
    "    smlad  \\next, r9, r5, \\next\n"
    "    smlad  \\done, r9, r6, \\done\n"
    "    smla\\half\\()b \\new, r10, r7, \\new\n"
    "    smla\\half\\()t \\next, r10, r7, \\next\n"
    "    smla\\half\\()b \\done, r10, r8, \\done\n"
    "    ldrd   r9, r10, [sp, #tinycc_dwc_multiplier]\n"
    "    smmla  \\done, \\done, r9, r10\n"
    "    ssat   \\done, #8, \\done, asr #1\n"
    "    strb   \\done, [\\place]\n"
    "    .endm\n"

    /* Two channels. */
    "    .macro tinycc_dwc_half half, row_2\n"
    "    movs   r0, #2\n"
    "    str    r0, [sp, #tinycc_dwc_channels]\n"
    "1:  ldr    r10, [sp, #tinycc_dwc_packed]\n"
    "    ldmia  r10!, {r3-r9}\n"
    "    str    r10, [sp, #tinycc_dwc_packed]\n"
    "    str    r9, [sp, #tinycc_dwc_multiplier]\n"
    "    ldrd   r11, lr, [sp, #tinycc_dwc_column]\n"
    "    ldrd   r9, r10, [sp, #tinycc_dwc_bytes]\n"
    "    add    r9, r9, lr\n"
    "    str    r9, [sp, #tinycc_dwc_end]\n"
    "    cmp    r10, #1\n"
    "    add    r9, r11, #4\n"
    "    add    r10, lr, #1\n"
    "    strd   r9, r10, [sp, #tinycc_dwc_column]\n"
    "    beq    3f\n"
    "    bhi    4f\n"
    "    tinycc_dwc_begin \\half, \\row_2, r2, r1\n"
    "2:  tinycc_dwc_output \\half, \\row_2, r0, r2, r1, lr\n"
    "    b      5f\n"
    "3:  tinycc_dwc_begin \\half, \\row_2, r0, r2\n"
    "5:  tinycc_dwc_output \\half, \\row_2, r1, r0, r2, lr, r12\n"
    "    b      6f\n"
    "4:  tinycc_dwc_begin \\half, \\row_2, r1, r0\n"
    "6:  tinycc_dwc_output \\half, \\row_2, r2, r1, r0, lr, r12, lsl #1\n"
    "    ldr    r9, [sp, #tinycc_dwc_end]\n"
    "    add    lr, lr, r12, lsl #1\n"
    "    add    lr, lr, r12\n"
    "    cmp    lr, r9\n"
    "    bne    2b\n"
    "    ldr    r0, [sp, #tinycc_dwc_channels]\n"
    "    subs   r0, r0, #1\n"
    "    str    r0, [sp, #tinycc_dwc_channels]\n"
    "    bne    1b\n"
    "    .endm\n"

    "    .pushsection .text.tinycc_dw_columns_s8_dsp, \"ax\", %progbits\n"
    "    .balign 4\n"
    "    .global tinycc_dw_columns_s8_dsp\n"
    "    .type  tinycc_dw_columns_s8_dsp, %function\n"
    "    .thumb_func\n"
    "tinycc_dw_columns_s8_dsp:\n"
    "    push   {r4-r11, lr}\n"
    "    sub    sp, sp, #92\n"
    "    mov    lr, sp\n"
    "    ldmia  r0!, {r1-r12}\n"
    "    stmia  lr!, {r1-r12}\n"
    "    ldmia  r0, {r1-r11}\n"
    "    stmia  lr, {r1-r11}\n"
    /* Four channels of all pixels to columns. */
    "9:  add    lr, sp, #tinycc_dwc_to\n"
    "    ldmia  lr, {r0-r4, r12, lr}\n"
    "8:  ldr    r11, [r1]\n"
    "    ldr    r10, [r2]\n"
    "    ldr    r8, [r3]\n"
    "    add    r1, r1, r4\n"
    "    add    r2, r2, r12\n"
    "    add    r3, r3, lr\n"
    "    sxtb16 r6, r11\n"
    "    sxtb16 r9, r10\n"
    "    sxtb16 r7, r8\n"
    "    sxtb16 r11, r11, ror #8\n"
    "    sxtb16 r10, r10, ror #8\n"
    "    sxtb16 r8, r8, ror #8\n"
    "    pkhbt  r5, r6, r9, lsl #16\n"
    "    pkhtb  r9, r9, r6, asr #16\n"
    "    pkhbt  r6, r11, r10, lsl #16\n"
    "    pkhtb  r10, r10, r11, asr #16\n"
    "    stmia  r0!, {r5-r10}\n"
    "    ldr    r11, [sp, #tinycc_dwc_to_end]\n"
    "    cmp    r0, r11\n"
    "    bne    8b\n"
    "    add    lr, sp, #tinycc_dwc_back\n"
    "    ldmia  lr, {r4-r6, r7, r12}\n"
    "    ldr    r8, [sp, #tinycc_dwc_columns]\n"
    "    add    r1, r1, r4\n"
    "    add    r2, r2, r5\n"
    "    add    r3, r3, r6\n"
    "    add    lr, sp, #tinycc_dwc_rows\n"
    "    stmia  lr, {r1-r3}\n"
    "    str    r8, [sp, #tinycc_dwc_column]\n"
    "    tinycc_dwc_half b, 8\n"
    "    ldr    r8, [sp, #tinycc_dwc_column]\n"
    "    add    r8, r8, #8\n"
    "    str    r8, [sp, #tinycc_dwc_column]\n"
    "    tinycc_dwc_half t, -8\n"
    "    ldr    r0, [sp, #tinycc_dwc_fours]\n"
    "    subs   r0, r0, #1\n"
    "    str    r0, [sp, #tinycc_dwc_fours]\n"
    "    bne    9b\n"
    "    add    sp, sp, #92\n"
    "    pop    {r4-r11, pc}\n"
    "    .size  tinycc_dw_columns_s8_dsp, . - tinycc_dw_columns_s8_dsp\n"
    "    .popsection\n");

void tinycc_dwconv3x3_columns_s8_dsp(const void *params, const void *const *in, void *out,
                                     int32_t n, void *scratch)
{
    const tinycc_dwconv2d_s8_dsp_params *p = params;
    const uint32_t low = (uint32_t)p->in_zero & 0xFFFFu, pad = low << 16 | low;
    const uint32_t zeros = (uint32_t)(p->in_zero & 255) * 0x01010101u;
    const int32_t section = (3 - p->out_width % 3) % 3, channels = p->in_channels;
    int32_t *const columns = scratch;
    int32_t *const first = columns + TINYCC_DW_COLUMN * p->pad_left;
    int32_t *const behind = first + TINYCC_DW_COLUMN * p->in_width;
    int32_t *const end = columns + TINYCC_DW_COLUMN * (p->out_width + 2);
    tinycc_dw_columns_s8_dsp_row row;
    (void)n; /* one row: the caller moves the window */
    for (int32_t *to = columns; to < first; to++) {
        *to = (int32_t)pad;
    }
    for (int32_t *to = behind; to < end; to++) {
        *to = (int32_t)pad;
    }
    row.constant = 2 * p->out_zero + 1;
    row.packed = p->packed;
    row.pixel_bytes = channels;
    row.y = (uintptr_t)out - (uintptr_t)(section * channels);
    row.bytes = (p->out_width + section) * channels;
    row.section = section;
    row.to = first;
    row.to_end = behind;
    row.columns = columns;
    for (int32_t i = 0; i < 3; i++) {
        const int8_t *const from = in[i];
        row.rows[i] = from == NULL ? (const int8_t *)&zeros : from;
        row.steps[i] = from == NULL ? 0 : channels;
        row.back[i] = from == NULL ? 0 : 4 - p->in_width * channels;
    }
    row.fours = channels / 4;
    tinycc_dw_columns_s8_dsp(&row);
    if (channels % 4) { /* the last four channels, some of them once more */
        const int32_t last = channels - 4;
        row.packed = p->packed + last * p->words;
        row.y += (uintptr_t)last;
        for (int32_t i = 0; i < 3; i++) {
            row.rows[i] += row.steps[i] ? last : 0;
        }
        row.fours = 1;
        tinycc_dw_columns_s8_dsp(&row);
    }
    tinycc_clamp_s8_dsp(out, p->out_width * channels, p->low, p->high);
}

#endif
