// The length of answers, which says nothing about harm and is told apart all the same where a
// source's safe answers are longer than its unsafe ones, or shorter.
#ifndef MORES_DATA_LENGTHS_H_
#define MORES_DATA_LENGTHS_H_

#include <vector>

#include "base/json.h"
#include "data/item.h"
#include "data/recipe.h"

namespace mores::data {

// Gives the safe and the unsafe items, of one source and language, the same distribution of the
// answer's length. Lengths fall into bins that hold equally many, each wide enough that the rarer
// label would have ten in it; a length is in one bin only. With kWeight each item weighs twice the
// share of the other label in its bin ("overlap weights": Li, Morgan, Zaslavsky 2018), scaled to
// `unsafe_share`: both labels weigh the same in each bin, no item more than twice what it would,
// and all that have a counterpart are kept. With kDownsample the label in excess is dropped in each
// bin, last ones first. Items in a bin of one label only are dropped.
void MatchLengths(const std::vector<Item*>& members, BalanceMethod method, double unsafe_share);

// The probability that a longer answer is the unsafe one (ties count half), by weight: 0.5 where
// length says nothing. NaN where a label is missing.
struct LengthItem {
  size_t characters = 0;
  bool unsafe = false;
  double weight = 1;
};
double LengthAuroc(std::vector<LengthItem> items);

// Of each source and language, for training: [{"source", "lang", "before", "after"}], before and
// after the balance of labels and lengths; null where a label is missing.
Json LengthTable(const std::vector<Item>& items);

}  // namespace mores::data

#endif  // MORES_DATA_LENGTHS_H_
