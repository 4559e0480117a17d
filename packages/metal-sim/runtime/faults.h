// Signals of the processor in a kernel's code become reports; elsewhere they end the process, with a line on stderr.
#ifndef METAL_SIM_FAULTS_H
#define METAL_SIM_FAULTS_H

namespace sim {

void watch_faults();

// Ends the process soon after its parent has ended, even in a kernel that never does.
void watch_parent();

}  // namespace sim
#endif
