// What each op means, written plainly, in double: for reading, and for tests to compare with.
#ifndef MORES_OPS_REFERENCE_H_
#define MORES_OPS_REFERENCE_H_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace mores::ops::reference {

using Row = std::vector<double>;
using Rows = std::vector<Row>;

// C[m][n] = sum over k of A[m][k] B[k][n]
inline Rows MatMul(const Rows& a, const Rows& b) {
  Rows c(a.size(), Row(b[0].size(), 0.0));
  for (size_t m = 0; m < a.size(); ++m) {
    for (size_t k = 0; k < b.size(); ++k) {
      for (size_t n = 0; n < b[0].size(); ++n) c[m][n] += a[m][k] * b[k][n];
    }
  }
  return c;
}

// y = x / sqrt(mean(x^2) + epsilon) * w (Zhang and Sennrich 2019)
inline Row RmsNorm(const Row& x, const Row& w, double epsilon) {
  double squares = 0;
  for (const double v : x) squares += v * v;
  const double rstd = 1 / std::sqrt(squares / static_cast<double>(x.size()) + epsilon);
  Row y(x.size());
  for (size_t i = 0; i < x.size(); ++i) y[i] = x[i] * rstd * w[i];
  return y;
}

// silu(gate) * up (Shazeer 2020)
inline Row SwiGlu(const Row& gate, const Row& up) {
  Row h(gate.size());
  for (size_t i = 0; i < h.size(); ++i) h[i] = gate[i] / (1 + std::exp(-gate[i])) * up[i];
  return h;
}

// Halves paired: (x[i], x[i + d/2]) turned by `angles[i]` (Su et al. 2021).
inline Row Rotate(const Row& x, const Row& angles) {
  const size_t half = x.size() / 2;
  Row y(x.size());
  for (size_t i = 0; i < half; ++i) {
    y[i] = x[i] * std::cos(angles[i]) - x[half + i] * std::sin(angles[i]);
    y[half + i] = x[half + i] * std::cos(angles[i]) + x[i] * std::sin(angles[i]);
  }
  return y;
}

inline Row Softmax(const Row& x) {
  const double largest = *std::max_element(x.begin(), x.end());
  Row p(x.size());
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) sum += p[i] = std::exp(x[i] - largest);
  for (double& v : p) v /= sum;
  return p;
}

// -log softmax(x)[target]
inline double CrossEntropy(const Row& x, size_t target) { return -std::log(Softmax(x)[target]); }

// Causal attention of one head; query i sees keys 0 .. first_position + i. [rows][head_dim]
inline Rows Attention(const Rows& query, const Rows& key, const Rows& value,
                      size_t first_position) {
  Rows out;
  const size_t head_dim = query[0].size();
  for (size_t i = 0; i < query.size(); ++i) {
    Row scores;
    for (size_t j = 0; j <= first_position + i; ++j) {
      double dot = 0;
      for (size_t d = 0; d < head_dim; ++d) dot += query[i][d] * key[j][d];
      scores.push_back(dot / std::sqrt(static_cast<double>(head_dim)));
    }
    const Row p = Softmax(scores);
    Row row(head_dim, 0.0);
    for (size_t j = 0; j < p.size(); ++j) {
      for (size_t d = 0; d < head_dim; ++d) row[d] += p[j] * value[j][d];
    }
    out.push_back(row);
  }
  return out;
}

}  // namespace mores::ops::reference

#endif  // MORES_OPS_REFERENCE_H_
