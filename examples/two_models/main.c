/* A doorbell: it looks whether somebody stands there, and only then listens for a word. Two networks,
 * one arena: they do not run at the same time, so both use the same memory. */
#include <stdint.h>

#include "both.h"
#include "console.h"
#include "pictures.h"
#include "words.h"

enum { PERSON = 1 };

static uint8_t arena[BOTH_ARENA_BYTES] BOTH_ALIGN;
static int8_t picture[VWW_INPUT_BYTES];

int main(void)
{
    vww_t eye = vww_init(arena);
    kws_t ear = kws_init(arena);
    unsigned seen = 0, heard = 0, listened = 0;
    for (int i = 0; i < PICTURES; i++) {
        for (int k = 0; k < VWW_INPUT_BYTES; k++) {
            picture[k] = (int8_t)(picture_x[i][k] - 128);
        }
        vww_run(&eye, picture);
        const int person = vww_argmax(&eye) == PERSON;
        seen += person == (picture_y[i] == PERSON);
        if (person) {
            const int word = (int)(listened++ % WORDS);
            kws_run(&ear, word_x[word]);
            heard += kws_argmax(&ear) == word_y[word];
        }
    }
    print_score(seen, PICTURES, "pictures; ");
    print_score(heard, listened, "words; one arena of ");
    print_number(BOTH_ARENA_BYTES);
    tinycc_port_print(" bytes\n");
    return seen * 100 >= PICTURES * 80 && heard * 100 >= listened * 80 ? 0 : 1;
}
