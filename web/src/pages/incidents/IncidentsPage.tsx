import type { PageProps } from "../../shell/routes";
import { IncidentList } from "./IncidentList";
import { IncidentPage } from "./IncidentPage";
import { WriteIncident } from "./WriteIncident";

/** All incidents, one of them, or the form of one that people announce at "+". */
export default function IncidentsPage({ subject }: PageProps) {
  if (subject === null) return <IncidentList />;
  return subject === "+" ? <WriteIncident /> : <IncidentPage key={subject} id={subject} />;
}
