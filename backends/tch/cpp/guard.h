// Turning every exception into a text.
#pragma once

#include <c10/util/Exception.h>

#include <cstdlib>
#include <cstring>
#include <exception>

#include "shim.h"

namespace hesse {

inline char *text(const char *words) noexcept {
  const size_t length = std::strlen(words) + 1;
  char *copy = static_cast<char *>(std::malloc(length));
  // Without memory for the text, an empty one still says that something failed.
  static char nothing[1] = {0};
  if (copy == nullptr) return nothing;
  std::memcpy(copy, words, length);
  return copy;
}

template <class F>
hesse_error guard(F &&body) noexcept {
  try {
    body();
    return nullptr;
  } catch (const c10::Error &e) {
    return text(e.what_without_backtrace());
  } catch (const std::exception &e) {
    return text(e.what());
  } catch (...) {
    return text("an exception of an unknown kind");
  }
}

}  // namespace hesse
