#include "templates/jinja/parser.h"

#include <algorithm>
#include <initializer_list>

#include "templates/jinja/expression_parser.h"

namespace mores::templates::jinja {
namespace {

class Parser : public ExpressionParser {
 public:
  using ExpressionParser::ExpressionParser;

  Expected<Block> Run() {
    MORES_ASSIGN_OR_RETURN(Block block, ParseBlock({}));
    return block;
  }

 private:
  using Names = std::initializer_list<std::string_view>;

  // Statements up to a tag whose name is one of `ends`, at which it stops, or up to the end of the
  // template where there are none.
  Expected<Block> ParseBlock(Names ends) {
    Block block;
    while (!At(Token::Kind::kEnd)) {
      const int line = current().line;
      if (At(Token::Kind::kData)) {
        block.push_back({.kind = Statement::Kind::kText, .line = line, .name = current().text});
        Advance();
      } else if (At(Token::Kind::kVariableBegin)) {
        Advance();
        Statement print = {.kind = Statement::Kind::kPrint, .line = line};
        MORES_ASSIGN_OR_RETURN(ExpressionPtr value, ParseTuple());
        print.expressions.push_back(std::move(value));
        MORES_RETURN_IF_ERROR(Expect(Token::Kind::kVariableEnd, "'}}'"));
        block.push_back(std::move(print));
      } else {
        MORES_RETURN_IF_ERROR(Expect(Token::Kind::kBlockBegin, "a tag"));
        if (std::any_of(ends.begin(), ends.end(), [&](auto end) { return AtName(end); })) {
          return block;
        }
        MORES_ASSIGN_OR_RETURN(Statement statement, ParseStatement());
        block.push_back(std::move(statement));
        MORES_RETURN_IF_ERROR(Expect(Token::Kind::kBlockEnd, "'%}'"));
      }
    }
    if (ends.size() == 0) return block;
    return Unexpected(fmt::format("the tag '{}'", *(ends.end() - 1)));
  }

  // The body of a statement whose own tag ends here.
  Expected<Block> ParseBody(Names ends) {
    SkipOperator(":");
    MORES_RETURN_IF_ERROR(Expect(Token::Kind::kBlockEnd, "'%}'"));
    return ParseBlock(ends);
  }

  Expected<Statement> ParseStatement() {
    const Nesting nesting(depth_);
    MORES_RETURN_IF_ERROR(CheckNesting());
    const int line = current().line;
    if (!At(Token::Kind::kName)) return Unexpected("the name of a tag");
    const std::string name = current().text;
    Advance();
    Statement statement = {.kind = Statement::Kind::kText, .line = line};
    if (name == "if") {
      MORES_RETURN_IF_ERROR(ParseIf(statement));
    } else if (name == "for") {
      MORES_RETURN_IF_ERROR(ParseFor(statement));
    } else if (name == "set") {
      MORES_RETURN_IF_ERROR(ParseSet(statement));
    } else if (name == "macro") {
      MORES_RETURN_IF_ERROR(ParseMacro(statement));
    } else if (name == "with") {
      MORES_RETURN_IF_ERROR(ParseWith(statement));
    } else if (name == "filter") {
      MORES_RETURN_IF_ERROR(ParseFilterBlock(statement));
    } else if (name == "generation") {
      statement.kind = Statement::Kind::kWith;
      MORES_RETURN_IF_ERROR(ParseOwnBody(statement, "endgeneration"));
    } else if (name == "break" || name == "continue") {
      if (loops_ == 0) return Fail(ErrorKind::kCorrupt, "'{}' outside of a loop", name);
      statement.kind = name == "break" ? Statement::Kind::kBreak : Statement::Kind::kContinue;
    } else {
      return Fail(ErrorKind::kUnsupported, "tag '{}' is not supported", name);
    }
    return statement;
  }

  Status AddExpression(Statement& statement, Conditional conditional) {
    MORES_ASSIGN_OR_RETURN(ExpressionPtr expression, ParseTuple(conditional));
    statement.expressions.push_back(std::move(expression));
    return {};
  }

  Status AddBody(Statement& statement, Names ends) {
    MORES_ASSIGN_OR_RETURN(Block body, ParseBody(ends));
    statement.blocks.push_back(std::move(body));
    return {};
  }

  // A body that ends with one tag, and of which a loop outside knows nothing.
  Status ParseOwnBody(Statement& statement, std::string_view end) {
    const int loops = std::exchange(loops_, 0);
    MORES_RETURN_IF_ERROR(AddBody(statement, {end}));
    loops_ = loops;
    Advance();
    return {};
  }

  Status ParseIf(Statement& statement) {
    statement.kind = Statement::Kind::kIf;
    do {
      MORES_RETURN_IF_ERROR(AddExpression(statement, Conditional::kNo));
      MORES_RETURN_IF_ERROR(AddBody(statement, {"elif", "else", "endif"}));
    } while (SkipName("elif"));
    if (SkipName("else")) MORES_RETURN_IF_ERROR(AddBody(statement, {"endif"}));
    Advance();
    return {};
  }

  Status ParseFor(Statement& statement) {
    statement.kind = Statement::Kind::kFor;
    MORES_ASSIGN_OR_RETURN(Target target, ParseTarget());
    statement.targets.push_back(std::move(target));
    if (!SkipName("in")) return Unexpected("'in'");
    MORES_RETURN_IF_ERROR(AddExpression(statement, Conditional::kNo));
    if (SkipName("if")) {
      MORES_ASSIGN_OR_RETURN(ExpressionPtr filter, ParseExpression());
      statement.expressions.push_back(std::move(filter));
    }
    if (AtName("recursive")) {
      return Fail(ErrorKind::kUnsupported, "'recursive' of a loop is not supported");
    }
    ++loops_;
    MORES_RETURN_IF_ERROR(AddBody(statement, {"else", "endfor"}));
    --loops_;
    if (SkipName("else")) MORES_RETURN_IF_ERROR(AddBody(statement, {"endfor"}));
    Advance();
    return {};
  }

  Status ParseSet(Statement& statement) {
    statement.kind = Statement::Kind::kSet;
    MORES_ASSIGN_OR_RETURN(Target target, ParseTarget());
    statement.targets.push_back(std::move(target));
    if (SkipOperator("=")) return AddExpression(statement, Conditional::kYes);
    statement.kind = Statement::Kind::kSetBlock;
    if (SkipOperator("|")) MORES_RETURN_IF_ERROR(AddBlockFilters(statement));
    MORES_RETURN_IF_ERROR(AddBody(statement, {"endset"}));
    Advance();
    return {};
  }

  Status ParseFilterBlock(Statement& statement) {
    statement.kind = Statement::Kind::kFilterBlock;
    MORES_RETURN_IF_ERROR(AddBlockFilters(statement));
    MORES_RETURN_IF_ERROR(AddBody(statement, {"endfilter"}));
    Advance();
    return {};
  }

  Status AddBlockFilters(Statement& statement) {
    auto text = std::make_unique<Expression>();
    text->kind = Expression::Kind::kBlockText;
    text->line = current().line;
    MORES_ASSIGN_OR_RETURN(ExpressionPtr filters, ParseFilters(std::move(text)));
    statement.expressions.push_back(std::move(filters));
    return {};
  }

  Status ParseWith(Statement& statement) {
    statement.kind = Statement::Kind::kWith;
    while (!At(Token::Kind::kBlockEnd)) {
      if (!statement.targets.empty()) MORES_RETURN_IF_ERROR(ExpectOperator(","));
      Target target;
      MORES_ASSIGN_OR_RETURN(target.name, ExpectName());
      statement.targets.push_back(std::move(target));
      MORES_RETURN_IF_ERROR(ExpectOperator("="));
      MORES_ASSIGN_OR_RETURN(ExpressionPtr value, ParseExpression());
      statement.expressions.push_back(std::move(value));
    }
    MORES_RETURN_IF_ERROR(AddBody(statement, {"endwith"}));
    Advance();
    return {};
  }

  Status ParseMacro(Statement& statement) {
    statement.kind = Statement::Kind::kMacro;
    MORES_ASSIGN_OR_RETURN(statement.name, ExpectName());
    MORES_RETURN_IF_ERROR(ExpectOperator("("));
    while (!AtOperator(")")) {
      Target parameter;
      MORES_ASSIGN_OR_RETURN(parameter.name, ExpectName());
      statement.targets.push_back(std::move(parameter));
      if (SkipOperator("=")) {
        MORES_ASSIGN_OR_RETURN(ExpressionPtr value, ParseExpression());
        statement.expressions.push_back(std::move(value));
      } else if (!statement.expressions.empty()) {
        return Fail(ErrorKind::kCorrupt, "a parameter without a default follows one with it");
      }
      if (!SkipOperator(",")) break;
    }
    MORES_RETURN_IF_ERROR(ExpectOperator(")"));
    return ParseOwnBody(statement, "endmacro");
  }

  int loops_ = 0;  // around the current statement, within its macro
};

}  // namespace

Expected<Block> Parse(std::string_view source) {
  MORES_ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(source));
  return Parser(std::move(tokens)).Run();
}

}  // namespace mores::templates::jinja
