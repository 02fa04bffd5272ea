"""The functions of cpp/core/math.h in C99, operation by operation, so that they give the same bits."""

from __future__ import annotations

# Written for the prefix NAME_. `min` and `max` answer their second argument for NaN and for equal zeros.
FUNCTIONS = {
    "basic": """\
static inline float NAME_min(float a, float b) { return a < b ? a : b; }
static inline float NAME_max(float a, float b) { return a > b ? a : b; }
""",
    "bits": """\
static inline int32_t NAME_as_int(float x) { int32_t i; memcpy(&i, &x, sizeof i); return i; }
static inline float NAME_as_float(int32_t i) { float x; memcpy(&x, &i, sizeof x); return x; }
static inline float NAME_absolute(float x) { return NAME_as_float(NAME_as_int(x) & 0x7fffffff); }
static inline float NAME_power_of_two(int32_t n) { return NAME_as_float((int32_t)((uint32_t)(n + 127) << 23));
}
""",
    "exp": """\
/* exp(r) - 1 for |r| <= ln(2) / 2 */
static inline float NAME_expm1_small(float r) {
  float p = fmaf(0x1.a072c4p-13f, r, 0x1.6d42dap-10f);
  p = fmaf(p, r, 0x1.11114cp-7f);
  p = fmaf(p, r, 0x1.5554eap-5f);
  p = fmaf(p, r, 0x1.555556p-3f);
  p = fmaf(p, r, 0.5f);
  return fmaf(p, r * r, r);
}
/* x - n ln(2), n the integer nearest to x / ln(2), as a 10-bit number */
static inline float NAME_reduce(float x, int32_t *n) {
  const float scaled = x * 0x1.715476p+0f;
  const float shifted = scaled + 0x1.8p23f;
  const float whole = shifted - 0x1.8p23f;
  *n = ((NAME_as_int(shifted) & 0x3ff) ^ 0x200) - 0x200;
  return fmaf(whole, 0x1.05c610p-29f, fmaf(whole, -0x1.62e430p-1f, x));
}
static inline float NAME_exp(float x) {
  int32_t whole;
  const float r = NAME_reduce(NAME_max(-105.0f, NAME_min(90.0f, x)), &whole);
  const int32_t half = whole >> 1;
  const float y = (NAME_expm1_small(r) + 1.0f) * NAME_power_of_two(half);
  return y * NAME_power_of_two(whole - half);
}
""",
    "tanh": """\
static inline float NAME_tanh(float x) {
  const float b = NAME_max(-9.02f, NAME_min(9.02f, x));
  const float z = b * b;
  float p = fmaf(0x1.c9a230p-27f, z, 0x1.59548ap-16f);
  float q = fmaf(0x1.a0b6e8p-21f, z, 0x1.584152p-12f);
  float top;
  p = fmaf(p, z, 0x1.c9f7eep-9f);
  p = fmaf(p, z, 0x1.120436p-3f);
  p = fmaf(p, z, 1.0f);
  q = fmaf(q, z, 0x1.a7def6p-6f);
  q = fmaf(q, z, 0x1.de5764p-2f);
  q = fmaf(q, z, 1.0f);
  top = b * p;
  return NAME_max(-1.0f, NAME_min(1.0f, top / q));
}
""",
    "relu": "static inline float NAME_relu(float x) { return NAME_max(0.0f, x); }\n",
    "sigmoid": """\
static inline float NAME_sigmoid(float x) {
  const float e = NAME_exp(-NAME_absolute(x));
  return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}
""",
    "elu": """\
static inline float NAME_elu(float x) {
  int32_t whole;
  float r, scale, y;
  if (x > 0.0f) return x;
  r = NAME_reduce(NAME_max(-18.0f, NAME_min(88.8f, x)), &whole);
  scale = NAME_power_of_two(whole - 1);
  y = fmaf(scale, NAME_expm1_small(r), scale - 0.5f) * 2.0f;
  return x == 0.0f ? x : y;
}
""",
    "gelu": """\
static inline float NAME_erf(float x) {
  const float b = NAME_max(-3.93f, NAME_min(3.93f, x));
  const float z = b * b;
  float p = fmaf(0x1.1211e6p-19f, z, 0x1.2aa400p-12f);
  float q = fmaf(0x1.3ecd00p-15f, z, 0x1.31728ap-10f);
  float top;
  p = fmaf(p, z, 0x1.ef63b4p-9f);
  p = fmaf(p, z, 0x1.b074aep-5f);
  p = fmaf(p, z, 0x1.86b8aap-3f);
  p = fmaf(p, z, 0x1.20dd74p+0f);
  q = fmaf(q, z, 0x1.eb6e30p-7f);
  q = fmaf(q, z, 0x1.d3fedep-4f);
  q = fmaf(q, z, 0x1.013bb6p-1f);
  q = fmaf(q, z, 1.0f);
  top = b * p;
  return NAME_max(-1.0f, NAME_min(1.0f, top / q));
}
static inline float NAME_gelu(float x) {
  const float half = 0.5f * x;
  const float one = 1.0f + NAME_erf(x * 0x1.6a09e6p-1f);
  return x < -6.0f ? -0.0f : half * one;
}
""",
    "softplus": """\
static inline float NAME_softplus(float x) {
  const float e = NAME_exp(-NAME_absolute(x));
  const float u = 1.0f + e;
  const int32_t shifted = NAME_as_int(u) - 0x3f3504f3;
  const float n = (float)(shifted >> 23);
  const float f = NAME_as_float((shifted & 0x007fffff) + 0x3f3504f3) - 1.0f;
  const float square = f * f, low = n * -0x1.05c610p-29f, lost = (e - (u - 1.0f)) / u;
  float p = fmaf(-0x1.3ea808p-4f, f, 0x1.05b81ap-3f), y;
  p = fmaf(p, f, -0x1.0c94e0p-3f);
  p = fmaf(p, f, 0x1.22bb7ep-3f);
  p = fmaf(p, f, -0x1.548598p-3f);
  p = fmaf(p, f, 0x1.99a238p-3f);
  p = fmaf(p, f, -0x1.00020cp-2f);
  p = fmaf(p, f, 0x1.555550p-2f);
  p = fmaf(p, f, -0x1.fffffep-2f);
  y = fmaf(n, 0x1.62e430p-1f, f + fmaf(square, p, low));
  return NAME_max(0.0f, x) + (y + lost);
}
""",
}

NEEDS = {
    "identity": (),
    "relu": ("basic", "relu"),
    "tanh": ("basic", "tanh"),
    "sigmoid": ("basic", "bits", "exp", "sigmoid"),
    "elu": ("basic", "bits", "exp", "elu"),
    "gelu": ("basic", "gelu"),
    "softplus": ("basic", "bits", "exp", "softplus"),
}
