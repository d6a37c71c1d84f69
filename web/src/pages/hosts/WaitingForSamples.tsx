import { EmptyState } from "../../parts/EmptyState";
import { HostIcon } from "../../parts/icons";

export function WaitingForSamples() {
  return (
    <EmptyState icon={<HostIcon />} title="Waiting for the first samples…">
      <p>
        Sightline reads its own host every 5 seconds: CPU, load, memory, disks, filesystems and network. The first
        report appears here by itself, usually within ten seconds of the start.
      </p>
    </EmptyState>
  );
}
