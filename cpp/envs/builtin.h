// The list of built-in environments. A new one is its header and one line here.
#pragma once

#include "envs/acrobot.h"
#include "envs/cartpole.h"
#include "envs/mountain_car.h"
#include "envs/mountain_car_continuous.h"
#include "envs/pendulum.h"
#include "envs/simple_1d.h"

// Their order is their number inside the library; it appears in no file.
#define EMBER_ENVIRONMENTS(X) \
  X(Simple1D) X(CartPole) X(Pendulum) X(MountainCar) X(MountainCarContinuous) X(Acrobot)
