// A chat template, parsed. Nothing in it changes after parsing.
#ifndef MORES_TEMPLATES_JINJA_AST_H_
#define MORES_TEMPLATES_JINJA_AST_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "templates/jinja/value.h"

namespace mores::templates::jinja {

struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;

enum class Operator {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kFloorDivide,
  kModulo,
  kPower,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kIn,
  kNotIn,
};

struct Expression {
  enum class Kind {
    kLiteral,
    kName,
    kBlockText,    // what stands between {% filter %} or {% set %} and its end
    kList,         // operands: items
    kTuple,        // items
    kDictionary,   // key, value, key, value...
    kAttribute,    // object; `name`
    kItem,         // object, key
    kSlice,        // object, start, stop, step: the last three may be null
    kCall,         // what is called, then arguments; `keywords`
    kFilter,       // input, then arguments; `name`, `keywords`
    kTest,         // the same
    kNot,          // operand
    kNegative,     // operand
    kPositive,     // operand
    kArithmetic,   // left, right; `operators` holds one
    kConcatenate,  // `~` of all
    kCompare,      // operands with `operators` between them
    kAnd,          // left, right
    kOr,           // left, right
    kConditional,  // condition, value, and maybe the other value
  };
  Kind kind;
  int line = 0;
  int depth = 1;  // of the tree
  std::string name;
  Value literal;
  std::vector<ExpressionPtr> operands;
  std::vector<std::pair<std::string, ExpressionPtr>> keywords;
  std::vector<Operator> operators;
};

// What is assigned to: a name, a namespace's attribute, or several of them.
struct Target {
  std::string name;
  std::string attribute;      // empty for a name
  std::vector<Target> parts;  // of a tuple, else empty
  bool is_tuple = false;
};

struct Statement;
using Block = std::vector<Statement>;

struct Statement {
  enum class Kind {
    kText,         // `name` is the text
    kPrint,        // expressions: value
    kIf,           // expressions: conditions; a block for each, and maybe one for else
    kFor,          // expressions: items, and maybe the filter; blocks: body, and maybe else
    kSet,          // expressions: value; targets: one
    kSetBlock,     // expressions: maybe filters over kBlockText; targets: one; blocks: body
    kFilterBlock,  // the same without a target
    kWith,         // expressions and targets by pairs; blocks: body. {% generation %} has no pairs
    kMacro,        // `name`; targets: parameters; expressions: defaults of the last ones; body
    kBreak,
    kContinue,
  };
  Kind kind;
  int line = 0;
  std::string name;
  std::vector<Target> targets;
  std::vector<ExpressionPtr> expressions;
  std::vector<Block> blocks;
};

}  // namespace mores::templates::jinja

#endif  // MORES_TEMPLATES_JINJA_AST_H_
