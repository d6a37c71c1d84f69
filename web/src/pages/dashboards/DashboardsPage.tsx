import { DashboardList } from "./DashboardList";
import { DashboardPage } from "./DashboardPage";
import { NewDashboard } from "./NewDashboard";

/** The list of dashboards, one of them, or one that is being begun. */
export default function DashboardsPage({ subject }: { subject: string | null }) {
  if (subject === null) return <DashboardList />;
  // No dashboard can be called so: its name begins with a letter or a digit.
  if (subject === "+") return <NewDashboard />;
  return <DashboardPage key={subject} name={subject} />;
}
