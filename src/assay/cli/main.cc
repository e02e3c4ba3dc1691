// The program: parse, run one action, turn exceptions into one line and an exit code.

#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>

#include "assay/base/error.h"
#include "assay/base/field.h"
#include "assay/base/memory_budget.h"
#include "assay/cli/command.h"

namespace {

std::string one_line(std::string text) {
  for (char& c : text)
    if (c == '\n' || c == '\r') c = ' ';
  return text;
}

int run(int argc, char** argv) {
  using namespace assay::cli;
  CLI::App app{"Assay audits an image classifier before it ships.", "assay"};
  app.set_version_flag("--version", "assay " ASSAY_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(
      "Exit codes: 0 every requirement passes (or none is stated), 1 one fails,\n"
      "3 none fails but one is inconclusive, 2 the request or an input is bad, 70 a defect of "
      "Assay.\n\nExample: assay init classifier.onnx pictures/ -o audit.yaml && assay run "
      "audit.yaml "
      "-o out");
  Global global;
  app.add_option("--threads", global.threads, "worker threads (default: one a core)")
      ->check(CLI::Range(1, 1024));
  app.add_option("--seed", global.seed, "of every random choice (default: the plan's, else 0)")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 52));
  app.add_option_function<std::uint64_t>(
         "--max-memory", [](const std::uint64_t& bytes) { assay::set_memory_budget(bytes); },
         "what models and pictures may take, such as 2G (default: half of this machine's)")
      ->transform(CLI::AsSizeValue(/*kb_is_1000=*/false))
      ->type_name("SIZE");
  app.add_flag("--quiet", global.quiet, "no progress and no summary");

  Action action;
  add_init(app, global, action);
  add_run(app, global, action);
  add_judge(app, global, action);
  add_inspect(app, global, action);
  add_predict(app, global, action);
  add_develop(app, global, action);
  add_synthesise(app, global, action);
  add_optimise_camera(app, global, action);
  add_within(app, global, action);
  add_explain(app, global, action);
  add_attack(app, global, action);
  add_visualise(app, global, action);
  add_checks(app, global, action);
  add_schema(app, global, action);
  add_completion(app, global, action);
  add_single_checks(app, global, action);
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands({})) names.push_back(command->get_name());
  if (argc > 1 && argv[1][0] != '-' &&
      std::find(names.begin(), names.end(), argv[1]) == names.end()) {
    const std::string near = assay::nearest(argv[1], names);
    throw assay::InputError(
        "", "there is no command \"" + std::string(argv[1]) + "\"" +
                (near.empty() ? "; see assay --help" : ", did you mean \"" + near + "\"?"));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {
    return app.exit(e);  // --help, --version
  } catch (const CLI::ParseError& e) {
    std::fprintf(stderr, "assay: %s; see assay --help\n", one_line(e.what()).c_str());
    return kBadRequest;
  }
  return action();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const assay::InputError& e) {
    std::fprintf(stderr, "assay: %s\n", one_line(e.what()).c_str());
    return assay::cli::kBadRequest;
  } catch (const std::bad_alloc& e) {
    std::fprintf(stderr,
                 "assay: out of memory (%s); try a smaller --batch, fewer --threads or a larger "
                 "--max-memory\n",
                 e.what());
    return assay::cli::kBadRequest;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "assay: a defect of Assay: %s; please report it\n",
                 one_line(e.what()).c_str());
    return assay::cli::kDefect;
  }
}
