/* Keyword spotting while the sound is still coming: every 20 ms the audio front end has another frame
 * of ten coefficients, and the network takes it at once. No recording is held: the arena has room for
 * the few rows that are still needed, and after the last frame the word is known. */
#include <stdint.h>

#include "console.h"
#include "kws.h"
#include "samples.h"

static uint8_t arena[KWS_ARENA_BYTES] KWS_ALIGN;
static kws_t net;

/* What the audio front end calls for every frame. The class of the word after the last one, -1 before. */
static int on_frame(const int8_t *coefficients)
{
    if (kws_push_row(&net, coefficients) != KWS_DONE) {
        return -1;
    }
    const int word = kws_argmax(&net);
    kws_begin(&net); /* the next frame is the first of another word */
    return word;
}

int main(void)
{
    unsigned right = 0;
    net = kws_init(arena);
    for (int i = 0; i < SAMPLES; i++) {
        int word = -1;
        for (int frame = 0; frame < KWS_INPUT_ROWS; frame++) {
            word = on_frame(sample_x[i] + frame * KWS_INPUT_ROW_BYTES);
        }
        right += word == sample_y[i];
    }
    print_score(right, SAMPLES, "words, with ");
    print_number(KWS_ARENA_BYTES);
    tinycc_port_print(" bytes of arena\n");
    return right * 100 >= SAMPLES * 85 ? 0 : 1;
}
