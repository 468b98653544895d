// The levels of operators, from the loosest to the tightest: `x if y`, `or`, `and`, `not`,
// comparisons, `+` and `-`, `~`, products and divisions, `**`, signs.
#include <algorithm>

#include "templates/jinja/expression_parser.h"

namespace mores::templates::jinja {

Expected<ExpressionPtr> ExpressionParser::ParseExpression(Conditional conditional) {
  if (conditional == Conditional::kNo) return ParseOr();
  const Nesting nesting(depth_);
  MORES_RETURN_IF_ERROR(CheckNesting());
  const int line = current().line;
  MORES_ASSIGN_OR_RETURN(ExpressionPtr value, ParseOr());
  while (SkipName("if")) {
    ExpressionPtr conditional_value = New(Expression::Kind::kConditional, line);
    MORES_ASSIGN_OR_RETURN(ExpressionPtr condition, ParseOr());
    conditional_value->operands.push_back(std::move(condition));
    conditional_value->operands.push_back(std::move(value));
    if (SkipName("else")) {
      MORES_ASSIGN_OR_RETURN(ExpressionPtr otherwise, ParseExpression());
      conditional_value->operands.push_back(std::move(otherwise));
    }
    MORES_ASSIGN_OR_RETURN(value, Done(std::move(conditional_value)));
  }
  return value;
}

Expected<ExpressionPtr> ExpressionParser::ParseOr() {
  MORES_ASSIGN_OR_RETURN(ExpressionPtr left, ParseAnd());
  while (AtName("or")) {
    ExpressionPtr either = New(Expression::Kind::kOr, current().line);
    Advance();
    MORES_ASSIGN_OR_RETURN(ExpressionPtr right, ParseAnd());
    either->operands.push_back(std::move(left));
    either->operands.push_back(std::move(right));
    MORES_ASSIGN_OR_RETURN(left, Done(std::move(either)));
  }
  return left;
}

Expected<ExpressionPtr> ExpressionParser::ParseAnd() {
  MORES_ASSIGN_OR_RETURN(ExpressionPtr left, ParseNot());
  while (AtName("and")) {
    ExpressionPtr both = New(Expression::Kind::kAnd, current().line);
    Advance();
    MORES_ASSIGN_OR_RETURN(ExpressionPtr right, ParseNot());
    both->operands.push_back(std::move(left));
    both->operands.push_back(std::move(right));
    MORES_ASSIGN_OR_RETURN(left, Done(std::move(both)));
  }
  return left;
}

Expected<ExpressionPtr> ExpressionParser::ParseNot() {
  if (!AtName("not")) return ParseCompare();
  const Nesting nesting(depth_);
  MORES_RETURN_IF_ERROR(CheckNesting());
  ExpressionPtr negation = New(Expression::Kind::kNot, current().line);
  Advance();
  MORES_ASSIGN_OR_RETURN(ExpressionPtr operand, ParseNot());
  negation->operands.push_back(std::move(operand));
  return Done(std::move(negation));
}

Expected<bool> ExpressionParser::TakeOperator(std::vector<Operator>& operators) {
  constexpr std::pair<std::string_view, Operator> kComparisons[] = {
      {"==", Operator::kEqual},     {"!=", Operator::kNotEqual}, {"<", Operator::kLess},
      {"<=", Operator::kLessEqual}, {">", Operator::kGreater},   {">=", Operator::kGreaterEqual}};
  for (const auto& [text, comparison] : kComparisons) {
    if (!SkipOperator(text)) continue;
    operators.push_back(comparison);
    return true;
  }
  if (SkipName("in")) {
    operators.push_back(Operator::kIn);
    return true;
  }
  if (AtName("not") && next().kind == Token::Kind::kName && next().text == "in") {
    Advance();
    Advance();
    operators.push_back(Operator::kNotIn);
    return true;
  }
  return false;
}

Expected<ExpressionPtr> ExpressionParser::ParseCompare() {
  ExpressionPtr comparison = New(Expression::Kind::kCompare, current().line);
  do {
    MORES_ASSIGN_OR_RETURN(ExpressionPtr operand, ParseSum());
    comparison->operands.push_back(std::move(operand));
    MORES_ASSIGN_OR_RETURN(const bool more, TakeOperator(comparison->operators));
    if (!more) break;
  } while (true);
  if (comparison->operators.empty()) return std::move(comparison->operands[0]);
  return Done(std::move(comparison));
}

Expected<ExpressionPtr> ExpressionParser::ParseBinary(
    Level operand, const std::vector<std::pair<std::string_view, Operator>>& operators) {
  MORES_ASSIGN_OR_RETURN(ExpressionPtr left, (this->*operand)());
  while (true) {
    const auto found = std::find_if(operators.begin(), operators.end(),
                                    [&](const auto& one) { return AtOperator(one.first); });
    if (found == operators.end()) return left;
    ExpressionPtr binary = New(Expression::Kind::kArithmetic, current().line);
    Advance();
    binary->operators.push_back(found->second);
    MORES_ASSIGN_OR_RETURN(ExpressionPtr right, (this->*operand)());
    binary->operands.push_back(std::move(left));
    binary->operands.push_back(std::move(right));
    MORES_ASSIGN_OR_RETURN(left, Done(std::move(binary)));
  }
}

Expected<ExpressionPtr> ExpressionParser::ParseSum() {
  static const std::vector<std::pair<std::string_view, Operator>> kOperators = {
      {"+", Operator::kAdd}, {"-", Operator::kSubtract}};
  return ParseBinary(&ExpressionParser::ParseConcatenation, kOperators);
}

Expected<ExpressionPtr> ExpressionParser::ParseConcatenation() {
  ExpressionPtr all = New(Expression::Kind::kConcatenate, current().line);
  do {
    MORES_ASSIGN_OR_RETURN(ExpressionPtr operand, ParseProduct());
    all->operands.push_back(std::move(operand));
  } while (SkipOperator("~"));
  if (all->operands.size() == 1) return std::move(all->operands[0]);
  return Done(std::move(all));
}

Expected<ExpressionPtr> ExpressionParser::ParseProduct() {
  static const std::vector<std::pair<std::string_view, Operator>> kOperators = {
      {"*", Operator::kMultiply},
      {"/", Operator::kDivide},
      {"//", Operator::kFloorDivide},
      {"%", Operator::kModulo}};
  return ParseBinary(&ExpressionParser::ParsePower, kOperators);
}

Expected<ExpressionPtr> ExpressionParser::ParsePower() {
  // Unlike Python's, from left to right.
  static const std::vector<std::pair<std::string_view, Operator>> kOperators = {
      {"**", Operator::kPower}};
  return ParseBinary(&ExpressionParser::ParseOperand, kOperators);
}

Expected<ExpressionPtr> ExpressionParser::ParseUnary(Filters filters) {
  const Nesting nesting(depth_);
  MORES_RETURN_IF_ERROR(CheckNesting());
  ExpressionPtr value;
  if (AtOperator("-") || AtOperator("+")) {
    ExpressionPtr unary =
        New(AtOperator("-") ? Expression::Kind::kNegative : Expression::Kind::kPositive,
            current().line);
    Advance();
    MORES_ASSIGN_OR_RETURN(ExpressionPtr operand, ParseUnary(Filters::kNo));
    unary->operands.push_back(std::move(operand));
    MORES_ASSIGN_OR_RETURN(value, Done(std::move(unary)));
  } else {
    MORES_ASSIGN_OR_RETURN(value, ParsePrimary());
  }
  MORES_ASSIGN_OR_RETURN(value, ParsePostfix(std::move(value)));
  if (filters == Filters::kNo) return value;
  return ParseFilterExpression(std::move(value));
}

}  // namespace mores::templates::jinja
