// metal-sim's runner: runs compiled Metal libraries for a client that speaks PROTOCOL.md over stdin and stdout.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "faults.h"
#include "session.h"

int main() {
#if SIM_CHECKED
  fputs("metal-sim 1 checked\n", stdout);
#else
  fputs("metal-sim 1 fast\n", stdout);
#endif
  fflush(stdout);
  sim::watch_faults();
  sim::watch_parent();
  sim::Session session;
  char* line = nullptr;
  size_t capacity = 0;
  for (ssize_t length; (length = getline(&line, &capacity, stdin)) >= 0;) {
    if (length > 0 && line[length - 1] == '\n') --length;
    const std::string answer = session.serve({line, static_cast<size_t>(length)});
    fputs(answer.c_str(), stdout);
    fflush(stdout);
  }
  free(line);
  return 0;
}
