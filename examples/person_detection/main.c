/* Person detection without a frame buffer: the camera's line interrupt hands over one line of pixels,
 * the network takes it, and after the last line of a picture it says whether there is a person. The
 * picture of 27,648 bytes is never in memory. */
#include <stdint.h>

#include "console.h"
#include "samples.h"
#include "vww.h"

static uint8_t arena[VWW_ARENA_BYTES] VWW_ALIGN;

/* A line as the network takes it: its input has the scale 1 / 255 and the zero point -128. */
static void quantise(const uint8_t *pixels, int8_t *line)
{
    for (int i = 0; i < VWW_INPUT_ROW_BYTES; i++) {
        line[i] = (int8_t)(pixels[i] - 128);
    }
}

int main(void)
{
    static int8_t line[VWW_INPUT_ROW_BYTES];
    vww_t net = vww_init(arena);
    unsigned right = 0;
    for (int i = 0; i < SAMPLES; i++) {
        vww_begin(&net);
        for (int y = 0; y < VWW_INPUT_ROWS; y++) {
            quantise(sample_x[i] + y * VWW_INPUT_ROW_BYTES, line); /* here: the camera's interrupt */
            vww_push_row(&net, line);
        }
        right += vww_argmax(&net) == sample_y[i];
    }
    print_score(right, SAMPLES, "pictures, with ");
    print_number(VWW_ARENA_BYTES);
    tinycc_port_print(" bytes of arena for pictures of ");
    print_number(VWW_INPUT_BYTES);
    tinycc_port_print("\n");
    return right * 100 >= SAMPLES * 80 ? 0 : 1;
}
