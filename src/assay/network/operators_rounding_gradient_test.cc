// What autograd gives through the operators whose gradient is not the derivative: as if nothing was
// rounded (against the formula without its rounding), zero, or nothing at all.
#include <functional>
#include <map>
#include <set>

#include "assay/network/gradient_case_test.h"

namespace assay::network {
namespace {

// -- operators that round: the formula without its rounding

struct Rounded {
  Case test;
  std::function<at::Tensor(const std::vector<at::Tensor>&)> smooth;
};

std::vector<Rounded> rounded_cases() {
  using T = std::vector<at::Tensor>;
  const std::string ms = "com.microsoft";
  const auto whole = [](Dims shape) { return x(std::move(shape), 0, 200); };
  const auto scale = [](double v) { return fixed(at::scalar_tensor(v, at::kFloat)); };
  const auto zero = [](int v) { return fixed(at::scalar_tensor(v, at::kByte)); };
  const at::Tensor w = at::arange(-4, 4, at::kChar).reshape({2, 4});
  const auto real = [](const at::Tensor& q, const at::Tensor& s, const at::Tensor& z) {
    return at::mul(at::sub(q, z.to(at::kDouble)), s.to(at::kDouble));
  };
  // In units of the result, bounded to uint8.
  const auto units = [](const at::Tensor& r, const at::Tensor& s, const at::Tensor& z) {
    return at::clamp(at::add(at::div(r, s.to(at::kDouble)), z.to(at::kDouble)), 0, 255);
  };
  const auto unary = [=](auto f) {
    return [=](const T& t) { return units(f(real(t[0], t[1], t[2])), t[3], t[4]); };
  };
  const auto ends = [&](Dims shape) {
    return std::vector<Slot>{whole(std::move(shape)), scale(.02), zero(100), scale(.03), zero(90)};
  };
  const auto matmul = [=](const T& t) {
    return units(at::matmul(real(t[0], t[1], t[2]), real(t[3].to(at::kDouble), t[4], t[5])), t[6],
                 t[7]);
  };
  const std::vector<Slot> pair = {whole({3, 4}), scale(.02), zero(100),  whole({3, 4}),
                                  scale(.03),    zero(90),   scale(.04), zero(120)};
  return {
      {{"Round", 13, {}, {x({6})}, {}}, [](const T& t) { return t[0]; }},
      {{"Cast", 13, {{"to", std::int64_t{10}}}, {x({6})}, {}}, [](const T& t) { return t[0]; }},
      {{"CastLike", 19, {{"to", std::int64_t{17}}}, {x({6}), fixed(at::zeros({1}))}, {}},
       [](const T& t) { return t[0]; }},
      {{"QuantizeLinear", 13, {}, {x({2, 9}, -30, 30), scale(.1), zero(128)}, {}},
       [=](const T& t) { return units(t[0], t[1], t[2]); }},
      {{"DynamicQuantizeLinear", 13, {}, {x({2, 5})}, {}},
       [](const T& t) {
         return at::div(t[0], at::div(at::sub(t[0].detach().max(), t[0].detach().min()), 255));
       }},
      {{"ConvInteger", 13, {}, {whole({1, 1, 3, 3}), fixed(w.reshape({2, 1, 2, 2})), zero(7)}, {}},
       [=](const T& t) { return at::conv2d(at::sub(t[0], 7), t[1].to(at::kDouble)); }},
      {{"MatMulInteger", 13, {}, {whole({3, 2}), fixed(w), zero(7)}, {}},
       [=](const T& t) { return at::matmul(at::sub(t[0], 7), t[1].to(at::kDouble)); }},
      {{"QLinearConv",
        13,
        {},
        {whole({1, 1, 3, 3}), scale(.02), zero(100), fixed(w.reshape({2, 1, 2, 2})), scale(.3),
         zero(0), scale(.05), zero(120), fixed(at::tensor({5, -9}, at::kInt))},
        {}},
       [=](const T& t) {
         const at::Tensor bias = at::mul(t[8].to(at::kDouble), .02f * double(.3f));
         return units(
             at::conv2d(real(t[0], t[1], t[2]), real(t[3].to(at::kDouble), t[4], t[5]), bias), t[6],
             t[7]);
       }},
      {{"QLinearMatMul",
        13,
        {},
        {whole({3, 2}), scale(.02), zero(100), fixed(w), scale(.3), zero(0), scale(.05), zero(120)},
        {}},
       matmul},
      {{"DynamicQuantizeMatMul", 1, {}, {x({3, 2}), fixed(w), scale(.3)}, {}, 1, ms},
       [=](const T& t) { return at::matmul(t[0], at::mul(t[1].to(at::kDouble), double(.3f))); }},
      {{"MatMulIntegerToFloat",
        1,
        {},
        {whole({3, 2}), fixed(w), scale(.02), scale(.3), zero(100)},
        {},
        1,
        ms},
       [=](const T& t) {
         return at::matmul(real(t[0], t[2], t[4]), at::mul(t[1].to(at::kDouble), double(.3f)));
       }},
      {{"QGemm",
        1,
        {},
        {whole({3, 2}), scale(.02), zero(100), fixed(w), scale(.3), zero(0), none(), scale(.05),
         zero(120)},
        {},
        1,
        ms},
       [=](const T& t) {
         return units(at::matmul(real(t[0], t[1], t[2]), real(t[3].to(at::kDouble), t[4], t[5])),
                      t[7], t[8]);
       }},
      {{"QLinearAdd", 1, {}, pair, {}, 1, ms},
       [=](const T& t) {
         return units(at::add(real(t[0], t[1], t[2]), real(t[3], t[4], t[5])), t[6], t[7]);
       }},
      {{"QLinearMul", 1, {}, pair, {}, 1, ms},
       [=](const T& t) {
         return units(at::mul(real(t[0], t[1], t[2]), real(t[3], t[4], t[5])), t[6], t[7]);
       }},
      {{"QLinearAveragePool", 1, {{"kernel_shape", Dims{2, 2}}}, ends({1, 1, 3, 3}), {}, 1, ms},
       unary([](const at::Tensor& r) {
         return at::avg_pool2d(r, {2, 2}, {1, 1});
       })},
      {{"QLinearConcat",
        1,
        {{"axis", std::int64_t{0}}},
        {scale(.03), zero(90), whole({2, 3}), scale(.02), zero(100), whole({1, 3}), scale(.01),
         zero(9)},
        {},
        1,
        ms},
       [=](const T& t) {
         return units(at::cat({real(t[2], t[3], t[4]), real(t[5], t[6], t[7])}, 0), t[0], t[1]);
       }},
      {{"QLinearGlobalAveragePool", 1, {}, ends({1, 2, 3, 3}), {}, 1, ms},
       unary([](const at::Tensor& r) {
         return at::mean(r, {2, 3}, true);
       })},
      {{"QLinearLeakyRelu", 1, {{"alpha", .25f}}, ends({2, 5}), {}, 1, ms},
       unary([](const at::Tensor& r) { return at::leaky_relu(r, .25); })},
      {{"QLinearReduceMean", 1, {{"axes", Dims{1}}}, ends({2, 5}), {}, 1, ms},
       unary([](const at::Tensor& r) { return at::mean(r, {1}, true); })},
      {{"QLinearSigmoid", 1, {}, ends({2, 5}), {}, 1, ms},
       unary([](const at::Tensor& r) { return at::sigmoid(r); })},
      {{"QLinearSoftmax", 1, {}, ends({2, 5}), {}, 1, ms},
       unary([](const at::Tensor& r) { return at::softmax(r, -1); })},
      {{"QLinearWhere",
        1,
        {},
        {fixed(at::tensor({1, 0, 1}, at::kLong).to(at::kBool)), whole({3}), scale(.02), zero(100),
         whole({3}), scale(.03), zero(90), scale(.04), zero(120)},
        {},
        1,
        ms},
       [=](const T& t) {
         return units(at::where(t[0], real(t[1], t[2], t[3]), real(t[4], t[5], t[6])), t[7], t[8]);
       }},
      {{"QuantizeLinear", 1, {}, {x({2, 9}, -30, 30), scale(.1), zero(128)}, {}, 1, ms},
       [=](const T& t) { return units(t[0], t[1], t[2]); }},
  };
}

// Stored numbers are whole.
std::vector<at::Tensor> stored_samples(const Case& c) {
  std::vector<at::Tensor> all = samples(c);
  for (std::size_t i = 0; i < all.size(); ++i)
    if (is_random(c.inputs[i]) && c.inputs[i].high >= 200) all[i] = at::round(all[i]);
  return all;
}

TEST(StraightThroughGradient, IsThatOfTheFormulaWithoutItsRounding) {
  for (const Rounded& r : rounded_cases()) {
    SCOPED_TRACE(r.test.domain + " " + r.test.op);
    const Kernel kernel = kernel_of(r.test);
    ASSERT_EQ(find_operator(r.test.domain, r.test.op)->gradient, Gradient::kStraightThrough);
    const std::vector<at::Tensor> tensors = stored_samples(r.test);
    const auto found =
        gradients_of(r.test, tensors, [&](const auto& t) { return Outputs{run(kernel, t)[0]}; });
    const auto expected =
        gradients_of(r.test, tensors, [&](const auto& t) { return Outputs{r.smooth(t)}; });
    for (std::size_t i = 0; i < found.size(); ++i) {
      ASSERT_TRUE(found[i].defined());
      const double largest = at::abs(expected[i]).max().item<double>();
      EXPECT_GT(largest, 0);
      EXPECT_LE(at::abs(at::sub(found[i], expected[i])).max().item<double>(), 1e-6 * largest)
          << found[i] << "\nexpected\n"
          << expected[i];
    }
    // The value is the rounded one, with a gradient and without.
    const at::NoGradGuard without;
    const at::Tensor plain = run(kernel, tensors)[0];
    const at::AutoGradMode on(true);
    std::vector<at::Tensor> leaves = tensors;
    for (std::size_t i = 0; i < leaves.size(); ++i)
      if (is_random(r.test.inputs[i])) leaves[i] = leaves[i].clone().requires_grad_(true);
    EXPECT_TRUE(at::equal(plain.to(at::kDouble), run(kernel, leaves)[0].detach().to(at::kDouble)));
  }
}

// -- operators without a slope

std::vector<Case> flat_cases() {
  return {{"Ceil", 13, {}, {x({6})}, {}},
          {"Floor", 13, {}, {x({6})}, {}},
          {"Sign", 13, {}, {x({6})}, {}},
          {"Hardmax", 13, {}, {x({2, 3})}, {}}};
}

TEST(ZeroGradient, IsThatOfSteps) {
  for (const Case& c : flat_cases()) {
    SCOPED_TRACE(c.op);
    ASSERT_EQ(find_operator(c.domain, c.op)->gradient, Gradient::kZero);
    const auto found =
        gradients_of(c, samples(c), [&](const auto& t) { return run(kernel_of(c), t); });
    if (found[0].defined()) {
      EXPECT_EQ(at::abs(found[0]).max().item<double>(), 0);
    }
  }
}

std::vector<Case> positions_and_truths() {
  const auto at_shape = [](const char* op, std::map<std::string, Attribute> attributes = {}) {
    return Case{op, 13, std::move(attributes), {x({2, 2})}, {}};
  };
  std::vector<Case> all;
  for (const char* op :
       {"IsInf", "IsNaN", "NonZero", "Shape", "Size", "EyeLike", "ArgMax", "ArgMin"})
    all.push_back(at_shape(op));
  for (const char* op : {"Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"})
    all.push_back({op, 13, {}, {x({2, 2}), x({2, 2})}, {}});
  return all;
}

TEST(NoGradient, LeavesPositionsSizesAndTruthValues) {
  for (const Case& c : positions_and_truths()) {
    SCOPED_TRACE(c.op);
    ASSERT_EQ(find_operator(c.domain, c.op)->gradient, Gradient::kNone);
    for (const at::Tensor& found :
         gradients_of(c, samples(c), [&](const auto& t) { return run(kernel_of(c), t); }))
      EXPECT_FALSE(found.defined());
  }
}

TEST(Gradients, OfEveryOperatorOfTheTableAreTested) {
  // They take whole numbers, truth values or nothing, so no gradient can reach them.
  const std::set<std::string> without_floats = {"And",
                                                "BitShift",
                                                "BitwiseAnd",
                                                "BitwiseNot",
                                                "BitwiseOr",
                                                "BitwiseXor",
                                                "Not",
                                                "Or",
                                                "Xor",
                                                "Constant",
                                                "ConstantOfShape",
                                                "Range",
                                                "HannWindow",
                                                "HammingWindow",
                                                "BlackmanWindow"};
  std::set<std::string> tested;
  const auto add = [&](const Case& c) { tested.insert(c.domain + ":" + c.op); };
  for (const auto& cases : {exact_gradient_cases(), flat_cases(), positions_and_truths()})
    for (const Case& c : cases) add(c);
  for (const Rounded& r : rounded_cases()) add(r.test);
  for (const OperatorGroup& group : operator_groups())
    for (const Operator& op : group.operators) {
      const std::string name(op.name);
      if (group.domain.empty() && without_floats.count(name))
        EXPECT_EQ(op.gradient, Gradient::kNone) << name;
      else
        EXPECT_TRUE(tested.count(std::string(group.domain) + ":" + name)) << name;
    }
}

}  // namespace
}  // namespace assay::network
