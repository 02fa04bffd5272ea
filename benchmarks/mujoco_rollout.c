/* The physics of recorded episodes and nothing else: what any closed loop has to do at least. */
#include <string.h>

typedef void (*call)(const void* model, void* data);

struct library {
  call step, forward, reset, rne;
};

struct simulation {
  const void* model;
  void* data;
  double *qpos, *qvel, *ctrl;
  int nq, nv, nu, skip;
};

struct episode {
  const double *qpos, *qvel; /* where it starts */
  const float* actions;      /* (steps, nu) */
  int steps;
};

void play(const struct library* library, const struct simulation* s, const struct episode* e, int episodes) {
  for (int n = 0; n < episodes; ++n) {
    library->reset(s->model, s->data);
    memcpy(s->qpos, e[n].qpos, sizeof(double) * s->nq);
    memcpy(s->qvel, e[n].qvel, sizeof(double) * s->nv);
    library->forward(s->model, s->data);
    for (int t = 0; t < e[n].steps; ++t) {
      for (int i = 0; i < s->nu; ++i) s->ctrl[i] = e[n].actions[t * s->nu + i];
      for (int k = 0; k < s->skip; ++k) library->step(s->model, s->data);
      library->rne(s->model, s->data);
    }
  }
}
