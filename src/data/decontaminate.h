// Removal of duplicates within the training data and of whatever leaks from test sets.
#ifndef MORES_DATA_DECONTAMINATE_H_
#define MORES_DATA_DECONTAMINATE_H_

#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/threads.h"
#include "data/item.h"
#include "data/readers/readers.h"

namespace mores::data {

// Called now and then with how many items are done.
using OnProgress = std::function<void(size_t done)>;

// Fills Item::normalized and the record's language; blank ones get their fate.
void Normalize(std::vector<Item>& items, ThreadPool& pool);

// Exact duplicates after normalisation, all turns compared: the first stays, unless labels
// conflict, when all go. A turn without letters or digits is compared as it is.
void Deduplicate(std::vector<Item>& items);

// What must not leak: the normalised user turns, assistant turns and whole dialogues of a test set.
struct TestTexts {
  std::vector<std::string> queries, responses, pairs;
};

// Test sets as a JSON array or JSON lines of {"query"|"prompt","response"} or {"messages"}.
Expected<TestTexts> ReadTestTexts(const std::vector<std::string>& files, Inputs& inputs);

// Gives a fate to each kept item of which any user turn equals a test query, any assistant turn a
// test response, or any of these or the whole dialogue is a near-duplicate (near_duplicates.h). A
// text without letters or digits matches nothing. However short and common a text is, equality is
// enough: the counts are in the table.
void Decontaminate(const TestTexts& tests, int jaccard_permille, ThreadPool& pool,
                   const OnProgress& on_progress, std::vector<Item>& items);

}  // namespace mores::data

#endif  // MORES_DATA_DECONTAMINATE_H_
