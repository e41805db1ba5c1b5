#pragma once
// The official Firestore emulator in a process of its own, where the machine has it.

#include "upkeep/net/http_client.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace upkeep_test {

/// Listens on loopback, holds no document at first, ends with the object.
class firestore_emulator {
 public:
  /// The emulator's jar: the file that FIRESTORE_EMULATOR_JAR names, that of the Google Cloud CLI's package, or one that firebase-tools fetched.
  static std::optional<std::string> find() {
    std::vector<std::filesystem::path> places;
    if (const char* named = std::getenv("FIRESTORE_EMULATOR_JAR"); named != nullptr) places.emplace_back(named);
    places.emplace_back("/usr/lib/google-cloud-sdk/platform/cloud-firestore-emulator/cloud-firestore-emulator.jar");
    if (const char* home = std::getenv("HOME"); home != nullptr) {
      std::error_code failure;
      for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(home) / ".cache/firebase/emulators", failure))
        if (entry.path().extension() == ".jar" && entry.path().filename().string().find("firestore") != std::string::npos)
          places.push_back(entry.path());
    }
    if (std::system("java -version > /dev/null 2>&1") != 0) return std::nullopt;
    for (const auto& place : places)
      if (std::error_code failure; std::filesystem::is_regular_file(place, failure)) return place.string();
    return std::nullopt;
  }

  explicit firestore_emulator(const std::string& jar) : port_(free_port()) {
    int words[2];
    if (::pipe2(words, O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
    const std::string port = "--port=" + std::to_string(port_);
    process_ = ::fork();
    if (process_ == 0) {
      ::dup2(words[1], STDOUT_FILENO);
      ::dup2(words[1], STDERR_FILENO);
      ::execlp("java", "java", "-Duser.language=en", "-cp", jar.c_str(), "com.google.cloud.datastore.emulator.firestore.CloudFirestore",
               "start", "--host=127.0.0.1", port.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(words[1]);
    words_ = words[0];
    std::string said;
    char buffer[512];
    while (said.find("API endpoint") == std::string::npos) {
      const ssize_t got = ::read(words_, buffer, sizeof buffer);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) {
        stop();
        throw std::runtime_error("the emulator did not start: " + said);
      }
      said.append(buffer, static_cast<std::size_t>(got));
    }
  }
  firestore_emulator(const firestore_emulator&) = delete;
  firestore_emulator& operator=(const firestore_emulator&) = delete;
  ~firestore_emulator() {
    stop();
    ::close(words_);
  }

  [[nodiscard]] std::string host() const { return "127.0.0.1:" + std::to_string(port_); }

  /// Sends a request as the owner of all data; `path` begins behind "/documents". Returns the status.
  [[nodiscard]] int send(const std::string& method, const std::string& path) const {
    upkeep::http_request request;
    request.method = method;
    request.url = "http://" + host() + "/v1/projects/demo/databases/(default)/documents" + path;
    request.headers = {{"Authorization", "Bearer owner"}};
    if (method != "DELETE") {
      request.content_type = "application/json";
      request.body = "{\"fields\":{}}";
    }
    upkeep::http_options options;
    options.proxy_from_environment = false;
    return upkeep::http_client(options).send(request).status;
  }

  void stop() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = -1;
  }

 private:
  // The emulator takes no port 0. Between here and its start, somebody else could take this one: then it says so and the test fails.
  static std::uint16_t free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    const bool bound = ::bind(socket, generic, size) == 0 && ::getsockname(socket, generic, &size) == 0;
    ::close(socket);
    if (!bound) throw std::runtime_error("no port is free");
    return ntohs(address.sin_port);
  }

  std::uint16_t port_;
  pid_t process_ = -1;
  int words_ = -1;
};

}  // namespace upkeep_test
