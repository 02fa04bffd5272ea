// The activations, functions of math.h of one argument, in the order of their numbers: identity is 0, the first of these
// 1. Numbers are in saved files, so a new one goes to the end (docs/design.md says what else it takes).
#pragma once

#define EMBER_ACTIVATIONS(X) X(relu) X(tanh) X(sigmoid) X(elu) X(gelu) X(softplus)
