import type { PageProps } from "../../shell/routes";
import { SilenceForm } from "./SilenceForm";
import { SilenceList } from "./SilenceList";

/** All silences, or the form of one: a new one at "+". */
export default function SilencesPage({ subject }: PageProps) {
  return subject === null ? <SilenceList /> : <SilenceForm id={subject === "+" ? null : subject} />;
}
