/* Dot products with weights that are stored as int16, for cores with the DSP extension: no widening
 * in the inner loop, for twice the flash. All else is as tinycc_dot_s8_dsp.h says, but packed
 * weights are, per two output channels and quad:
 *   (c0k0, c0k2), (c1k0, c1k2), (c0k1, c0k3), (c1k1, c1k3)     int16, lower half first
 */
#ifndef TINYCC_DOT_S8_W16_DSP_H
#define TINYCC_DOT_S8_W16_DSP_H

#include "tinycc_dot_s8_dsp.h"

/* 4 pixels by 2 channels, and 1 pixel by 4 channels. */
tinycc_dot_s8_dsp tinycc_dot_s8_w16_dsp_4, tinycc_dot_s8_w16_dsp_1;

#endif
