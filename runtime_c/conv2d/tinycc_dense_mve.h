/* Dot products of many vectors with the tile functions of tinycc_tile_mve.h: a template.
 *
 * Define TINYCC_DENSE_MVE(name) to give the including kernel's functions their prefix, and
 * TINYCC_DENSE_MVE_PREFIX as the same in quotes. Assembly cannot be shared between files that may
 * be linked in any combination, so that each kernel has its own copy. Without the definitions the
 * file declares nothing (generated code includes every header that a kernel includes).
 */
#include "tinycc_tile_mve.h"

#ifdef TINYCC_DENSE_MVE

tinycc_tile_function_mve TINYCC_DENSE_MVE(short);
tinycc_tile_function_mve TINYCC_DENSE_MVE(whole);
TINYCC_MVE_DENSE_SHORT(TINYCC_DENSE_MVE_PREFIX "short");
TINYCC_MVE_DENSE_WHOLE(TINYCC_DENSE_MVE_PREFIX "whole");
#ifdef TINYCC_DENSE_MVE_RAGGED
tinycc_tile_function_mve TINYCC_DENSE_MVE(ragged);
TINYCC_MVE_DENSE_RAGGED(TINYCC_DENSE_MVE_PREFIX "ragged");
#endif

static void TINYCC_DENSE_MVE(tile)(tinycc_tile_mve *tile, int32_t inputs)
{
    tile->tail = inputs <= 16 ? inputs : inputs & 15;
    tile->rounds = inputs >> 4;
    if (inputs <= 16) {
        TINYCC_DENSE_MVE(short)(tile);
#ifdef TINYCC_DENSE_MVE_RAGGED
    } else if (tile->tail != 0) {
        tile->rounds--;
        TINYCC_DENSE_MVE(ragged)(tile);
#endif
    } else {
        TINYCC_DENSE_MVE(whole)(tile);
    }
}

/* The last 1 to 3 channels of two vectors: through a buffer, as a tile stores four. */
static void TINYCC_DENSE_MVE(rest)(const tinycc_dense_mve *d, tinycc_tile_mve *tile,
                                   int32_t distance, int8_t *y)
{
    const int32_t first = d->out_channels & ~3;
    int8_t results[8];
    tile->pairs = 1;
    tile->y = results;
    TINYCC_DENSE_MVE(tile)(tile, d->inputs);
    for (int32_t channel = first; channel < d->out_channels; channel++) {
        y[channel] = results[channel - first];
        y[channel + distance] = results[channel - first + 4];
    }
    tile->x0 += tile->x_step;
    tile->x1 += tile->x_step;
}

/* Pairs of vectors from x and y on; a pair that is a single vector has distance 0. */
static void TINYCC_DENSE_MVE(pairs)(const tinycc_dense_mve *d, const int8_t *x, int8_t *y,
                                    int32_t pairs, int32_t distance)
{
    const int32_t whole = d->out_channels & ~3;
    tinycc_tile_mve tile;
    tile.scale = d->scale;
    tile.zero = d->zero;
    tile.x0 = x;
    tile.x1 = distance != 0 ? x + d->step : x;
    tile.x_step = 2 * d->step;
    tile.y_skip = 2 * d->out_channels - whole;
    tile.weights = d->weights;
    tile.constants = d->constants;
    tile.end = d->constants + 2 * whole;
    tile.pairs = pairs;
    tile.y = y;
    if (whole != 0) {
        tinycc_tile_mve_bounds(&tile, d->low, d->high, distance);
        TINYCC_DENSE_MVE(tile)(&tile, d->inputs);
    }
    if (whole == d->out_channels) {
        return;
    }
    tile.weights += whole * ((d->inputs + 15) & ~15);
    tile.constants = tile.end;
    tile.end += 8;
    tinycc_tile_mve_bounds(&tile, d->low, d->high, 4);
    for (int32_t pair = 0; pair < pairs; pair++) {
        TINYCC_DENSE_MVE(rest)(d, &tile, distance, y + 2 * pair * d->out_channels);
    }
}

/* n vectors. */
static void TINYCC_DENSE_MVE(run)(const tinycc_dense_mve *d, const int8_t *x, int8_t *y, int32_t n)
{
    const int32_t last = n - 1;
    if (n > 1) {
        TINYCC_DENSE_MVE(pairs)(d, x, y, n >> 1, d->out_channels);
    }
    if (n & 1) {
        TINYCC_DENSE_MVE(pairs)(d, x + last * d->step, y + last * d->out_channels, 1, 0);
    }
}

#undef TINYCC_DENSE_MVE
#undef TINYCC_DENSE_MVE_PREFIX
#undef TINYCC_DENSE_MVE_RAGGED
#endif
