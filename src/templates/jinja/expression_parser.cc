#include "templates/jinja/expression_parser.h"

#include <algorithm>

#include "templates/jinja/call.h"

namespace mores::templates::jinja {
namespace {

bool IsNone(std::string_view name) { return name == "none" || name == "None"; }
bool IsTrueName(std::string_view name) { return name == "true" || name == "True"; }
bool IsFalseName(std::string_view name) { return name == "false" || name == "False"; }

std::string Describe(const Token& token) {
  switch (token.kind) {
    case Token::Kind::kName:
    case Token::Kind::kOperator:
      return fmt::format("'{}'", token.text);
    case Token::Kind::kString:
      return "a string";
    case Token::Kind::kInteger:
    case Token::Kind::kFloat:
      return "a number";
    case Token::Kind::kEnd:
      return "the end of the template";
    default:
      return "the end of the tag";
  }
}

}  // namespace

bool ExpressionParser::SkipName(std::string_view name) {
  if (!AtName(name)) return false;
  Advance();
  return true;
}

bool ExpressionParser::SkipOperator(std::string_view text) {
  if (!AtOperator(text)) return false;
  Advance();
  return true;
}

tl::unexpected<Error> ExpressionParser::Unexpected(std::string_view wanted) const {
  return Fail(ErrorKind::kCorrupt, "expected {}, found {}", wanted, Describe(current()));
}

Status ExpressionParser::ExpectOperator(std::string_view text) {
  if (!SkipOperator(text)) return Unexpected(fmt::format("'{}'", text));
  return {};
}

Status ExpressionParser::Expect(Token::Kind kind, std::string_view words) {
  if (!At(kind)) return Unexpected(words);
  Advance();
  return {};
}

Expected<std::string> ExpressionParser::ExpectName() {
  std::string name = current().text;
  MORES_RETURN_IF_ERROR(Expect(Token::Kind::kName, "a name"));
  return name;
}

Status ExpressionParser::CheckNesting() const {
  if (depth_ <= kMaxSourceDepth) return {};
  return Fail(ErrorKind::kUnsupported, "the template nests deeper than {} levels", kMaxSourceDepth);
}

ExpressionPtr ExpressionParser::New(Expression::Kind kind, int line) const {
  auto expression = std::make_unique<Expression>();
  expression->kind = kind;
  expression->line = line;
  return expression;
}

Expected<ExpressionPtr> ExpressionParser::Done(ExpressionPtr expression) const {
  int depth = 0;
  for (const auto& operand : expression->operands) {
    if (operand != nullptr) depth = std::max(depth, operand->depth);
  }
  for (const auto& keyword : expression->keywords) depth = std::max(depth, keyword.second->depth);
  expression->depth = depth + 1;
  if (expression->depth > 2 * kMaxSourceDepth) {
    return Fail(ErrorKind::kUnsupported, "an expression nests deeper than {} levels",
                2 * kMaxSourceDepth);
  }
  return expression;
}

Expected<ExpressionPtr> ExpressionParser::ParsePrimary() {
  const Token& token = current();
  ExpressionPtr literal = New(Expression::Kind::kLiteral, token.line);
  switch (token.kind) {
    case Token::Kind::kName:
      if (IsTrueName(token.text) || IsFalseName(token.text)) {
        literal->literal = Value(IsTrueName(token.text));
      } else if (!IsNone(token.text)) {
        literal->kind = Expression::Kind::kName;
        literal->name = token.text;
      }
      break;
    case Token::Kind::kString: {
      std::string text = token.text;
      for (; next().kind == Token::Kind::kString; Advance()) text += next().text;
      literal->literal = Value(std::string_view(text));
      break;
    }
    case Token::Kind::kInteger:
      literal->literal = Value(token.integer);
      break;
    case Token::Kind::kFloat:
      literal->literal = Value(token.number);
      break;
    default:
      if (AtOperator("[")) return ParseList();
      if (AtOperator("{")) return ParseDictionary();
      if (!SkipOperator("(")) return Unexpected("an expression");
      if (SkipOperator(")")) {
        literal->kind = Expression::Kind::kTuple;
        return literal;
      }
      MORES_ASSIGN_OR_RETURN(ExpressionPtr inner, ParseTuple());
      MORES_RETURN_IF_ERROR(ExpectOperator(")"));
      return inner;
  }
  Advance();
  return literal;
}

bool ExpressionParser::AtTupleEnd() const {
  return At(Token::Kind::kVariableEnd) || At(Token::Kind::kBlockEnd) || AtOperator(")");
}

Expected<ExpressionPtr> ExpressionParser::ParseTuple(Conditional conditional) {
  const int line = current().line;
  MORES_ASSIGN_OR_RETURN(ExpressionPtr first, ParseExpression(conditional));
  if (!AtOperator(",")) return first;
  ExpressionPtr tuple = New(Expression::Kind::kTuple, line);
  tuple->operands.push_back(std::move(first));
  while (SkipOperator(",") && !AtTupleEnd()) {
    MORES_ASSIGN_OR_RETURN(ExpressionPtr item, ParseExpression(conditional));
    tuple->operands.push_back(std::move(item));
  }
  return Done(std::move(tuple));
}

Expected<ExpressionPtr> ExpressionParser::ParseList() {
  ExpressionPtr list = New(Expression::Kind::kList, current().line);
  Advance();
  while (!AtOperator("]")) {
    MORES_ASSIGN_OR_RETURN(ExpressionPtr item, ParseExpression());
    list->operands.push_back(std::move(item));
    if (!SkipOperator(",")) break;
  }
  MORES_RETURN_IF_ERROR(ExpectOperator("]"));
  return Done(std::move(list));
}

Expected<ExpressionPtr> ExpressionParser::ParseDictionary() {
  ExpressionPtr dictionary = New(Expression::Kind::kDictionary, current().line);
  Advance();
  while (!AtOperator("}")) {
    MORES_ASSIGN_OR_RETURN(ExpressionPtr key, ParseExpression());
    MORES_RETURN_IF_ERROR(ExpectOperator(":"));
    MORES_ASSIGN_OR_RETURN(ExpressionPtr value, ParseExpression());
    dictionary->operands.push_back(std::move(key));
    dictionary->operands.push_back(std::move(value));
    if (!SkipOperator(",")) break;
  }
  MORES_RETURN_IF_ERROR(ExpectOperator("}"));
  return Done(std::move(dictionary));
}

Expected<ExpressionPtr> ExpressionParser::ParsePostfix(ExpressionPtr expression) {
  while (true) {
    if (AtOperator(".")) {
      MORES_ASSIGN_OR_RETURN(expression, ParseAttribute(std::move(expression)));
    } else if (AtOperator("[")) {
      MORES_ASSIGN_OR_RETURN(expression, ParseItem(std::move(expression)));
    } else if (AtOperator("(")) {
      MORES_ASSIGN_OR_RETURN(expression, ParseCall(std::move(expression)));
    } else {
      return expression;
    }
  }
}

Expected<ExpressionPtr> ExpressionParser::ParseFilterExpression(ExpressionPtr expression) {
  while (true) {
    if (SkipOperator("|")) {
      MORES_ASSIGN_OR_RETURN(expression, ParseFilters(std::move(expression)));
    } else if (AtName("is")) {
      MORES_ASSIGN_OR_RETURN(expression, ParseTest(std::move(expression)));
    } else if (AtOperator("(")) {
      MORES_ASSIGN_OR_RETURN(expression, ParseCall(std::move(expression)));
    } else {
      return expression;
    }
  }
}

Expected<ExpressionPtr> ExpressionParser::ParseCall(ExpressionPtr callee) {
  ExpressionPtr call = New(Expression::Kind::kCall, current().line);
  call->operands.push_back(std::move(callee));
  MORES_RETURN_IF_ERROR(ParseArguments(*call));
  return Done(std::move(call));
}

Expected<ExpressionPtr> ExpressionParser::ParseAttribute(ExpressionPtr object) {
  const int line = current().line;
  Advance();
  if (At(Token::Kind::kInteger)) {
    ExpressionPtr item = New(Expression::Kind::kItem, line);
    ExpressionPtr index = New(Expression::Kind::kLiteral, line);
    index->literal = Value(current().integer);
    Advance();
    item->operands.push_back(std::move(object));
    item->operands.push_back(std::move(index));
    return Done(std::move(item));
  }
  if (At(Token::Kind::kName) && current().text.starts_with('_')) {
    return Fail(ErrorKind::kUnsupported, "attribute '{}' is not allowed", current().text);
  }
  ExpressionPtr attribute = New(Expression::Kind::kAttribute, line);
  MORES_ASSIGN_OR_RETURN(attribute->name, ExpectName());
  attribute->operands.push_back(std::move(object));
  return Done(std::move(attribute));
}

Expected<ExpressionPtr> ExpressionParser::ParseItem(ExpressionPtr object) {
  ExpressionPtr item = New(Expression::Kind::kItem, current().line);
  item->operands.push_back(std::move(object));
  Advance();
  ExpressionPtr key;
  if (!AtOperator(":")) {
    MORES_ASSIGN_OR_RETURN(key, ParseExpression());
  }
  item->operands.push_back(std::move(key));
  if (AtOperator(":")) {
    item->kind = Expression::Kind::kSlice;
    while (SkipOperator(":")) {
      ExpressionPtr bound;
      if (!AtOperator(":") && !AtOperator("]")) {
        MORES_ASSIGN_OR_RETURN(bound, ParseExpression());
      }
      item->operands.push_back(std::move(bound));
      if (item->operands.size() == 4) break;
    }
    item->operands.resize(4);
  }
  if (AtOperator(",")) {
    return Fail(ErrorKind::kUnsupported, "several subscripts are not supported");
  }
  MORES_RETURN_IF_ERROR(ExpectOperator("]"));
  return Done(std::move(item));
}

Status ExpressionParser::ParseArguments(Expression& call) {
  MORES_RETURN_IF_ERROR(ExpectOperator("("));
  while (!AtOperator(")")) {
    if (AtOperator("*") || AtOperator("**")) {
      return Fail(ErrorKind::kUnsupported, "'{}' before an argument is not supported",
                  current().text);
    }
    const bool keyword =
        At(Token::Kind::kName) && next().kind == Token::Kind::kOperator && next().text == "=";
    if (keyword) {
      std::string name = current().text;
      Advance();
      Advance();
      MORES_ASSIGN_OR_RETURN(ExpressionPtr value, ParseExpression());
      call.keywords.emplace_back(std::move(name), std::move(value));
    } else {
      if (!call.keywords.empty()) {
        return Fail(ErrorKind::kCorrupt, "an argument without a name follows one with a name");
      }
      MORES_ASSIGN_OR_RETURN(ExpressionPtr value, ParseExpression());
      call.operands.push_back(std::move(value));
    }
    if (!SkipOperator(",")) break;
  }
  return ExpectOperator(")");
}

Expected<ExpressionPtr> ExpressionParser::ParseFilters(ExpressionPtr input) {
  do {
    ExpressionPtr filter = New(Expression::Kind::kFilter, current().line);
    MORES_ASSIGN_OR_RETURN(filter->name, ExpectName());
    if (!IsFilter(filter->name)) {
      return Fail(ErrorKind::kUnsupported, "filter '{}' is not supported", filter->name);
    }
    filter->operands.push_back(std::move(input));
    if (AtOperator("(")) MORES_RETURN_IF_ERROR(ParseArguments(*filter));
    MORES_ASSIGN_OR_RETURN(input, Done(std::move(filter)));
  } while (SkipOperator("|"));
  return input;
}

Expected<ExpressionPtr> ExpressionParser::ParseTest(ExpressionPtr input) {
  Advance();
  const int line = current().line;
  const bool negated = SkipName("not");
  ExpressionPtr test = New(Expression::Kind::kTest, line);
  MORES_ASSIGN_OR_RETURN(test->name, ExpectName());
  if (!IsTest(test->name)) {
    return Fail(ErrorKind::kUnsupported, "test '{}' is not supported", test->name);
  }
  test->operands.push_back(std::move(input));
  const bool ends = AtName("else") || AtName("or") || AtName("and") || AtName("is");
  const bool begins = At(Token::Kind::kName) || At(Token::Kind::kString) ||
                      At(Token::Kind::kInteger) || At(Token::Kind::kFloat) || AtOperator("[") ||
                      AtOperator("{");
  if (AtName("is")) return Fail(ErrorKind::kCorrupt, "one test follows another");
  if (AtOperator("(")) {
    MORES_RETURN_IF_ERROR(ParseArguments(*test));
  } else if (begins && !ends) {
    const Nesting nesting(depth_);
    MORES_RETURN_IF_ERROR(CheckNesting());
    MORES_ASSIGN_OR_RETURN(ExpressionPtr argument, ParsePrimary());
    MORES_ASSIGN_OR_RETURN(argument, ParsePostfix(std::move(argument)));
    test->operands.push_back(std::move(argument));
  }
  if (!negated) return Done(std::move(test));
  ExpressionPtr negation = New(Expression::Kind::kNot, line);
  MORES_ASSIGN_OR_RETURN(test, Done(std::move(test)));
  negation->operands.push_back(std::move(test));
  return Done(std::move(negation));
}

Expected<Target> ExpressionParser::ParseOneTarget() {
  const Nesting nesting(depth_);
  MORES_RETURN_IF_ERROR(CheckNesting());
  if (SkipOperator("(")) {
    MORES_ASSIGN_OR_RETURN(Target inner, ParseTarget());
    MORES_RETURN_IF_ERROR(ExpectOperator(")"));
    return inner;
  }
  Target target;
  MORES_ASSIGN_OR_RETURN(target.name, ExpectName());
  if (IsTrueName(target.name) || IsFalseName(target.name) || IsNone(target.name)) {
    return Fail(ErrorKind::kCorrupt, "can't assign to '{}'", target.name);
  }
  if (SkipOperator(".")) {
    MORES_ASSIGN_OR_RETURN(target.attribute, ExpectName());
  }
  return target;
}

Expected<Target> ExpressionParser::ParseTarget() {
  MORES_ASSIGN_OR_RETURN(Target first, ParseOneTarget());
  if (!AtOperator(",")) return first;
  Target tuple{.is_tuple = true};
  tuple.parts.push_back(std::move(first));
  while (SkipOperator(",") && !AtTupleEnd() && !AtName("in") && !AtOperator("=")) {
    MORES_ASSIGN_OR_RETURN(Target part, ParseOneTarget());
    tuple.parts.push_back(std::move(part));
  }
  return tuple;
}

}  // namespace mores::templates::jinja
