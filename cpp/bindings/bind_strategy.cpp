#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>

#include "bindings/bindings.h"
#include "update/shaping.h"
#include "update/strategy.h"

namespace py = pybind11;

namespace ember::bindings {
namespace {

using FloatArray = py::array_t<float, py::array::c_style | py::array::forcecast>;
using DoubleArray = py::array_t<double, py::array::c_style | py::array::forcecast>;

// Numbers and bools become float64, strings stay; None is left out.
Options to_options(const py::dict& values) {
  std::map<std::string, Options::Value> options;
  for (const auto& item : values) {
    const std::string name = py::cast<std::string>(item.first);
    if (py::isinstance<py::str>(item.second)) {
      options[name] = py::cast<std::string>(item.second);
      continue;
    }
    try {
      options[name] = py::cast<double>(item.second);
    } catch (const py::cast_error&) {
      throw py::type_error(name + ": got " + std::string(py::repr(item.second)) +
                           ", wanted a number or a name");
    }
  }
  return Options(std::move(options));
}

// A user's optimiser: step(gradient, factor, theta) -> new theta.
class PythonOptimizer : public Optimizer {
 public:
  explicit PythonOptimizer(py::function function) : function_(std::move(function)) {}
  ~PythonOptimizer() override {
    py::gil_scoped_acquire gil;
    function_ = py::function();
  }
  void start(std::int64_t) override {}
  void step(const float* gradient, double factor, std::int64_t parameters, float* theta) override {
    py::gil_scoped_acquire gil;
    FloatArray next(
        function_(py::array_t<float>(parameters, gradient), factor, py::array_t<float>(parameters, theta)));
    if (next.size() != parameters) {
      throw std::invalid_argument("optimizer: its step gave " + std::to_string(next.size()) +
                                  " values, wanted " + std::to_string(parameters));
    }
    std::copy(next.data(), next.data() + parameters, theta);
  }
  void visit(StateVisitor&) override {}

 private:
  py::function function_;
};

class Saver : public StateVisitor {
 public:
  py::dict state;
  void number(const std::string& name, double& value) override { state[name.c_str()] = value; }
  void integer(const std::string& name, std::int64_t& value) override { state[name.c_str()] = value; }
  void count(const std::string& name, std::int64_t& value) override { integer(name, value); }
  void vector(const std::string& name, std::vector<float>& values) override {
    state[name.c_str()] = py::array_t<float>((py::ssize_t)values.size(), values.data());
  }
};

class Loader : public StateVisitor {
 public:
  explicit Loader(const py::dict& state) : state_(state) {}
  void number(const std::string& name, double& value) override {
    value = cast<double>(name, "a number");
    if (!(value < std::numeric_limits<double>::infinity())) wrong(name, "a number");
  }
  void integer(const std::string& name, std::int64_t& value) override {
    value = cast<std::int64_t>(name, "a whole number");
  }
  void count(const std::string& name, std::int64_t& value) override {
    value = cast<std::int64_t>(name, "a whole number");
    if (value < 0 || value > most_count) wrong(name, "a whole number from 0 to 2**62");
  }
  void vector(const std::string& name, std::vector<float>& values) override {
    const FloatArray given = cast<FloatArray>(name, "an array of numbers");
    if (given.ndim() != 1 || given.size() != (py::ssize_t)values.size()) {
      throw py::value_error("state: '" + name + "' has " + std::to_string(given.size()) + " values, wanted " +
                            std::to_string(values.size()));
    }
    for (py::ssize_t i = 0; i < given.size(); ++i) {
      if (!std::isfinite(given.data()[i])) wrong(name, "finite numbers");
    }
    std::copy(given.data(), given.data() + given.size(), values.begin());
  }

 private:
  static constexpr std::int64_t most_count = std::int64_t{1} << 62;

  template <class T>
  T cast(const std::string& name, const char* wanted) {
    if (!state_.contains(name.c_str())) throw py::value_error("state: '" + name + "' is missing");
    try {
      return py::cast<T>(py::object(state_[name.c_str()]));
    } catch (const py::cast_error&) {
    } catch (const py::error_already_set&) {  // numpy's words, which do not name the entry
    }
    wrong(name, wanted);
  }
  [[noreturn]] void wrong(const std::string& name, const char* wanted) {
    const std::string got = py::repr(state_[name.c_str()]);
    throw py::value_error("state: '" + name + "' is " + got + ", wanted " + wanted);
  }

  const py::dict& state_;
};

py::array_t<float> copied(const std::vector<float>& values) {
  return py::array_t<float>((py::ssize_t)values.size(), values.data());
}

std::vector<double> to_vector(const DoubleArray& values) {
  return std::vector<double>(values.data(), values.data() + values.size());
}

py::array_t<double> to_array(const std::vector<double>& values) {
  return py::array_t<double>((py::ssize_t)values.size(), values.data());
}

}  // namespace

void register_strategy(py::module_& module) {
  module.def(
      "shape",
      [](const std::string& name, const DoubleArray& fitness) {
        std::vector<double> weights;
        shape(shaping_from_name(name), to_vector(fitness), &weights);
        return to_array(weights);
      },
      py::arg("name"), py::arg("fitness"));
  module.def(
      "shape_top",
      [](const DoubleArray& fitness, int top) {
        std::vector<double> weights;
        shape_top(to_vector(fitness), top, &weights);
        return to_array(weights);
      },
      py::arg("fitness"), py::arg("top"));
  module.def(
      "shape_by_table",
      [](const DoubleArray& fitness, const DoubleArray& table) {
        if (fitness.size() != table.size()) throw py::value_error("table: wanted one entry a member");
        std::vector<double> weights;
        shape_by_table(to_vector(fitness), to_vector(table), &weights);
        return to_array(weights);
      },
      py::arg("fitness"), py::arg("table"));

  py::class_<Strategy>(module, "Strategy", "A search distribution of cpp/update/strategy.h.")
      .def(py::init([](const std::string& name, const py::dict& options, const py::object& optimizer,
                       const py::dict& optimizer_options) {
             std::unique_ptr<Optimizer> made;
             if (py::isinstance<py::str>(optimizer)) {
               made = make_optimizer(py::cast<std::string>(optimizer), to_options(optimizer_options));
             } else if (!optimizer.is_none()) {
               made = std::make_unique<PythonOptimizer>(py::cast<py::function>(optimizer));
             }
             return make_strategy(name, to_options(options), std::move(made));
           }),
           py::arg("name"), py::arg("options"), py::arg("optimizer") = py::none(),
           py::arg("optimizer_options") = py::dict())
      .def(
          "start",
          [](Strategy& self, const FloatArray& theta0, std::uint64_t seed,
             const std::shared_ptr<Perturbation>& perturbation) {
            self.start(theta0.data(), theta0.size(), seed, perturbation);
          },
          py::arg("theta0"), py::arg("seed"), py::arg("perturbation").none(true) = py::none())
      .def(
          "set_sigma",
          [](Strategy& self, const DoubleArray& sigma) {
            const std::vector<float> values(sigma.data(), sigma.data() + sigma.size());
            self.set_sigma(values.data(), (std::int64_t)values.size(),
                           sigma.size() == 1 ? sigma.data()[0] : 0.0);
          },
          py::arg("sigma"))
      .def("set", &Strategy::set, py::arg("name"), py::arg("value"))
      .def(
          "set_optimizer",
          [](Strategy& self, const py::dict& options) { self.set_optimizer(to_options(options)); },
          py::arg("options"))
      .def("plan", &Strategy::plan, py::arg("generations"))
      .def("ask",
           [](const Strategy& self) {
             self.population();  // throws before start()
             py::array_t<float> rows({(py::ssize_t)self.members(), (py::ssize_t)self.parameters()});
             float* to = rows.mutable_data();
             py::gil_scoped_release release;
             self.ask(to);
             return rows;
           })
      .def(
          "tell",
          [](Strategy& self, const DoubleArray& fitness, bool update) {
            self.population();
            if (fitness.ndim() != 1 || fitness.size() != self.members()) {
              std::string shape = "(";
              for (py::ssize_t i = 0; i < fitness.ndim(); ++i) {
                shape += std::to_string(fitness.shape(i)) + (fitness.ndim() == 1      ? ","
                                                             : i + 1 < fitness.ndim() ? ", "
                                                                                      : "");
              }
              throw py::value_error("fitness: got shape " + shape + "), wanted (" +
                                    std::to_string(self.members()) + ",), one number a member");
            }
            const double* from = fitness.data();
            py::gil_scoped_release release;
            self.tell(from, update);
          },
          py::arg("fitness"), py::arg("update") = true)
      .def("get_state",
           [](Strategy& self) {
             Saver saver;
             self.visit(saver);
             return saver.state;
           })
      .def(
          "set_state",
          [](Strategy& self, const py::dict& state) {
            Loader loader(state);
            self.visit(loader);
          },
          py::arg("state"))
      .def_readwrite("threads", &Strategy::threads)
      .def_property_readonly("started", &Strategy::started)
      .def_property_readonly("directions", &Strategy::directions)
      .def_property_readonly("antithetic", &Strategy::antithetic)
      .def_property_readonly("members", &Strategy::members)
      .def_property_readonly("parameters", &Strategy::parameters)
      .def_property_readonly("generation", &Strategy::generation)
      .def_property_readonly("planned", &Strategy::planned)
      .def_property_readonly("scale_per_parameter", &Strategy::scale_per_parameter)
      .def_property_readonly("seed", &Strategy::seed)
      .def_property_readonly("sigma", &Strategy::sigma)
      .def_property_readonly("first_sigma", &Strategy::first_sigma)
      .def_property_readonly("best_fitness", &Strategy::best_fitness)
      .def_property_readonly("update_norm", &Strategy::update_norm)
      .def_property_readonly("mean", [](const Strategy& self) { return copied(self.mean()); })
      .def_property_readonly("scale", [](const Strategy& self) { return copied(self.scale()); })
      .def_property_readonly("best", [](const Strategy& self) { return copied(self.best()); });
}

}  // namespace ember::bindings
