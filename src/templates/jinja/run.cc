#include "templates/jinja/run.h"

#include <algorithm>
#include <map>

#include "templates/jinja/call.h"
#include "templates/jinja/globals.h"
#include "templates/jinja/operators.h"

namespace mores::templates::jinja {

// The variables of a template, loop round, macro call or block. Names live as long as the template.
struct Scope {
  std::shared_ptr<Scope> parent;
  std::map<std::string_view, Value> variables;
};

namespace {

enum class Flow { kNext, kBreak, kContinue };

class Runner {
 public:
  explicit Runner(const RunInput& input)
      : utc_(input.utc), meter_(input.max_steps), scope_(std::make_shared<Scope>()) {
    for (const auto& [name, value] : input.variables) scope_->variables[name] = value;
  }

  // Macros hold their scope and scopes hold macros, and so do namespaces: all are emptied here.
  ~Runner() {
    for (const auto& scope : captured_) scope->variables.clear();
    for (const auto& object : namespaces_) object->attributes.clear();
  }

  Expected<MarkedText> Run(const Block& block) {
    TextBuilder out;
    const auto flow = Execute(block, out);
    if (!flow) return MakeError(flow.error().kind, "line {}: {}", line_, flow.error().message);
    return out.Take();
  }

 private:
  // One level of nesting, counted while it lives.
  class Level {
   public:
    explicit Level(int& depth) : depth_(++depth) {}
    ~Level() { --depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    int& depth_;
  };

  // Variables of their own, while it lives.
  class Inner {
   public:
    Inner(Runner& runner, std::shared_ptr<Scope> parent)
        : runner_(runner), outer_(std::move(runner.scope_)) {
      runner.scope_ = std::make_shared<Scope>(Scope{std::move(parent), {}});
    }
    explicit Inner(Runner& runner) : Inner(runner, runner.scope_) {}
    ~Inner() { runner_.scope_ = std::move(outer_); }
    Inner(const Inner&) = delete;
    Inner& operator=(const Inner&) = delete;

   private:
    Runner& runner_;
    std::shared_ptr<Scope> outer_;
  };

  Status Enter(int line) {
    line_ = line;
    MORES_RETURN_IF_ERROR(meter_.Steps(1));
    if (depth_ <= kMaxCallDepth) return {};
    return MakeError(ErrorKind::kUnsupported, "the template calls deeper than {} levels",
                     kMaxCallDepth);
  }

  Expected<Flow> Execute(const Block& block, TextBuilder& out) {
    for (const Statement& statement : block) {
      MORES_ASSIGN_OR_RETURN(const Flow flow, Execute(statement, out));
      if (flow != Flow::kNext) return flow;
    }
    return Flow::kNext;
  }

  Expected<Flow> Execute(const Statement& statement, TextBuilder& out) {
    const Level level(depth_);
    MORES_RETURN_IF_ERROR(Enter(statement.line));
    Status status;
    switch (statement.kind) {
      case Statement::Kind::kText:
        status = Print(statement.name, out);
        break;
      case Statement::Kind::kPrint:
        status = Print(*statement.expressions[0], out);
        break;
      case Statement::Kind::kIf:
        return ExecuteIf(statement, out);
      case Statement::Kind::kFor:
        return ExecuteFor(statement, out);
      case Statement::Kind::kSet:
        status = ExecuteSet(statement);
        break;
      case Statement::Kind::kSetBlock:
      case Statement::Kind::kFilterBlock:
        return ExecuteTextBlock(statement, out);
      case Statement::Kind::kWith:
        return ExecuteWith(statement, out);
      case Statement::Kind::kMacro:
        DefineMacro(statement);
        break;
      case Statement::Kind::kBreak:
        return Flow::kBreak;
      case Statement::Kind::kContinue:
        return Flow::kContinue;
    }
    MORES_RETURN_IF_ERROR(status);
    return Flow::kNext;
  }

  Status Print(std::string_view text, TextBuilder& out) {
    MORES_RETURN_IF_ERROR(meter_.Text(text.size()));
    out.Append(text);
    return CheckSize(out);
  }

  Status Print(const Expression& expression, TextBuilder& out) {
    MORES_ASSIGN_OR_RETURN(const Value value, Evaluate(expression));
    MORES_RETURN_IF_ERROR(AppendText(value, meter_, out));
    return CheckSize(out);
  }

  Status CheckSize(const TextBuilder& out) {
    if (out.size() > kMaxTextBytes) return meter_.Text(out.size());
    return {};
  }

  Expected<Flow> ExecuteIf(const Statement& statement, TextBuilder& out) {
    for (size_t i = 0; i < statement.expressions.size(); ++i) {
      MORES_ASSIGN_OR_RETURN(const Value condition, Evaluate(*statement.expressions[i]));
      if (IsTrue(condition)) return Execute(statement.blocks[i], out);
    }
    if (statement.blocks.size() == statement.expressions.size()) return Flow::kNext;
    return Execute(statement.blocks.back(), out);
  }

  Expected<Flow> ExecuteFor(const Statement& statement, TextBuilder& out) {
    MORES_ASSIGN_OR_RETURN(const Value iterable, Evaluate(*statement.expressions[0]));
    MORES_ASSIGN_OR_RETURN(std::vector<Value> items, Iterate(iterable, meter_));
    if (statement.expressions.size() > 1) {
      MORES_ASSIGN_OR_RETURN(items, Select(statement, std::move(items)));
    }
    if (items.empty()) {
      if (statement.blocks.size() == 1) return Flow::kNext;
      const Inner inner(*this);
      return Execute(statement.blocks[1], out);
    }
    MORES_ASSIGN_OR_RETURN(const int depth, NestingDepth(items));
    const auto shared = std::make_shared<const std::vector<Value>>(std::move(items));
    for (size_t i = 0; i < shared->size(); ++i) {
      MORES_RETURN_IF_ERROR(meter_.Steps(1));
      const Inner inner(*this);
      MORES_RETURN_IF_ERROR(Assign(statement.targets[0], (*shared)[i]));
      scope_->variables["loop"] =
          Value(std::make_shared<const Loop>(Loop{.items = shared, .index = i, .depth = depth}));
      MORES_ASSIGN_OR_RETURN(const Flow flow, Execute(statement.blocks[0], out));
      if (flow == Flow::kBreak) break;
    }
    return Flow::kNext;
  }

  // The items that the loop's `if` lets through.
  Expected<std::vector<Value>> Select(const Statement& statement, std::vector<Value> items) {
    std::vector<Value> selected;
    for (Value& item : items) {
      const Inner inner(*this);
      MORES_RETURN_IF_ERROR(Assign(statement.targets[0], item));
      MORES_ASSIGN_OR_RETURN(const Value holds, Evaluate(*statement.expressions[1]));
      if (IsTrue(holds)) selected.push_back(std::move(item));
    }
    return selected;
  }

  Status ExecuteSet(const Statement& statement) {
    MORES_ASSIGN_OR_RETURN(Value value, Evaluate(*statement.expressions[0]));
    return Assign(statement.targets[0], std::move(value));
  }

  Expected<Flow> ExecuteTextBlock(const Statement& statement, TextBuilder& out) {
    TextBuilder body;
    {
      const Inner inner(*this);
      MORES_ASSIGN_OR_RETURN(const Flow flow, Execute(statement.blocks[0], body));
      if (flow != Flow::kNext) return flow;  // what was written is lost, as in Jinja2
    }
    Value value(body.Take());
    if (!statement.expressions.empty()) {
      std::swap(block_text_, value);
      auto filtered = Evaluate(*statement.expressions[0]);
      std::swap(block_text_, value);
      MORES_ASSIGN_OR_RETURN(value, std::move(filtered));
    }
    if (statement.kind == Statement::Kind::kSetBlock) {
      MORES_RETURN_IF_ERROR(Assign(statement.targets[0], std::move(value)));
    } else {
      MORES_RETURN_IF_ERROR(AppendText(value, meter_, out));
      MORES_RETURN_IF_ERROR(CheckSize(out));
    }
    return Flow::kNext;
  }

  Expected<Flow> ExecuteWith(const Statement& statement, TextBuilder& out) {
    std::vector<Value> values;
    for (const auto& expression : statement.expressions) {
      MORES_ASSIGN_OR_RETURN(Value value, Evaluate(*expression));
      values.push_back(std::move(value));
    }
    const Inner inner(*this);
    for (size_t i = 0; i < values.size(); ++i) {
      MORES_RETURN_IF_ERROR(Assign(statement.targets[i], std::move(values[i])));
    }
    return Execute(statement.blocks[0], out);
  }

  void DefineMacro(const Statement& statement) {
    Callable macro{.kind = Callable::Kind::kMacro, .name = statement.name};
    macro.macro = &statement;
    macro.scope = scope_;
    captured_.push_back(scope_);
    scope_->variables[statement.name] = Value(std::make_shared<const Callable>(std::move(macro)));
  }

  Status Assign(const Target& target, Value value) {
    if (target.is_tuple) {
      MORES_ASSIGN_OR_RETURN(std::vector<Value> items, Iterate(value, meter_));
      if (items.size() != target.parts.size()) {
        return MakeError(ErrorKind::kInput, "{} values where {} are wanted", items.size(),
                         target.parts.size());
      }
      for (size_t i = 0; i < items.size(); ++i) {
        MORES_RETURN_IF_ERROR(Assign(target.parts[i], std::move(items[i])));
      }
      return {};
    }
    if (target.attribute.empty()) {
      scope_->variables[target.name] = std::move(value);
      return {};
    }
    MORES_ASSIGN_OR_RETURN(const Value object, Lookup(target.name));
    if (object.kind() != Value::Kind::kNamespace) {
      return MakeError(ErrorKind::kInput, "can't assign an attribute of '{}', a '{}'", target.name,
                       TypeName(object));
    }
    object.name_space().attributes[target.attribute] = std::move(value);
    return {};
  }

  Expected<Value> Lookup(std::string_view name) {
    for (const Scope* scope = scope_.get(); scope != nullptr; scope = scope->parent.get()) {
      const auto found = scope->variables.find(name);
      if (found != scope->variables.end()) return found->second;
    }
    if (auto global = FindGlobal(name)) return *std::move(global);
    constexpr std::string_view kMissing[] = {"lipsum",  "cycler", "joiner",
                                             "varargs", "kwargs", "caller"};
    if (std::find(std::begin(kMissing), std::end(kMissing), name) != std::end(kMissing)) {
      return MakeError(ErrorKind::kUnsupported, "'{}' is not supported", name);
    }
    return Value::Undefined(fmt::format("'{}' is undefined", name));
  }

  Expected<Value> Evaluate(const Expression& expression) {
    const Level level(depth_);
    MORES_RETURN_IF_ERROR(Enter(expression.line));
    switch (expression.kind) {
      case Expression::Kind::kLiteral:
        return expression.literal;
      case Expression::Kind::kName:
        return Lookup(expression.name);
      case Expression::Kind::kBlockText:
        return block_text_;
      case Expression::Kind::kList:
      case Expression::Kind::kTuple:
        return EvaluateItems(expression);
      case Expression::Kind::kDictionary:
        return EvaluateDictionary(expression);
      case Expression::Kind::kAttribute: {
        MORES_ASSIGN_OR_RETURN(const Value object, Evaluate(*expression.operands[0]));
        return GetAttribute(object, expression.name, meter_);
      }
      case Expression::Kind::kItem: {
        MORES_ASSIGN_OR_RETURN(const Value object, Evaluate(*expression.operands[0]));
        MORES_ASSIGN_OR_RETURN(const Value key, Evaluate(*expression.operands[1]));
        return GetItem(object, key, meter_);
      }
      case Expression::Kind::kSlice:
        return EvaluateSlice(expression);
      case Expression::Kind::kCall:
        return EvaluateCall(expression);
      case Expression::Kind::kFilter:
      case Expression::Kind::kTest:
        return EvaluateFilterOrTest(expression);
      case Expression::Kind::kArithmetic: {
        MORES_ASSIGN_OR_RETURN(const Value left, Evaluate(*expression.operands[0]));
        MORES_ASSIGN_OR_RETURN(const Value right, Evaluate(*expression.operands[1]));
        return Arithmetic(expression.operators[0], left, right, meter_);
      }
      case Expression::Kind::kConcatenate:
        return EvaluateConcatenation(expression);
      case Expression::Kind::kCompare:
        return EvaluateComparison(expression);
      default:
        return EvaluateLogic(expression);
    }
  }

  // not, and, or, a sign, a if b else c
  Expected<Value> EvaluateLogic(const Expression& expression) {
    MORES_ASSIGN_OR_RETURN(Value first, Evaluate(*expression.operands[0]));
    switch (expression.kind) {
      case Expression::Kind::kNot:
        return Value(!IsTrue(first));
      case Expression::Kind::kNegative:
        return Negate(first);
      case Expression::Kind::kPositive: {
        MORES_ASSIGN_OR_RETURN(const Value negative, Negate(first));
        return Negate(negative);
      }
      case Expression::Kind::kAnd:
        return IsTrue(first) ? Evaluate(*expression.operands[1]) : first;
      case Expression::Kind::kOr:
        return IsTrue(first) ? first : Evaluate(*expression.operands[1]);
      default:
        break;
    }
    if (IsTrue(first)) return Evaluate(*expression.operands[1]);
    if (expression.operands.size() == 3) return Evaluate(*expression.operands[2]);
    return Value::Undefined("an 'if' without 'else' has no value");
  }

  Expected<Value> EvaluateItems(const Expression& expression) {
    std::vector<Value> items;
    for (const auto& operand : expression.operands) {
      MORES_ASSIGN_OR_RETURN(Value item, Evaluate(*operand));
      items.push_back(std::move(item));
    }
    return MakeSequence(
        expression.kind == Expression::Kind::kList ? Sequence::Kind::kList : Sequence::Kind::kTuple,
        std::move(items));
  }

  Expected<Value> EvaluateDictionary(const Expression& expression) {
    std::vector<std::pair<Value, Value>> entries;
    for (size_t i = 0; i < expression.operands.size(); i += 2) {
      MORES_ASSIGN_OR_RETURN(Value key, Evaluate(*expression.operands[i]));
      MORES_ASSIGN_OR_RETURN(Value value, Evaluate(*expression.operands[i + 1]));
      entries.emplace_back(std::move(key), std::move(value));
    }
    return MakeDictionary(std::move(entries), meter_);
  }

  Expected<Value> EvaluateSlice(const Expression& expression) {
    Value parts[4];
    for (size_t i = 0; i < 4; ++i) {
      if (expression.operands[i] == nullptr) continue;
      MORES_ASSIGN_OR_RETURN(parts[i], Evaluate(*expression.operands[i]));
    }
    return Slice(parts[0], parts[1], parts[2], parts[3], meter_);
  }

  Expected<Value> EvaluateConcatenation(const Expression& expression) {
    TextBuilder out;
    for (const auto& operand : expression.operands) {
      MORES_RETURN_IF_ERROR(Print(*operand, out));
    }
    return Value(out.Take());
  }

  Expected<Value> EvaluateComparison(const Expression& expression) {
    MORES_ASSIGN_OR_RETURN(Value left, Evaluate(*expression.operands[0]));
    for (size_t i = 0; i < expression.operators.size(); ++i) {
      MORES_ASSIGN_OR_RETURN(Value right, Evaluate(*expression.operands[i + 1]));
      MORES_ASSIGN_OR_RETURN(const bool holds,
                             Compare(expression.operators[i], left, right, meter_));
      if (!holds) return Value(false);
      left = std::move(right);
    }
    return Value(true);
  }

  // Arguments behind the first operand.
  Expected<Arguments> EvaluateArguments(const Expression& expression) {
    Arguments arguments;
    for (size_t i = 1; i < expression.operands.size(); ++i) {
      MORES_ASSIGN_OR_RETURN(Value value, Evaluate(*expression.operands[i]));
      arguments.positional.push_back(std::move(value));
    }
    for (const auto& [name, operand] : expression.keywords) {
      MORES_ASSIGN_OR_RETURN(Value value, Evaluate(*operand));
      arguments.named.emplace_back(name, std::move(value));
    }
    return arguments;
  }

  Expected<Value> EvaluateFilterOrTest(const Expression& expression) {
    MORES_ASSIGN_OR_RETURN(const Value input, Evaluate(*expression.operands[0]));
    MORES_ASSIGN_OR_RETURN(const Arguments arguments, EvaluateArguments(expression));
    line_ = expression.line;
    if (expression.kind == Expression::Kind::kFilter) {
      return CallFilter(expression.name, input, arguments, meter_);
    }
    MORES_ASSIGN_OR_RETURN(const bool holds, CallTest(expression.name, input, arguments, meter_));
    return Value(holds);
  }

  Expected<Value> EvaluateCall(const Expression& expression) {
    MORES_ASSIGN_OR_RETURN(const Value called, Evaluate(*expression.operands[0]));
    if (called.is_undefined()) return MakeError(ErrorKind::kInput, "{}", called.reason());
    if (called.kind() != Value::Kind::kCallable) {
      return MakeError(ErrorKind::kInput, "a '{}' can't be called", TypeName(called));
    }
    MORES_ASSIGN_OR_RETURN(const Arguments arguments, EvaluateArguments(expression));
    line_ = expression.line;
    const Callable& callable = *called.callable();
    switch (callable.kind) {
      case Callable::Kind::kMethod:
        return CallMethod(callable.self, callable.name, arguments, meter_);
      case Callable::Kind::kMacro:
        return CallMacro(callable, arguments);
      case Callable::Kind::kGlobal:
        break;
    }
    MORES_ASSIGN_OR_RETURN(Value value, CallGlobal(callable.name, arguments, utc_, meter_));
    if (value.kind() == Value::Kind::kNamespace) namespaces_.push_back(value.shared_namespace());
    return value;
  }

  Expected<Value> CallMacro(const Callable& callable, const Arguments& arguments) {
    const Statement& macro = *callable.macro;
    const Inner inner(*this, callable.scope);
    const auto& parameters = macro.targets;
    if (arguments.positional.size() > parameters.size()) {
      return MakeError(ErrorKind::kInput, "macro '{}' takes no more than {} arguments", macro.name,
                       parameters.size());
    }
    for (const auto& argument : arguments.named) {
      const std::string_view name = argument.first;
      const auto found =
          std::find_if(parameters.begin(), parameters.end(),
                       [&](const Target& parameter) { return parameter.name == name; });
      if (found == parameters.end()) {
        return MakeError(ErrorKind::kInput, "macro '{}' has no parameter '{}'", macro.name, name);
      }
      scope_->variables[found->name] = argument.second;
    }
    const size_t without_default = parameters.size() - macro.expressions.size();
    for (size_t i = 0; i < parameters.size(); ++i) {
      const std::string& name = parameters[i].name;
      if (i < arguments.positional.size()) {
        scope_->variables[name] = arguments.positional[i];
      } else if (!scope_->variables.contains(name) && i >= without_default) {
        MORES_ASSIGN_OR_RETURN(scope_->variables[name],
                               Evaluate(*macro.expressions[i - without_default]));
      } else if (!scope_->variables.contains(name)) {
        scope_->variables[name] =
            Value::Undefined(fmt::format("parameter '{}' was not provided", name));
      }
    }
    TextBuilder out;
    MORES_RETURN_IF_ERROR(Execute(macro.blocks[0], out));
    return Value(out.Take());
  }

  const std::string_view utc_;
  Meter meter_;
  int depth_ = 0;
  int line_ = 0;  // of what runs
  std::shared_ptr<Scope> scope_;
  Value block_text_;
  std::vector<std::shared_ptr<Scope>> captured_;
  std::vector<std::shared_ptr<Namespace>> namespaces_;
};

}  // namespace

Expected<MarkedText> Run(const Block& block, const RunInput& input) {
  return Runner(input).Run(block);
}

}  // namespace mores::templates::jinja
