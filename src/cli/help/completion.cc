#include "cli/help/completion.h"

#include <fmt/format.h>

#include "cli/help/option_text.h"

namespace mores::cli {
namespace {

// What stands for names of files, and for values that can't be completed.
constexpr const char kAnyFile[] = "<file>", kAnyValue[] = "<value>";

// In single quotes of a shell.
std::string Quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string Joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

// The path below the program: "data build" of "mores data build".
std::string Below(const std::string& path) {
  const size_t space = path.find(' ');
  return space == std::string::npos ? "" : path.substr(space + 1);
}

std::vector<std::string> AllNames(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

// "bf16 f32", "<file>", or "<value>"; nothing for a flag.
std::string ValuesOf(const CLI::Option& option) {
  const std::vector<std::string> choices = ChoicesOf(option);
  if (!choices.empty()) return Joined(choices);
  const std::string value = ValueName(option);
  if (value.empty()) return "";
  const bool file = value == "FILE" || value == "DIR" || value == "MODEL";
  return file ? kAnyFile : kAnyValue;
}

std::vector<std::string> CommandNames(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* below : CommandsOf(command)) names.push_back(below->get_name());
  return names;
}

// What may come without a name.
std::string ArgumentValues(const CLI::App& app, const CLI::App& command) {
  if (command.get_name() == "help") return Joined(CommandNames(app));
  for (const CLI::Option* argument : ArgumentsOf(command)) {
    const std::vector<std::string> choices = ChoicesOf(*argument);
    return choices.empty() ? kAnyFile : Joined(choices);
  }
  return "";
}

std::vector<const CLI::Option*> ShownOptions(const CLI::App& command) {
  std::vector<const CLI::Option*> options;
  for (const OptionGroup& group : OptionGroupsOf(command)) {
    options.insert(options.end(), group.options.begin(), group.options.end());
  }
  return options;
}

// The three tables that bash and zsh look into: words below a command, its options, and what an
// option of it takes.
std::string Tables(const CLI::App& app) {
  std::string commands, options, values;
  ForEachCommand(app, app.get_name(), [&](const CLI::App& command, const std::string& path) {
    const std::string key = "/" + Below(path);
    std::string words = Joined(CommandNames(command));
    const std::string arguments = ArgumentValues(app, command);
    if (words.empty()) words = arguments;
    commands += fmt::format("  [{}]={}\n", Quoted(key), Quoted(words));
    std::vector<std::string> names;
    for (const CLI::Option* option : ShownOptions(command)) {
      const std::vector<std::string> shown = NamesOf(*option);
      names.insert(names.end(), shown.begin(), shown.end());
      const std::string taken = ValuesOf(*option);
      if (taken.empty()) continue;
      for (const std::string& name : AllNames(*option)) {
        values += fmt::format("  [{}]={}\n", Quoted(key + " " + name), Quoted(taken));
      }
    }
    options += fmt::format("  [{}]={}\n", Quoted(key), Quoted(Joined(names)));
  });
  return fmt::format(
      "typeset -gA _mores_words=(\n{})\ntypeset -gA _mores_options=(\n{})\n"
      "typeset -gA _mores_values=(\n{})\n",
      commands, options, values);
}

constexpr const char kBash[] = R"(_mores() {
  local current=${COMP_WORDS[COMP_CWORD]} previous= command=/ takes= word i
  ((COMP_CWORD > 0)) && previous=${COMP_WORDS[COMP_CWORD-1]}
  # --name=value comes as three words.
  if [[ $current == '=' ]]; then
    current=
  elif [[ $previous == '=' ]]; then
    previous=${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    [[ $word == -* ]] && break
    if [[ " ${_mores_words[$command]} " == *" $word "* ]]; then
      [[ $command == / ]] && command=/$word || command="$command $word"
      [[ -v _mores_options[$command] ]] || { command=${command% *}; break; }
    else
      break
    fi
  done
  COMPREPLY=()
  takes=${_mores_values["$command $previous"]}
  if [[ -z $takes ]]; then
    if [[ $current == -* ]]; then
      COMPREPLY=($(compgen -W "${_mores_options[$command]}" -- "$current"))
      return
    fi
    takes=${_mores_words[$command]}
  fi
  case $takes in
    '' | '<value>') ;;
    '<file>') compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    *) COMPREPLY=($(compgen -W "$takes" -- "$current")) ;;
  esac
}
complete -F _mores mores
)";

constexpr const char kZsh[] = R"(_mores() {
  local current=$words[CURRENT] previous=$words[CURRENT-1] command=/ takes= word i
  if [[ $current == --*=* ]]; then
    previous=${current%%=*}
    compset -P '*='
  fi
  for ((i = 2; i < CURRENT; i++)); do
    word=$words[i]
    [[ $word == -* ]] && break
    [[ " ${_mores_words[$command]} " == *" $word "* ]] || break
    local below
    if [[ $command == / ]]; then below=/$word; else below="$command $word"; fi
    (( ${+_mores_options[$below]} )) || break
    command=$below
  done
  takes=${_mores_values[$command $previous]}
  if [[ -z $takes ]]; then
    if [[ $current == -* ]]; then
      compadd -- ${=_mores_options[$command]}
      return
    fi
    takes=${_mores_words[$command]}
  fi
  case $takes in
    ('' | '<value>') ;;
    ('<file>') _files ;;
    (*) compadd -- ${=takes} ;;
  esac
}
if [[ $funcstack[1] == _mores ]]; then _mores "$@"; else compdef _mores mores; fi
)";

constexpr const char kFish[] = R"(function __mores_command
  set -l command
  for word in (commandline -opc)[2..-1]
    string match -q -- '-*' $word; and break
    contains -- "$command $word" $__mores_paths; or break
    set command "$command $word"
  end
  echo -- $command
end
function __mores_is
  test (__mores_command) = "$argv[1]"
end
complete -c mores -f
)";

std::string FishOption(const CLI::Option& option, const std::string& condition) {
  std::string line = "complete -c mores -n " + condition;
  for (const std::string& name : option.get_snames()) line += " -s " + name;
  for (const std::string& name : option.get_lnames()) line += " -l " + name;
  const std::string taken = ValuesOf(option);
  if (taken == kAnyFile) {
    line += " -r -F";
  } else if (taken == kAnyValue) {
    line += " -x";
  } else if (!taken.empty()) {
    line += " -x -a " + Quoted(taken);
  }
  return line + " -d " + Quoted(option.get_description()) + "\n";
}

std::string FishScript(const CLI::App& app) {
  std::string paths = "set -g __mores_paths", lines;
  ForEachCommand(app, app.get_name(), [&](const CLI::App& command, const std::string& path) {
    const std::string below = Below(path);
    // With a space in front of each word, as the function above makes it.
    const std::string key = below.empty() ? "" : " " + below;
    if (!below.empty()) paths += " " + Quoted(key);
    const std::string condition = Quoted(fmt::format("__mores_is \"{}\"", key));
    for (const CLI::App* one : CommandsOf(command)) {
      lines += fmt::format("complete -c mores -n {} -a {} -d {}\n", condition, one->get_name(),
                           Quoted(one->get_description()));
    }
    const std::string arguments = ArgumentValues(app, command);
    if (arguments == kAnyFile) {
      lines += fmt::format("complete -c mores -n {} -F\n", condition);
    } else if (!arguments.empty()) {
      lines += fmt::format("complete -c mores -n {} -a {}\n", condition, Quoted(arguments));
    }
    for (const CLI::Option* option : ShownOptions(command)) {
      lines += FishOption(*option, condition);
    }
  });
  return kFish + paths + "\n" + lines;
}

}  // namespace

std::string_view Name(Shell shell) {
  switch (shell) {
    case Shell::kBash:
      return "bash";
    case Shell::kZsh:
      return "zsh";
    case Shell::kFish:
      break;
  }
  return "fish";
}

std::string CompletionScript(const CLI::App& app, Shell shell) {
  const std::string made = fmt::format("by mores completion {}.\n", Name(shell));
  switch (shell) {
    case Shell::kBash:
      return "# Completion of mores for bash, made " + made + Tables(app) + kBash;
    case Shell::kZsh:
      return "#compdef mores\n# Made " + made + Tables(app) + kZsh;
    case Shell::kFish:
      break;
  }
  return "# Completion of mores for fish, made " + made + FishScript(app);
}

}  // namespace mores::cli
