import { ContainerList } from "./ContainerList";
import { ContainerPage } from "./ContainerPage";

/** All containers, or one of them. */
export default function ContainersPage({ subject }: { subject: string | null }) {
  return subject === null ? <ContainerList /> : <ContainerPage key={subject} name={subject} />;
}
