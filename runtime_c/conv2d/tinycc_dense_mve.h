/* Dot products of many vectors with the tile functions of tinycc_tile_mve.h: a template.
 *
 * Define TINYCC_DENSE_MVE(name) to give the including kernel's functions their prefix,
 * TINYCC_DENSE_MVE_PREFIX as the same in quotes, TINYCC_DENSE_MVE_FINISH as TINYCC_MVE_FINISH or
 * (any number of channels) TINYCC_MVE_FINISH_ODD, and TINYCC_DENSE_MVE_RAGGED where vectors are not
 * rounded up to 16 bytes. Assembly cannot be shared between files that may be linked in any
 * combination, so that each kernel has its own copy. Without the definitions the file declares
 * nothing (generated code includes every header that a kernel includes).
 */
#include "tinycc_tile_mve.h"

#ifdef TINYCC_DENSE_MVE

tinycc_tile_function_mve TINYCC_DENSE_MVE(short);
tinycc_tile_function_mve TINYCC_DENSE_MVE(few);
tinycc_tile_function_mve TINYCC_DENSE_MVE(whole);
TINYCC_MVE_DENSE_SHORT(TINYCC_DENSE_MVE_PREFIX "short", TINYCC_DENSE_MVE_FINISH);
TINYCC_MVE_DENSE_FEW(TINYCC_DENSE_MVE_PREFIX "few", TINYCC_DENSE_MVE_FINISH);
TINYCC_MVE_DENSE_WHOLE(TINYCC_DENSE_MVE_PREFIX "whole", TINYCC_DENSE_MVE_FINISH);
#ifdef TINYCC_DENSE_MVE_RAGGED
tinycc_tile_function_mve TINYCC_DENSE_MVE(ragged);
TINYCC_MVE_DENSE_RAGGED(TINYCC_DENSE_MVE_PREFIX "ragged", TINYCC_DENSE_MVE_FINISH);
#endif

static void TINYCC_DENSE_MVE(tile)(const tinycc_tile_mve *tile, int32_t inputs)
{
    if (inputs <= 16) {
        TINYCC_DENSE_MVE(short)(tile);
#ifdef TINYCC_DENSE_MVE_RAGGED
    } else if ((inputs & 15) != 0) {
        TINYCC_DENSE_MVE(ragged)(tile);
#endif
    } else if (inputs <= 144) {
        TINYCC_DENSE_MVE(few)(tile);
    } else {
        TINYCC_DENSE_MVE(whole)(tile);
    }
}

/* All of a tile that stays the same from call to call. */
static void TINYCC_DENSE_MVE(begin)(const tinycc_dense_mve *d, tinycc_tile_mve *tile)
{
    const int ragged = d->inputs > 16 && (d->inputs & 15) != 0;
    tile->scale = d->scale;
    tile->zero = d->zero;
    tile->rounds = (d->inputs >> 4) - ragged;
    tile->extra = d->inputs <= 16 ? d->inputs : d->inputs & 15;
    tile->x_step = 2 * d->step;
    tile->y_skip = 2 * d->out_channels - ((d->out_channels + 3) & ~3);
    tile->weights = d->weights;
    tile->constants = d->constants;
    tile->end = d->constants + 2 * d->out_channels;
    tinycc_tile_mve_bounds(tile, d->low, d->high, d->out_channels);
}

/* `count` vectors at x, two by two; their outputs at y, which must not overlap. */
static void TINYCC_DENSE_MVE(run)(const tinycc_dense_mve *d, tinycc_tile_mve *tile,
                                  const int8_t *x, int8_t *y, int32_t count)
{
    const int32_t last = count - 1;
    tile->x0 = x;
    tile->x1 = x + d->step;
    tile->pairs = count >> 1;
    tile->y = y;
    if (count > 1) {
        TINYCC_DENSE_MVE(tile)(tile, d->inputs);
    }
    if ((count & 1) != 0) { /* a pair of equals, stored twice */
        tile->x0 = x + last * d->step;
        tile->x1 = tile->x0;
        tile->pairs = 1;
        tile->y = y + last * d->out_channels;
        tinycc_tile_mve_bounds(tile, d->low, d->high, 0);
        TINYCC_DENSE_MVE(tile)(tile, d->inputs);
        tinycc_tile_mve_bounds(tile, d->low, d->high, d->out_channels);
    }
}

#undef TINYCC_DENSE_MVE
#undef TINYCC_DENSE_MVE_PREFIX
#undef TINYCC_DENSE_MVE_FINISH
#undef TINYCC_DENSE_MVE_RAGGED
#endif
