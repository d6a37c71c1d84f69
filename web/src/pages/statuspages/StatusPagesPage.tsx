import type { PageProps } from "../../shell/routes";
import { PageList } from "./PageList";
import { NewPage, StoredPage } from "./PageEditor";

/** All status pages, or the editor of one: a new one at "+". */
export default function StatusPagesPage({ subject }: PageProps) {
  if (subject === null) return <PageList />;
  return subject === "+" ? <NewPage /> : <StoredPage key={subject} slug={subject} />;
}
