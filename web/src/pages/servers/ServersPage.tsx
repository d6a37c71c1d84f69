import { ServerList } from "./ServerList";
import { ServerPage } from "./ServerPage";

/** All servers that report over REST, or one of them. */
export default function ServersPage({ subject }: { subject: string | null }) {
  return subject === null ? <ServerList /> : <ServerPage key={subject} hostname={subject} />;
}
