// assay completion: the commands and options, for bash. assay manual: the same as a man page. Both
// are written from what the program parses, so they cannot say anything else; `install` keeps them.

#include <cstdio>

#include "assay/cli/command.h"

namespace assay::cli {

namespace {

std::vector<const CLI::App*> commands(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* a) { return !a->get_name().empty(); });
}

std::string option_words(const CLI::App& app) {
  std::string words;
  for (const CLI::Option* option : app.get_options())
    for (const auto& name : option->get_lnames()) words += (words.empty() ? "--" : " --") + name;
  return words;
}

void print_completion(const CLI::App& app) {
  std::string names;
  for (const auto* command : commands(app)) names += command->get_name() + " ";
  std::printf(
      "# bash completion of assay\n"
      "_assay() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} command= options='%s' w\n"
      "  for w in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case $w in -*) ;; *) command=$w; break ;; esac\n"
      "  done\n"
      "  case $command in\n",
      option_words(app).c_str());
  for (const auto* command : commands(app))
    std::printf("    %s) options+=' %s' ;;\n", command->get_name().c_str(),
                option_words(*command).c_str());
  std::printf(
      "  esac\n"
      "  if [[ $word == -* ]]; then\n"
      "    COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
      "  elif [[ -z $command || $command == checks ]]; then\n"
      "    COMPREPLY=($(compgen -W '%s' -- \"$word\"))\n"
      "  else\n"
      "    COMPREPLY=($(compgen -f -- \"$word\"))\n"
      "  fi\n"
      "}\n"
      "complete -o filenames -F _assay assay\n",
      names.c_str());
}

// Text for roff: what it would read as a request or an escape is quoted.
std::string roff(const std::string& text) {
  std::string quoted;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) quoted += "\\&";
    if (c == '-' || c == '\\') quoted += '\\';
    quoted += c;
    line_start = c == '\n';
  }
  return quoted;
}

void print_options(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    const std::string name =
        option->nonpositional() ? option->get_name(false, true) : option->get_name(true);
    if (name.find("--help") != std::string::npos) continue;
    std::printf(".TP\n.B %s\n%s\n", roff(name).c_str(), roff(option->get_description()).c_str());
  }
}

void print_manual(const CLI::App& app) {
  std::printf(".TH ASSAY 1 \"\" \"assay " ASSAY_VERSION
              "\"\n.SH NAME\nassay \\- audits an image classifier before it ships\n"
              ".SH SYNOPSIS\n.B assay\n.I COMMAND\n[\\fIARGUMENTS\\fR]\n.SH DESCRIPTION\n%s\n"
              ".SH OPTIONS\n",
              roff(app.get_description()).c_str());
  print_options(app);
  std::printf(".SH COMMANDS\n");
  for (const auto* command : commands(app)) {
    std::printf(".SS assay %s\n%s\n", roff(command->get_name()).c_str(),
                roff(command->get_description()).c_str());
    print_options(*command);
    if (!command->get_footer().empty())
      std::printf(".PP\n%s\n", roff(command->get_footer()).c_str());
  }
  std::printf(".SH EXIT STATUS\n.nf\n%s\n.fi\n", roff(app.get_footer()).c_str());
}

}  // namespace

void add_completion(CLI::App& app, const Global&, Action& action) {
  auto* completion =
      app.add_subcommand("completion", "print the completion of commands and options for bash");
  completion->footer("Example: source <(assay completion)");
  completion->callback([&app, &action] {
    action = [&app] {
      print_completion(app);
      return kPass;
    };
  });
  auto* manual = app.add_subcommand("manual", "print the man page");
  manual->footer("Example: assay manual | man -l -");
  manual->callback([&app, &action] {
    action = [&app] {
      print_manual(app);
      return kPass;
    };
  });
}

}  // namespace assay::cli
