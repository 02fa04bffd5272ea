// What somebody writes by hand for these three tasks alone and for nothing else: fixed sizes, fast-math, a cheap
// hash instead of a generator, no contract on the order of sums; AVX-512 where the machine has it, else AVX2.
// The bound to look at, not a library. Built by questions/expert.py:
// c++ -O3 -march=native -ffast-math -shared -fPIC -pthread
#include <immintrin.h>

#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

namespace {

#ifdef __AVX512F__
constexpr int width = 16, partial = 4;  // partial sums of an output: as many as the registers hold
#else
constexpr int width = 8, partial = 2;
#endif
typedef float Lanes __attribute__((vector_size(4 * width)));
typedef float Loose __attribute__((vector_size(4 * width), aligned(4)));
typedef std::uint32_t Words __attribute__((vector_size(4 * width)));
typedef std::int32_t Ints __attribute__((vector_size(4 * width)));

inline Lanes all(float x) { return Lanes{} + x; }
inline Words words(std::uint32_t x) { return Words{} + x; }
inline Lanes load(const float* p) { return *reinterpret_cast<const Loose*>(p); }
inline void store(float* p, Lanes x) { *reinterpret_cast<Loose*>(p) = x; }
inline Lanes larger(Lanes a, Lanes b) { return a > b ? a : b; }
inline Lanes smaller(Lanes a, Lanes b) { return a < b ? a : b; }
inline float total(Lanes x) {
  float sum = 0.0f;
  for (int i = 0; i < width; ++i) sum += x[i];
  return sum;
}

// Horner's rule, highest coefficient first.
inline Lanes poly(Lanes, Lanes sum) { return sum; }
template <class... Rest>
inline Lanes poly(Lanes x, Lanes sum, float next, Rest... rest) {
  return poly(x, sum * x + next, rest...);
}

// Continued fraction of tanh, degree 7 over 6, on a clamped argument.
inline Lanes tanh_of(Lanes x) {
  x = larger(all(-4.97f), smaller(all(4.97f), x));
  const Lanes z = x * x;
  return x * poly(z, all(1.0f), 378.0f, 17325.0f, 135135.0f) /
         poly(z, all(28.0f), 3150.0f, 62370.0f, 135135.0f);
}

inline Lanes inverse_root(Lanes x) {
#ifdef __AVX512F__
  return _mm512_rsqrt14_ps(x);
#else
  return _mm256_rsqrt_ps(x);
#endif
}

inline std::uint32_t mix(std::uint32_t x) {
  x = (x ^ x >> 16) * 0x21F0AAADu;
  x = (x ^ x >> 15) * 0xD35A2D97u;
  return x ^ x >> 15;
}
inline Words mix(Words x) {
  x = (x ^ x >> 16) * 0x21F0AAADu;
  x = (x ^ x >> 15) * 0xD35A2D97u;
  return x ^ x >> 15;
}

// Two normals of each word by Box and Muller: 16 bits are the radius, 14 the angle in a quarter turn, 2 signs.
inline void normals(Words word, Lanes* one, Lanes* other) {
  const Lanes u = __builtin_convertvector((Ints)(word >> 16), Lanes) + 0.5f;
  const Lanes exponent = __builtin_convertvector((Ints)((Words)u >> 23), Lanes) - 127.0f;
  const Lanes m = (Lanes)(((Words)u & 0x7FFFFFu) | 0x3F800000u) - 1.0f;
  // ln(1 + m) on [0, 1), Abramowitz and Stegun 4.1.43.
  const Lanes log = m * poly(m, all(0.03215845f), -0.13606275f, 0.28947478f, -0.49190896f, 0.99949556f);
  const Lanes square = larger(all(1e-9f), (16.0f - exponent) * 1.3862944f - 2.0f * log);
  const Lanes radius = square * inverse_root(square) * 0.70710678f;
  const Lanes angle =
      (__builtin_convertvector((Ints)(word & 0x3FFFu), Lanes) - 8191.5f) * (1.57079633f / 16384.0f);
  const Lanes q = angle * angle;
  const Lanes cosine = poly(q, all(1.0f / 24), -0.5f, 1.0f);
  const Lanes sine = angle * poly(q, all(1.0f / 120), -1.0f / 6, 1.0f);
  *one = (Lanes)((Words)(radius * (cosine - sine)) ^ (word << 16 & 0x80000000u));
  *other = (Lanes)((Words)(radius * (cosine + sine)) ^ (word << 17 & 0x80000000u));
}

inline Words counter(std::uint32_t from) {
  Words x;
  for (std::uint32_t i = 0; i < width; ++i) x[i] = from + i;
  return x;
}
inline void fill(std::uint32_t key, int count, float* to) {  // count: a multiple of 32
  for (int i = 0; i < count; i += 2 * width) {
    Lanes a, b;
    normals(mix(counter(static_cast<std::uint32_t>(i / 2)) ^ key), &a, &b);
    store(to + i, a);
    store(to + i + width, b);
  }
}

template <class Work>
void spread(int threads, Work work) {
  std::vector<std::thread> others;
  for (int t = 1; t < threads; ++t) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
}

// Sums stay in registers while one direction after another is drawn.
constexpr int block = 8 * width;
void sum_block(std::uint32_t seed, int count, const float* weights, std::uint32_t number, float* to) {
  Lanes sums[block / width] = {};
  for (int i = 0; i < count; ++i) {
    const std::uint32_t key = mix(seed + static_cast<std::uint32_t>(i) * 7919u + number * 104729u);
#pragma GCC unroll 8
    for (int j = 0; j < block / width / 2; ++j) {
      Lanes a, b;
      normals(mix(counter(static_cast<std::uint32_t>(width * j)) ^ key), &a, &b);
      sums[2 * j] += weights[i] * a;
      sums[2 * j + 1] += weights[i] * b;
    }
  }
  for (int j = 0; j < block / width; ++j) store(to + width * j, sums[j]);
}

// y = x W + b for 64 outputs, four vectors of them a pass.
template <int inputs>
inline void layer(const float* w, const float* b, const float* x, float* y) {
  constexpr int vectors = 4;
#pragma GCC unroll 2
  for (int first = 0; first < 64; first += vectors * width) {
    Lanes part[partial][vectors] = {};
    for (int o = 0; o < vectors; ++o) part[0][o] = load(b + first + width * o);
#pragma GCC unroll 16
    for (int i = 0; i < inputs; ++i) {
#pragma GCC unroll 4
      for (int o = 0; o < vectors; ++o) part[i % partial][o] += load(w + i * 64 + first + width * o) * x[i];
    }
    for (int o = 0; o < vectors; ++o) {
      Lanes sum = part[0][o];
      for (int k = 1; k < partial; ++k) sum += part[k][o];
      store(y + first + width * o, tanh_of(sum));
    }
  }
}

struct alignas(64) CartPole {
  float layers[4480], difference[64], bias;  // W1, b1, W2, b2; the two outputs' difference is all that counts
  void make(const float* mean, const float* noise, float sigma) {
    const auto at = [&](int i) { return mean[i] + sigma * noise[i]; };
    for (int i = 0; i < 4480; ++i) layers[i] = at(i);
    for (int i = 0; i < 64; ++i) difference[i] = at(4481 + 2 * i) - at(4480 + 2 * i);
    bias = at(4609) - at(4608);
  }
  float preference(const float* state) const {
    alignas(64) float one[64], two[64];
    layer<4>(layers, layers + 256, state, one);
    layer<64>(layers + 320, layers + 4416, one, two);
    Lanes sum[2] = {};
    for (int o = 0; o < 64 / width; ++o) sum[o % 2] += load(two + width * o) * load(difference + width * o);
    return total(sum[0] + sum[1]) + bias;
  }
};

int balance(const CartPole& policy, const float* start, int limit) {
  alignas(64) float s[4];
  std::memcpy(s, start, sizeof s);
  for (int step = 1; step <= limit; ++step) {
    const float force = policy.preference(s) > 0.0f ? 10.0f : -10.0f, q = s[2] * s[2];
    // The pole stands within 0.21 rad.
    const float sine = s[2] * (1.0f + q * (-1.0f / 6 + q * (1.0f / 120 - q / 5040.0f)));
    const float cosine = 1.0f + q * (-0.5f + q * (1.0f / 24 + q * (-1.0f / 720)));
    const float push = (force + 0.05f * s[3] * s[3] * sine) * (1.0f / 1.1f);
    const float turn = (9.8f * sine - cosine * push) / (0.5f * (4.0f / 3.0f - 0.1f / 1.1f * cosine * cosine));
    const float pull = push - 0.05f / 1.1f * turn * cosine;
    s[0] += 0.02f * s[1];
    s[1] += 0.02f * pull;
    s[2] += 0.02f * s[3];
    s[3] += 0.02f * turn;
    if (std::fabs(s[0]) > 2.4f || std::fabs(s[2]) > 0.20943951f) return step;
  }
  return limit;
}

struct alignas(64) Wide {
  float layers[5312], w3[64 * 8], b3[8];  // W1, b1, W2, b2, and six outputs in rows of eight
  void make(const float* mean, const float* noise, float sigma) {
    const auto at = [&](int i) { return mean[i] + sigma * noise[i]; };
    for (int i = 0; i < 5312; ++i) layers[i] = at(i);
    std::memset(w3, 0, sizeof w3);
    std::memset(b3, 0, sizeof b3);
    for (int i = 0; i < 64; ++i) {
      for (int j = 0; j < 6; ++j) w3[8 * i + j] = at(5312 + 6 * i + j);
    }
    for (int j = 0; j < 6; ++j) b3[j] = at(5696 + j);
  }
};

// linear_task.c under an MLP 17-64-64-6; matrix is (6, 32), padded.
float linear_return(const Wide& policy, const float* matrix, const float* start, int steps) {
  typedef float Eight __attribute__((vector_size(32)));
  alignas(64) float s[32] = {}, one[64], two[64], action[width] = {};
  std::memcpy(s, start, 17 * sizeof(float));
  float reward = 0.0f;
  for (int step = 0; step < steps; ++step) {
    layer<17>(policy.layers, policy.layers + 1088, s, one);
    layer<64>(policy.layers + 1152, policy.layers + 5248, one, two);
    Eight part[8] = {};
#pragma GCC unroll 8
    for (int i = 0; i < 64; ++i) part[i % 8] += *reinterpret_cast<const Eight*>(policy.w3 + 8 * i) * two[i];
    const Eight sum = *reinterpret_cast<const Eight*>(policy.b3) +
                      ((part[0] + part[1]) + (part[2] + part[3])) +
                      ((part[4] + part[5]) + (part[6] + part[7]));
    std::memcpy(action, &sum, sizeof sum);
    store(action, tanh_of(load(action)));
    for (int first = 0; first < 32; first += width) {
      Lanes next = 0.99f * load(s + first), more = {};
      for (int j = 0; j < 6; j += 2) {
        next += load(matrix + 32 * j + first) * action[j];
        more += load(matrix + 32 * (j + 1) + first) * action[j + 1];
      }
      store(s + first, larger(all(-5.0f), smaller(all(5.0f), next + more)));
    }
    reward += s[0];
  }
  return reward;
}

// An antithetic generation: play(policy, pair) for both signs; noise is kept for the update.
template <class Policy, int room, class Play>
void generation(const float* mean, std::uint32_t seed, int pairs, float sigma, float* noise, float* returns,
                int threads, Play play) {
  std::atomic<int> next{0};
  spread(threads, [&] {
    Policy policy;
    for (int pair; (pair = next.fetch_add(1)) < pairs;) {
      float* own = noise + static_cast<std::size_t>(pair) * room;
      fill(mix(seed + static_cast<std::uint32_t>(pair) * 7919u), room, own);
      for (int sign = 0; sign < 2; ++sign) {
        policy.make(mean, own, sign ? -sigma : sigma);
        returns[sign * pairs + pair] = play(policy, pair);
      }
    }
  });
}

}  // namespace

extern "C" {

void noise_sum(std::uint32_t seed, int count, int size, const float* weights, float* to, int threads) {
  std::atomic<int> next{0};
  spread(threads, [&] {
    for (int b; (b = next.fetch_add(8)) * block < size;) {
      for (int n = b; n < b + 8 && n * block < size; ++n) {
        float last[block];
        const int left = size - n * block;
        sum_block(seed, count, weights, static_cast<std::uint32_t>(n), left < block ? last : to + n * block);
        if (left < block) std::memcpy(to + n * block, last, sizeof(float) * static_cast<std::size_t>(left));
      }
    }
  });
}

// returns (2 pairs,), update (4610,); noise: room for (pairs, 4640).
void cartpole(const float* mean, std::uint32_t seed, int pairs, float sigma, float* noise, float* returns,
              float* update, int threads) {
  constexpr int size = 4610, room = 4640;
  generation<CartPole, room>(
      mean, seed, pairs, sigma, noise, returns, threads, [&](const CartPole& policy, int pair) {
        float start[4];
        for (int i = 0; i < 4; ++i)
          start[i] =
              static_cast<float>(mix(mix(seed + 77u) + static_cast<std::uint32_t>(4 * pair + i)) >> 8) *
                  (0.1f / 16777216.0f) -
              0.05f;
        return static_cast<float>(balance(policy, start, 500));
      });
  std::atomic<int> next{0};
  spread(threads, [&] {
    for (int from; (from = next.fetch_add(512)) < size;) {
      const int to = from + 512 < size ? from + 512 : size;
      for (int i = from; i < to; ++i) update[i] = 0.0f;
      for (int pair = 0; pair < pairs; ++pair) {
        const float weight = returns[pair] - returns[pairs + pair];
        const float* own = noise + static_cast<std::size_t>(pair) * room;
        for (int i = from; i < to; ++i) update[i] += weight * own[i];
      }
    }
  });
}

// returns (2 pairs,); matrix (6, 17); noise: room for (pairs, 5728).
void linear(const float* mean, std::uint32_t seed, int pairs, float sigma, float* noise, const float* matrix,
            const float* start, int steps, float* returns, int threads) {
  alignas(64) float padded[6 * 32] = {};
  for (int j = 0; j < 6; ++j) std::memcpy(padded + 32 * j, matrix + 17 * j, 17 * sizeof(float));
  generation<Wide, 5728>(mean, seed, pairs, sigma, noise, returns, threads, [&](const Wide& policy, int) {
    return linear_return(policy, padded, start, steps);
  });
}

}  // extern "C"
