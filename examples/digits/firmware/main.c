/* Recognises the sample pictures and prints how many were right: what an application does with a
 * generated network, without the camera. */
#include <stdint.h>

#include "console.h"
#include "digits.h"
#include "samples.h"

static uint8_t arena[DIGITS_ARENA_BYTES] DIGITS_ALIGN;

/* A pixel is 0 to 255 and the network was trained on pixel / 255. Its input has the scale 1 / 255
 * and the zero point -128, so quantising is a subtraction. */
static void set_input(int8_t *input, const uint8_t *pixels)
{
    for (int i = 0; i < DIGITS_INPUT_BYTES; i++) {
        input[i] = (int8_t)(pixels[i] - 128);
    }
}

int main(void)
{
    digits_t net = digits_init(arena);
    unsigned right = 0;
    for (int i = 0; i < SAMPLES; i++) {
        set_input(digits_input(&net), sample_x[i]);
        digits_run(&net);
        right += digits_argmax(&net) == sample_y[i];
    }
    print_score(right, SAMPLES, "pictures, accuracy ");
    print_number(right * 1000 / SAMPLES / 10);
    tinycc_port_print(".");
    print_number(right * 1000 / SAMPLES % 10);
    tinycc_port_print(" %\n");
    return right * 100 >= SAMPLES * 95 ? 0 : 1;
}
