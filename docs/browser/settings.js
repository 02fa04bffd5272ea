const TRAININGS = [
 {
  "env": "CartPole-v1",
  "seed": 0,
  "generations": 50,
  "episodes": 1,
  "normalize": true,
  "clip_actions": true,
  "strategy": "ars",
  "optimizer": "",
  "strategy_options": {
   "directions": 8,
   "top": 4,
   "learning_rate": 0.05,
   "sigma": 0.1,
   "sigma_decay": 1.0,
   "learning_rate_decay": 1.0,
   "antithetic": true
  },
  "optimizer_options": {},
  "layers": [
   [
    4,
    2,
    0,
    8,
    0,
    0.05
   ]
  ],
  "threshold": 475.0,
  "command": "ember-ml train CartPole-v1 --seed 0"
 },
 {
  "env": "MountainCar-v0",
  "seed": 0,
  "generations": 585,
  "episodes": 1,
  "normalize": true,
  "clip_actions": true,
  "strategy": "openai_es",
  "optimizer": "adam",
  "strategy_options": {
   "directions": 8,
   "sigma": 0.3,
   "shaping": "centered_rank",
   "antithetic": true,
   "sigma_decay": 0.1,
   "learning_rate_decay": 0.02,
   "weight_decay": 0.0
  },
  "optimizer_options": {
   "learning_rate": 0.15,
   "eps": 1e-08,
   "weight_decay": 0.0,
   "beta1": 0.9,
   "beta2": 0.999
  },
  "layers": [
   [
    2,
    64,
    0,
    128,
    2,
    0.7071067811865475
   ],
   [
    64,
    3,
    192,
    384,
    0,
    0.0125
   ]
  ],
  "threshold": -110.0,
  "command": "ember-ml train MountainCar-v0 --seed 0"
 },
 {
  "env": "Acrobot-v1",
  "seed": 0,
  "generations": 275,
  "episodes": 1,
  "normalize": true,
  "clip_actions": true,
  "strategy": "openai_es",
  "optimizer": "adam",
  "strategy_options": {
   "directions": 24,
   "sigma": 0.5,
   "shaping": "centered_rank",
   "antithetic": true,
   "sigma_decay": 0.2,
   "learning_rate_decay": 0.05,
   "weight_decay": 0.0
  },
  "optimizer_options": {
   "learning_rate": 0.25,
   "eps": 1e-08,
   "weight_decay": 0.0,
   "beta1": 0.9,
   "beta2": 0.99
  },
  "layers": [
   [
    6,
    64,
    0,
    384,
    2,
    0.4082482904638631
   ],
   [
    64,
    3,
    448,
    640,
    0,
    0.0125
   ]
  ],
  "threshold": -100.0,
  "command": "ember-ml train Acrobot-v1 --seed 0"
 }
];
