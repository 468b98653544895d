// Expressions: the part of the parser that statements are built upon.
#ifndef MORES_TEMPLATES_JINJA_EXPRESSION_PARSER_H_
#define MORES_TEMPLATES_JINJA_EXPRESSION_PARSER_H_

#include <string_view>
#include <utility>
#include <vector>

#include "templates/jinja/ast.h"
#include "templates/jinja/lexer.h"

namespace mores::templates::jinja {

class ExpressionParser {
 public:
  explicit ExpressionParser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

 protected:
  // Counts what lies within what, for as long as it lives.
  class Nesting {
   public:
    explicit Nesting(int& depth) : depth_(++depth) {}
    ~Nesting() { --depth_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

   private:
    int& depth_;
  };

  const Token& current() const { return tokens_[at_]; }
  const Token& next() const { return tokens_[at_ + 1 < tokens_.size() ? at_ + 1 : at_]; }
  void Advance() {
    if (at_ + 1 < tokens_.size()) ++at_;
  }
  bool At(Token::Kind kind) const { return current().kind == kind; }
  bool AtName(std::string_view name) const {
    return At(Token::Kind::kName) && current().text == name;
  }
  bool AtOperator(std::string_view text) const {
    return At(Token::Kind::kOperator) && current().text == text;
  }
  bool SkipName(std::string_view name);
  bool SkipOperator(std::string_view text);
  Status ExpectOperator(std::string_view text);
  Status Expect(Token::Kind kind, std::string_view words);
  Expected<std::string> ExpectName();
  Status CheckNesting() const;
  tl::unexpected<Error> Unexpected(std::string_view wanted) const;

  template <class... Args>
  tl::unexpected<Error> Fail(ErrorKind kind, fmt::format_string<Args...> format,
                             Args&&... args) const {
    return MakeError(kind, "line {}: {}", current().line,
                     fmt::format(format, std::forward<Args>(args)...));
  }

  enum class Conditional { kYes, kNo };  // whether `a if b else c` is part of it
  Expected<ExpressionPtr> ParseExpression(Conditional conditional = Conditional::kYes);
  // One expression, or several with commas between them, which are a tuple.
  Expected<ExpressionPtr> ParseTuple(Conditional conditional = Conditional::kYes);
  // Filters from the name of the first one on.
  Expected<ExpressionPtr> ParseFilters(ExpressionPtr input);
  Expected<Target> ParseTarget();

  int depth_ = 0;

 private:
  enum class Filters { kYes, kNo };
  ExpressionPtr New(Expression::Kind kind, int line) const;
  // Measures the tree; kUnsupported if it is too deep.
  Expected<ExpressionPtr> Done(ExpressionPtr expression) const;
  using Level = Expected<ExpressionPtr> (ExpressionParser::*)();
  Expected<ExpressionPtr> ParseBinary(
      Level operand, const std::vector<std::pair<std::string_view, Operator>>& operators);

  Expected<ExpressionPtr> ParseOr();
  Expected<ExpressionPtr> ParseAnd();
  Expected<ExpressionPtr> ParseNot();
  Expected<ExpressionPtr> ParseCompare();
  Expected<ExpressionPtr> ParseSum();
  Expected<ExpressionPtr> ParseConcatenation();
  Expected<ExpressionPtr> ParseProduct();
  Expected<ExpressionPtr> ParsePower();
  Expected<ExpressionPtr> ParseOperand() { return ParseUnary(Filters::kYes); }
  Expected<ExpressionPtr> ParseUnary(Filters filters);
  Expected<ExpressionPtr> ParsePrimary();
  Expected<ExpressionPtr> ParseList();
  Expected<ExpressionPtr> ParseDictionary();
  Expected<ExpressionPtr> ParsePostfix(ExpressionPtr expression);
  Expected<ExpressionPtr> ParseFilterExpression(ExpressionPtr expression);
  Expected<ExpressionPtr> ParseCall(ExpressionPtr callee);
  Expected<ExpressionPtr> ParseAttribute(ExpressionPtr object);
  Expected<ExpressionPtr> ParseItem(ExpressionPtr object);
  Expected<ExpressionPtr> ParseTest(ExpressionPtr input);
  Status ParseArguments(Expression& call);
  Expected<bool> TakeOperator(std::vector<Operator>& operators);
  Expected<Target> ParseOneTarget();
  bool AtTupleEnd() const;

  std::vector<Token> tokens_;
  size_t at_ = 0;
};

}  // namespace mores::templates::jinja

#endif  // MORES_TEMPLATES_JINJA_EXPRESSION_PARSER_H_
