import type { PageProps } from "../../shell/routes";
import { visit } from "../../shell/address";
import { useNamedSubject } from "../../shell/subjects";
import { useWindows } from "../../uptime/windowStore";
import { WindowDrawer } from "./WindowDrawer";
import { WindowList } from "./WindowList";

/** Maintenance windows, and over them the editor of one: a new one at "+". */
export default function MaintenancePage({ subject }: PageProps) {
  const windows = useWindows();
  const found = windows.data?.find((one) => one.id === subject);
  useNamedSubject("/maintenance", subject ?? "", found?.name);
  return (
    <>
      <WindowList windows={windows} />
      {subject !== null && (subject === "+" || windows.data !== undefined) && <WindowDrawer key={subject} window={found} isNew={subject === "+"} onClose={() => visit("/maintenance")} onDone={() => visit("/maintenance", {}, { sure: true })} />}
    </>
  );
}
